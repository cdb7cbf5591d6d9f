/* An engine among peers that say anything: frames, raw or made up of what it knows, in any order,
 * between what a loop tells it. First byte: its role, or that it joins; then chunks. Whatever
 * comes, what the engine sends is in strict form, over a link that is open, to a member that may
 * have it. */
#include "mutate.h"
#include "session_play.h"

#include "proto/statement.h"
#include <stdlib.h>
#include <string.h>

enum { ENGINE_MEMORY_MAX = 48 * 1024 * 1024 };

enum op {
    OP_FRAME,
    OP_SAY,
    OP_TICK,
    OP_CONNECT,
    OP_DISCONNECT,
    OP_LOADED,
    OP_ADMITTED,
    OP_FEED,
    OP_MEMBER,
    OP_ROSTER,
    OP_STATED,
    OP_JOINED,
    OP_HURRY,
    OPS
};

/* ---- What a loop tells ---- */

static void tell_feed(struct play *play, struct known_feed *feed, uint64_t seq) {
    feed->seq = seq > feed->seq ? seq : feed->seq;
    if (feed->seq == 0 || (!play_may_hold(play, feed, 0) && !play->joiner))
        return;
    lone_feed(&play->lone, &feed->channel, feed->author, feed->seq);
    play_settle(play);
}

static void tell_member(struct play *play, unsigned n, bool has_endpoint, bool active) {
    play->active[n] = active;
    lone_member(&play->lone, n, play->roles[n], has_endpoint, active);
    play_settle(play);
}

static void tell_roster(struct play *play, uint64_t more) {
    play->roster_seq += more;
    struct known_feed *roster = &play->feeds[0];
    tell_feed(play, roster, play->roster_seq);
    play_step(play, (struct event){.kind = EVENT_ROSTER,
                                   .roster = {roster->id, roster->seq, id8_n(roster->seq)}});
}

static void connect(struct play *play, size_t slot, unsigned member, bool dialled) {
    if (play->links[slot] != 0 || (member < MEMBERS && !play->active[member]))
        return;
    play->links[slot] = ++play->links_n;
    play->members[slot] = member;
    play_step(play,
              (struct event){.kind = EVENT_CONNECTED,
                             .link = play->links[slot],
                             .connected = {.member = member < MEMBERS ? member_n(member)
                                                                      : (struct member_id){{0}},
                                           .proved = {{1}},
                                           .dialled = dialled}});
}

static void begin_joiner(struct play *play) {
    struct message message = {.kind = MESSAGE_JOIN};
    struct buffer body = {0}, frame = {0};
    message.join.request =
        (struct join_request){.ticket = {{1}}, .member = {{2}}, .keys = fuzz_keys(SKOLE)->public};
    HOLDS(join_sign(&message.join, &fuzz_keys(SKOLE)->sign, &body) == OK);
    HOLDS(message_encode(&message, &frame) == OK);
    lone_init_joiner(&play->lone, buffer_view(&frame));
    buffer_done(&body);
    buffer_done(&frame);
}

/* Its first feeds are told before the engine hears of anything else, as at a start. */
static void begin(struct play *play, uint8_t first) {
    static const enum role others[MEMBERS] = {0,          ROLE_MUNICIPALITY, ROLE_SCHOOL,
                                              ROLE_RELAY, ROLE_KINDERGARTEN, ROLE_KINDERGARTEN};
    static const struct {
        enum channel_kind kind;
        unsigned a, b, author;
    } feeds[FEEDS] = {
        {CHANNEL_ROSTER, 0, 0, 1},   {CHANNEL_NOTICE, 0, 0, 1},   {CHANNEL_ANSWERS, 0, 0, 0},
        {CHANNEL_ANSWERS, 0, 0, 2},  {CHANNEL_HANDOVER, 0, 2, 0}, {CHANNEL_HANDOVER, 0, 2, 2},
        {CHANNEL_HANDOVER, 2, 4, 4}, {CHANNEL_HANDOVER, 0, 4, 4}, {CHANNEL_HANDOVER, 4, 5, 5},
        {CHANNEL_ANSWERS, 0, 0, 4},  {CHANNEL_NOTICE, 0, 0, 2},   {CHANNEL_HANDOVER, 1, 4, 4}};
    play->joiner = first % 8 == 7;
    memcpy(play->roles, others, sizeof others);
    play->roles[0] = (enum role)(1 + first / 8 % 4);
    for (size_t i = 0; i < MEMBERS; i++)
        play->active[i] = i < 5;
    if (play->joiner)
        begin_joiner(play);
    else
        lone_init(&play->lone, play->roles[0]);
    for (size_t i = 0; i < FEEDS; i++) {
        play->feeds[i].channel = channel_n(feeds[i].kind, feeds[i].a, feeds[i].b);
        play->feeds[i].author = feeds[i].author;
        play->feeds[i].id = lone_feed_id(&play->lone, &play->feeds[i].channel, feeds[i].author);
    }
    for (unsigned i = 1; i < MEMBERS && !play->joiner; i++)
        tell_member(play, i, i % 2 == 1, play->active[i]);
    if (!play->joiner)
        tell_roster(play, 5);
}

/* ---- Answers to what the engine asks of its loop ---- */

static void answer_load(struct play *play, struct bytes bytes) {
    if (play->loads_n == 0)
        return;
    struct asked load = play->loads[0];
    memmove(play->loads, play->loads + 1, --play->loads_n * sizeof *play->loads);
    struct known_feed *feed = play_feed(play, &load.feed);
    unsigned n = 1 + play_next(&bytes) % 4;
    uint64_t head = feed != NULL ? feed->seq : 0;
    if (load.after >= head) {
        play_step(play,
                  (struct event){
                      .kind = EVENT_LOADED,
                      .link = load.link,
                      .loaded = {.feed = load.feed, .after = load.after, .error = ERR_NOT_FOUND}});
        return;
    }
    n = n > head - load.after ? (unsigned)(head - load.after) : n;
    lone_loaded(&play->lone, load.link, &load.feed, load.after, n, (size_t)play_next(&bytes) * 16,
                head);
    play_settle(play);
}

static void answer_admit(struct play *play, struct bytes bytes) {
    if (play->admits_n == 0)
        return;
    struct asked admit = play->admits[0];
    memmove(play->admits, play->admits + 1, --play->admits_n * sizeof *play->admits);
    struct known_feed *feed = play_feed(play, &admit.feed);
    unsigned byte = play_next(&bytes);
    enum err e = byte % 4 == 3 ? err_from_number(play_next(&bytes)) : OK;
    uint64_t seq = feed != NULL ? feed->seq : 0;
    if (e == OK)
        seq += 1 + play_next(&bytes) % 4;
    if (e == OK && feed != NULL)
        tell_feed(play, feed, seq);
    lone_admitted(&play->lone, admit.link, &admit.feed, admit.size, e, seq);
    play_settle(play);
}

/* ---- One chunk ---- */

static void stated(struct play *play, struct bytes bytes) {
    struct known_feed *feed = &play->feeds[play_next(&bytes) % FEEDS];
    unsigned member = play_next(&bytes) % MEMBERS;
    struct channel_id channel = lone_channel_id(&play->lone, &feed->channel);
    struct version_name head = {feed->id, 1 + feed->seq, id8_n(1 + feed->seq)};
    struct statement statement = {play->lone.federation,
                                  member_n(member),
                                  channel,
                                  play_number(&bytes),
                                  &head,
                                  play_next(&bytes) % 2,
                                  0};
    struct buffer out = {0};
    if (statement_sign(&statement, &fuzz_keys(BIRK)->sign, &out) == OK)
        play_step(play, (struct event){.kind = EVENT_STATED,
                                       .stated = {statement.member, channel, feed->channel,
                                                  statement.counter, buffer_view(&out)}});
    buffer_done(&out);
}

static void do_chunk(struct play *play, const struct chunk *chunk) {
    struct bytes bytes = chunk->content;
    size_t slot = chunk->argument % LINKS;
    unsigned byte;
    switch ((enum op)(chunk->op % OPS)) {
    case OP_FRAME:
        if (play->links[slot] != 0)
            play_step(play, (struct event){.kind = EVENT_RECEIVED,
                                           .link = play->links[slot],
                                           .received = bytes});
        break;
    case OP_SAY:
        play_say(play, slot, bytes);
        break;
    case OP_TICK:
        lone_wait(&play->lone, (time_ms)1 << chunk->argument % 24);
        play_settle(play);
        break;
    case OP_CONNECT:
        byte = play_next(&bytes);
        connect(play, slot, play->joiner ? MEMBERS : 1 + byte % MEMBERS, byte >= 128);
        break;
    case OP_DISCONNECT:
        if (play->links[slot] == 0)
            break;
        byte = play->links[slot];
        play->links[slot] = 0;
        play_step(play, (struct event){.kind = EVENT_DISCONNECTED, .link = byte});
        break;
    case OP_LOADED:
        answer_load(play, bytes);
        break;
    case OP_ADMITTED:
        answer_admit(play, bytes);
        break;
    case OP_FEED:
        byte = chunk->argument % FEEDS;
        tell_feed(play, &play->feeds[byte], play->feeds[byte].seq + play_next(&bytes) % 8);
        break;
    case OP_MEMBER:
        byte = play_next(&bytes);
        tell_member(play, 1 + chunk->argument % (MEMBERS - 1), byte % 2, byte / 2 % 2);
        break;
    case OP_ROSTER:
        tell_roster(play, chunk->argument % 3);
        break;
    case OP_STATED:
        stated(play, bytes);
        break;
    case OP_JOINED:
        if (play->links[slot] != 0)
            play_step(play, (struct event){.kind = EVENT_JOINED,
                                           .link = play->links[slot],
                                           .joined = {err_from_number(play_next(&bytes)),
                                                      member_n(2), 7, id8_n(7)}});
        break;
    case OP_HURRY:
        engine_hurry(play->lone.engine);
        break;
    case OPS:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes rest = {data + 1, size - 1};
    struct chunk chunk;
    fuzz_begin();
    if (size == 0)
        return 0;
    struct play *play = calloc(1, sizeof *play);
    HOLDS(play != NULL);
    memory_begin();
    begin(play, data[0]);
    while (!play->over && chunk_next(&rest, &chunk))
        do_chunk(play, &chunk);
    lone_done(&play->lone);
    (void)memory_end(ENGINE_MEMORY_MAX);
    free(play);
    return 0;
}

static size_t mutate_content(uint8_t op, uint8_t *data, size_t size, size_t size_max,
                             struct dice *dice) {
    if (op % OPS == OP_FRAME && size > 1)
        return 1 + mutate_message(data + 1, size - 1, size_max - 1, dice);
    return LLVMFuzzerMutate(data, size, size_max);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    fuzz_begin();
    if (size < 2 || dice_chance(&dice, 3))
        return LLVMFuzzerMutate(data, size, size_max);
    return 1 + mutate_chunks(data + 1, size - 1, size_max - 1, mutate_content, &dice);
}
