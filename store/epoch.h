/* Inside the store: epochs, their grants, and the secrets that this node can open. PROTOCOL.md,
 * "Epochs and grants". */
#ifndef STAFET_STORE_EPOCH_H
#define STAFET_STORE_EPOCH_H

#include "proto/declaration.h"
#include "store.h"

/* The secret of an epoch of this channel. ERR_KEY: not declared yet, or not granted to this node,
 * or by a grant that does not yield the epoch. */
MUST_USE enum err epoch_secret(struct store *, const struct channel_id *,
                               const struct epoch_public *, struct epoch_secret *ret_secret);
/* The same from a declaration that has not been applied yet. */
MUST_USE enum err epoch_secret_declared(struct store *, const struct epoch_declaration *,
                                        struct epoch_secret *ret_secret);

/* Applies a declaration: grants add up, whatever the order. Where this node's own grant does not
 * yield the epoch, an incident is raised, naming the entry. What waited for a key in the channel is
 * judged again. */
MUST_USE enum err epoch_put(struct store *, const struct channel *,
                            const struct epoch_declaration *, const struct feed_id *, uint64_t seq,
                            const struct member_id *author);

/* The epoch that a writer uses now: valid, the highest number, then the lowest key; one that this
 * node could not read itself, if it is a reader, is passed over. ERR_KEY: there is none. */
MUST_USE enum err epoch_newest(struct store *, const struct channel *, const struct channel_id *,
                               struct epoch_public *ret_epoch);

/* A new epoch with a grant for each reader (zero member: the recovery key). In the arena. */
struct reader {
    struct member_id member;
    struct seal_public key;
};
MUST_USE enum err epoch_make(const struct channel_id *, uint32_t number, const struct reader *,
                             size_t readers_n, struct arena *, struct declaration *ret_declaration);
/* For a handover channel: for its two parties, numbered after the newest. ERR_ROSTER: a party is
 * not in the roster yet. */
MUST_USE enum err epoch_make_handover(struct store *, const struct channel *,
                                      const struct channel_id *, struct arena *,
                                      struct declaration *ret_declaration);

#endif
