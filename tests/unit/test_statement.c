#include "proto/statement.h"
#include "wire.h"

static struct statement statement_of(const struct version_name *heads, size_t heads_n) {
    return (struct statement){.federation = federation_of('f'),
                              .member = member_of('k'),
                              .channel = {{3}},
                              .counter = 1780315200000,
                              .heads = heads,
                              .heads_n = heads_n,
                              .waiting = 2};
}

TEST(a_statement_comes_back_and_only_its_member_signed_it) {
    struct version_name heads[2] = {{{{1}}, 57, {{2}}}, {{{3}}, 1, {{4}}}};
    struct node_keys k = keys_of('k'), s = keys_of('s');
    struct statement statement = statement_of(heads, 2), back;
    struct buffer out = {0};
    struct arena arena;
    arena_init(&arena, KIB(64));
    assert_ok(statement_sign(&statement, &k.sign, &out));
    assert_ok(statement_decode(buffer_view(&out), &arena, &back));
    assert_true(back.counter == statement.counter);
    assert_int_equal(back.waiting, 2);
    assert_int_equal(back.heads_n, 2);
    assert_int_equal(version_name_compare(&back.heads[0], &heads[0]), 0);
    assert_true(channel_id_equal(&back.channel, &statement.channel));
    assert_ok(statement_verify(buffer_view(&out), &k.public.sign));
    assert_err(ERR_SIGNATURE, statement_verify(buffer_view(&out), &s.public.sign));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_statement_changed_or_cut_anywhere_is_refused) {
    struct version_name heads[1] = {{{{1}}, 57, {{2}}}};
    struct node_keys k = keys_of('k');
    struct statement statement = statement_of(heads, 1), back;
    struct buffer out = {0};
    struct arena arena;
    arena_init(&arena, KIB(64));
    assert_ok(statement_sign(&statement, &k.sign, &out));
    for (size_t i = 0; i < out.size; i++) {
        uint8_t *copy = copy_of(buffer_view(&out), i);
        arena_reset(&arena);
        assert_err(ERR_FORMAT, statement_decode((struct bytes){copy, i}, &arena, &back));
        assert_err(ERR_FORMAT, statement_verify((struct bytes){copy, i}, &k.public.sign));
        free(copy);
        out.data[i] ^= 1;
        enum err err = statement_verify(buffer_view(&out), &k.public.sign);
        assert_true(err == ERR_SIGNATURE || err == ERR_FORMAT);
        out.data[i] ^= 1;
    }
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_statement_names_at_most_4096_heads) {
    struct version_name *heads = calloc(HEADS_PER_MESSAGE_MAX + 1, sizeof *heads);
    struct node_keys k = keys_of('k');
    struct buffer out = {0};
    struct arena arena;
    struct statement back;
    assert_non_null(heads);
    for (size_t i = 0; i <= HEADS_PER_MESSAGE_MAX; i++)
        heads[i] = (struct version_name){{{1}}, i + 1, {{2}}};
    struct statement statement = statement_of(heads, HEADS_PER_MESSAGE_MAX + 1);
    assert_err(ERR_LIMIT, statement_sign(&statement, &k.sign, &out));
    statement.heads_n--;
    assert_ok(statement_sign(&statement, &k.sign, &out));
    arena_init(&arena, arena_cap_for(out.size));
    assert_ok(statement_decode(buffer_view(&out), &arena, &back));
    assert_int_equal(back.heads_n, HEADS_PER_MESSAGE_MAX);
    assert_ok(statement_verify(buffer_view(&out), &k.public.sign));
    arena_done(&arena);
    free(heads);
    buffer_done(&out);
}

TEST(a_statements_number_is_at_most_what_a_database_counts_to) {
    struct node_keys k = keys_of('k');
    struct statement statement = statement_of(NULL, 0), back;
    struct buffer out = {0};
    struct arena arena;
    arena_init(&arena, KIB(64));
    statement.counter = INT64_MAX;
    assert_ok(statement_sign(&statement, &k.sign, &out));
    assert_ok(statement_decode(buffer_view(&out), &arena, &back));
    assert_true(back.counter == INT64_MAX);
    buffer_clear(&out);
    statement.counter++;
    if (statement_sign(&statement, &k.sign, &out) == OK)
        assert_err(ERR_FORMAT, statement_decode(buffer_view(&out), &arena, &back));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_head_must_name_its_feed_and_an_entry) {
    struct version_name nameless = {.seq = 1}, zeroth = {.feed = {{1}}};
    struct node_keys k = keys_of('k');
    struct statement a = statement_of(&nameless, 1), b = statement_of(&zeroth, 1);
    struct buffer out = {0};
    assert_err(ERR_ARGUMENT, statement_sign(&a, &k.sign, &out));
    assert_err(ERR_ARGUMENT, statement_sign(&b, &k.sign, &out));
    a = statement_of(NULL, 0);
    assert_ok(statement_sign(&a, &k.sign, &out));
    buffer_done(&out);
}

RUN_TESTS(T(a_statement_comes_back_and_only_its_member_signed_it),
          T(a_statement_changed_or_cut_anywhere_is_refused),
          T(a_statement_names_at_most_4096_heads),
          T(a_statements_number_is_at_most_what_a_database_counts_to),
          T(a_head_must_name_its_feed_and_an_entry))
