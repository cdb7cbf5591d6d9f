/* The cluster's network and the loop around each engine. */
#include "cluster_inner.h"

#include "proto/limits.h"
#include "proto/statement.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void cluster_trace(const struct cluster *cluster, const char *format, ...) {
    va_list args;
    if (!cluster->trace)
        return;
    va_start(args, format);
    fprintf(stderr, "%9.3f  ", (double)cluster->now / 1000);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

static struct post *post(struct cluster *cluster, enum post_kind kind, unsigned node, time_ms in) {
    if (cluster->posts_n == cluster->posts_capacity) {
        cluster->posts_capacity = cluster->posts_capacity == 0 ? 64 : cluster->posts_capacity * 2;
        cluster->posts =
            cluster_must(realloc(cluster->posts, cluster->posts_capacity * sizeof *cluster->posts));
    }
    struct post *made = &cluster->posts[cluster->posts_n++];
    *made = (struct post){
        .kind = kind, .at = cluster->now + in, .order = ++cluster->order, .node = node};
    return made;
}

/* ---- Links ---- */

struct wire *cluster_wire(struct cluster *cluster, uint32_t link, int *ret_end) {
    for (size_t i = cluster->wires_n; i-- > 0;)
        for (int end = 0; end < 2; end++)
            if (cluster->wires[i].ends[end].link == link) {
                *ret_end = end;
                return &cluster->wires[i];
            }
    return NULL;
}

static bool is_cut(const struct cluster *cluster, unsigned a, unsigned b) {
    return cluster->cut[a][b] || cluster->cut[b][a];
}

static void notice(struct cluster *cluster, const struct wire_end *end, time_ms in) {
    struct post *lost = post(cluster, POST_EVENT, end->node, in);
    lost->event = (struct event){.kind = EVENT_DISCONNECTED, .link = end->link};
}

void cluster_break(struct cluster *cluster, struct wire *wire, int end) {
    struct wire_end *near = &wire->ends[end], *far = &wire->ends[1 - end];
    near->open = false;
    if (!far->open)
        return;
    /* What was sent before goes through; a dead wire is noticed when the heartbeat fails. */
    time_ms after = far->clear > cluster->now ? far->clear - cluster->now : 0;
    notice(cluster, far, wire->dead ? 20000 : after + 1);
}

void cluster_cut(struct cluster *cluster, unsigned a, unsigned b) {
    cluster_trace(cluster, "%u and %u are cut off from each other", a, b);
    cluster->cut[a][b] = true;
    for (size_t i = 0; i < cluster->wires_n; i++) {
        struct wire *wire = &cluster->wires[i];
        unsigned one = wire->ends[0].node, two = wire->ends[1].node;
        if (wire->dead || !((one == a && two == b) || (one == b && two == a)))
            continue;
        wire->dead = true;
        for (int end = 0; end < 2; end++)
            if (wire->ends[end].open)
                notice(cluster, &wire->ends[end], 1000 + (time_ms)cluster_random(cluster, 20000));
    }
}

void cluster_mend(struct cluster *cluster, unsigned a, unsigned b) {
    cluster_trace(cluster, "%u and %u can reach each other again", a, b);
    cluster->cut[a][b] = cluster->cut[b][a] = false;
}

void cluster_freeze(struct cluster *cluster, unsigned node, bool frozen) {
    cluster_trace(cluster, "%u %s", node, frozen ? "freezes" : "thaws");
    cluster->nodes[node].frozen = frozen;
}

void cluster_slow(struct cluster *cluster, unsigned node, size_t bytes_per_ms) {
    cluster->nodes[node].bytes_per_ms = bytes_per_ms;
}

void cluster_disk(struct cluster *cluster, unsigned node, enum err error) {
    cluster->nodes[node].disk = error;
}

static void link_up(struct cluster *cluster, unsigned dialler, unsigned other) {
    const struct node *far = &cluster->nodes[other];
    bool known = far->engine != NULL && far->knows[dialler] == KNOWN_ACTIVE;
    if (!known || is_cut(cluster, dialler, other) || !far->reachable) {
        cluster_step(cluster, dialler,
                     &(struct event){.kind = EVENT_DISCONNECTED,
                                     .disconnected = {.member = far->id, .reason = ERR_TIMEOUT}});
        return;
    }
    cluster->wires =
        cluster_must(realloc(cluster->wires, (cluster->wires_n + 1) * sizeof *cluster->wires));
    struct wire *wire = &cluster->wires[cluster->wires_n++];
    *wire = (struct wire){0};
    unsigned nodes[2] = {dialler, other};
    for (int end = 0; end < 2; end++) {
        wire->ends[end] =
            (struct wire_end){.node = nodes[end], .link = ++cluster->links, .open = true};
        struct post *up =
            post(cluster, POST_EVENT, nodes[end], (time_ms)cluster_random(cluster, 5));
        up->event = (struct event){
            .kind = EVENT_CONNECTED,
            .link = wire->ends[end].link,
            .connected = {.member = cluster->nodes[nodes[1 - end]].id, .dialled = end == 0}};
        /* No frame comes before its link is up. */
        wire->ends[end].clear = up->at;
    }
}

static void send(struct cluster *cluster, const struct effect *effect) {
    int end;
    struct wire *wire = cluster_wire(cluster, effect->link, &end);
    struct wire_end *far = &wire->ends[1 - end];
    if (!wire->ends[end].open)
        return;
    cluster_check_frame(cluster, wire, end, effect->bytes);
    if (wire->dead || !far->open)
        return;
    size_t speed = cluster->nodes[far->node].bytes_per_ms,
           own = cluster->nodes[wire->ends[end].node].bytes_per_ms;
    if (speed == 0 || (own != 0 && own < speed))
        speed = own;
    time_ms start = far->clear > cluster->now ? far->clear : cluster->now;
    time_ms arrives = start + (time_ms)cluster_random(cluster, 8);
    if (speed != 0)
        arrives += (time_ms)(effect->bytes.size / speed);
    far->clear = arrives;
    struct post *frame = post(cluster, POST_FRAME, far->node, arrives - cluster->now);
    frame->event = (struct event){.kind = EVENT_RECEIVED, .link = far->link};
    if (buffer_append(&frame->bytes, effect->bytes.data, effect->bytes.size) != OK)
        abort();
}

/* ---- What effects ask of a node's log ---- */

static void load(struct cluster *cluster, struct post *asked) {
    struct node *node = &cluster->nodes[asked->node];
    const struct effect *effect = &asked->effect;
    struct buffer run = {0};
    uint64_t last = 0;
    enum err e = fakelog_load(&node->log, &effect->feed, effect->after, &effect->id8,
                              effect->bytes_max, &run, &last);
    cluster_step(cluster, asked->node,
                 &(struct event){.kind = EVENT_LOADED,
                                 .link = effect->link,
                                 .loaded = {.feed = effect->feed,
                                            .after = effect->after,
                                            .error = e,
                                            .run = buffer_view(&run),
                                            .last = last,
                                            .head = fakelog_head(&node->log, &effect->feed)}});
    buffer_done(&run);
}

void cluster_tell_fork(struct cluster *cluster, unsigned index, const struct known_fork *fork) {
    cluster_step(cluster, index,
                 &(struct event){.kind = EVENT_FORK,
                                 .fork = {.feed = fork->feed, .proof = buffer_view(&fork->proof)}});
}

static void know_fork(struct cluster *cluster, unsigned index, const struct feed_id *feed,
                      struct bytes frame) {
    struct node *node = &cluster->nodes[index];
    for (size_t i = 0; i < node->forks_n; i++)
        if (feed_id_equal(&node->forks[i].feed, feed))
            return;
    if (node->forks_n == FORKS_MAX)
        abort();
    struct known_fork *fork = &node->forks[node->forks_n++];
    fork->feed = *feed;
    if (buffer_append(&fork->proof, frame.data, frame.size) != OK)
        abort();
    cluster_trace(cluster, "%u knows a fork", index);
    cluster_tell_fork(cluster, index, fork);
}

/* The first envelope of the run that stands under its number otherwise. */
static void prove_fork(struct cluster *cluster, unsigned index, const struct origin *origin,
                       struct bytes run) {
    const struct fakelog_feed *feed = fakelog_find(&cluster->nodes[index].log, &origin->id);
    struct message message = {.kind = MESSAGE_PROOF, .proof.feed = origin->id};
    struct buffer frame = {0};
    while (run.size != 0) {
        struct header header;
        size_t size;
        struct envelope_id id = envelope_id_of(run.data);
        if (header_decode(run.data, &header) != OK || envelope_skip(run, &size) != OK)
            abort();
        if (header.seq > feed->n)
            return; /* the rest of a branch */
        if (!envelope_id_equal(&feed->entries[header.seq - 1].id, &id)) {
            memcpy(message.proof.first, feed->entries[header.seq - 1].bytes.data,
                   SIGNED_HEADER_SIZE);
            memcpy(message.proof.second, run.data, SIGNED_HEADER_SIZE);
            if (message_encode(&message, &frame) != OK)
                abort();
            know_fork(cluster, index, &origin->id, buffer_view(&frame));
            buffer_done(&frame);
            return;
        }
        run = (struct bytes){run.data + size, run.size - size};
    }
}

static void take_proof(struct cluster *cluster, unsigned index, struct bytes frame) {
    struct arena arena;
    struct message message;
    arena_init(&arena, arena_cap_for(frame.size));
    if (message_decode(frame, &arena, &message) != OK)
        abort();
    if (fakelog_find(&cluster->nodes[index].log, &message.proof.feed) == NULL)
        cluster_broken(cluster, "a fork was proved to a member that has nothing of the feed");
    know_fork(cluster, index, &message.proof.feed, frame);
    arena_done(&arena);
}

static enum err admit(struct cluster *cluster, struct post *asked) {
    struct node *node = &cluster->nodes[asked->node];
    const struct origin *origin = cluster_origin(cluster, &asked->effect.feed);
    if (node->disk != OK)
        return node->disk;
    if (origin == NULL)
        return ERR_FORMAT;
    unsigned author = cluster_node_of(cluster, &origin->author);
    if (node->knows[author] == KNOWN_NOT)
        return ERR_ROSTER;
    if (!cluster_may_hold(cluster, origin, asked->node))
        return ERR_DENIED;
    enum err e = fakelog_admit(&node->log, origin, buffer_view(&asked->bytes));
    /* The rest of a branch, which is not kept here. */
    for (size_t i = 0; e == ERR_CHAIN && i < node->forks_n; i++)
        if (feed_id_equal(&node->forks[i].feed, &origin->id))
            e = ERR_FORK;
    return e;
}

static void admitted(struct cluster *cluster, struct post *asked, enum err e) {
    if (e != OK)
        cluster_trace(cluster, "%u does not admit a run from link %u: %s", asked->node,
                      asked->effect.link, err_text(e));
    cluster_step(cluster, asked->node,
                 &(struct event){.kind = EVENT_ADMITTED,
                                 .link = asked->effect.link,
                                 .admitted = {.feed = asked->effect.feed,
                                              .size = asked->bytes.size,
                                              .error = e,
                                              .head = fakelog_head(&cluster->nodes[asked->node].log,
                                                                   &asked->effect.feed)}});
}

enum { COMMIT_MAX = 512 };

static int by_order(const void *a, const void *b) {
    uint64_t one = ((const struct post *)a)->order, two = ((const struct post *)b)->order;
    return (one > two) - (one < two);
}

/* All runs that wait at the node become durable together; the news of them comes before or after
 * the answers. */
static void commit(struct cluster *cluster, unsigned index) {
    struct node *node = &cluster->nodes[index];
    struct post asked[COMMIT_MAX];
    enum err errors[COMMIT_MAX];
    size_t n = 0, kept = 0;
    node->committing = false;
    for (size_t i = 0; i < cluster->posts_n; i++) {
        if (cluster->posts[i].kind == POST_ADMIT && cluster->posts[i].node == index &&
            n < COMMIT_MAX)
            asked[n++] = cluster->posts[i];
        else
            cluster->posts[kept++] = cluster->posts[i];
    }
    cluster->posts_n = kept;
    qsort(asked, n, sizeof asked[0], by_order);
    for (size_t i = 0; i < n; i++)
        errors[i] = admit(cluster, &asked[i]);
    bool news_first = cluster_random(cluster, 2) == 0;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < n; i++) {
            const struct origin *origin = cluster_origin(cluster, &asked[i].effect.feed);
            if (round == 0 && errors[i] == ERR_FORK)
                prove_fork(cluster, index, origin, buffer_view(&asked[i].bytes));
            if ((round == 0) != news_first)
                admitted(cluster, &asked[i], errors[i]);
            else if (errors[i] == OK)
                cluster_tell_feed(cluster, index, origin);
        }
    for (size_t i = 0; i < n; i++)
        buffer_done(&asked[i].bytes);
}

static void ask_to_admit(struct cluster *cluster, unsigned index, const struct effect *effect) {
    struct post *asked = post(cluster, POST_ADMIT, index, 0);
    asked->effect = *effect;
    if (buffer_append(&asked->bytes, effect->bytes.data, effect->bytes.size) != OK)
        abort();
    asked->effect.bytes = (struct bytes){0};
    if (!cluster->nodes[index].committing)
        post(cluster, POST_COMMIT, index, (time_ms)cluster_random(cluster, 6));
    cluster->nodes[index].committing = true;
}

void cluster_tell_stated(struct cluster *cluster, unsigned index, const struct kept *kept) {
    cluster_step(cluster, index,
                 &(struct event){.kind = EVENT_STATED,
                                 .stated = {kept->member, kept->channel_id, kept->channel,
                                            kept->counter, buffer_view(&kept->bytes)}});
}

static struct kept *kept_of(struct node *node, const struct member_id *member,
                            const struct channel_id *channel_id, const struct channel *channel) {
    for (size_t i = 0; i < node->stated_n; i++)
        if (member_id_equal(&node->stated[i].member, member) &&
            channel_id_equal(&node->stated[i].channel_id, channel_id))
            return &node->stated[i];
    node->stated = cluster_must(realloc(node->stated, (node->stated_n + 1) * sizeof *node->stated));
    struct kept *kept = &node->stated[node->stated_n++];
    *kept = (struct kept){.member = *member, .channel_id = *channel_id, .channel = *channel};
    return kept;
}

static void keep(struct cluster *cluster, unsigned index, const struct member_id *member,
                 const struct channel *channel, uint64_t counter, struct bytes bytes) {
    struct channel_id channel_id = channel_id_of(&cluster->federation, channel);
    struct kept *kept = kept_of(&cluster->nodes[index], member, &channel_id, channel);
    if (counter <= kept->counter)
        return;
    kept->counter = counter;
    buffer_clear(&kept->bytes);
    if (buffer_append(&kept->bytes, bytes.data, bytes.size) != OK)
        abort();
    struct kept copy = *kept;
    copy.bytes = (struct buffer){0};
    if (buffer_append(&copy.bytes, bytes.data, bytes.size) != OK)
        abort();
    cluster_tell_stated(cluster, index, &copy);
    buffer_done(&copy.bytes);
}

static const struct channel *channel_of(struct cluster *cluster, const struct channel_id *id) {
    for (size_t i = 0; i < cluster->origins_n; i++)
        if (channel_id_equal(&cluster->origins[i]->channel_id, id))
            return &cluster->origins[i]->channel;
    return NULL;
}

static void state(struct cluster *cluster, unsigned index, const struct effect *effect) {
    struct node *node = &cluster->nodes[index];
    struct version_name heads[64];
    struct statement statement = {.federation = cluster->federation,
                                  .member = node->id,
                                  .channel = effect->channel_id,
                                  .counter = ++cluster->order,
                                  .heads = heads};
    for (size_t i = 0; i < node->log.n && statement.heads_n < 64; i++) {
        const struct origin *origin = node->log.feeds[i].origin;
        struct head head = fakelog_head(&node->log, &origin->id);
        if (channel_id_equal(&origin->channel_id, &effect->channel_id) && head.seq != 0)
            heads[statement.heads_n++] =
                (struct version_name){origin->id, head.seq, envelope_id8(&head.id)};
    }
    struct buffer bytes = {0};
    if (statement_sign(&statement, &node->keys.sign, &bytes) != OK)
        abort();
    keep(cluster, index, &node->id, channel_of(cluster, &effect->channel_id), statement.counter,
         buffer_view(&bytes));
    buffer_done(&bytes);
}

static void take_statement(struct cluster *cluster, unsigned index, struct bytes bytes) {
    struct arena arena;
    struct statement statement;
    arena_init(&arena, DECODE_MEMORY_MAX);
    if (statement_decode(bytes, &arena, &statement) != OK)
        abort();
    unsigned member = cluster_node_of(cluster, &statement.member);
    if (statement_verify(bytes, &cluster->nodes[member].keys.public.sign) != OK)
        abort();
    const struct channel *channel = channel_of(cluster, &statement.channel);
    if (channel != NULL && cluster->nodes[index].knows[member] != KNOWN_NOT)
        keep(cluster, index, &statement.member, channel, statement.counter, bytes);
    arena_done(&arena);
}

static void perform(struct cluster *cluster, unsigned index, const struct effect *effect) {
    struct post *later;
    int end;
    struct wire *wire;
    switch (effect->kind) {
    case EFFECT_SEND:
        send(cluster, effect);
        break;
    case EFFECT_DIAL:
        later = post(cluster, POST_LINK, cluster_node_of(cluster, &effect->member),
                     1 + (time_ms)cluster_random(cluster, 10));
        later->peer = index;
        cluster_trace(cluster, "%u dials %u", index, later->node);
        break;
    case EFFECT_CLOSE:
        cluster_trace(cluster, "%u closes link %u: %s", index, effect->link,
                      err_text(effect->reason));
        wire = cluster_wire(cluster, effect->link, &end);
        if (wire->ends[end].open)
            cluster_break(cluster, wire, end);
        break;
    case EFFECT_LOAD:
        later = post(cluster, POST_LOAD, index, (time_ms)cluster_random(cluster, 3));
        later->effect = *effect;
        break;
    case EFFECT_ADMIT:
        ask_to_admit(cluster, index, effect);
        break;
    case EFFECT_STATE:
        state(cluster, index, effect);
        break;
    case EFFECT_STATEMENT:
        take_statement(cluster, index, effect->bytes);
        break;
    case EFFECT_REPORTED:
        cluster->nodes[index].reports++;
        break;
    case EFFECT_PROOF:
        take_proof(cluster, index, effect->bytes);
        break;
    case EFFECT_JOIN:
    case EFFECT_ENROLLED:
    case EFFECT_PENDING:
    case EFFECT_ADDRESS:
        cluster_broken(cluster, "an effect that nothing has asked for");
    }
}

void cluster_step(struct cluster *cluster, unsigned index, const struct event *event) {
    struct node *node = &cluster->nodes[index];
    struct event timed = *event;
    struct effects effects = {0};
    timed.now = cluster->now;
    engine_step(node->engine, &timed, &effects);
    for (size_t i = 0; i < effects.n; i++)
        perform(cluster, index, &effects.list[i]);
    effects_done(&effects);
}

/* ---- Time ---- */

static size_t first_post(const struct cluster *cluster) {
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < cluster->posts_n; i++) {
        const struct post *one = &cluster->posts[i];
        if (one->kind == POST_ADMIT || cluster->nodes[one->node].frozen)
            continue;
        if (first == SIZE_MAX || one->at < cluster->posts[first].at ||
            (one->at == cluster->posts[first].at && one->order < cluster->posts[first].order))
            first = i;
    }
    return first;
}

static void take_event(struct cluster *cluster, struct post *done) {
    int end = 0;
    struct wire *wire = cluster_wire(cluster, done->event.link, &end);
    if (cluster->nodes[done->node].engine == NULL || wire == NULL || !wire->ends[end].open)
        return;
    if (done->event.kind == EVENT_DISCONNECTED)
        wire->ends[end].open = false;
    if (done->kind == POST_FRAME) {
        if (wire->dead)
            return;
        done->event.received = buffer_view(&done->bytes);
        cluster_check_arrival(wire, end, done->event.received);
    }
    cluster_step(cluster, done->node, &done->event);
}

static void take(struct cluster *cluster, struct post *done) {
    bool runs = cluster->nodes[done->node].engine != NULL;
    switch (done->kind) {
    case POST_EVENT:
    case POST_FRAME:
        take_event(cluster, done);
        break;
    case POST_LOAD:
        if (runs)
            load(cluster, done);
        break;
    case POST_COMMIT:
        if (runs)
            commit(cluster, done->node);
        break;
    case POST_LINK:
        if (cluster->nodes[done->peer].engine != NULL)
            link_up(cluster, done->peer, done->node);
        break;
    case POST_ADMIT:
        break;
    }
    buffer_done(&done->bytes);
}

static unsigned first_deadline(const struct cluster *cluster, time_ms *ret_at) {
    unsigned first = NODE_NONE;
    *ret_at = INT64_MAX;
    for (unsigned i = 0; i < cluster->nodes_n; i++) {
        const struct node *node = &cluster->nodes[i];
        if (node->engine == NULL || node->frozen || engine_deadline(node->engine) >= *ret_at)
            continue;
        *ret_at = engine_deadline(node->engine);
        first = i;
    }
    return first;
}

void cluster_run(struct cluster *cluster, time_ms ms) {
    time_ms end = cluster->now + ms;
    for (;;) {
        time_ms tick_at;
        unsigned ticks = first_deadline(cluster, &tick_at);
        size_t next = first_post(cluster);
        time_ms post_at = next == SIZE_MAX ? INT64_MAX : cluster->posts[next].at;
        time_ms at = post_at <= tick_at ? post_at : tick_at;
        if (at > end)
            break;
        if (at > cluster->now)
            cluster->now = at;
        if (post_at <= tick_at) {
            struct post done = cluster->posts[next];
            cluster->posts[next] = cluster->posts[--cluster->posts_n];
            take(cluster, &done);
            ticks = done.node;
        } else {
            cluster_step(cluster, ticks, &(struct event){.kind = EVENT_TICK});
        }
        if (cluster->nodes[ticks].engine != NULL)
            cluster_check(cluster, ticks);
    }
    cluster->now = end;
}
