#include "lone.h"

#include "proto/limits.h"
#include <stdlib.h>

static void must(bool held) {
    if (!held)
        abort();
}

static void init(struct lone *lone, const struct engine_config *config) {
    *lone = (struct lone){.now = 1000, .federation = config->federation};
    must(key_library_init() == OK);
    arena_init(&lone->arena, 64 * DECODE_MEMORY_MAX);
    lone->engine = engine_new(config);
    must(lone->engine != NULL);
}

void lone_init(struct lone *lone, enum role role) {
    lone_init_as(lone, 0, role);
}

void lone_init_as(struct lone *lone, unsigned self, enum role role) {
    struct engine_config config = {
        .federation = {{0xfe}}, .self = member_n(self), .role = role, .instance = 7, .seed = 42};
    init(lone, &config);
    lone_member(lone, self, role, true, true);
    lone_roster(lone, 5);
    lone_clear(lone);
}

void lone_init_joiner(struct lone *lone, struct bytes join) {
    struct engine_config config = {
        .federation = {{0xfe}}, .role = ROLE_SCHOOL, .seed = 42, .join = join};
    init(lone, &config);
}

void lone_done(struct lone *lone) {
    engine_free(lone->engine);
    effects_done(&lone->effects);
    arena_done(&lone->arena);
    buffer_done(&lone->bytes);
}

void lone_clear(struct lone *lone) {
    effects_clear(&lone->effects);
    arena_reset(&lone->arena);
}

/* ---- Names ---- */

struct member_id member_n(unsigned n) {
    struct member_id id;
    memset(id.bytes, (int)(0x10 + n), sizeof id.bytes);
    return id;
}

struct channel channel_n(enum channel_kind kind, unsigned a, unsigned b) {
    struct channel channel;
    struct member_id one = member_n(a), two = member_n(b);
    bool parties = kind == CHANNEL_HANDOVER;
    must(channel_make(kind, parties ? &one : NULL, parties ? &two : NULL, &channel) == OK);
    return channel;
}

struct channel_id lone_channel_id(const struct lone *lone, const struct channel *channel) {
    return channel_id_of(&lone->federation, channel);
}

struct feed_id lone_feed_id(const struct lone *lone, const struct channel *channel,
                            unsigned author) {
    struct channel_id id = lone_channel_id(lone, channel);
    struct member_id member = member_n(author);
    return feed_id_of(&lone->federation, &id, &member, &(struct incarnation){{1}});
}

/* Every envelope of number seq has the same signed header, whatever its feed: its id is known
 * without keeping it. */
static void signed_header(uint64_t seq, uint8_t ret_bytes[static SIGNED_HEADER_SIZE]) {
    struct header header = {.schema = 1, .sections_n = 1, .seq = seq, .clock = seq};
    header.feed.bytes[0] = 1;
    if (seq > 1)
        header.prev.bytes[0] = 1;
    memset(ret_bytes, 0, SIGNED_HEADER_SIZE);
    header_encode(&header, ret_bytes);
}

struct head head_n(uint64_t seq) {
    uint8_t bytes[SIGNED_HEADER_SIZE];
    if (seq == 0)
        return (struct head){0};
    signed_header(seq, bytes);
    return (struct head){seq, envelope_id_of(bytes)};
}

struct id8 id8_n(uint64_t seq) {
    struct head head = head_n(seq);
    return envelope_id8(&head.id);
}

struct bytes lone_run(struct lone *lone, const struct feed_id *feed, uint64_t after, unsigned n,
                      size_t size) {
    (void)feed;
    buffer_clear(&lone->bytes);
    for (unsigned i = 0; i < n; i++) {
        uint8_t bytes[SIGNED_HEADER_SIZE], entry[5] = {SECTION_OPEN}, *content;
        signed_header(after + 1 + i, bytes);
        put_u32(entry + 1, (uint32_t)size);
        must(buffer_append(&lone->bytes, bytes, sizeof bytes) == OK);
        must(buffer_append(&lone->bytes, entry, sizeof entry) == OK);
        must(buffer_extend(&lone->bytes, size, &content) == OK);
        memset(content, 'x', size);
    }
    return buffer_view(&lone->bytes);
}

/* ---- In ---- */

void lone_step(struct lone *lone, struct event event) {
    event.now = lone->now;
    engine_step(lone->engine, &event, &lone->effects);
}

void lone_wait(struct lone *lone, time_ms ms) {
    lone->now += ms;
    lone_step(lone, (struct event){.kind = EVENT_TICK});
}

void lone_member(struct lone *lone, unsigned n, enum role role, bool has_endpoint, bool active) {
    lone_step(lone, (struct event){.kind = EVENT_MEMBER,
                                   .member = {member_n(n), role, active, has_endpoint}});
}

void lone_roster(struct lone *lone, uint64_t seq) {
    struct channel roster = channel_n(CHANNEL_ROSTER, 0, 0);
    struct feed_id feed = lone_feed(lone, &roster, 9, seq);
    lone_step(lone, (struct event){.kind = EVENT_ROSTER, .roster = {feed, seq, id8_n(seq)}});
}

struct feed_id lone_feed(struct lone *lone, const struct channel *channel, unsigned author,
                         uint64_t seq) {
    struct feed_id id = lone_feed_id(lone, channel, author);
    lone_step(lone, (struct event){.kind = EVENT_FEED,
                                   .feed = {.id = id,
                                            .channel_id = lone_channel_id(lone, channel),
                                            .channel = *channel,
                                            .author = member_n(author),
                                            .head = head_n(seq)}});
    return id;
}

void lone_connect(struct lone *lone, uint32_t link, unsigned member) {
    lone_step(lone, (struct event){.kind = EVENT_CONNECTED,
                                   .link = link,
                                   .connected = {.member = member_n(member)}});
}

void lone_disconnect(struct lone *lone, uint32_t link) {
    lone_step(lone, (struct event){.kind = EVENT_DISCONNECTED, .link = link});
}

void lone_receive(struct lone *lone, uint32_t link, const struct message *message) {
    struct buffer frame = {0};
    must(message_encode(message, &frame) == OK);
    lone_step(lone, (struct event){
                        .kind = EVENT_RECEIVED, .link = link, .received = buffer_view(&frame)});
    buffer_done(&frame);
}

void lone_heads(struct lone *lone, uint32_t link, const struct channel *channel,
                const struct version_name *heads, size_t heads_n) {
    lone_receive(
        lone, link,
        &(struct message){.kind = MESSAGE_HEADS,
                          .heads = {lone_channel_id(lone, channel), heads, heads_n, false}});
}

void lone_loaded(struct lone *lone, uint32_t link, const struct feed_id *feed, uint64_t after,
                 unsigned n, size_t size, uint64_t head) {
    lone_step(lone, (struct event){.kind = EVENT_LOADED,
                                   .link = link,
                                   .loaded = {.feed = *feed,
                                              .after = after,
                                              .run = lone_run(lone, feed, after, n, size),
                                              .last = after + n,
                                              .head = head_n(head)}});
}

void lone_admitted(struct lone *lone, uint32_t link, const struct feed_id *feed, size_t size,
                   enum err error, uint64_t seq) {
    lone_step(lone, (struct event){.kind = EVENT_ADMITTED,
                                   .link = link,
                                   .admitted = {*feed, size, error, head_n(seq)}});
}

struct message lone_hello(struct lone *lone, uint32_t link) {
    struct message hello;
    must(lone_frame(lone, link, MESSAGE_HELLO, 0, &hello));
    hello.hello.instance++;
    return hello;
}

void lone_open(struct lone *lone, uint32_t link, unsigned member) {
    lone_connect(lone, link, member);
    struct message hello = lone_hello(lone, link);
    hello.hello.member = member_n(member);
    lone_receive(lone, link, &hello);
    must(lone_peer(lone, member).state == SESSION_IDLE);
    lone_clear(lone);
}

void lone_open_empty(struct lone *lone, uint32_t link, unsigned member) {
    lone_connect(lone, link, member);
    struct message hello = lone_hello(lone, link);
    hello.hello.digest.bytes[0] ^= 1;
    lone_receive(lone, link, &hello);
    lone_receive(lone, link, &(struct message){.kind = MESSAGE_DIGEST});
    must(lone_peer(lone, member).state == SESSION_IDLE);
    lone_clear(lone);
}

/* ---- Out ---- */

size_t lone_effects(const struct lone *lone, enum effect_kind kind, uint32_t link) {
    size_t n = 0;
    for (size_t i = 0; i < lone->effects.n; i++)
        n +=
            lone->effects.list[i].kind == kind && (link == 0 || lone->effects.list[i].link == link);
    return n;
}

const struct effect *lone_effect(const struct lone *lone, enum effect_kind kind, uint32_t link) {
    for (size_t i = 0; i < lone->effects.n; i++)
        if (lone->effects.list[i].kind == kind && (link == 0 || lone->effects.list[i].link == link))
            return &lone->effects.list[i];
    return NULL;
}

bool lone_frame(struct lone *lone, uint32_t link, enum message_kind kind, unsigned skip,
                struct message *ret_message) {
    for (size_t i = 0; i < lone->effects.n; i++) {
        const struct effect *effect = &lone->effects.list[i];
        if (effect->kind != EFFECT_SEND || effect->link != link || effect->bytes.data[0] != kind)
            continue;
        if (skip-- != 0)
            continue;
        must(message_decode(effect->bytes, &lone->arena, ret_message) == OK);
        return true;
    }
    return false;
}

bool lone_sent(struct lone *lone, uint32_t link, enum message_kind kind) {
    struct message message;
    return lone_frame(lone, link, kind, 0, &message);
}

struct peer_info lone_peer(const struct lone *lone, unsigned member) {
    struct member_id id = member_n(member);
    for (size_t i = 0; i < engine_peers_n(lone->engine); i++) {
        struct peer_info info;
        if (engine_peer(lone->engine, i, &info) && member_id_equal(&info.member, &id))
            return info;
    }
    return (struct peer_info){.state = SESSION_NONE};
}
