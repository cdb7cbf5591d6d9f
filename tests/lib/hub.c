#include "hub.h"

void hub_init(struct lone *lone) {
    lone_init(lone, ROLE_MUNICIPALITY);
    lone_member(lone, PEER, ROLE_RELAY, false, true);
    lone_member(lone, OTHER, ROLE_RELAY, false, true);
    lone_clear(lone);
}

struct feed_id hub_feed(const struct lone *lone, unsigned author) {
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    return lone_feed_id(lone, &channel, author);
}

void hub_holds(struct lone *lone, unsigned author, uint64_t seq) {
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    lone_feed(lone, &channel, author, seq);
}

void hub_announce(struct lone *lone, uint32_t link, const struct feed_id *feed, uint64_t seq) {
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    struct version_name head = {*feed, seq, id8_n(seq)};
    lone_heads(lone, link, &channel, &head, 1);
}

size_t hub_bring(struct lone *lone, uint32_t link, const struct feed_id *feed, uint64_t after,
                 unsigned n, uint64_t head) {
    struct bytes run = lone_run(lone, feed, after, n, 100);
    lone_receive(lone, link,
                 &(struct message){.kind = MESSAGE_RUN, .run = {*feed, after, head, run}});
    return run.size;
}
