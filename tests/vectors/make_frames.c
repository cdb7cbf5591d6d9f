#include "make.h"
#include "proto/statement.h"

#include <string.h>

static void frame_case(json_t *cases, const char *name, const struct message *message) {
    struct buffer bytes = encoded_message(message);
    json_t *v = vector_new(name, "frame");
    is_bytes(v, "bytes", buffer_view(&bytes));
    accept(cases, v);
    buffer_done(&bytes);
}

static struct id8 tip_of(const struct feed_of_world *feed, size_t n) {
    return envelope_id8(&feed->heads[n].id);
}

static void session_frames(const struct world *world, json_t *cases) {
    struct message m = {.kind = MESSAGE_HELLO};
    m.hello = (struct message_hello){1,
                                     1,
                                     1,
                                     world->federation,
                                     world->birk.id,
                                     0x0123456789abcdef,
                                     3,
                                     tip_of(&world->roster, 3),
                                     {{5}},
                                     4194304,
                                     0x0807060504030201,
                                     0x1817161514131211};
    frame_case(cases, "HELLO", &m);
    m.hello.roster_seq = 0;
    m.hello.roster_id8 = (struct id8){{0}};
    m.hello.statements = m.hello.proofs = 0;
    frame_case(cases, "HELLO of a node without a roster", &m);
    m = (struct message){.kind = MESSAGE_ROSTER,
                         .roster = {world->roster.feed, 3, tip_of(&world->roster, 3)}};
    frame_case(cases, "ROSTER", &m);
    struct channel_digest channels[2] = {{world->handover.channel, {{1}}},
                                         {world->answers.channel, {{2}}}};
    m = (struct message){.kind = MESSAGE_DIGEST, .digest = {channels, 2, true}};
    frame_case(cases, "DIGEST with more to come", &m);
    m.digest = (struct message_digest){NULL, 0, false};
    frame_case(cases, "DIGEST of nothing", &m);
    struct version_name heads[1] = {{world->handover.feed, 3, tip_of(&world->handover, 3)}};
    m = (struct message){.kind = MESSAGE_HEADS,
                         .heads = {world->handover.channel, heads, 1, false}};
    frame_case(cases, "HEADS", &m);
}

static void transfer_frames(const struct world *world, json_t *cases) {
    struct message m = {.kind = MESSAGE_PULL,
                        .pull = {world->handover.feed, 1, tip_of(&world->handover, 1), 65536}};
    frame_case(cases, "PULL", &m);
    m.pull.after = 0;
    frame_case(cases, "PULL from the start", &m);
    m = (struct message){.kind = MESSAGE_RUN,
                         .run = {world->handover.feed, 1, 3, feed_part(&world->handover, 2, 3)}};
    frame_case(cases, "RUN", &m);
    m = (struct message){.kind = MESSAGE_NOT_HERE,
                         .not_here = {world->handover.feed, 9, ERR_NOT_FOUND}};
    frame_case(cases, "NOT_HERE", &m);
    m = (struct message){.kind = MESSAGE_CREDIT, .credit = {world->handover.feed, 65536}};
    frame_case(cases, "CREDIT", &m);
    struct buffer statement = {0};
    struct statement s = {world->federation,
                          world->skole.id,
                          world->handover.channel,
                          (uint64_t)world_ms,
                          NULL,
                          0,
                          0};
    MUST(statement_sign(&s, &world->skole.keys.sign, &statement));
    m = (struct message){.kind = MESSAGE_STATEMENT, .statement = buffer_view(&statement)};
    frame_case(cases, "STATEMENT", &m);
    buffer_done(&statement);
    m = (struct message){.kind = MESSAGE_PROOF, .proof.feed = world->handover.feed};
    memcpy(m.proof.first, feed_part(&world->handover, 2, 2).data, SIGNED_HEADER_SIZE);
    memcpy(m.proof.second, feed_part(&world->handover, 3, 3).data, SIGNED_HEADER_SIZE);
    frame_case(cases, "PROOF", &m);
    m.proof.second_on =
        (struct bytes){feed_part(&world->handover, 2, 2).data, SIGNED_HEADER_SIZE};
    frame_case(cases, "PROOF whose second branch goes on to a signature", &m);
}

static void joining_frames(const struct world *world, json_t *cases) {
    struct message m = {.kind = MESSAGE_JOIN};
    struct buffer body = {0};
    struct transport_secret unused;
    m.join.request = (struct join_request){
        .federation = world->federation, .member = world->birk.id, .keys = world->birk.keys.public};
    MUST(ticket_keys_derive(&world->ticket_secret, &m.join.request.ticket, &unused));
    MUST(join_sign(&m.join, &world->birk.keys.sign, &body));
    frame_case(cases, "JOIN", &m);
    buffer_done(&body);
    m = (struct message){.kind = MESSAGE_JOINED,
                         .joined = {world->birk.id, 2, tip_of(&world->roster, 2)}};
    frame_case(cases, "JOINED", &m);
    m = (struct message){.kind = MESSAGE_PENDING, .text = "Nordby ringer"};
    frame_case(cases, "PENDING", &m);
    m = (struct message){.kind = MESSAGE_ERROR,
                         .error = {ERR_TICKET_USED, "the ticket has been used already", {{0}}}};
    frame_case(cases, "ERROR", &m);
    m.error = (struct message_error){ERR_DENIED, "", world->handover.feed};
    frame_case(cases, "ERROR about a feed", &m);
    m = (struct message){.kind = MESSAGE_BYE, .text = ""};
    frame_case(cases, "BYE", &m);
    static const char *const endpoints[] = {"tcp://birk.example:5670", "tcp://[2001:db8::2]:5670"};
    m = (struct message){.kind = MESSAGE_ADDRESS, .address = {endpoints, 2}};
    frame_case(cases, "ADDRESS", &m);
    m.address.endpoints_n = 0;
    frame_case(cases, "ADDRESS of who only dials out", &m);
}

void make_frames(const struct world *world, json_t *cases) {
    session_frames(world, cases);
    transfer_frames(world, cases);
    joining_frames(world, cases);
}
