/* One engine, alone, with peers played by the test: what goes in is said line by line, what comes
 * out is looked for. Member n's id is sixteen bytes n; member 0 is this node. Heads and runs are
 * synthetic: right in form, never signed. */
#ifndef STAFET_TESTS_LONE_H
#define STAFET_TESTS_LONE_H

#include "engine/engine.h"

struct lone {
    struct engine *engine;
    struct effects
        effects; /* of the steps since the last lone_clear, or of the last lone_* that steps */
    time_ms now;
    struct federation_id federation;
    struct arena arena; /* what lone_frame has decoded */
    struct buffer bytes;
};

void lone_init(struct lone *, enum role role);
/* The same as another member than 0. */
void lone_init_as(struct lone *, unsigned self, enum role role);
/* As a joiner, with these bytes for its JOIN. */
void lone_init_joiner(struct lone *, struct bytes join);
void lone_done(struct lone *);
void lone_clear(struct lone *);

struct member_id member_n(unsigned n);
/* The channel of a kind; `a` and `b` are the parties of a handover. */
struct channel channel_n(enum channel_kind, unsigned a, unsigned b);
struct channel_id lone_channel_id(const struct lone *, const struct channel *);
struct feed_id lone_feed_id(const struct lone *, const struct channel *, unsigned author);
/* The head of any feed at `seq`, on the main branch. */
struct head head_n(uint64_t seq);
struct id8 id8_n(uint64_t seq);
/* `n` envelopes of the feed after `after`, each of about `size` bytes; those whose numbers head_n
 * knows by content. Kept until the next call. */
struct bytes lone_run(struct lone *, const struct feed_id *, uint64_t after, unsigned n,
                      size_t size);

void lone_step(struct lone *, struct event event);
/* Time passes; steps a TICK. */
void lone_wait(struct lone *, time_ms ms);
void lone_member(struct lone *, unsigned n, enum role, bool has_endpoint, bool active);
void lone_roster(struct lone *, uint64_t seq);
struct feed_id lone_feed(struct lone *, const struct channel *, unsigned author, uint64_t seq);
void lone_connect(struct lone *, uint32_t link, unsigned member);
void lone_disconnect(struct lone *, uint32_t link);
void lone_receive(struct lone *, uint32_t link, const struct message *);
/* The last HEADS of a channel. */
void lone_heads(struct lone *, uint32_t link, const struct channel *,
                const struct version_name *heads, size_t heads_n);
/* Answers the LOAD of the feed after `after` with `n` envelopes. */
void lone_loaded(struct lone *, uint32_t link, const struct feed_id *, uint64_t after, unsigned n,
                 size_t size, uint64_t head);
/* Answers an ADMIT of `size` bytes: OK, and the feed stands at `seq`; or an error. */
void lone_admitted(struct lone *, uint32_t link, const struct feed_id *, size_t size, enum err,
                   uint64_t seq);

/* The HELLO of a peer that has the same roster, digest and statements as this node has last said
 * over the link; tests change it. */
struct message lone_hello(struct lone *, uint32_t link);
/* Connects `member` over `link` and answers with that HELLO. */
void lone_open(struct lone *, uint32_t link, unsigned member);
/* The same, and the digests differ in everything: compared down to "the peer has nothing". */
void lone_open_empty(struct lone *, uint32_t link, unsigned member);

/* The first effect of the kind, over `link` (0: any), since the last clear; NULL: none. */
const struct effect *lone_effect(const struct lone *, enum effect_kind, uint32_t link);
size_t lone_effects(const struct lone *, enum effect_kind, uint32_t link);
/* The first frame of the kind sent over `link`, decoded; false: none. `skip` that many. */
bool lone_frame(struct lone *, uint32_t link, enum message_kind, unsigned skip,
                struct message *ret_message);
bool lone_sent(struct lone *, uint32_t link, enum message_kind);
struct peer_info lone_peer(const struct lone *, unsigned member);

#endif
