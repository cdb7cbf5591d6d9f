#include "core.h"

/* Of bulk, so much goes into one transaction if it is there at once: a commit waits for the disk,
 * and takes hardly longer for more. */
#define GATHERED_MAX KIB(1024)
/* Less is a frame by itself, or what heartbeats have left: not worth waiting for. */
#define GATHER_FOR_MIN KIB(16)
enum { GATHER_MS_MAX = 10, GATHER_QUIET_MS = 2 };

void node_tell(struct node *node, struct event *event) {
    if (node->engine == NULL)
        return;
    event->now = node_monotonic_ms();
    node->told = true;
    engine_step(node->engine, event, &node->effects);
}

static void tick(struct node *node) {
    if (node->engine == NULL || node_monotonic_ms() < engine_deadline(node->engine))
        return;
    struct event event = {.kind = EVENT_TICK};
    node_tell(node, &event);
}

/* Runs have come, and more is in libzmq's thread, being decrypted: it is waited for as long as it
 * moves on. */
static bool gather(struct node *node, bool more) {
    time_ms now = node_monotonic_ms(), end = now + GATHER_MS_MAX;
    size_t gathered = effect_runs_size(node), incoming = net_incoming(node->net);
    bool moves = gathered > 0;
    while (moves && gathered < GATHERED_MAX && incoming >= GATHER_FOR_MIN && now < end &&
           watcher_turn(&node->watcher, GATHER_QUIET_MS) == OK) {
        size_t gathered_before = gathered, incoming_before = incoming;
        now = node_monotonic_ms();
        more = net_turn(node->net, now);
        gathered = effect_runs_size(node);
        incoming = net_incoming(node->net);
        moves = gathered != gathered_before || incoming != incoming_before;
    }
    return more;
}

bool turn_once(struct node *node) {
    bool more = false;
    if (node->net != NULL) {
        more = net_turn(node->net, node_monotonic_ms());
        more = gather(node, more);
    }
    enrol_turn(node);
    address_turn(node);
    tick(node);
    more = effect_turn(node) || more;
    if (node->control != NULL) {
        /* What jobs wait for may have come with any event: a session's state is no news of the
         * store. */
        if (node->told)
            control_wake(node->control);
        node->told = false;
        more = control_turn(node->control, node_monotonic_ms()) || more;
        /* A command may have written: it leaves in this turn, not in the next. */
        more = effect_turn(node) || more;
    }
    /* A send may have found what a socket has received meanwhile, which its descriptor then doesn't
     * show any more. */
    return more || (node->net != NULL && net_is_ready(node->net));
}

static void sooner(time_ms *first, time_ms at) {
    if (at < *first)
        *first = at;
}

time_ms turn_deadline(const struct node *node, time_ms now) {
    time_ms first = INT64_MAX;
    if (node->net != NULL)
        sooner(&first, net_deadline(node->net, now));
    if (node->engine != NULL)
        sooner(&first, engine_deadline(node->engine));
    if (node->again_at != 0)
        sooner(&first, node->again_at);
    sooner(&first, node->address_at);
    if (node->control != NULL)
        sooner(&first, control_deadline(node->control));
    return first;
}
