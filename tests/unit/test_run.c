#include "paper.h"

static enum err verify(struct bytes run, const struct author *a, struct head after,
                       struct arena *arena, struct verified_run *ret_run) {
    arena_reset(arena);
    return run_verify(run, &a->feed, &after, &a->keys.public.sign, arena, ret_run);
}

/* `n` envelopes of a new author; where each starts. */
static struct author make(size_t n, struct buffer *out, size_t *starts) {
    struct author a = author_new();
    for (size_t i = 0; i < n; i++) {
        starts[i] = out->size;
        author_write(&a, "some text", out);
    }
    return a;
}

TEST(a_run_is_verified_from_the_start_and_from_the_middle) {
    struct buffer out = {0};
    size_t starts[20];
    struct arena arena;
    struct verified_run run;
    struct author a = make(20, &out, starts);
    arena_init(&arena, KIB(256));
    assert_ok(verify(buffer_view(&out), &a, (struct head){0}, &arena, &run));
    assert_int_equal(run.envelopes_n, 20);
    assert_int_equal(run.head.seq, 20);
    assert_true(envelope_id_equal(&run.head.id, &a.head.id));
    struct head after = {7, run.envelopes[6].id};
    struct bytes rest = {out.data + starts[7], out.size - starts[7]};
    assert_ok(verify(rest, &a, after, &arena, &run));
    assert_int_equal(run.envelopes_n, 13);
    assert_int_equal(run.envelopes[0].header.seq, 8);
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_run_that_does_not_follow_is_refused) {
    struct buffer out = {0};
    size_t starts[5];
    struct arena arena;
    struct verified_run run;
    struct author a = make(5, &out, starts), b = a;
    arena_init(&arena, KIB(256));
    struct bytes rest = {out.data + starts[1], out.size - starts[1]};
    assert_err(ERR_CHAIN, verify(rest, &a, (struct head){0}, &arena, &run));
    assert_err(ERR_CHAIN, verify(rest, &a, (struct head){1, {{9}}}, &arena, &run));
    assert_err(ERR_CHAIN, verify(buffer_view(&out), &a, a.head, &arena, &run));
    b.feed.bytes[0] ^= 1; /* another feed's */
    assert_err(ERR_CHAIN, verify(buffer_view(&out), &b, (struct head){0}, &arena, &run));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_gap_a_repetition_and_a_swap_are_refused) {
    struct buffer out = {0}, mixed = {0};
    size_t starts[5];
    struct arena arena;
    struct verified_run run;
    struct author a = make(4, &out, starts);
    starts[4] = out.size;
    static const size_t orders[][4] = {
        {0, 1, 3, 3}, {0, 0, 1, 2}, {0, 2, 1, 3}, {1, 0, 2, 3}, {0, 1, 2, 2}};
    arena_init(&arena, KIB(256));
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        buffer_clear(&mixed);
        for (size_t k = 0; k < 4; k++) {
            size_t n = orders[i][k];
            assert_ok(buffer_append(&mixed, out.data + starts[n], starts[n + 1] - starts[n]));
        }
        assert_err(ERR_CHAIN, verify(buffer_view(&mixed), &a, (struct head){0}, &arena, &run));
    }
    arena_done(&arena);
    buffer_done(&out);
    buffer_done(&mixed);
}

TEST(a_changed_bit_anywhere_is_noticed_by_the_last_signature) {
    struct buffer out = {0};
    size_t starts[3];
    struct arena arena;
    struct verified_run run;
    struct author a = make(3, &out, starts);
    arena_init(&arena, KIB(256));
    for (size_t i = 0; i < out.size; i++) {
        out.data[i] ^= 1;
        assert_int_not_equal(verify(buffer_view(&out), &a, (struct head){0}, &arena, &run), OK);
        out.data[i] ^= 1;
    }
    assert_ok(verify(buffer_view(&out), &a, (struct head){0}, &arena, &run));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_run_cut_at_any_byte_but_between_envelopes_is_refused) {
    struct buffer out = {0};
    size_t starts[3];
    struct arena arena;
    struct verified_run run;
    struct author a = make(3, &out, starts);
    arena_init(&arena, KIB(256));
    for (size_t cut = 0; cut < out.size; cut++) {
        uint8_t *copy = copy_of(buffer_view(&out), cut);
        bool whole = cut == starts[1] || cut == starts[2];
        assert_err(whole ? OK : ERR_FORMAT,
                   verify((struct bytes){copy, cut}, &a, (struct head){0}, &arena, &run));
        free(copy);
    }
    arena_done(&arena);
    buffer_done(&out);
}

TEST(the_key_of_another_does_not_verify) {
    struct buffer out = {0};
    size_t starts[2];
    struct arena arena;
    struct verified_run run;
    struct author a = make(2, &out, starts);
    arena_init(&arena, KIB(256));
    a.keys = keys_of('x');
    assert_err(ERR_SIGNATURE, verify(buffer_view(&out), &a, (struct head){0}, &arena, &run));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_bad_signature_in_the_middle_is_covered_by_the_chain) {
    struct buffer out = {0}, run_bytes = {0};
    struct arena arena;
    struct verified_run run;
    struct author a = author_new();
    author_write(&a, "one", &out);
    size_t second = out.size;
    author_write(&a, "two", &out);
    /* The author itself went on from an envelope whose signature is rubbish: the chain still names
     * it. */
    out.data[second + HEADER_SIZE + 3] ^= 1;
    a.head.id = envelope_id_of(out.data + second);
    author_write(&a, "three", &out);
    arena_init(&arena, KIB(256));
    assert_ok(verify(buffer_view(&out), &a, (struct head){0}, &arena, &run));
    struct bytes first_two = {out.data, second + (out.size - second) / 2};
    size_t size;
    assert_ok(envelope_skip((struct bytes){out.data + second, out.size - second}, &size));
    first_two.size = second + size;
    assert_err(ERR_SIGNATURE, verify(first_two, &a, (struct head){0}, &arena, &run));
    arena_done(&arena);
    buffer_done(&out);
    buffer_done(&run_bytes);
}

TEST(the_largest_run_of_the_smallest_envelopes_fits_the_decoding_cap) {
    struct buffer out = {0};
    struct arena arena;
    struct verified_run run;
    struct author a = author_new();
    author_write(&a, NULL, &out);
    while (out.size + SIGNED_HEADER_SIZE <= RUN_SIZE_MAX)
        author_write(&a, NULL, &out);
    arena_init(&arena, run_memory_for(out.size));
    assert_ok(verify(buffer_view(&out), &a, (struct head){0}, &arena, &run));
    assert_true(run.envelopes_n > 2700);
    author_write(&a, NULL, &out);
    assert_err(ERR_LIMIT, verify(buffer_view(&out), &a, (struct head){0}, &arena, &run));
    assert_err(ERR_FORMAT, verify((struct bytes){0}, &a, (struct head){0}, &arena, &run));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_run_of_full_size_is_verified_and_one_byte_more_is_refused) {
    static char texts[RUN_SIZE_MAX];
    struct buffer out = {0};
    struct arena arena;
    struct verified_run run;
    for (size_t more = 0; more < 2; more++) {
        struct author a = author_new();
        buffer_clear(&out);
        memset(texts, 0, sizeof texts);
        author_write(&a, "", &out);
        size_t before = out.size;
        author_write(&a, "", &out);
        size_t frame = out.size - before, left = RUN_SIZE_MAX + more - out.size;
        memset(texts, 'x', left / 3 - frame);
        author_write(&a, texts, &out);
        author_write(&a, texts, &out);
        left = RUN_SIZE_MAX + more - out.size;
        memset(texts, 'x', left - frame);
        author_write(&a, texts, &out);
        assert_int_equal(out.size, RUN_SIZE_MAX + more);
        arena_init(&arena, run_memory_for(out.size));
        assert_err(more == 0 ? OK : ERR_LIMIT,
                   verify(buffer_view(&out), &a, (struct head){0}, &arena, &run));
        arena_done(&arena);
    }
    buffer_done(&out);
}

TEST(a_birth_is_read_before_the_author_is_known) {
    struct buffer out = {0};
    size_t starts[2];
    struct arena arena;
    struct birth birth;
    struct author a = make(2, &out, starts);
    arena_init(&arena, KIB(256));
    assert_ok(run_peek_birth(buffer_view(&out), &arena, &birth));
    assert_true(member_id_equal(&birth.author, &a.birth.author));
    assert_memory_equal(&birth.channel, &a.birth.channel, sizeof birth.channel);
    struct bytes second = {out.data + starts[1], out.size - starts[1]};
    assert_err(ERR_CHAIN, run_peek_birth(second, &arena, &birth));
    arena_done(&arena);
    buffer_done(&out);
}

/* Entry 1 whose section 0 is `content` of `kind`. */
static enum err peek(struct author *a, enum section_kind kind, struct bytes content) {
    struct draft draft;
    struct buffer out = {0};
    struct arena arena;
    struct birth birth;
    arena_init(&arena, KIB(256));
    a->head = (struct head){0};
    author_draft(a, &draft);
    assert_ok(draft_add_plain(&draft, kind, content));
    author_sign(a, &draft, &out);
    enum err err = run_peek_birth(buffer_view(&out), &arena, &birth);
    arena_done(&arena);
    buffer_done(&out);
    return err;
}

TEST(what_is_no_birth_of_this_feed_is_refused) {
    struct author a = author_new();
    struct buffer birth = {0};
    struct declaration declaration = {.kind = DECLARATION_BIRTH, .birth = a.birth};
    assert_ok(declaration_encode(&declaration, &birth));
    assert_ok(peek(&a, SECTION_DECLARATION, buffer_view(&birth)));
    assert_err(ERR_FORMAT, peek(&a, SECTION_OPEN, buffer_view(&birth)));
    assert_err(ERR_FORMAT, peek(&a, SECTION_DECLARATION, text("")));
    assert_err(ERR_FORMAT, peek(&a, SECTION_DECLARATION, text("rubbish")));
    buffer_clear(&birth);
    declaration.birth.author = member_of('s'); /* claims another author */
    assert_ok(declaration_encode(&declaration, &birth));
    assert_err(ERR_HASH, peek(&a, SECTION_DECLARATION, buffer_view(&birth)));
    buffer_clear(&birth);
    declaration = (struct declaration){.kind = DECLARATION_CUT, .cut = {.member = member_of('s')}};
    assert_ok(declaration_encode(&declaration, &birth));
    assert_err(ERR_FORMAT, peek(&a, SECTION_DECLARATION, buffer_view(&birth)));
    buffer_done(&birth);
}

RUN_TESTS(T(a_run_is_verified_from_the_start_and_from_the_middle),
          T(a_run_that_does_not_follow_is_refused), T(a_gap_a_repetition_and_a_swap_are_refused),
          T(a_changed_bit_anywhere_is_noticed_by_the_last_signature),
          T(a_run_cut_at_any_byte_but_between_envelopes_is_refused),
          T(the_key_of_another_does_not_verify),
          T(a_bad_signature_in_the_middle_is_covered_by_the_chain),
          T(the_largest_run_of_the_smallest_envelopes_fits_the_decoding_cap),
          T(a_run_of_full_size_is_verified_and_one_byte_more_is_refused),
          T(a_birth_is_read_before_the_author_is_known),
          T(what_is_no_birth_of_this_feed_is_refused))
