#include "core.h"

#include "proto/run.h"
#include "store/acks.h"
#include "store/admit.h"
#include <sodium.h>
#include <stdlib.h>

/* Of one turn: rounds of effects and events, and what goes into one transaction, so that control
 * socket and network get their turn. */
enum {
    ROUNDS_MAX = 8,
    WAITING_PER_TURN = 64,
    HEAR_AGAIN_MS = 30000,
    STATEMENTS_AGAIN_MS = 5 * 60 * 1000
};

/* An effect that writes to the store, and what became of it; told to the engine after the commit.
 */
struct written {
    const struct effect *effect;
    enum err err;
    struct admitted admitted;
    struct roster_tip tip;
    struct member_id member;
};

static void dial(struct node *node, const struct effect *effect) {
    struct arena arena;
    struct net_target target;
    char name[NAME_SIZE_MAX + 1];
    arena_init(&arena, KIB(128));
    enum err err = enrol_target(node, &effect->member, &arena, &target);
    if (err == OK)
        err = net_dial(node->net, &target, node_monotonic_ms());
    arena_done(&arena);
    sodium_memzero(&target.client_secret, sizeof target.client_secret);
    if (err == OK || err == ERR_EXISTS)
        return;
    log_info("%s can't be dialled: %s", peers_name(node, &effect->member, name), err_text(err));
    struct event event = {.kind = EVENT_DISCONNECTED, .disconnected = {.member = effect->member}};
    node_tell(node, &event);
}

static void close_link(struct node *node, const struct effect *effect) {
    if (effect->reason != OK && effect->reason != ERR_CLOSED) {
        log_info("link %u closed: %s", effect->link, err_text(effect->reason));
        node->last_refusal = effect->reason;
    }
    net_close(node->net, effect->link);
}

static void load(struct node *node, const struct effect *effect) {
    struct event event = {.kind = EVENT_LOADED,
                          .link = effect->link,
                          .loaded = {.feed = effect->feed, .after = effect->after}};
    struct feed_info info;
    size_t envelopes_n = 0;
    buffer_clear(&node->run);
    enum err err = feed_load(node->store, &effect->feed, effect->after, &effect->id8,
                             effect->bytes_max, &node->run);
    if (err == OK)
        err = run_count(buffer_view(&node->run), &envelopes_n);
    if (err == OK) {
        event.loaded.run = buffer_view(&node->run);
        event.loaded.last = effect->after + envelopes_n;
    }
    event.loaded.error = err;
    if (feed_find(node->store, &effect->feed, &info) == OK)
        event.loaded.head = info.head;
    node_tell(node, &event);
}

/* Done by the network or by reading; true when it has to wait for the transaction. */
static bool needs_transaction(struct node *node, const struct effect *effect) {
    switch (effect->kind) {
    case EFFECT_SEND:
        /* A link that is gone, or is cut for what waits in it, is reported as disconnected. */
        (void)!net_send(node->net, effect->link, effect->bytes);
        return false;
    case EFFECT_DIAL:
        dial(node, effect);
        return false;
    case EFFECT_CLOSE:
        close_link(node, effect);
        return false;
    case EFFECT_LOAD:
        load(node, effect);
        return false;
    case EFFECT_PENDING:
        log_info("the municipality will admit this node once a person there has confirmed it");
        return false;
    case EFFECT_ENROLLED: /* replaces the engine: by itself, after all others */
        return false;
    case EFFECT_ADMIT:
    case EFFECT_STATE:
    case EFFECT_STATEMENT:
    case EFFECT_PROOF:
    case EFFECT_REPORTED:
    case EFFECT_JOIN:
    case EFFECT_ADDRESS:
        break;
    }
    return true;
}

static enum err keep_proof(struct node *node, const struct effect *effect, struct arena *arena) {
    struct message message;
    enum err err = message_decode(effect->bytes, arena, &message);
    if (err == OK && message.kind != MESSAGE_PROOF)
        err = ERR_FORMAT;
    return err == OK ? admit_proof(node->store, &message.proof) : err;
}

static enum err join(struct node *node, struct written *written, struct arena *arena) {
    struct message message;
    enum err err = message_decode(written->effect->bytes, arena, &message);
    if (err == OK && message.kind != MESSAGE_JOIN)
        err = ERR_FORMAT;
    if (err == OK)
        err = roster_join(node->store, &written->effect->proved, &message.join.request,
                          &written->tip);
    if (err == OK)
        written->member = message.join.request.member;
    return err;
}

static enum err write_one(struct node *node, struct written *written) {
    const struct effect *effect = written->effect;
    struct arena arena;
    enum err err = ERR_INTERNAL;
    if (effect->kind == EFFECT_ADMIT)
        return admit_run(node->store, &effect->member, &effect->feed, effect->bytes,
                         &written->admitted);
    if (effect->kind == EFFECT_STATE)
        return acks_state(node->store, &effect->channel_id);
    if (effect->kind == EFFECT_STATEMENT)
        return acks_admit(node->store, effect->bytes);
    if (effect->kind == EFFECT_REPORTED)
        return feed_reported(node->store, &effect->member, &effect->feed, effect->after,
                             &effect->id8);
    arena_init(&arena, arena_cap_for(effect->bytes.size));
    if (effect->kind == EFFECT_PROOF)
        err = keep_proof(node, effect, &arena);
    else if (effect->kind == EFFECT_JOIN)
        err = join(node, written, &arena);
    else if (effect->kind == EFFECT_ADDRESS)
        err = address_written(node, effect, &arena);
    arena_done(&arena);
    return err;
}

static bool is_of_the_disk(enum err err) {
    return err == ERR_IO || err == ERR_DISK_FULL || err == ERR_CORRUPT || err == ERR_MEMORY;
}

/* One transaction for all: one commit makes all of it durable. */
static enum err write_together(struct node *node, struct written *written, size_t n) {
    bool more = false;
    enum err err = store_begin(node->store);
    if (err != OK)
        return err;
    for (size_t i = 0; i < n && err == OK; i++) {
        written[i].err = write_one(node, &written[i]);
        if (is_of_the_disk(written[i].err))
            err = written[i].err;
    }
    if (err == OK)
        err = admit_waiting(node->store, WAITING_PER_TURN, &more);
    if (err != OK) {
        store_rollback(node->store);
        return err;
    }
    err = store_commit(node->store);
    if (err == OK)
        node->more_waiting = more;
    return err;
}

static void write_all(struct node *node, struct written *written, size_t n) {
    enum err err = write_together(node, written, n);
    if (err == OK)
        return;
    log_warn("what came could not be stored: %s", err_text(err));
    node->more_waiting = false; /* until something can be stored again */
    /* It may be one alone that can't be: then it shall not keep the others out. */
    for (size_t i = 0; i < n; i++) {
        enum err alone = n > 1 ? write_together(node, &written[i], 1) : err;
        if (alone != OK)
            written[i].err = alone;
    }
}

static void tell_admitted(struct node *node, const struct written *written) {
    struct event event = {.kind = EVENT_ADMITTED,
                          .link = written->effect->link,
                          .admitted = {.feed = written->effect->feed,
                                       .size = written->effect->bytes.size,
                                       .error = written->err}};
    struct feed_info info;
    char name[NAME_SIZE_MAX + 1];
    if (written->err == OK)
        event.admitted.head = written->admitted.feed.head;
    else if (feed_find(node->store, &written->effect->feed, &info) == OK)
        event.admitted.head = info.head;
    if (written->err != OK)
        log_info("a run from %s was not stored: %s",
                 peers_name(node, &written->effect->member, name), err_text(written->err));
    node_tell(node, &event);
}

static void tell_joined(struct node *node, const struct written *written) {
    struct event event = {.kind = EVENT_JOINED,
                          .link = written->effect->link,
                          .joined = {.error = written->err,
                                     .member = written->member,
                                     .roster_seq = written->tip.seq,
                                     .roster_id8 = written->tip.id8}};
    if (written->err != OK)
        log_info("a ticket's holder was refused: %s", err_text(written->err));
    node_tell(node, &event);
}

/* What a member says once a session and could not be kept is said again in new ones. */
static void hear_again(struct node *node, enum err err, time_ms after) {
    time_ms at = node_monotonic_ms() + after;
    if (is_of_the_disk(err) && (node->again_at == 0 || at < node->again_at))
        node->again_at = at;
}

/* Until it has been compared own feeds may not be continued. */
static void tell_reported(struct node *node, enum err err) {
    log_warn("a member's word about this node's feeds could not be compared: %s", err_text(err));
    hear_again(node, err, HEAR_AGAIN_MS);
}

/* Forgotten, it would leave a fork unknown here. */
static void tell_proved(struct node *node, enum err err) {
    if (is_of_the_disk(err))
        log_warn("the proof of a fork could not be kept: %s", err_text(err));
    hear_again(node, err, HEAR_AGAIN_MS);
}

static void tell_addressed(struct node *node, const struct written *written) {
    char name[NAME_SIZE_MAX + 1];
    struct event event = {.kind = EVENT_ADDRESSED,
                          .link = written->effect->link,
                          .addressed = {.error = written->err}};
    log_info("%s says where it is dialled: %s", peers_name(node, &written->effect->member, name),
             written->err == OK ? "written in the roster" : err_text(written->err));
    node_tell(node, &event);
}

static void note_kept(struct node *node, const struct written *written) {
    struct unkept *unkept = &node->unkept;
    const struct effect *effect = written->effect;
    bool same = effect->kind == unkept->kind && feed_id_equal(&effect->feed, &unkept->feed);
    if (effect->kind == EFFECT_STATE) /* its own word */
        return;
    if (!is_of_the_disk(written->err))
        unkept->err = same ? OK : unkept->err;
    else if (unkept->err == OK)
        *unkept = (struct unkept){written->err, store_now(node->store), effect->kind, effect->feed};
    else if (same)
        unkept->err = written->err;
}

static void tell_written(struct node *node, const struct written *written) {
    note_kept(node, written);
    if (written->effect->kind == EFFECT_ADMIT)
        tell_admitted(node, written);
    else if (written->effect->kind == EFFECT_JOIN)
        tell_joined(node, written);
    else if (written->effect->kind == EFFECT_ADDRESS)
        tell_addressed(node, written);
    else if (written->effect->kind == EFFECT_STATE && written->err != OK)
        log_warn("this node's word about what it holds could not be given: %s",
                 err_text(written->err));
    else if (written->effect->kind == EFFECT_STATEMENT)
        hear_again(node, written->err, STATEMENTS_AGAIN_MS);
    else if (written->effect->kind == EFFECT_REPORTED && written->err != OK)
        tell_reported(node, written->err);
    else if (written->effect->kind == EFFECT_PROOF)
        tell_proved(node, written->err);
}

/* One round: what the engine has asked for so far. */
static enum err perform(struct node *node, const struct effects *effects) {
    const struct effect *enrolled = NULL;
    size_t n = 0;
    struct written *written = calloc(effects->n + 1, sizeof *written);
    if (written == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < effects->n; i++) {
        if (needs_transaction(node, &effects->list[i]))
            written[n++].effect = &effects->list[i];
        if (effects->list[i].kind == EFFECT_ENROLLED)
            enrolled = &effects->list[i];
    }
    if (n > 0 || node->more_waiting)
        write_all(node, written, n);
    for (size_t i = 0; i < n; i++)
        tell_written(node, &written[i]);
    free(written);
    if (enrolled != NULL)
        enrol_answered(node, &enrolled->member);
    return OK;
}

size_t effect_runs_size(const struct node *node) {
    size_t size = 0;
    for (size_t i = 0; i < node->effects.n; i++)
        if (node->effects.list[i].kind == EFFECT_ADMIT)
            size += node->effects.list[i].bytes.size;
    return size;
}

bool effect_turn(struct node *node) {
    if (node->store == NULL)
        return false;
    for (int i = 0; i < ROUNDS_MAX; i++) {
        bool news = news_turn(node);
        if (node->effects.n == 0 && !node->more_waiting)
            return news;
        struct effects effects = node->effects;
        node->effects = (struct effects){0};
        enum err err = perform(node, &effects);
        effects_done(&effects);
        if (err != OK) {
            log_warn("starting the synchronisation again: %s", err_text(err));
            enrol_again(node);
        }
    }
    return true;
}
