/* Inside the store: the roster as it is applied, and what admission asks of it. */
#ifndef STAFET_STORE_MEMBER_H
#define STAFET_STORE_MEMBER_H

#include "db.h"
#include "roster.h"

/* Loads how far the roster has been applied, and who this node is. */
MUST_USE enum err roster_state_load(struct store *);

/* What a member was as of roster entry `seq`. */
struct rights {
    bool known, active;
    enum role role;
};
MUST_USE enum err member_rights(struct store *, const struct member_id *, uint64_t seq,
                                struct rights *ret_rights);
/* The signing key that the member came with: it is pinned for ever. ERR_NOT_FOUND. */
MUST_USE enum err member_sign_key(struct store *, const struct member_id *,
                                  struct sign_public *ret_key);
MUST_USE enum err member_seal_key(struct store *, const struct member_id *,
                                  struct seal_public *ret_key);
/* Has the roster any member but the municipality? */
MUST_USE enum err member_others(struct store *, bool *ret_others);
/* How many members are active beside this node. */
MUST_USE enum err member_active_others(struct store *, size_t *ret_n);
/* Reads a row with the columns of table roster. */
MUST_USE enum err member_read(sqlite3_stmt *, struct arena *, struct roster_entry *ret_entry);

/* Would this entry make its envelope void? ERR_KEY: it changes a member's keys, which are pinned;
 * ERR_DENIED: its role; ERR_EXISTS: another member's keys; ERR_LIMIT: too many members. A pure
 * function of the roster so far. */
MUST_USE enum err member_check(struct store *, const struct roster_entry *, char *ret_why,
                               size_t size);
/* Applies it: a counter that is not newer, and anything after a removal, changes nothing. */
MUST_USE enum err member_put(struct store *, uint64_t seq, const struct roster_entry *);

/* Remembers the federation that `feed`'s first entry founded. */
MUST_USE enum err founding_put(struct store *, int64_t feed_row, const struct feed_id *,
                               const struct founding *);
/* This node has become a member. */
MUST_USE enum err self_put(struct store *, const struct member_id *, enum role);
/* The roster has been applied up to this entry. */
MUST_USE enum err roster_advance(struct store *, uint64_t seq, const struct envelope_id *);
/* After roster entries have arrived while this node is joining: is it a member now? ERR_FEDERATION:
 * this is not the roster that the ticket speaks of; ERR_TICKET_USED: another has taken its place.
 */
MUST_USE enum err join_check(struct store *);
/* While joining: the federation of the ticket, once the municipality has answered. ERR_NOT_FOUND.
 */
MUST_USE enum err join_expected(struct store *, struct federation_id *ret_federation,
                                struct member_id *ret_municipality);

/* May the roster be continued here? ERR_STATE unless it is confirmed (roster_standing), or there is
 * no other member yet and it is no copy; ERR_DENIED: not the municipality. */
MUST_USE enum err roster_may_write(struct store *);
/* Endpoints as others can dial them: "tcp://HOST:PORT" with a host that is no wildcard.
 * ERR_ARGUMENT, ERR_LIMIT. */
MUST_USE enum err endpoints_validate(struct store *, const char *const *endpoints,
                                     size_t endpoints_n);
/* One a line, as the database keeps them. */
MUST_USE enum err endpoints_join(const char *const *endpoints, size_t endpoints_n,
                                 struct buffer *out);
MUST_USE enum err endpoints_split(struct bytes lines, struct arena *,
                                  const char *const **ret_endpoints, size_t *ret_n);
/* A copy in the arena, NUL-terminated. */
MUST_USE enum err arena_text(struct arena *, struct bytes text, const char **ret_text);

#endif
