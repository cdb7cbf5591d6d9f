#include "proto/message.h"
#include "proto/statement.h"
#include "wire.h"

static struct arena arena;

static enum err decode(struct bytes bytes, struct message *ret_message) {
    arena_done(&arena);
    arena_init(&arena, DECODE_MEMORY_MAX);
    return message_decode(bytes, &arena, ret_message);
}

/* Encodes, decodes every cut and every changed byte (nothing may break), decodes. */
static void round_trip(const struct message *message, struct buffer *out,
                       struct message *ret_back) {
    buffer_clear(out);
    assert_ok(message_encode(message, out));
    assert_int_equal(out->data[0], message->kind);
    for (size_t i = 0; i < out->size; i++) {
        uint8_t *copy = copy_of(buffer_view(out), i);
        enum err err = decode((struct bytes){copy, i}, ret_back);
        assert_true(err == OK || err == ERR_FORMAT || err == ERR_SIGNATURE);
        free(copy);
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            out->data[i] ^= (uint8_t)bit;
            (void)!decode(buffer_view(out), ret_back);
            out->data[i] ^= (uint8_t)bit;
        }
    }
    assert_ok(decode(buffer_view(out), ret_back));
    assert_int_equal(ret_back->kind, message->kind);
    struct buffer again = {0};
    assert_ok(message_encode(ret_back, &again));
    assert_true(bytes_equal(buffer_view(&again), buffer_view(out)));
    buffer_done(&again);
}

TEST(hello_comes_back_as_it_was) {
    struct message m = {.kind = MESSAGE_HELLO}, back;
    struct buffer out = {0};
    m.hello = (struct message_hello){.version_min = 1,
                                     .version_max = 2,
                                     .schema = 1,
                                     .federation = {{1}},
                                     .member = {{2}},
                                     .instance = UINT64_MAX,
                                     .roster_seq = 7,
                                     .roster_id8 = {{3}},
                                     .digest = {{4}},
                                     .credit = 4194304,
                                     .statements = 0x8102030405060708};
    round_trip(&m, &out, &back);
    assert_true(back.hello.instance == UINT64_MAX);
    assert_true(back.hello.statements == 0x8102030405060708);
    assert_int_equal(back.hello.roster_seq, 7);
    assert_int_equal(back.hello.credit, 4194304);
    assert_true(hash_equal(&back.hello.digest, &m.hello.digest));
    m.hello.roster_seq = 0; /* a node that has no roster yet */
    m.hello.roster_id8 = (struct id8){{0}};
    round_trip(&m, &out, &back);
    assert_true(id8_is_zero(&back.hello.roster_id8));
    buffer_done(&out);
}

TEST(a_hello_without_a_version_is_refused) {
    struct message m = {.kind = MESSAGE_HELLO}, back;
    struct buffer out = {0};
    m.hello.version_max = 1;
    assert_ok(message_encode(&m, &out));
    assert_err(ERR_FORMAT, decode(buffer_view(&out), &back));
    buffer_clear(&out);
    m.hello.version_min = 2;
    assert_ok(message_encode(&m, &out));
    assert_err(ERR_FORMAT, decode(buffer_view(&out), &back));
    buffer_done(&out);
}

TEST(roster_digest_and_heads_come_back_as_they_were) {
    struct message m = {.kind = MESSAGE_ROSTER, .roster = {{{1}}, 5, {{2}}}}, back;
    struct channel_digest channels[2] = {{{{1}}, {{2}}}, {{{3}}, {{4}}}};
    struct version_name heads[2] = {{{{1}}, 1, {{2}}}, {{{3}}, INT64_MAX, {{4}}}};
    struct buffer out = {0};
    round_trip(&m, &out, &back);
    assert_int_equal(back.roster.seq, 5);
    m = (struct message){.kind = MESSAGE_DIGEST, .digest = {channels, 2, true}};
    round_trip(&m, &out, &back);
    assert_int_equal(back.digest.channels_n, 2);
    assert_memory_equal(back.digest.channels, channels, sizeof channels);
    assert_true(back.digest.more);
    m = (struct message){.kind = MESSAGE_HEADS, .heads = {{{5}}, heads, 2, false}};
    round_trip(&m, &out, &back);
    assert_int_equal(back.heads.heads_n, 2);
    assert_int_equal(version_name_compare(&back.heads.heads[1], &heads[1]), 0);
    assert_false(back.heads.more);
    buffer_done(&out);
}

TEST(pull_run_and_their_answers_come_back_as_they_were) {
    struct message m = {.kind = MESSAGE_PULL, .pull = {{{1}}, 5, {{2}}, 65536}}, back;
    struct buffer out = {0};
    round_trip(&m, &out, &back);
    assert_int_equal(back.pull.after, 5);
    assert_int_equal(back.pull.bytes, 65536);
    assert_true(id8_equal(&back.pull.id8, &m.pull.id8));
    m = (struct message){.kind = MESSAGE_RUN, .run = {{{1}}, 5, 9, text("envelopes")}};
    round_trip(&m, &out, &back);
    assert_true(bytes_equal(back.run.envelopes, text("envelopes")));
    assert_int_equal(back.run.head, 9);
    m = (struct message){.kind = MESSAGE_NOT_HERE, .not_here = {{{1}}, 5, ERR_DENIED}};
    round_trip(&m, &out, &back);
    assert_int_equal(back.not_here.reason, ERR_DENIED);
    m = (struct message){.kind = MESSAGE_CREDIT, .credit = {{{1}}, 4194304}};
    round_trip(&m, &out, &back);
    assert_int_equal(back.credit.bytes, 4194304);
    buffer_done(&out);
}

TEST(the_start_of_a_feed_has_no_id) {
    struct message m = {.kind = MESSAGE_PULL, .pull = {{{1}}, 0, {{0}}, 1}}, back;
    struct buffer out = {0};
    round_trip(&m, &out, &back);
    assert_int_equal(back.pull.after, 0);
    wire_bytes(&out, 3, "12345678", 8); /* id8 although after is 0 */
    assert_err(ERR_FORMAT, decode(buffer_view(&out), &back));
    buffer_done(&out);
}

TEST(a_proof_comes_back_as_it_was) {
    struct message m = {.kind = MESSAGE_PROOF}, back;
    struct buffer out = {0};
    memset(m.proof.first, 1, SIGNED_HEADER_SIZE);
    memset(m.proof.second, 2, SIGNED_HEADER_SIZE);
    round_trip(&m, &out, &back);
    assert_memory_equal(&back.proof.feed, &m.proof.feed, sizeof m.proof.feed);
    assert_memory_equal(back.proof.first, m.proof.first, SIGNED_HEADER_SIZE);
    assert_memory_equal(back.proof.second, m.proof.second, SIGNED_HEADER_SIZE);
    assert_int_equal(back.proof.first_on.size + back.proof.second_on.size, 0);
    uint8_t on[2 * SIGNED_HEADER_SIZE] = {3};
    m.proof.second_on = (struct bytes){on, sizeof on};
    round_trip(&m, &out, &back);
    assert_int_equal(back.proof.first_on.size, 0);
    assert_int_equal(back.proof.second_on.size, sizeof on);
    assert_memory_equal(back.proof.second_on.data, on, sizeof on);
    m.proof.second_on.size--; /* whole headers only */
    buffer_clear(&out);
    assert_ok(message_encode(&m, &out));
    assert_err(ERR_FORMAT, decode(buffer_view(&out), &back));
    buffer_done(&out);
}

TEST(error_pending_joined_and_bye_come_back_as_they_were) {
    struct message m = {.kind = MESSAGE_ERROR, .error = {ERR_TICKET_USED, "brugt", {{1}}}}, back;
    struct buffer out = {0};
    round_trip(&m, &out, &back);
    assert_int_equal(back.error.code, ERR_TICKET_USED);
    assert_string_equal(back.error.text, "brugt");
    m.error.feed = (struct feed_id){{0}};
    round_trip(&m, &out, &back);
    assert_true(feed_id_is_zero(&back.error.feed));
    m = (struct message){.kind = MESSAGE_PENDING, .text = "vent"};
    round_trip(&m, &out, &back);
    assert_string_equal(back.text, "vent");
    m = (struct message){.kind = MESSAGE_BYE, .text = ""};
    round_trip(&m, &out, &back);
    assert_string_equal(back.text, "");
    m = (struct message){.kind = MESSAGE_JOINED, .joined = {{{1}}, 6, {{2}}}};
    round_trip(&m, &out, &back);
    assert_int_equal(back.joined.roster_seq, 6);
    buffer_done(&out);
}

TEST(unknown_reasons_are_read_as_internal_and_no_reason_too) {
    struct message m = {.kind = MESSAGE_ERROR, .error = {(enum err)4711, "", {{0}}}}, back;
    struct buffer out = {0};
    assert_ok(message_encode(&m, &out));
    assert_ok(decode(buffer_view(&out), &back));
    assert_int_equal(back.error.code, ERR_INTERNAL);
    buffer_clear(&out);
    m.error.code = OK;
    assert_ok(message_encode(&m, &out));
    assert_ok(decode(buffer_view(&out), &back));
    assert_int_equal(back.error.code, ERR_INTERNAL);
    buffer_done(&out);
}

TEST(texts_can_not_steer_a_terminal_and_end) {
    char longest[MESSAGE_TEXT_MAX + 2];
    struct message m = {.kind = MESSAGE_BYE, .text = "\x1b[2J"}, back;
    struct buffer out = {0};
    assert_err(ERR_FORMAT, message_encode(&m, &out));
    m.text = longest;
    memset(longest, 'x', sizeof longest);
    longest[MESSAGE_TEXT_MAX] = '\0';
    assert_ok(message_encode(&m, &out));
    assert_ok(decode(buffer_view(&out), &back));
    longest[MESSAGE_TEXT_MAX] = 'x';
    longest[MESSAGE_TEXT_MAX + 1] = '\0';
    assert_err(ERR_LIMIT, message_encode(&m, &out));
    buffer_clear(&out);
    assert_ok(buffer_append(&out, "\x0f", 1));
    wire_text(&out, 1, "line\nfeed");
    assert_err(ERR_FORMAT, decode(buffer_view(&out), &back));
    buffer_done(&out);
}

TEST(a_statement_is_handed_on_as_it_came) {
    struct statement s = {.federation = federation_of('f'), .member = member_of('k'), .counter = 5};
    struct node_keys k = keys_of('k');
    struct buffer out = {0}, signed_bytes = {0};
    struct message m = {.kind = MESSAGE_STATEMENT}, back;
    assert_ok(statement_sign(&s, &k.sign, &signed_bytes));
    m.statement = buffer_view(&signed_bytes);
    round_trip(&m, &out, &back);
    assert_true(bytes_equal(back.statement, buffer_view(&signed_bytes)));
    assert_ok(statement_verify(back.statement, &k.public.sign));
    buffer_done(&out);
    buffer_done(&signed_bytes);
}

static struct message join_of(struct buffer *body, const struct sign_secret *secret) {
    static const char *const endpoints[] = {"tcp://birk.example.dk:5670"};
    struct message m = {.kind = MESSAGE_JOIN};
    m.join.request = (struct join_request){.federation = federation_of('f'),
                                           .ticket = {{1}},
                                           .member = member_of('k'),
                                           .keys = keys_of('k').public,
                                           .endpoints = endpoints,
                                           .endpoints_n = 1};
    assert_ok(join_sign(&m.join, secret, body));
    return m;
}

TEST(a_join_is_signed_by_the_key_it_brings) {
    struct node_keys k = keys_of('k'), s = keys_of('s');
    struct buffer body = {0}, out = {0};
    struct message m = join_of(&body, &k.sign), back;
    round_trip(&m, &out, &back);
    assert_memory_equal(&back.join.request.keys, &k.public, sizeof k.public);
    assert_string_equal(back.join.request.endpoints[0], "tcp://birk.example.dk:5670");
    assert_true(bytes_equal(back.join.body, buffer_view(&body)));
    buffer_clear(&body);
    buffer_clear(&out);
    m = join_of(&body, &s.sign);
    assert_ok(message_encode(&m, &out));
    assert_err(ERR_SIGNATURE, decode(buffer_view(&out), &back));
    buffer_done(&body);
    buffer_done(&out);
}

TEST(unknown_types_are_told_apart_so_that_they_can_be_ignored) {
    struct message back;
    uint8_t frame[2] = {0, 0};
    for (unsigned kind = 0; kind < 256; kind++) {
        frame[0] = (uint8_t)kind;
        enum err err = decode((struct bytes){frame, 1}, &back);
        if (kind == 0 || kind > MESSAGE_ADDRESS)
            assert_int_equal(err, ERR_VERSION);
        else
            assert_int_not_equal(err, ERR_VERSION);
        if (kind <= MESSAGE_ADDRESS)
            assert_int_equal(strcmp(message_kind_name((enum message_kind)kind), "unknown") == 0,
                             kind == 0);
    }
    assert_err(ERR_FORMAT, decode((struct bytes){0}, &back));
}

TEST(a_message_ends_at_576_kib_and_a_runs_envelopes_at_560) {
    uint8_t *large = calloc(1, MESSAGE_SIZE_MAX + 1);
    struct message m = {.kind = MESSAGE_RUN, .run = {{{1}}, 0, 9, {large, RUN_SIZE_MAX}}}, back;
    struct buffer out = {0};
    assert_non_null(large);
    assert_ok(message_encode(&m, &out));
    assert_true(out.size <= MESSAGE_SIZE_MAX);
    assert_ok(decode(buffer_view(&out), &back));
    assert_int_equal(back.run.envelopes.size, RUN_SIZE_MAX);
    m.run.envelopes.size++;
    assert_err(ERR_LIMIT, message_encode(&m, &out));
    large[0] = MESSAGE_BYE;
    assert_err(ERR_LIMIT, decode((struct bytes){large, MESSAGE_SIZE_MAX + 1}, &back));
    free(large);
    buffer_done(&out);
}

TEST(pages_of_heads_and_digests_have_at_most_4096_entries) {
    struct version_name *heads = calloc(HEADS_PER_MESSAGE_MAX + 1, sizeof *heads);
    struct channel_digest *channels = calloc(CHANNELS_PER_MESSAGE_MAX + 1, sizeof *channels);
    struct buffer out = {0};
    struct message back;
    assert_non_null(heads);
    assert_non_null(channels);
    for (size_t i = 0; i <= HEADS_PER_MESSAGE_MAX; i++)
        heads[i] = (struct version_name){{{1}}, INT64_MAX, {{2}}};
    struct message m = {.kind = MESSAGE_HEADS,
                        .heads = {{{1}}, heads, HEADS_PER_MESSAGE_MAX + 1, false}};
    assert_err(ERR_LIMIT, message_encode(&m, &out));
    m.heads.heads_n--;
    assert_ok(message_encode(&m, &out));
    assert_ok(decode(buffer_view(&out), &back));
    buffer_clear(&out);
    m = (struct message){.kind = MESSAGE_DIGEST,
                         .digest = {channels, CHANNELS_PER_MESSAGE_MAX + 1, false}};
    assert_err(ERR_LIMIT, message_encode(&m, &out));
    m.digest.channels_n--;
    assert_ok(message_encode(&m, &out));
    assert_ok(decode(buffer_view(&out), &back));
    free(heads);
    free(channels);
    buffer_done(&out);
}

static int free_arena(void **state __attribute__((unused))) {
    arena_done(&arena);
    return 0;
}

TEST(an_address_comes_back_as_it_was_and_none_is_one) {
    static const char *const endpoints[] = {"tcp://birk.example:1", "tcp://[::1]:2"};
    static const char *const bad[] = {"tcp://birk.example"};
    struct message m = {.kind = MESSAGE_ADDRESS, .address = {endpoints, 2}}, back;
    struct buffer out = {0};
    round_trip(&m, &out, &back);
    assert_int_equal(back.address.endpoints_n, 2);
    assert_string_equal(back.address.endpoints[1], "tcp://[::1]:2");
    m.address.endpoints_n = 0;
    round_trip(&m, &out, &back);
    assert_int_equal(back.address.endpoints_n, 0);
    m.address = (struct message_address){bad, 1};
    assert_err(ERR_FORMAT, message_encode(&m, &out));
    buffer_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(hello_comes_back_as_it_was),
        T(a_hello_without_a_version_is_refused),
        T(roster_digest_and_heads_come_back_as_they_were),
        T(pull_run_and_their_answers_come_back_as_they_were),
        T(the_start_of_a_feed_has_no_id),
        T(a_proof_comes_back_as_it_was),
        T(error_pending_joined_and_bye_come_back_as_they_were),
        T(unknown_reasons_are_read_as_internal_and_no_reason_too),
        T(texts_can_not_steer_a_terminal_and_end),
        T(a_statement_is_handed_on_as_it_came),
        T(a_join_is_signed_by_the_key_it_brings),
        T(unknown_types_are_told_apart_so_that_they_can_be_ignored),
        T(a_message_ends_at_576_kib_and_a_runs_envelopes_at_560),
        T(pages_of_heads_and_digests_have_at_most_4096_entries),
        cmocka_unit_test(an_address_comes_back_as_it_was_and_none_is_one),
    };
    return cmocka_run_group_tests(tests, init_library, free_arena);
}
