/* An engine among peers that say anything: frames, raw or made up of what it knows, in any order,
 * between what a loop tells it. First byte: its role, or that it joins; then chunks. Whatever
 * comes, what the engine sends is in strict form, over a link that is open, to a member that may
 * have it. */
#include "lone.h"
#include "mutate.h"

#include "proto/statement.h"
#include <stdlib.h>
#include <string.h>

enum { LINKS = 6, FEEDS = 12, MEMBERS = 6, ASKED_MAX = 64, ENGINE_MEMORY_MAX = 48 * 1024 * 1024 };

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

struct known_feed {
    struct channel channel;
    unsigned author;
    struct feed_id id;
    uint64_t seq; /* here */
};
struct asked {
    uint32_t link;
    struct feed_id feed;
    uint64_t after;
    size_t size;
};
struct play {
    struct lone lone;
    enum role roles[MEMBERS];
    bool active[MEMBERS];
    uint32_t links_n;        /* the last number given */
    uint32_t links[LINKS];   /* 0: none */
    unsigned members[LINKS]; /* MEMBERS: the holder of a ticket */
    struct known_feed feeds[FEEDS];
    struct asked loads[ASKED_MAX], admits[ASKED_MAX];
    size_t loads_n, admits_n;
    uint64_t roster_seq;
    bool joiner, over;
};

/* Bytes of a chunk, one after the other; zero when there is no more. */
static unsigned next(struct bytes *bytes) {
    if (bytes->size == 0)
        return 0;
    bytes->size--;
    return *bytes->data++;
}

/* Mostly small; sometimes an edge. */
static uint64_t next_number(struct bytes *bytes) {
    static const uint64_t edges[] = {INT64_MAX, UINT32_MAX, (uint64_t)INT64_MAX - 1, 4096};
    unsigned byte = next(bytes);
    return byte < 250 ? byte % 25 : edges[byte % 4];
}

/* ---- What must hold of effects ---- */

static struct known_feed *find_feed(struct play *play, const struct feed_id *id) {
    for (size_t i = 0; i < FEEDS; i++)
        if (feed_id_equal(&play->feeds[i].id, id))
            return &play->feeds[i];
    return NULL;
}

static bool may_hold(const struct play *play, const struct known_feed *feed, unsigned member) {
    struct member_id author = member_n(feed->author), id = member_n(member);
    return member < MEMBERS && play->active[member] &&
           channel_may_hold(&feed->channel, &author, &id, play->roles[member]);
}

static void check_feed_frame(struct play *play, const struct feed_id *id, unsigned member) {
    struct known_feed *feed = find_feed(play, id);
    HOLDS(feed == NULL || may_hold(play, feed, member));
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
        break;
    }
}

static void settle(struct play *play) {
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

static void step(struct play *play, struct event event) {
    lone_step(&play->lone, event);
    settle(play);
}

/* ---- What a loop tells ---- */

static void tell_feed(struct play *play, struct known_feed *feed, uint64_t seq) {
    feed->seq = seq > feed->seq ? seq : feed->seq;
    if (feed->seq == 0 || (!may_hold(play, feed, 0) && !play->joiner))
        return;
    lone_feed(&play->lone, &feed->channel, feed->author, feed->seq);
    settle(play);
}

static void tell_member(struct play *play, unsigned n, bool has_endpoint, bool active) {
    play->active[n] = active;
    lone_member(&play->lone, n, play->roles[n], has_endpoint, active);
    settle(play);
}

static void tell_roster(struct play *play, uint64_t more) {
    play->roster_seq += more;
    struct known_feed *roster = &play->feeds[0];
    tell_feed(play, roster, play->roster_seq);
    step(play, (struct event){.kind = EVENT_ROSTER,
                              .roster = {roster->id, roster->seq, id8_n(roster->seq)}});
}

static void connect(struct play *play, size_t slot, unsigned member, bool dialled) {
    if (play->links[slot] != 0 || (member < MEMBERS && !play->active[member]))
        return;
    play->links[slot] = ++play->links_n;
    play->members[slot] = member;
    step(play, (struct event){.kind = EVENT_CONNECTED,
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

/* ---- What peers say ---- */

static struct version_name a_head(struct play *play, struct bytes *bytes) {
    unsigned byte = next(bytes);
    uint64_t seq = next_number(bytes);
    seq = seq == 0 ? 1 : seq;
    return (struct version_name){play->feeds[byte % FEEDS].id, seq, id8_n(seq + (byte >= 240))};
}

static bool make_compared(struct play *play, struct bytes *bytes, struct message *m) {
    static struct version_name heads[8];
    static struct channel_digest digests[4];
    size_t n = next(bytes) % 8;
    if (m->kind == MESSAGE_HEADS) {
        for (size_t i = 0; i < n; i++)
            heads[i] = a_head(play, bytes);
        m->heads.channel = lone_channel_id(&play->lone, &play->feeds[next(bytes) % FEEDS].channel);
        m->heads.heads = heads;
        m->heads.heads_n = n;
        m->heads.more = next(bytes) % 4 == 1;
        return true;
    }
    for (size_t i = 0; i < n % 4; i++) {
        digests[i].channel =
            lone_channel_id(&play->lone, &play->feeds[next(bytes) % FEEDS].channel);
        digests[i].digest.bytes[0] = (uint8_t)next(bytes);
    }
    m->digest.channels = digests;
    m->digest.channels_n = n % 4;
    m->digest.more = next(bytes) % 4 == 1;
    return true;
}

static void make_hello(struct play *play, size_t slot, struct bytes *bytes, struct message *m) {
    unsigned flags = next(bytes);
    m->hello = (struct message_hello){.version_min = 1,
                                      .version_max = 1 + flags % 2,
                                      .schema = 1,
                                      .federation = play->lone.federation,
                                      .member = member_n(play->members[slot]),
                                      .instance = next(bytes),
                                      .credit = flags % 3 == 2 ? 0 : 4 * 1024 * 1024};
    m->hello.roster_seq = flags % 5 == 4 ? next_number(bytes) : play->feeds[0].seq;
    if (m->hello.roster_seq > INT64_MAX)
        m->hello.roster_seq = 0;
    if (m->hello.roster_seq > 0)
        m->hello.roster_id8 = id8_n(m->hello.roster_seq);
    m->hello.digest.bytes[0] = (uint8_t)next(bytes);
    m->hello.statements = next(bytes);
    if (flags == 255)
        m->hello.federation.bytes[0] ^= 1;
    if (flags == 254)
        m->hello.member.bytes[0] ^= 1;
}

/* False: nothing to say. */
static bool make(struct play *play, size_t slot, struct bytes *bytes, struct message *m) {
    static const struct bytes none;
    unsigned kind = next(bytes) % 16;
    struct version_name at = {0};
    if (kind == 0)
        return false;
    *m = (struct message){.kind = (enum message_kind)kind};
    if (kind == MESSAGE_HELLO) {
        make_hello(play, slot, bytes, m);
        return true;
    }
    if (kind == MESSAGE_DIGEST || kind == MESSAGE_HEADS)
        return make_compared(play, bytes, m);
    at = a_head(play, bytes);
    uint64_t number = next_number(bytes);
    switch ((int)kind) {
    case MESSAGE_ROSTER:
        m->roster = (struct message_roster){at.feed, at.seq, at.id8};
        return true;
    case MESSAGE_PULL:
        m->pull = (struct message_pull){at.feed, number % 2 ? at.seq : 0, at.id8, 1 << number % 31};
        if (m->pull.after == 0)
            m->pull.id8 = (struct id8){{0}};
        return true;
    case MESSAGE_RUN:
        m->run = (struct message_run){at.feed, at.seq - 1, at.seq - 1 + number, none};
        m->run.envelopes = lone_run(&play->lone, &at.feed, at.seq - 1, 1 + next(bytes) % 4,
                                    (size_t)next(bytes) * 64);
        return true;
    case MESSAGE_NOT_HERE:
        m->not_here = (struct message_not_here){at.feed, at.seq, err_from_number(next(bytes))};
        return true;
    case MESSAGE_CREDIT:
        m->credit = (struct message_credit){at.feed, (uint32_t)(next(bytes) << next(bytes) % 24)};
        return true;
    case MESSAGE_JOINED:
        m->joined = (struct message_joined){member_n(next(bytes) % MEMBERS), at.seq, at.id8};
        return true;
    case MESSAGE_ERROR:
        m->error = (struct message_error){err_from_number(next(bytes)), "no", at.feed};
        return true;
    case MESSAGE_PENDING:
    case MESSAGE_BYE:
        m->text = "so it is";
        return true;
    default:
        return false;
    }
}

static void say(struct play *play, size_t slot, struct bytes content) {
    struct message message;
    struct buffer frame = {0};
    if (play->links[slot] == 0 || !make(play, slot, &content, &message))
        return;
    if (message_encode(&message, &frame) == OK)
        step(play, (struct event){.kind = EVENT_RECEIVED,
                                  .link = play->links[slot],
                                  .received = buffer_view(&frame)});
    buffer_done(&frame);
}

/* ---- Answers to what the engine asks of its loop ---- */

static void answer_load(struct play *play, struct bytes bytes) {
    if (play->loads_n == 0)
        return;
    struct asked load = play->loads[0];
    memmove(play->loads, play->loads + 1, --play->loads_n * sizeof *play->loads);
    struct known_feed *feed = find_feed(play, &load.feed);
    unsigned n = 1 + next(&bytes) % 4;
    uint64_t head = feed != NULL ? feed->seq : 0;
    if (load.after >= head) {
        step(play, (struct event){
                       .kind = EVENT_LOADED,
                       .link = load.link,
                       .loaded = {.feed = load.feed, .after = load.after, .error = ERR_NOT_FOUND}});
        return;
    }
    n = n > head - load.after ? (unsigned)(head - load.after) : n;
    lone_loaded(&play->lone, load.link, &load.feed, load.after, n, (size_t)next(&bytes) * 16, head);
    settle(play);
}

static void answer_admit(struct play *play, struct bytes bytes) {
    if (play->admits_n == 0)
        return;
    struct asked admit = play->admits[0];
    memmove(play->admits, play->admits + 1, --play->admits_n * sizeof *play->admits);
    struct known_feed *feed = find_feed(play, &admit.feed);
    unsigned byte = next(&bytes);
    enum err e = byte % 4 == 3 ? err_from_number(next(&bytes)) : OK;
    uint64_t seq = feed != NULL ? feed->seq : 0;
    if (e == OK)
        seq += 1 + next(&bytes) % 4;
    if (e == OK && feed != NULL)
        tell_feed(play, feed, seq);
    lone_admitted(&play->lone, admit.link, &admit.feed, admit.size, e, seq);
    settle(play);
}

/* ---- One chunk ---- */

static void stated(struct play *play, struct bytes bytes) {
    struct known_feed *feed = &play->feeds[next(&bytes) % FEEDS];
    unsigned member = next(&bytes) % MEMBERS;
    struct channel_id channel = lone_channel_id(&play->lone, &feed->channel);
    struct version_name head = {feed->id, 1 + feed->seq, id8_n(1 + feed->seq)};
    struct statement statement = {play->lone.federation,
                                  member_n(member),
                                  channel,
                                  next_number(&bytes),
                                  &head,
                                  next(&bytes) % 2,
                                  0};
    struct buffer out = {0};
    if (statement_sign(&statement, &fuzz_keys(BIRK)->sign, &out) == OK)
        step(play, (struct event){.kind = EVENT_STATED,
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
            step(play, (struct event){
                           .kind = EVENT_RECEIVED, .link = play->links[slot], .received = bytes});
        break;
    case OP_SAY:
        say(play, slot, bytes);
        break;
    case OP_TICK:
        lone_wait(&play->lone, (time_ms)1 << chunk->argument % 24);
        settle(play);
        break;
    case OP_CONNECT:
        byte = next(&bytes);
        connect(play, slot, play->joiner ? MEMBERS : 1 + byte % MEMBERS, byte >= 128);
        break;
    case OP_DISCONNECT:
        if (play->links[slot] == 0)
            break;
        byte = play->links[slot];
        play->links[slot] = 0;
        step(play, (struct event){.kind = EVENT_DISCONNECTED, .link = byte});
        break;
    case OP_LOADED:
        answer_load(play, bytes);
        break;
    case OP_ADMITTED:
        answer_admit(play, bytes);
        break;
    case OP_FEED:
        byte = chunk->argument % FEEDS;
        tell_feed(play, &play->feeds[byte], play->feeds[byte].seq + next(&bytes) % 8);
        break;
    case OP_MEMBER:
        byte = next(&bytes);
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
            step(play, (struct event){
                           .kind = EVENT_JOINED,
                           .link = play->links[slot],
                           .joined = {err_from_number(next(&bytes)), member_n(2), 7, id8_n(7)}});
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
