#include "core.h"

#include "store/acks.h"
#include "store/admit.h"
#include "store/news.h"
#include <stdlib.h>

/* Another number when they have changed (FNV-1a): what was tried before says nothing of them. */
static uint64_t endpoints_number(const struct roster_entry *entry) {
    uint64_t number = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < entry->endpoints_n; i++)
        for (const char *at = entry->endpoints[i];; at++) {
            number = (number ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
            if (*at == '\0')
                break;
        }
    return number;
}

static enum err tell_member(void *context, const struct roster_entry *entry) {
    struct node *node = context;
    struct event event = {.kind = EVENT_MEMBER,
                          .member = {.id = entry->member,
                                     .role = entry->role,
                                     .active = entry->status == MEMBER_ACTIVE,
                                     .has_endpoint = entry->endpoints_n > 0,
                                     .endpoints = endpoints_number(entry)}};
    node_tell(node, &event);
    return OK;
}

static enum err tell_roster(struct node *node) {
    struct roster_tip tip;
    enum err err = roster_tip(node->store, &tip);
    if (err != OK || tip.seq == 0)
        return err;
    err = roster_each(node->store, tell_member, node);
    struct event event = {.kind = EVENT_ROSTER,
                          .roster = {.feed = tip.feed, .seq = tip.seq, .id8 = tip.id8}};
    if (err == OK)
        node_tell(node, &event);
    return err;
}

static enum err tell_fork(struct node *node, const struct feed_id *feed) {
    struct message message = {.kind = MESSAGE_PROOF};
    struct buffer bytes = {0}, frame = {0};
    enum err err = admit_proof_of(node->store, feed, &bytes, &message.proof);
    if (err == OK)
        err = message_encode(&message, &frame);
    if (err == OK) {
        struct event event = {.kind = EVENT_FORK,
                              .fork = {.feed = *feed, .proof = buffer_view(&frame)}};
        node_tell(node, &event);
    }
    buffer_done(&bytes);
    buffer_done(&frame);
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err tell_feed(void *context, const struct feed_info *feed) {
    struct node *node = context;
    struct event event = {.kind = EVENT_FEED,
                          .feed = {.id = feed->id,
                                   .channel_id = feed->channel_id,
                                   .channel = feed->channel,
                                   .author = feed->author,
                                   .head = feed->head}};
    node_tell(node, &event);
    return feed->forked ? tell_fork(node, &feed->id) : OK;
}

static enum err tell_statement(void *context, const struct ack_info *ack) {
    struct node *node = context;
    struct event event = {.kind = EVENT_STATED,
                          .stated = {.member = ack->member,
                                     .channel_id = ack->channel_id,
                                     .channel = ack->channel,
                                     .counter = ack->counter,
                                     .statement = ack->statement}};
    node_tell(node, &event);
    return OK;
}

enum err news_tell_all(struct node *node) {
    enum err err = tell_roster(node);
    if (err == OK)
        err = feed_each(node->store, tell_feed, node);
    return err == OK ? acks_each(node->store, tell_statement, node) : err;
}

/* The statements that are news: told after the feeds and the roster, which they speak of. */
struct stated {
    struct stated_name {
        struct member_id member;
        struct channel_id channel_id;
    } * names;
    size_t n, capacity;
};

static bool stated_add(struct stated *stated, const struct news *news) {
    if (stated->n == stated->capacity) {
        size_t capacity = stated->capacity * 2 + 16;
        struct stated_name *bigger = realloc(stated->names, capacity * sizeof *bigger);
        if (bigger == NULL)
            return false;
        stated->names = bigger;
        stated->capacity = capacity;
    }
    stated->names[stated->n++] = (struct stated_name){news->member, news->channel_id};
    return true;
}

static enum err tell_stated(struct node *node, const struct stated *stated) {
    enum err err = OK;
    for (size_t i = 0; err == OK && i < stated->n; i++) {
        err = acks_find(node->store, &stated->names[i].member, &stated->names[i].channel_id,
                        tell_statement, node);
        err = err == ERR_NOT_FOUND ? OK : err; /* taken back since */
    }
    return err;
}

/* A changed roster changes who may connect, and may be what makes this node a member. */
static enum err roster_changed(struct node *node) {
    struct self self;
    enum err err = store_self(node->store, &self);
    bool founded = err == OK && node->engine == NULL && !member_id_is_zero(&self.member);
    if (err == OK)
        err = founded ? enrol_start(node) : tell_roster(node);
    if (err == OK)
        address_tell(node);
    if (founded)
        log_info("this node is a member of a federation now");
    net_recheck(node->net);
    return err;
}

bool news_turn(struct node *node) {
    struct stated stated = {0};
    struct news news;
    bool any = false, roster = false;
    enum err err = OK;
    while (err == OK && news_next(node->store, &news)) {
        any = true;
        roster = roster || news.kind == NEWS_ROSTER;
        if (node->engine == NULL)
            continue;
        if (news.kind == NEWS_LOST)
            err = news.error;
        else if (news.kind == NEWS_FEED)
            err = tell_feed(node, &news.feed);
        else if (news.kind == NEWS_STATEMENT && !stated_add(&stated, &news))
            err = ERR_MEMORY;
    }
    if (roster && err == OK)
        err = roster_changed(node);
    if (err == OK)
        err = tell_stated(node, &stated);
    free(stated.names);
    /* What it was not told now, it could never learn of: begin again from what is stored. */
    if (err != OK) {
        log_warn("starting the synchronisation again: %s", err_text(err));
        enrol_again(node);
    }
    return any;
}
