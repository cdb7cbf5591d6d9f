#include "cluster_inner.h"

#include <stdio.h>
#include <stdlib.h>

void *cluster_must(void *made) {
    if (made == NULL)
        abort();
    return made;
}

uint64_t cluster_random(struct cluster *cluster, uint64_t below) {
    uint64_t z = cluster->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

void cluster_broken(const struct cluster *cluster, const char *promise) {
    fprintf(stderr, "broken with seed %llu at %lld ms: %s\n", (unsigned long long)cluster->seed,
            (long long)cluster->now, promise);
    abort();
}

struct cluster *cluster_new(uint64_t seed) {
    struct cluster *cluster = cluster_must(calloc(1, sizeof *cluster));
    cluster->seed = cluster->random = seed;
    cluster->now = 1000;
    cluster->trace = getenv("STAFET_TRACE") != NULL;
    if (key_library_init() != OK)
        abort();
    memset(cluster->federation.bytes, 0xfe, sizeof cluster->federation.bytes);
    return cluster;
}

static void forget_posts(struct cluster *cluster, unsigned node) {
    size_t kept = 0;
    for (size_t i = 0; i < cluster->posts_n; i++) {
        struct post *post = &cluster->posts[i];
        bool own = post->kind == POST_LINK ? post->peer == node : post->node == node;
        if (own)
            buffer_done(&post->bytes);
        else
            cluster->posts[kept++] = *post;
    }
    cluster->posts_n = kept;
}

static void power_off(struct cluster *cluster, unsigned index) {
    struct node *node = &cluster->nodes[index];
    engine_free(node->engine);
    node->engine = NULL;
    forget_posts(cluster, index);
}

void cluster_free(struct cluster *cluster) {
    if (cluster == NULL)
        return;
    for (unsigned i = 0; i < cluster->nodes_n; i++) {
        struct node *node = &cluster->nodes[i];
        power_off(cluster, i);
        fakelog_done(&node->log);
        for (size_t k = 0; k < node->stated_n; k++)
            buffer_done(&node->stated[k].bytes);
        free(node->stated);
        for (size_t k = 0; k < node->forks_n; k++)
            buffer_done(&node->forks[k].proof);
    }
    for (size_t i = 0; i < cluster->wires_n; i++) {
        free(cluster->wires[i].ends[0].received);
        free(cluster->wires[i].ends[1].received);
    }
    for (size_t i = 0; i < cluster->origins_n; i++)
        free(cluster->origins[i]);
    free(cluster->wires);
    free(cluster->posts);
    free(cluster);
}

/* ---- Feeds and the roster ---- */

struct origin *cluster_origin(struct cluster *cluster, const struct feed_id *id) {
    for (size_t i = 0; i < cluster->origins_n; i++)
        if (feed_id_equal(&cluster->origins[i]->id, id))
            return cluster->origins[i];
    return NULL;
}

static struct origin *origin_of(struct cluster *cluster, unsigned author, enum channel_kind kind,
                                unsigned other) {
    const struct node *node = &cluster->nodes[author];
    const struct member_id *parties[2] = {NULL, NULL};
    struct incarnation incarnation = {{1}};
    struct origin origin = {.author = node->id, .keys = &node->keys};
    if (kind == CHANNEL_HANDOVER) {
        parties[0] = &node->id;
        parties[1] = &cluster->nodes[other].id;
    }
    if (channel_make(kind, parties[0], parties[1], &origin.channel) != OK)
        abort();
    origin.channel_id = channel_id_of(&cluster->federation, &origin.channel);
    origin.id = feed_id_of(&cluster->federation, &origin.channel_id, &origin.author, &incarnation);
    struct origin *known = cluster_origin(cluster, &origin.id);
    if (known != NULL)
        return known;
    if (cluster->origins_n == ORIGINS_MAX)
        abort();
    known = cluster_must(malloc(sizeof *known));
    *known = origin;
    cluster->origins[cluster->origins_n++] = known;
    return known;
}

unsigned cluster_node_of(const struct cluster *cluster, const struct member_id *id) {
    for (unsigned i = 0; i < cluster->nodes_n; i++)
        if (member_id_equal(&cluster->nodes[i].id, id))
            return i;
    return NODE_NONE;
}

struct entry {
    uint8_t node, role, active, reachable;
};

static void write_roster(struct cluster *cluster, unsigned index, bool active) {
    const struct node *node = &cluster->nodes[index];
    struct entry entry = {(uint8_t)index, (uint8_t)node->role, active, node->reachable};
    struct origin *roster = origin_of(cluster, 0, CHANNEL_ROSTER, 0);
    fakelog_append(&cluster->nodes[0].log, roster,
                   (struct bytes){(const uint8_t *)&entry, sizeof entry});
    cluster->nodes[index].active = active;
    if (cluster->nodes[0].engine != NULL)
        cluster_tell_feed(cluster, 0, roster);
}

static void tell_member(struct cluster *cluster, unsigned index, const struct entry *entry) {
    struct node *node = &cluster->nodes[index];
    node->knows[entry->node] = entry->active ? KNOWN_ACTIVE : KNOWN_INACTIVE;
    cluster_step(cluster, index,
                 &(struct event){.kind = EVENT_MEMBER,
                                 .member = {.id = cluster->nodes[entry->node].id,
                                            .role = (enum role)entry->role,
                                            .active = entry->active,
                                            .has_endpoint = entry->reachable}});
}

/* Members from the entries that the node has not applied yet, then the tip: as a loop tells them
 * after a commit. */
static void apply_roster(struct cluster *cluster, unsigned index) {
    struct node *node = &cluster->nodes[index];
    const struct origin *roster = origin_of(cluster, 0, CHANNEL_ROSTER, 0);
    const struct fakelog_feed *feed = fakelog_find(&node->log, &roster->id);
    if (feed == NULL || node->roster_applied == feed->n)
        return;
    while (node->roster_applied < feed->n) {
        struct entry entry;
        struct bytes content = fakelog_content(feed, ++node->roster_applied);
        memcpy(&entry, content.data, sizeof entry);
        tell_member(cluster, index, &entry);
    }
    struct head head = fakelog_head(&node->log, &roster->id);
    cluster_step(cluster, index,
                 &(struct event){.kind = EVENT_ROSTER,
                                 .roster = {roster->id, head.seq, envelope_id8(&head.id)}});
}

void cluster_tell_feed(struct cluster *cluster, unsigned index, const struct origin *origin) {
    cluster_step(
        cluster, index,
        &(struct event){.kind = EVENT_FEED,
                        .feed = {.id = origin->id,
                                 .channel_id = origin->channel_id,
                                 .channel = origin->channel,
                                 .author = origin->author,
                                 .head = fakelog_head(&cluster->nodes[index].log, &origin->id)}});
    if (origin->channel.kind == CHANNEL_ROSTER)
        apply_roster(cluster, index);
}

void cluster_start(struct cluster *cluster, unsigned index) {
    struct node *node = &cluster->nodes[index];
    struct engine_config config = {.federation = cluster->federation,
                                   .self = node->id,
                                   .role = node->role,
                                   .instance = ++cluster->order,
                                   .seed = cluster_random(cluster, UINT64_MAX)};
    node->engine = cluster_must(engine_new(&config));
    node->committing = false;
    node->roster_applied = 0;
    memset(node->knows, 0, sizeof node->knows);
    cluster_trace(cluster, "%u starts", index);
    if (fakelog_head(&node->log, &origin_of(cluster, 0, CHANNEL_ROSTER, 0)->id).seq == 0)
        tell_member(cluster, index,
                    &(struct entry){0, ROLE_MUNICIPALITY, true, cluster->nodes[0].reachable});
    for (size_t i = 0; i < node->log.n; i++)
        if (node->log.feeds[i].n != 0)
            cluster_tell_feed(cluster, index, node->log.feeds[i].origin);
    for (size_t i = 0; i < node->stated_n; i++)
        cluster_tell_stated(cluster, index, &node->stated[i]);
    for (size_t i = 0; i < node->forks_n; i++)
        cluster_tell_fork(cluster, index, &node->forks[i]);
}

void cluster_stop(struct cluster *cluster, unsigned index) {
    cluster_trace(cluster, "%u stops", index);
    power_off(cluster, index);
    for (size_t i = 0; i < cluster->wires_n; i++)
        for (int end = 0; end < 2; end++)
            if (cluster->wires[i].ends[end].node == index && cluster->wires[i].ends[end].open)
                cluster_break(cluster, &cluster->wires[i], end);
}

unsigned cluster_add(struct cluster *cluster, enum role role, bool reachable) {
    if (cluster->nodes_n == CLUSTER_NODES_MAX)
        abort();
    unsigned index = cluster->nodes_n++;
    struct node *node = &cluster->nodes[index];
    struct seed seed = {{(uint8_t)(index + 1)}};
    *node = (struct node){.role = role, .reachable = reachable, .active = true};
    /* Ids whose order is not that of the numbers. */
    memset(node->id.bytes, (int)(1 + (index * 7 + 3) % CLUSTER_NODES_MAX), sizeof node->id.bytes);
    if (node_keys_derive(&seed, &node->keys) != OK)
        abort();
    write_roster(cluster, index, true);
    cluster_start(cluster, index);
    return index;
}

void cluster_expel(struct cluster *cluster, unsigned index) {
    cluster_trace(cluster, "%u is expelled", index);
    write_roster(cluster, index, false);
}

void cluster_write(struct cluster *cluster, unsigned index, enum channel_kind kind, unsigned other,
                   unsigned n, size_t size) {
    struct node *node = &cluster->nodes[index];
    const struct origin *origin = origin_of(cluster, index, kind, other);
    uint8_t *content = cluster_must(malloc(size));
    for (unsigned i = 0; i < n; i++) {
        memset(content, (int)cluster_random(cluster, 256), size);
        fakelog_append(&node->log, origin, (struct bytes){content, size});
    }
    free(content);
    cluster_trace(cluster, "%u writes %u", index, n);
    if (node->engine != NULL)
        cluster_tell_feed(cluster, index, origin);
}

void cluster_roll_back(struct cluster *cluster, unsigned node, unsigned author,
                       enum channel_kind kind, unsigned other, uint64_t seq) {
    fakelog_truncate(&cluster->nodes[node].log, &origin_of(cluster, author, kind, other)->id, seq);
}

/* ---- Looking at it ---- */

time_ms cluster_now(const struct cluster *cluster) {
    return cluster->now;
}

uint64_t cluster_head(struct cluster *cluster, unsigned node, unsigned author,
                      enum channel_kind kind, unsigned other) {
    return fakelog_head(&cluster->nodes[node].log, &origin_of(cluster, author, kind, other)->id)
        .seq;
}

static bool peer_of(const struct cluster *cluster, unsigned index, const struct member_id *peer,
                    struct peer_info *ret_info) {
    const struct engine *engine = cluster->nodes[index].engine;
    if (engine == NULL)
        return false;
    for (size_t i = 0; i < engine_peers_n(engine); i++) {
        struct peer_info info;
        if (engine_peer(engine, i, &info) && member_id_equal(&info.member, peer)) {
            *ret_info = info;
            return true;
        }
    }
    return false;
}

struct peer_info cluster_peer(const struct cluster *cluster, unsigned node, unsigned peer) {
    struct peer_info info = {.state = SESSION_NONE};
    if (!peer_of(cluster, node, &cluster->nodes[peer].id, &info))
        info.state = SESSION_NONE;
    return info;
}

bool cluster_may_hold(const struct cluster *cluster, const struct origin *origin, unsigned node) {
    return channel_may_hold(&origin->channel, &origin->author, &cluster->nodes[node].id,
                            cluster->nodes[node].role);
}

/* Called equal, `peer` must hold all of what `index` holds and both may. */
static void check_equal(const struct cluster *cluster, unsigned index, unsigned peer) {
    const struct node *node = &cluster->nodes[index];
    for (size_t i = 0; i < node->log.n; i++) {
        const struct fakelog_feed *feed = &node->log.feeds[i];
        if (!cluster_may_hold(cluster, feed->origin, index) ||
            !cluster_may_hold(cluster, feed->origin, peer))
            continue;
        uint64_t theirs = fakelog_head(&cluster->nodes[peer].log, &feed->origin->id).seq;
        if (theirs >= feed->n)
            continue;
        cluster_trace(cluster, "%u calls %u equal, which has %llu of %zu of a feed of %u", index,
                      peer, (unsigned long long)theirs, feed->n,
                      cluster_node_of(cluster, &feed->origin->author));
        cluster_broken(cluster, "a peer was called equal that lacks something");
    }
}

void cluster_check(const struct cluster *cluster, unsigned index) {
    const struct engine *engine = cluster->nodes[index].engine;
    for (size_t i = 0; i < engine_peers_n(engine); i++) {
        struct peer_info info;
        if (!engine_peer(engine, i, &info))
            abort();
        if (info.equal && info.state != SESSION_IDLE)
            cluster_broken(cluster, "a peer was called equal outside IDLE");
        if (info.equal)
            check_equal(cluster, index, cluster_node_of(cluster, &info.member));
    }
}

static bool is_up(const struct cluster *cluster, unsigned node) {
    return cluster->nodes[node].engine != NULL && cluster->nodes[node].active &&
           !cluster->nodes[node].frozen;
}

static bool has_converged(struct cluster *cluster) {
    for (size_t i = 0; i < cluster->origins_n; i++) {
        uint64_t highest = 0;
        for (unsigned n = 0; n < cluster->nodes_n; n++) {
            uint64_t head = fakelog_head(&cluster->nodes[n].log, &cluster->origins[i]->id).seq;
            if (is_up(cluster, n) && head > highest)
                highest = head;
        }
        for (unsigned n = 0; n < cluster->nodes_n; n++)
            if (is_up(cluster, n) && cluster_may_hold(cluster, cluster->origins[i], n) &&
                fakelog_head(&cluster->nodes[n].log, &cluster->origins[i]->id).seq != highest)
                return false;
    }
    return true;
}

/* Every session between running nodes has come to rest, equal on both sides. */
static bool is_at_rest(const struct cluster *cluster) {
    for (unsigned n = 0; n < cluster->nodes_n; n++) {
        const struct engine *engine = cluster->nodes[n].engine;
        for (size_t i = 0; is_up(cluster, n) && i < engine_peers_n(engine); i++) {
            struct peer_info info;
            if (!engine_peer(engine, i, &info))
                abort();
            unsigned peer = cluster_node_of(cluster, &info.member);
            bool linked = info.state != SESSION_NONE && info.state != SESSION_BACKOFF &&
                          info.state != SESSION_DIALLING;
            if (is_up(cluster, peer) && linked && !info.equal)
                return false;
        }
    }
    return true;
}

bool cluster_converges(struct cluster *cluster, time_ms ms_max) {
    time_ms end = cluster->now + ms_max;
    while (cluster->now < end) {
        if (has_converged(cluster) && is_at_rest(cluster))
            return true;
        cluster_run(cluster, 10);
    }
    return false;
}

void cluster_explain(struct cluster *cluster) {
    for (unsigned n = 0; n < cluster->nodes_n; n++) {
        const struct engine *engine = cluster->nodes[n].engine;
        fprintf(stderr, "node %u (%s)%s\n", n, role_name(cluster->nodes[n].role),
                is_up(cluster, n) ? "" : " is down");
        for (size_t i = 0; engine != NULL && i < engine_peers_n(engine); i++) {
            struct peer_info info;
            if (engine_peer(engine, i, &info))
                fprintf(stderr, "  with %u: %s%s, %s\n", cluster_node_of(cluster, &info.member),
                        session_state_name(info.state), info.equal ? ", equal" : "",
                        err_name(info.last_error));
        }
        for (size_t i = 0; i < cluster->origins_n; i++)
            if (cluster_may_hold(cluster, cluster->origins[i], n))
                fprintf(stderr, "  feed %zu of %u (channel kind %d): %llu\n", i,
                        cluster_node_of(cluster, &cluster->origins[i]->author),
                        (int)cluster->origins[i]->channel.kind,
                        (unsigned long long)fakelog_head(&cluster->nodes[n].log,
                                                         &cluster->origins[i]->id)
                            .seq);
    }
}

void cluster_count_from(struct cluster *cluster) {
    memset(cluster->frames, 0, sizeof cluster->frames);
    cluster->bytes = 0;
}

size_t cluster_frames(const struct cluster *cluster, unsigned kind) {
    size_t n = 0;
    for (unsigned i = 0; i < KINDS_MAX; i++)
        n += kind == 0 || kind == i ? cluster->frames[i] : 0;
    return n;
}

size_t cluster_bytes(const struct cluster *cluster) {
    return cluster->bytes;
}

size_t cluster_reports(const struct cluster *cluster, unsigned node) {
    return cluster->nodes[node].reports;
}

bool cluster_knows_fork(struct cluster *cluster, unsigned index, unsigned author,
                        enum channel_kind kind, unsigned other) {
    const struct origin *origin = origin_of(cluster, author, kind, other);
    const struct node *node = &cluster->nodes[index];
    for (size_t i = 0; i < node->forks_n; i++)
        if (feed_id_equal(&node->forks[i].feed, &origin->id))
            return true;
    return false;
}

bool cluster_has_statement(struct cluster *cluster, unsigned index, unsigned member,
                           enum channel_kind kind, unsigned other) {
    const struct origin *origin = origin_of(cluster, member, kind, other);
    const struct node *node = &cluster->nodes[index];
    for (size_t i = 0; i < node->stated_n; i++) {
        const struct kept *kept = &node->stated[i];
        if (member_id_equal(&kept->member, &cluster->nodes[member].id) &&
            channel_id_equal(&kept->channel_id, &origin->channel_id))
            return true;
    }
    return false;
}
