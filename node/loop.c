#include "core.h"

#include "store/acks.h"
#include <limits.h>
#include <stdlib.h>

enum {
    STATE_MS = 100, /* for the last statements: more than the engine's pause between two */
    STOP_MS_MAX = 3000,
    UNTIL_MS = 50 /* what `until` looks at may change without anything happening here */
};

static int timeout_of(struct node *node, bool more, time_ms deadline) {
    if (more)
        return 0;
    time_ms now = node_monotonic_ms(), first = turn_deadline(node, now);
    first = deadline < first ? deadline : first;
    if (first == INT64_MAX)
        return -1;
    if (first <= now)
        return 0;
    return first - now > INT_MAX ? INT_MAX : (int)(first - now);
}

/* The channels that are held here, each once. */
struct channels {
    struct channel_id *ids;
    size_t n, capacity;
};

static enum err add_channel(void *context, const struct feed_info *feed) {
    struct channels *channels = context;
    /* feed_each goes by channel. */
    if (channels->n > 0 && channel_id_equal(&channels->ids[channels->n - 1], &feed->channel_id))
        return OK;
    if (channels->n == channels->capacity) {
        size_t capacity = channels->capacity * 2 + 16;
        struct channel_id *bigger = realloc(channels->ids, capacity * sizeof *bigger);
        if (bigger == NULL)
            return ERR_MEMORY;
        channels->ids = bigger;
        channels->capacity = capacity;
    }
    channels->ids[channels->n++] = feed->channel_id;
    return OK;
}

/* The last word about what is held here, which the engine would have let wait a little. */
static void state_all(struct node *node) {
    struct channels channels = {0};
    enum err err = feed_each(node->store, add_channel, &channels);
    if (err == OK)
        err = store_begin(node->store);
    if (err == OK) {
        for (size_t i = 0; i < channels.n && err == OK; i++)
            err = acks_state(node->store, &channels.ids[i]);
        if (err == OK)
            err = store_commit(node->store);
        else
            store_rollback(node->store);
    }
    free(channels.ids);
    if (err != OK)
        log_warn("the last statements could not be made: %s", err_text(err));
}

/* A few turns more, for what is on its way. */
static enum err turns(struct node *node, time_ms deadline) {
    enum err err = OK;
    while (err == OK && node_monotonic_ms() < deadline) {
        bool more = turn_once(node);
        err = watcher_turn(&node->watcher, timeout_of(node, more, deadline));
    }
    return err;
}

/* Says the last word and goodbye, and turns until both have gone. */
static enum err stop(struct node *node) {
    struct buffer bye = {0};
    if (node->net == NULL)
        return OK;
    net_unbind(node->net);
    if (node->engine != NULL && !node->joining && !member_id_is_zero(&node->self))
        state_all(node);
    enum err err = turns(node, node_monotonic_ms() + STATE_MS);
    if (err == OK)
        err = message_encode(&(struct message){.kind = MESSAGE_BYE, .text = ""}, &bye);
    if (err == OK)
        net_farewell(node->net, buffer_view(&bye));
    buffer_done(&bye);
    time_ms deadline = node_monotonic_ms() + STOP_MS_MAX;
    while (err == OK && net_links_n(node->net) > 0 && node_monotonic_ms() < deadline) {
        time_ms now = node_monotonic_ms(), first = net_deadline(node->net, now);
        bool more = net_turn(node->net, now) || net_is_ready(node->net);
        time_ms wait = (first < deadline ? first : deadline) - now;
        err = watcher_turn(&node->watcher, more || wait < 0 ? 0 : (int)wait);
    }
    return err;
}

enum err node_run(struct node *node, bool (*until)(void *context), void *context,
                  time_ms deadline) {
    enum err err = OK;
    bool more = true;
    for (;;) {
        time_ms ask = node_monotonic_ms() + UNTIL_MS;
        time_ms wake = until != NULL && ask < deadline ? ask : deadline;
        err = watcher_turn(&node->watcher, timeout_of(node, more, wake));
        if (err != OK)
            break;
        more = turn_once(node);
        peers_log(node, node_monotonic_ms());
        if (until != NULL && until(context))
            break;
        if (node->stopping)
            err = ERR_CANCELLED;
        else if (node_monotonic_ms() >= deadline)
            err = ERR_TIMEOUT;
        if (err != OK)
            break;
    }
    enum err stopped = stop(node);
    return err != OK ? err : stopped;
}
