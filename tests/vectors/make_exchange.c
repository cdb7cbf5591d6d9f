/* Birk has joined and dials Nordby for the first time. */
#include "make.h"
#include "proto/hash.h"
#include "proto/statement.h"

#include <string.h>

static void step(json_t *cases, const char *from, const char *what, const struct message *message) {
    struct buffer bytes = encoded_message(message);
    json_t *v = vector_new(what, "frame");
    is_text(v, "from", from);
    is_bytes(v, "bytes", buffer_view(&bytes));
    accept(cases, v);
    buffer_done(&bytes);
}

/* Digest over the one handover feed, and the whole of it. */
static void digests(const struct world *world, struct hash *ret_channel, struct hash *ret_whole) {
    struct hasher h;
    struct id8 id8 = envelope_id8(&world->handover.heads[3].id);
    hasher_init(&h, HASH_HEADS);
    hasher_add(&h, world->handover.feed.bytes, 32);
    hasher_add_u64(&h, 3);
    hasher_add(&h, id8.bytes, 8);
    *ret_channel = hasher_final(&h);
    hasher_init(&h, HASH_DIGEST);
    hasher_add(&h, world->handover.channel.bytes, 32);
    hasher_add(&h, ret_channel->bytes, 32);
    *ret_whole = hasher_final(&h);
}

static void roster_steps(const struct world *world, json_t *cases, const struct hash *whole,
                         const struct hash *nothing) {
    struct id8 tip = envelope_id8(&world->roster.heads[3].id);
    struct message m = {.kind = MESSAGE_HELLO};
    uint64_t no_statements = get_u64(nothing->bytes);
    m.hello = (struct message_hello){1, 1,     1,      world->federation, world->birk.id, 1,
                                     0, {{0}}, *whole, 4194304,           no_statements,  0};
    step(cases, "Birk", "Birk knows no roster yet; it has written one handover feed.", &m);
    m.hello = (struct message_hello){1, 1,   1,        world->federation, world->nordby.id, 2,
                                     3, tip, *nothing, 4194304,           no_statements,    0};
    step(cases, "Nordby",
         "Nordby's roster has three entries; it holds no other feed that Birk may hold.", &m);
    m = (struct message){.kind = MESSAGE_ROSTER, .roster = {world->roster.feed, 3, tip}};
    step(cases, "Nordby", "Nordby is ahead, so it names its roster feed.", &m);
    m = (struct message){.kind = MESSAGE_PULL, .pull = {world->roster.feed, 0, {{0}}, 1048576}};
    step(cases, "Birk", "Birk pulls the roster from the start.", &m);
    m = (struct message){.kind = MESSAGE_RUN,
                         .run = {world->roster.feed, 0, 3, feed_part(&world->roster, 1, 3)}};
    step(cases, "Nordby",
         "All three entries in one run: birth, founding and Nordby's own entry; Birk's entry; "
         "Søndre Skole's entry and the epoch of the answers channel.",
         &m);
    m = (struct message){.kind = MESSAGE_CREDIT,
                         .credit = {world->roster.feed, (uint32_t)world->roster.bytes.size}};
    step(cases, "Birk", "The roster is durable at Birk, which gives back the bytes it took.", &m);
    m = (struct message){.kind = MESSAGE_ROSTER, .roster = {world->roster.feed, 3, tip}};
    step(cases, "Birk", "The tips agree.", &m);
}

static void compare_steps(const struct world *world, json_t *cases, const struct hash *channel) {
    struct channel_digest digest = {world->handover.channel, *channel};
    struct version_name head = {world->handover.feed, 3,
                                envelope_id8(&world->handover.heads[3].id)};
    struct message m = {.kind = MESSAGE_DIGEST, .digest = {&digest, 1, false}};
    step(cases, "Birk", "The digests of the HELLOs differ, so both name their channels.", &m);
    m.digest = (struct message_digest){NULL, 0, false};
    step(cases, "Nordby", "Nordby has none.", &m);
    m = (struct message){.kind = MESSAGE_HEADS,
                         .heads = {world->handover.channel, &head, 1, false}};
    step(cases, "Birk", "The heads of the channel that Nordby did not name.", &m);
    m = (struct message){.kind = MESSAGE_PULL, .pull = {world->handover.feed, 0, {{0}}, 1048576}};
    step(cases, "Nordby", "Nordby relays it, although it cannot read it.", &m);
    m = (struct message){.kind = MESSAGE_RUN,
                         .run = {world->handover.feed, 0, 3, feed_part(&world->handover, 1, 3)}};
    step(cases, "Birk",
         "Birth, epoch and a sealed section; then two sealed sections under the same seal block.",
         &m);
    m = (struct message){.kind = MESSAGE_CREDIT,
                         .credit = {world->handover.feed, (uint32_t)world->handover.bytes.size}};
    step(cases, "Nordby", "Durable at Nordby.", &m);
}

void make_exchange(const struct world *world, json_t *cases) {
    struct hash channel, whole, nothing = hash_of(HASH_DIGEST, "", 0);
    digests(world, &channel, &whole);
    roster_steps(world, cases, &whole, &nothing);
    compare_steps(world, cases, &channel);
    struct version_name head = {world->handover.feed, 3,
                                envelope_id8(&world->handover.heads[3].id)};
    struct statement s = {world->federation,
                          world->nordby.id,
                          world->handover.channel,
                          (uint64_t)world_ms,
                          &head,
                          1,
                          0};
    struct buffer statement = {0};
    MUST(statement_sign(&s, &world->nordby.keys.sign, &statement));
    struct message m = {.kind = MESSAGE_STATEMENT, .statement = buffer_view(&statement)};
    step(cases, "Nordby", "Nordby's word that it holds three entries. Both sides are IDLE.", &m);
    buffer_done(&statement);
}
