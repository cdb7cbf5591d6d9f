#include "epoch.h"
#include "feed_row.h"
#include "member.h"
#include "outgoing.h"
#include "proto/limits.h"
#include "replica.h"

/* What entry 1 of the roster feed says: birth, founding, the founder's own entry, the answers
 * channel's epoch. */
struct first_entry {
    struct founding founding;
    struct federation_id federation;
    struct feed_id feed;
    struct declaration birth;
    struct declaration declarations[3];
};

static enum err compose(struct store *store, const char *name, const struct root_keys *root,
                        const char *const *endpoints, size_t endpoints_n, struct buffer *record,
                        struct arena *arena, struct first_entry *ret_entry) {
    time_ms now = store_now(store);
    struct incarnation nonce = incarnation_new(now);
    struct founding founding = {.name = name,
                                .root_sign = root->sign_public,
                                .root_seal = root->seal_public,
                                .municipality = member_id_new(),
                                .keys = store->config.keys->public};
    enum err e = founding_sign(&founding, &nonce, root, record);
    if (e != OK)
        return e;
    struct first_entry entry = {.founding = founding, .federation = founding_federation(&founding)};
    struct channel roster = {.kind = CHANNEL_ROSTER}, answers = {.kind = CHANNEL_ANSWERS};
    struct channel_id roster_id = channel_id_of(&entry.federation, &roster);
    struct channel_id answers_id = channel_id_of(&entry.federation, &answers);
    entry.birth.kind = DECLARATION_BIRTH;
    entry.birth.birth = (struct birth){.federation = entry.federation,
                                       .channel = roster,
                                       .author = founding.municipality,
                                       .incarnation = incarnation_new(now)};
    entry.feed = feed_id_of(&entry.federation, &roster_id, &founding.municipality,
                            &entry.birth.birth.incarnation);
    entry.declarations[0].kind = DECLARATION_FOUNDING;
    entry.declarations[0].founding = founding;
    entry.declarations[1].kind = DECLARATION_ENTRY;
    entry.declarations[1].entry = (struct roster_entry){.member = founding.municipality,
                                                        .counter = 1,
                                                        .role = ROLE_MUNICIPALITY,
                                                        .name = name,
                                                        .status = MEMBER_ACTIVE,
                                                        .keys = founding.keys,
                                                        .endpoints = endpoints,
                                                        .endpoints_n = endpoints_n};
    struct reader readers[2] = {{.member = founding.municipality, .key = founding.keys.seal},
                                {.key = root->seal_public}};
    e = epoch_make(&answers_id, 1, readers, 2, arena, &entry.declarations[2]);
    if (e == OK)
        *ret_entry = entry;
    return e;
}

static enum err write_first(struct store *store, const struct first_entry *entry) {
    struct feed_row *feed = NULL;
    struct version_name written;
    enum err e = feed_row_create(store, &entry->feed, &entry->birth.birth, &feed);
    if (e != OK)
        return e;
    feed->info.confirmed = true;
    e = outgoing_write(store, feed,
                       &(struct outgoing){.birth = &entry->birth,
                                          .declarations = entry->declarations,
                                          .declarations_n = 3},
                       &written);
    return e == OK ? self_put(store, &entry->founding.municipality, ROLE_MUNICIPALITY) : e;
}

static enum err check_free(struct store *store) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT 1 FROM feed UNION ALL SELECT 1 FROM joining LIMIT 1");
    bool taken = false;
    enum err e = db_row(store->db, get, &taken);
    db_reset(get);
    if (e == OK && taken)
        return store_fail(store, ERR_EXISTS, "this home belongs to a federation already");
    return e;
}

enum err roster_found(struct store *store, const char *name, const struct root_keys *root,
                      const char *const *endpoints, size_t endpoints_n,
                      struct federation_id *ret_federation) {
    struct first_entry entry;
    struct buffer record = {0};
    struct arena arena;
    bool own = false;
    enum err e = endpoints_validate(store, endpoints, endpoints_n);
    if (e == OK)
        e = store_enter(store, &own);
    if (e != OK)
        return e;
    arena_init(&arena, KIB(64));
    e = check_free(store);
    if (e == OK)
        e = compose(store, name, root, endpoints, endpoints_n, &record, &arena, &entry);
    if (e == OK && (e = store_part_begin(store)) == OK)
        e = store_part_end(store, write_first(store, &entry));
    e = store_leave(store, own, e);
    if (e == OK)
        *ret_federation = entry.federation;
    arena_done(&arena);
    buffer_done(&record);
    return e;
}
