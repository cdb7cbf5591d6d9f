/* Channels: who may write, who may read, who may only relay. A channel's id is a hash of what it is, so
 * that a relay can check a feed's claim from its birth section alone. PROTOCOL.md, "Channels". */
#ifndef STAFET_PROTO_CHANNEL_H
#define STAFET_PROTO_CHANNEL_H

#include "id.h"

enum role { ROLE_MUNICIPALITY = 1, ROLE_KINDERGARTEN = 2, ROLE_SCHOOL = 3, ROLE_RELAY = 4 };
const char *role_name(enum role);
MUST_USE enum err role_parse(const char *name, enum role *ret_role);

enum channel_kind {
    CHANNEL_ROSTER = 1,  /* municipality writes, all read; declarations, never sealed */
    CHANNEL_NOTICE = 2,  /* municipality writes, all read; surveys; open sections */
    CHANNEL_ANSWERS = 3, /* every kindergarten and school writes, the municipality reads */
    CHANNEL_HANDOVER = 4 /* two sites write and read, others relay */
};

/* Two parties for CHANNEL_HANDOVER, lower id first; none (zero) for the others. */
struct channel {
    enum channel_kind kind;
    struct member_id parties[2];
};

/* Puts the parties in order. ERR_ARGUMENT: the parties are equal, zero, or given where none belong. */
MUST_USE enum err channel_make(enum channel_kind, const struct member_id *a, const struct member_id *b,
                               struct channel *ret_channel);
struct channel_id channel_id_of(const struct federation_id *, const struct channel *);

/* Rights of a member with a role; pure. */
bool channel_may_write(const struct channel *, const struct member_id *, enum role);
bool channel_may_read(const struct channel *, const struct member_id *, enum role);
/* May `member` hold a feed of `author` in this channel: as reader, as relay (the municipality and the role
 * relay, everywhere), or as the feed's own author? */
bool channel_may_hold(const struct channel *, const struct member_id *author,
                      const struct member_id *member, enum role);
/* Are its change sets sealed (answers, handover), or open to every member? */
bool channel_is_sealed(enum channel_kind);
/* Can writers read what they wrote? Not in CHANNEL_ANSWERS. */
bool channel_writer_reads(enum channel_kind);

struct feed_id feed_id_of(const struct federation_id *, const struct channel_id *,
                          const struct member_id *author, const struct incarnation *);

#endif
