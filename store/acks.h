/* Statements: each member's signed word about what it holds of a channel, and what this replica concludes from them.
 * PROTOCOL.md, "Statements". */
#ifndef STAFET_STORE_ACKS_H
#define STAFET_STORE_ACKS_H

#include "feed.h"
#include "proto/statement.h"

struct ack_info {
    struct member_id member;
    struct channel_id channel_id;
    struct channel channel;
    uint64_t counter;
    uint32_t waiting;
    time_ms stored;         /* when it was made (own) or arrived, by this node's wall clock */
    struct bytes statement; /* the signed bytes, borrowed until the next step */
};
typedef enum err ack_visit(void *context, const struct ack_info *);
MUST_USE enum err acks_each(struct store *, ack_visit *, void *context);
/* The one of a member about a channel. ERR_NOT_FOUND: there is none; else what `visit` returns. */
MUST_USE enum err acks_find(struct store *, const struct member_id *, const struct channel_id *, ack_visit *visit,
                            void *context);
/* In all of the member's latest statements, about whatever channel: when the last arrived (0: never), and how many entries wait. */
MUST_USE enum err acks_said(struct store *, const struct member_id *, time_ms *ret_stored, uint64_t *ret_waiting);

/* This node's own statement about `channel`: signs and stores a new one if its heads have changed since the last or the last
 * is a day old; else the stored one stands. */
MUST_USE enum err acks_state(struct store *, const struct channel_id *);
/* Stores another member's if it is newer and well signed. ERR_STALE: not newer. ERR_ROSTER: member not known yet. ERR_NOT_FOUND:
 * about a channel that is not known here; ERR_DENIED: the member is not active or may not hold anything of it, or it names a
 * feed that is not of this channel or that it may not hold. What it says of own feeds is
 * reported (feed_reported). An own statement that comes back and names what is not here is the proof that this node was restored,
 * also when it is not newer; later ones are numbered after it, also when it is refused since its channel has not come back yet. */
MUST_USE enum err acks_admit(struct store *, struct bytes statement);

/* Does a head that somebody stated of `feed` stand in it as it is here? One beyond its end can't be compared, and agrees. What
 * doesn't agree is another branch of a fork, and covers nothing. */
MUST_USE enum err acks_agrees(struct store *, const struct feed_info *feed, const struct version_name *stated,
                              bool *ret_agrees);

/* Does `member`'s latest statement cover entry `seq` of `feed`? Also the time it arrived. ERR_NOT_FOUND: no statement. */
MUST_USE enum err acks_covers(struct store *, const struct member_id *, const struct feed_id *, uint64_t seq,
                              bool *ret_covers, time_ms *ret_stored);

/* How a member stands with what this node holds and it may hold. */
struct standing {
    struct member_id member;
    uint64_t has, of;       /* entries of shared feeds */
    uint64_t lacks_own;     /* of those missing, entries this node wrote */
    uint64_t forked;        /* feeds of which it holds another branch: it has nothing of them */
    uint64_t waiting;       /* entries that it has stored and not applied, as it states */
    bool complete;          /* all of it, and no other branch */
    time_ms last_stated;    /* 0: never */
};
MUST_USE enum err acks_standing(struct store *, const struct member_id *, struct standing *ret_standing);
/* For many members: the feeds are read once, and are those of that moment. */
struct standings;
MUST_USE enum err standings_new(struct store *, struct standings **ret_standings);
void standings_free(struct standings *);
MUST_USE enum err standings_of(struct standings *, const struct member_id *, struct standing *ret_standing);

/* Have the readers of every own feed stated that they hold its head? Of an open channel all active ones; of a sealed one its one
 * other reader, active or not: what it has not stated nobody has read. */
MUST_USE enum err acks_all_read(struct store *, bool *ret_read, uint64_t *ret_entries_outstanding);

/* This node was restored from an old copy: own statements have shown more of own feeds than is here, or another member claims
 * more of an unconfirmed one and may still deliver it (report.h). */
MUST_USE enum err acks_restored(struct store *, bool *ret_restored);

#endif
