#include "session_play.h"

#include <string.h>

unsigned play_next(struct bytes *bytes) {
    if (bytes->size == 0)
        return 0;
    bytes->size--;
    return *bytes->data++;
}

uint64_t play_number(struct bytes *bytes) {
    static const uint64_t edges[] = {INT64_MAX, UINT32_MAX, (uint64_t)INT64_MAX - 1, 4096};
    unsigned byte = play_next(bytes);
    return byte < 250 ? byte % 25 : edges[byte % 4];
}

struct known_feed *play_feed(struct play *play, const struct feed_id *id) {
    for (size_t i = 0; i < FEEDS; i++)
        if (feed_id_equal(&play->feeds[i].id, id))
            return &play->feeds[i];
    return NULL;
}

bool play_may_hold(const struct play *play, const struct known_feed *feed, unsigned member) {
    struct member_id author = member_n(feed->author), id = member_n(member);
    return member < MEMBERS && play->active[member] &&
           channel_may_hold(&feed->channel, &author, &id, play->roles[member]);
}

static void check_feed_frame(struct play *play, const struct feed_id *id, unsigned member) {
    struct known_feed *feed = play_feed(play, id);
    HOLDS(feed == NULL || play_may_hold(play, feed, member));
}

static void check_frame(struct play *play, size_t link, struct bytes frame) {
    struct arena arena;
    struct message message;
    unsigned member = play->members[link];
    arena_init(&arena, arena_cap_for(frame.size));
    HOLDS(frame.size > 0 && frame.size <= MESSAGE_SIZE_MAX);
    HOLDS(message_decode(frame, &arena, &message) == OK);
    if (message.kind == MESSAGE_RUN)
        check_feed_frame(play, &message.run.feed, member);
    for (size_t i = 0; message.kind == MESSAGE_HEADS && i < message.heads.heads_n; i++)
        check_feed_frame(play, &message.heads.heads[i].feed, member);
    if (member == MEMBERS)
        HOLDS(message.kind >= MESSAGE_JOIN);
    arena_done(&arena);
}

static size_t find_link(const struct play *play, uint32_t link) {
    for (size_t i = 0; link != 0 && i < LINKS; i++)
        if (play->links[i] == link)
            return i;
    return LINKS;
}

static void keep(struct asked *list, size_t *n, const struct effect *effect) {
    if (*n < ASKED_MAX)
        list[(*n)++] =
            (struct asked){effect->link, effect->feed, effect->after, effect->bytes.size};
}

static void check_effect(struct play *play, const struct effect *effect) {
    size_t link = find_link(play, effect->link);
    switch (effect->kind) {
    case EFFECT_SEND:
        HOLDS(link < LINKS);
        check_frame(play, link, effect->bytes);
        break;
    case EFFECT_CLOSE:
        HOLDS(link < LINKS);
        play->links[link] = 0;
        break;
    case EFFECT_LOAD:
        HOLDS(link < LINKS && effect->bytes_max > 0);
        check_feed_frame(play, &effect->feed, play->members[link]);
        keep(play->loads, &play->loads_n, effect);
        break;
    case EFFECT_ADMIT:
        HOLDS(effect->bytes.size > 0 && effect->bytes.size <= RUN_SIZE_MAX);
        keep(play->admits, &play->admits_n, effect);
        break;
    case EFFECT_JOIN:
        HOLDS(link < LINKS && play->members[link] == MEMBERS && !play->joiner);
        break;
    case EFFECT_ENROLLED:
        HOLDS(play->joiner);
        play->over = true;
        break;
    case EFFECT_PENDING:
        HOLDS(play->joiner);
        break;
    case EFFECT_DIAL:
    case EFFECT_STATE:
    case EFFECT_STATEMENT:
    case EFFECT_PROOF:
    case EFFECT_REPORTED:
    case EFFECT_ADDRESS:
        break;
    }
}

void play_settle(struct play *play) {
    for (size_t i = 0; i < play->lone.effects.n; i++)
        check_effect(play, &play->lone.effects.list[i]);
    lone_clear(&play->lone);
    for (size_t i = 0; i < engine_peers_n(play->lone.engine); i++) {
        struct peer_info info;
        HOLDS(engine_peer(play->lone.engine, i, &info));
        HOLDS(session_state_name(info.state) != NULL);
        HOLDS(!info.equal || info.state == SESSION_IDLE);
    }
}

void play_step(struct play *play, struct event event) {
    lone_step(&play->lone, event);
    play_settle(play);
}
