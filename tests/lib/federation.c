#include "federation.h"
#include "proto/limits.h"
#include "proto/owner.h"
#include "store/acks.h"
#include "store/admit.h"
#include "store/collection.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

void federation_must(enum err e, const char *call, const char *file, int line) {
    if (e == OK)
        return;
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, err_name(e));
    abort();
}

static time_ms now(void *context) {
    struct federation *federation = context;
    return federation->now++;
}

static time_ms elapsed(void *context) {
    struct federation *federation = context;
    return federation->since_start == 0 ? now(context) : federation->since_start++;
}

void site_open(struct site *site) {
    struct store_config config = {.path = site->path,
                                  .keys = &site->keys,
                                  .now = now,
                                  .context = site->federation,
                                  .elapsed = elapsed,
                                  .place = site->place,
                                  .disk = site->disk,
                                  .files = site->files,
                                  .generation =
                                      site->generation[0] == '\0' ? NULL : site->generation};
    MUST(store_open(&config, &site->store));
}

void site_close(struct site *site) {
    store_close(site->store);
    site->store = NULL;
}

void site_move(struct site *site) {
    site_close(site);
    site->place.bytes[1]++;
    site_open(site);
}

void site_watch_copies(struct site *site) {
    site_close(site);
    snprintf(site->generation, sizeof site->generation, "%.300s-generation", site->path);
    site_open(site);
}

enum { COPY_PATH_MAX = 400 };

static void copy_path(const struct site *site, char ret_path[static COPY_PATH_MAX]) {
    snprintf(ret_path, COPY_PATH_MAX, "%s-backup", site->path);
}

void site_backup(struct site *site) {
    char copy[COPY_PATH_MAX];
    copy_path(site, copy);
    site_close(site);
    temp_copy(site->path, copy);
    site_open(site);
}

void site_restore(struct site *site, unsigned moved) {
    char copy[COPY_PATH_MAX];
    copy_path(site, copy);
    site_close(site);
    temp_copy(copy, site->path);
    if (moved & OTHER_BOOT)
        site->place.bytes[1]++;
    if (moved & OTHER_DISK)
        site->disk.bytes[1]++;
    site_open(site);
}

struct site *federation_stranger(struct federation *federation, const char *name, enum role role) {
    if (federation->sites_n == FEDERATION_SITES_MAX)
        abort();
    size_t number = federation->sites_n++;
    struct site *site = &federation->sites[number];
    *site = (struct site){.federation = federation, .name = name, .role = role};
    char file[32];
    snprintf(file, sizeof file, "/%zu.db", number);
    memcpy(site->path, federation->folder, strlen(federation->folder) + 1);
    strncat(site->path, file, sizeof site->path - strlen(site->path) - 1);
    struct seed seed = seed_new();
    MUST(node_keys_derive(&seed, &site->keys));
    site->place.bytes[0] = site->disk.bytes[0] = 1;
    site_open(site);
    return site;
}

struct site *federation_found(struct federation *federation) {
    static const char *const endpoints[] = {"tcp://127.0.0.1:7700"};
    memset(federation, 0, sizeof *federation);
    federation->now = 1717400000000; /* June 2024 */
    temp_folder(federation->folder);
    MUST(key_library_init());
    struct seed seed = seed_new();
    MUST(root_keys_derive(&seed, &federation->root));
    struct site *site = federation_stranger(federation, "Nordby", ROLE_MUNICIPALITY);
    MUST(roster_found(site->store, site->name, &federation->root, endpoints, 1, &federation->id));
    struct self self;
    MUST(store_self(site->store, &self));
    site->member = self.member;
    return site;
}

struct site *federation_join(struct federation *federation, const char *name, enum role role) {
    struct site *municipality = &federation->sites[0];
    struct site *site = federation_stranger(federation, name, role);
    struct buffer text = {0};
    struct arena arena;
    struct ticket ticket;
    struct join_request request;
    struct roster_tip tip;
    struct self self;
    arena_init(&arena, KIB(256));
    MUST(roster_invite(municipality->store, name, role, federation->now + 86400000, &text));
    MUST(roster_join_begin(site->store, (const char *)text.data, NULL, 0));
    MUST(roster_join_pending(site->store, &arena, &ticket, &request));
    MUST(roster_join(municipality->store, &request.ticket, &request, &tip));
    MUST(roster_join_answered(site->store));
    sync_to(municipality, site, RUN_SIZE_MAX);
    MUST(store_self(site->store, &self));
    site->member = self.member;
    arena_done(&arena);
    buffer_wipe(&text);
    return site;
}

void federation_found_four(struct federation *federation) {
    federation_found(federation);
    federation_join(federation, "Birk", ROLE_KINDERGARTEN);
    federation_join(federation, "Søndre Skole", ROLE_SCHOOL);
    federation_join(federation, "Relæ", ROLE_RELAY);
    sync_all(federation);
}

void federation_set_status(struct federation *federation, const struct site *site,
                           enum member_status status) {
    struct store *town = federation->sites[0].store;
    struct declaration declaration = {.kind = DECLARATION_ENTRY};
    struct version_name written;
    struct arena arena;
    arena_init(&arena, KIB(64));
    MUST(roster_member(town, &site->member, UINT64_MAX, &arena, &declaration.entry));
    declaration.entry.counter++;
    declaration.entry.status = status;
    MUST(append_change(town,
                       &(struct change){.channel = {.kind = CHANNEL_ROSTER},
                                        .declarations = &declaration,
                                        .declarations_n = 1},
                       &written));
    arena_done(&arena);
}

void federation_end(struct federation *federation) {
    for (size_t i = 0; i < federation->sites_n; i++)
        site_close(&federation->sites[i]);
    temp_remove(federation->folder);
}

/* What one direction of a copy needs to know. */
struct copy {
    struct site *from, *to;
    struct self self; /* the receiver */
    bool roster;      /* the roster, or all but it */
    size_t bytes_max, moved;
};

static enum err copy_feed(void *context, const struct feed_info *feed) {
    struct copy *copy = context;
    bool joining = copy->self.role == 0;
    if ((feed->channel.kind == CHANNEL_ROSTER) != copy->roster ||
        (!joining &&
         !channel_may_hold(&feed->channel, &feed->author, &copy->self.member, copy->self.role)))
        return OK;
    struct buffer run = {0};
    struct feed_info here = {0};
    struct admitted admitted;
    enum err e = feed_find(copy->to->store, &feed->id, &here);
    while (e == OK || e == ERR_NOT_FOUND) {
        struct id8 id8 = envelope_id8(&here.head.id);
        buffer_clear(&run);
        e = feed_load(copy->from->store, &feed->id, here.head.seq, &id8, copy->bytes_max, &run);
        if (e != OK)
            break; /* nothing more, or the receiver is ahead or on another branch */
        e = admit_run(copy->to->store, &copy->from->member, &feed->id, buffer_view(&run),
                      &admitted);
        if (e != OK)
            break;
        copy->moved += admitted.new_n;
        here = admitted.feed;
    }
    buffer_done(&run);
    return e == ERR_NOT_FOUND || e == ERR_CHAIN || e == ERR_FORK ? OK : e;
}

size_t sync_to(struct site *from, struct site *to, size_t bytes_max) {
    struct copy copy = {.from = from, .to = to, .roster = true, .bytes_max = bytes_max};
    for (int pass = 0; pass < 2; pass++) {
        MUST(store_self(to->store, &copy.self));
        copy.roster = pass == 0;
        MUST(feed_each(from->store, copy_feed, &copy));
    }
    return copy.moved;
}

size_t sync_feeds(struct site *a, struct site *b) {
    size_t moved = 0, more;
    do {
        more = sync_to(a, b, RUN_SIZE_MAX) + sync_to(b, a, RUN_SIZE_MAX);
        moved += more;
    } while (more > 0);
    return moved;
}

static enum err state_channel(void *context, const struct feed_info *feed) {
    struct site *site = context;
    return acks_state(site->store, &feed->channel_id);
}

static enum err pass_on(void *context, const struct ack_info *ack) {
    struct copy *copy = context;
    if (!channel_may_hold(&ack->channel, &copy->self.member, &copy->self.member, copy->self.role) &&
        !channel_may_write(&ack->channel, &copy->self.member, copy->self.role))
        return OK;
    enum err e = acks_admit(copy->to->store, ack->statement);
    return e == ERR_STALE || e == ERR_ROSTER || e == ERR_NOT_FOUND || e == ERR_DENIED ? OK : e;
}

void sync_statements(struct site *a, struct site *b) {
    MUST(feed_each(a->store, state_channel, a));
    MUST(feed_each(b->store, state_channel, b));
    struct copy there = {.from = a, .to = b}, back = {.from = b, .to = a};
    MUST(store_self(b->store, &there.self));
    MUST(store_self(a->store, &back.self));
    MUST(acks_each(a->store, pass_on, &there));
    MUST(acks_each(b->store, pass_on, &back));
}

void sync_all(struct federation *federation) {
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 1; i < federation->sites_n; i++)
            if (!member_id_is_zero(&federation->sites[i].member))
                sync_feeds(&federation->sites[0], &federation->sites[i]);
}

struct channel channel_between(const struct site *a, const struct site *b) {
    struct channel channel;
    MUST(channel_make(CHANNEL_HANDOVER, &a->member, &b->member, &channel));
    return channel;
}

enum err try_write(struct site *site, const struct channel *channel, uint16_t collection,
                   const struct record_id *record, uint16_t field, const char *value,
                   const struct version_name *replaces, struct version_name *ret_written) {
    struct write write = {.record = *record,
                          .collection = collection,
                          .field = field,
                          .value = bytes_of_text(value),
                          .replaces = replaces,
                          .replaces_n = replaces != NULL};
    struct change_set set = {
        .actor_name = "Mette H.", .actor_function = "teacher", .writes = &write, .writes_n = 1};
    return append_change(
        site->store, &(struct change){.channel = *channel, .sets = &set, .sets_n = 1}, ret_written);
}

struct version_name write_field(struct site *site, const struct channel *channel,
                                const struct record_id *record, uint16_t field, const char *value,
                                const struct version_name *replaces) {
    struct version_name written;
    MUST(try_write(site, channel, COLLECTION_HANDOVER, record, field, value, replaces, &written));
    return written;
}

struct record_id record_of(struct site *site) {
    return record_id_new(store_now(site->store), &site->member);
}

struct newest {
    const struct channel *channel;
    const struct member_id *author;
    struct feed_info feed;
    size_t n;
};

static enum err newest_visit(void *context, const struct feed_info *feed) {
    struct newest *newest = context;
    if (memcmp(&feed->channel, newest->channel, sizeof feed->channel) != 0 ||
        !member_id_equal(&feed->author, newest->author))
        return OK;
    if (newest->n++ == 0 || incarnation_compare(&feed->incarnation, &newest->feed.incarnation) > 0)
        newest->feed = *feed;
    return OK;
}

struct feed_info newest_feed(struct store *store, const struct channel *channel,
                             const struct member_id *author) {
    struct newest newest = {.channel = channel, .author = author};
    MUST(feed_each(store, newest_visit, &newest));
    if (newest.n == 0)
        abort();
    return newest.feed;
}

size_t count_feeds(struct store *store, const struct channel *channel,
                   const struct member_id *author) {
    struct newest newest = {.channel = channel, .author = author};
    MUST(feed_each(store, newest_visit, &newest));
    return newest.n;
}
