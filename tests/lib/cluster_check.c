/* What no schedule may break. */
#include "cluster_inner.h"

#include "proto/limits.h"
#include <stdlib.h>

static void check_entitled(struct cluster *cluster, unsigned to, const struct feed_id *id) {
    const struct origin *origin = cluster_origin(cluster, id);
    if (origin == NULL)
        cluster_broken(cluster, "a feed was named that nobody has written");
    if (!cluster_may_hold(cluster, origin, to))
        cluster_broken(cluster, "something was sent to a member that may not hold it");
}

static void check_durable(struct cluster *cluster, unsigned node, const struct feed_id *id,
                          uint64_t seq) {
    if (fakelog_head(&cluster->nodes[node].log, id).seq < seq)
        cluster_broken(cluster, "a head was named that is not durable");
}

static void run_sent(struct cluster *cluster, struct wire_end *far, const struct message_run *run) {
    struct bytes rest = run->envelopes;
    uint64_t last = run->after;
    while (rest.size != 0) {
        size_t size;
        if (envelope_skip(rest, &size) != OK)
            cluster_broken(cluster, "a run was sent that is none");
        rest = (struct bytes){rest.data + size, rest.size - size};
        last++;
    }
    if (far->received_n == far->received_capacity) {
        far->received_capacity = far->received_capacity == 0 ? 16 : far->received_capacity * 2;
        far->received =
            cluster_must(realloc(far->received, far->received_capacity * sizeof *far->received));
    }
    far->received[far->received_n++] =
        (struct received){run->feed, last, run->envelopes.size, false};
    far->under_way += run->envelopes.size;
    if (far->under_way > CREDIT_PER_PEER_MAX)
        cluster_broken(cluster, "more than 4 MiB was under way to one peer");
}

static void release(struct wire_end *end, struct received *received) {
    if (!received->released)
        end->under_way -= received->size;
    received->released = true;
}

static void drop(struct wire_end *end, size_t i) {
    release(end, &end->received[i]);
    end->received_n--;
    memmove(end->received + i, end->received + i + 1,
            (end->received_n - i) * sizeof *end->received);
}

/* CREDIT gives back one run, which must be durable. */
static void credit_sent(struct cluster *cluster, struct wire_end *near,
                        const struct message_credit *credit) {
    uint64_t head = fakelog_head(&cluster->nodes[near->node].log, &credit->feed).seq;
    for (size_t i = 0; i < near->received_n; i++) {
        const struct received *received = &near->received[i];
        if (feed_id_equal(&received->feed, &credit->feed) && received->size == credit->bytes &&
            received->last <= head) {
            drop(near, i);
            return;
        }
    }
    cluster_broken(cluster, "something was acknowledged that is not durable");
}

void cluster_check_arrival(struct wire *wire, int end, struct bytes frame) {
    struct arena arena;
    struct message message;
    arena_init(&arena, arena_cap_for(frame.size));
    bool pull = frame.data[0] == MESSAGE_PULL, error = frame.data[0] == MESSAGE_ERROR;
    if ((pull || error) && message_decode(frame, &arena, &message) == OK) {
        const struct feed_id *feed = pull ? &message.pull.feed : &message.error.feed;
        struct wire_end *far = &wire->ends[1 - end];
        for (size_t i = 0; i < far->received_n; i++)
            if (feed_id_equal(&far->received[i].feed, feed))
                release(far, &far->received[i]);
    }
    arena_done(&arena);
}

static void count(struct cluster *cluster, struct bytes frame) {
    cluster->frames[frame.data[0] % KINDS_MAX]++;
    cluster->bytes += frame.size;
}

void cluster_check_frame(struct cluster *cluster, struct wire *wire, int end, struct bytes frame) {
    struct wire_end *near = &wire->ends[end], *far = &wire->ends[1 - end];
    struct arena arena;
    struct message message;
    arena_init(&arena, arena_cap_for(frame.size));
    if (message_decode(frame, &arena, &message) != OK)
        cluster_broken(cluster, "a frame was sent that can't be read");
    if (cluster->nodes[near->node].knows[far->node] != KNOWN_ACTIVE)
        cluster_broken(cluster, "something was sent to a member that is not active");
    count(cluster, frame);
    cluster_trace(cluster, "%u > %u  %s (%zu)", near->node, far->node,
                  message_kind_name(message.kind), frame.size);
    switch ((int)message.kind) {
    case MESSAGE_HEADS:
        for (size_t i = 0; i < message.heads.heads_n; i++) {
            check_entitled(cluster, far->node, &message.heads.heads[i].feed);
            check_durable(cluster, near->node, &message.heads.heads[i].feed,
                          message.heads.heads[i].seq);
        }
        break;
    case MESSAGE_ROSTER:
        check_durable(cluster, near->node, &message.roster.feed, message.roster.seq);
        break;
    case MESSAGE_RUN:
        check_entitled(cluster, far->node, &message.run.feed);
        check_durable(cluster, near->node, &message.run.feed, message.run.head);
        run_sent(cluster, far, &message.run);
        break;
    case MESSAGE_PROOF:
        check_entitled(cluster, far->node, &message.proof.feed);
        break;
    case MESSAGE_CREDIT:
        credit_sent(cluster, near, &message.credit);
        break;
    default:
        break;
    }
    arena_done(&arena);
}
