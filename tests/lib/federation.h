/* Real stores without a network: a federation is founded and joined through the real functions, and
 * runs are copied from store to store as the engine would. What should not fail aborts with a line
 * that says where. */
#ifndef STAFET_TESTS_FEDERATION_H
#define STAFET_TESTS_FEDERATION_H

#include "proto/changeset.h"
#include "store/append.h"
#include "store/roster.h"
#include "store/store.h"

enum { FEDERATION_SITES_MAX = 8 };

struct federation;
struct site {
    struct federation *federation;
    char path[320]; /* of the database */
    const char *name;
    enum role role;
    struct node_keys keys;
    struct hash place, disk;        /* of the next site_open */
    char generation[320];           /* the file's path; empty: none */
    const struct filesystem *files; /* NULL: the system's */
    struct store *store;
    struct member_id member; /* zero until it has joined */
};

struct federation {
    char folder[256];
    time_ms now;         /* every site's wall clock: a millisecond later with each look */
    time_ms since_start; /* every site's clock that nobody sets; 0: the wall clock serves */
    struct root_keys root;
    struct federation_id id;
    struct site sites[FEDERATION_SITES_MAX];
    size_t sites_n;
};

/* Aborts unless `call` is OK. */
#define MUST(call) federation_must((call), #call, __FILE__, __LINE__)
void federation_must(enum err e, const char *call, const char *file, int line);

/* The municipality alone, as site 0. */
struct site *federation_found(struct federation *);
/* Municipality, kindergarten, school, relay: sites 0 to 3, each with the whole roster. */
void federation_found_four(struct federation *);
/* Closes the stores and removes the folder. */
void federation_end(struct federation *);

/* The municipality states another status of the site's member. */
void federation_set_status(struct federation *, const struct site *, enum member_status);

/* A home that has not joined anything. */
struct site *federation_stranger(struct federation *, const char *name, enum role);
/* Invited, joined, and up to date with the roster. */
struct site *federation_join(struct federation *, const char *name, enum role);

void site_open(struct site *);
void site_close(struct site *);
/* Closes, opens again on another boot or disk: own feeds are unconfirmed. */
void site_move(struct site *);
/* Closes, and opens with a file beside it that tells copies apart (store/generation.h). */
void site_watch_copies(struct site *);
/* Keeps a copy of the database, as it is once closed, and opens it again. One copy a site. */
void site_backup(struct site *);
/* Puts that copy back and opens it: as it was, or on another boot, another disk, or both. */
enum { SAME_PLACE = 0, OTHER_BOOT = 1, OTHER_DISK = 2 };
void site_restore(struct site *, unsigned moved);

/* Copies what either has and the other lacks and may hold, until both are equal; the roster first.
 * Returns envelopes copied. */
size_t sync_feeds(struct site *, struct site *);
/* The same, from `from` to `to` only, in runs of at most `bytes_max`. */
size_t sync_to(struct site *from, struct site *to, size_t bytes_max);
/* Makes own statements about every channel on both sides and exchanges them. */
void sync_statements(struct site *, struct site *);
/* Every site with the municipality, twice, so that all have all that they may hold. */
void sync_all(struct federation *);

struct channel channel_between(const struct site *, const struct site *);
/* One field of a handover record between `from` and `to`; replaces nothing, or one version. */
struct version_name write_field(struct site *, const struct channel *, const struct record_id *,
                                uint16_t field, const char *value,
                                const struct version_name *replaces);
/* The same without aborting. */
MUST_USE enum err try_write(struct site *, const struct channel *, uint16_t collection,
                            const struct record_id *, uint16_t field, const char *value,
                            const struct version_name *replaces, struct version_name *ret_written);
/* A record id owned by the site. */
struct record_id record_of(struct site *);
/* Head of the newest own feed of `site` in a channel, as `store` knows it. Aborts when there is
 * none. */
struct feed_info newest_feed(struct store *, const struct channel *,
                             const struct member_id *author);
size_t count_feeds(struct store *, const struct channel *, const struct member_id *author);

#endif
