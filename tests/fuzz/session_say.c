#include "session_play.h"

static struct version_name a_head(struct play *play, struct bytes *bytes) {
    unsigned byte = play_next(bytes);
    uint64_t seq = play_number(bytes);
    seq = seq == 0 ? 1 : seq;
    return (struct version_name){play->feeds[byte % FEEDS].id, seq, id8_n(seq + (byte >= 240))};
}

static bool make_compared(struct play *play, struct bytes *bytes, struct message *m) {
    static struct version_name heads[8];
    static struct channel_digest digests[4];
    size_t n = play_next(bytes) % 8;
    if (m->kind == MESSAGE_HEADS) {
        for (size_t i = 0; i < n; i++)
            heads[i] = a_head(play, bytes);
        m->heads.channel =
            lone_channel_id(&play->lone, &play->feeds[play_next(bytes) % FEEDS].channel);
        m->heads.heads = heads;
        m->heads.heads_n = n;
        m->heads.more = play_next(bytes) % 4 == 1;
        return true;
    }
    for (size_t i = 0; i < n % 4; i++) {
        digests[i].channel =
            lone_channel_id(&play->lone, &play->feeds[play_next(bytes) % FEEDS].channel);
        digests[i].digest.bytes[0] = (uint8_t)play_next(bytes);
    }
    m->digest.channels = digests;
    m->digest.channels_n = n % 4;
    m->digest.more = play_next(bytes) % 4 == 1;
    return true;
}

static void make_hello(struct play *play, size_t slot, struct bytes *bytes, struct message *m) {
    unsigned flags = play_next(bytes);
    m->hello = (struct message_hello){.version_min = 1,
                                      .version_max = 1 + flags % 2,
                                      .schema = 1,
                                      .federation = play->lone.federation,
                                      .member = member_n(play->members[slot]),
                                      .instance = play_next(bytes),
                                      .credit = flags % 3 == 2 ? 0 : 4 * 1024 * 1024};
    m->hello.roster_seq = flags % 5 == 4 ? play_number(bytes) : play->feeds[0].seq;
    if (m->hello.roster_seq > INT64_MAX)
        m->hello.roster_seq = 0;
    if (m->hello.roster_seq > 0)
        m->hello.roster_id8 = id8_n(m->hello.roster_seq);
    m->hello.digest.bytes[0] = (uint8_t)play_next(bytes);
    m->hello.statements = play_next(bytes);
    if (flags == 255)
        m->hello.federation.bytes[0] ^= 1;
    if (flags == 254)
        m->hello.member.bytes[0] ^= 1;
}

/* False: nothing to say. */
static bool make(struct play *play, size_t slot, struct bytes *bytes, struct message *m) {
    static const struct bytes none;
    static const char *const endpoints[] = {"tcp://a.example:1", "tcp://b.example:2"};
    unsigned kind = play_next(bytes) % 17;
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
    uint64_t number = play_number(bytes);
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
        m->run.envelopes = lone_run(&play->lone, &at.feed, at.seq - 1, 1 + play_next(bytes) % 4,
                                    (size_t)play_next(bytes) * 64);
        return true;
    case MESSAGE_NOT_HERE:
        m->not_here = (struct message_not_here){at.feed, at.seq, err_from_number(play_next(bytes))};
        return true;
    case MESSAGE_CREDIT:
        m->credit =
            (struct message_credit){at.feed, (uint32_t)(play_next(bytes) << play_next(bytes) % 24)};
        return true;
    case MESSAGE_JOINED:
        m->joined = (struct message_joined){member_n(play_next(bytes) % MEMBERS), at.seq, at.id8};
        return true;
    case MESSAGE_ERROR:
        m->error = (struct message_error){err_from_number(play_next(bytes)), "no", at.feed};
        return true;
    case MESSAGE_ADDRESS:
        m->address = (struct message_address){endpoints, play_next(bytes) % 3};
        return true;
    case MESSAGE_PENDING:
    case MESSAGE_BYE:
        m->text = "so it is";
        return true;
    default:
        return false;
    }
}

void play_say(struct play *play, size_t slot, struct bytes content) {
    struct message message;
    struct buffer frame = {0};
    if (play->links[slot] == 0 || !make(play, slot, &content, &message))
        return;
    if (message_encode(&message, &frame) == OK)
        play_step(play, (struct event){.kind = EVENT_RECEIVED,
                                       .link = play->links[slot],
                                       .received = buffer_view(&frame)});
    buffer_done(&frame);
}
