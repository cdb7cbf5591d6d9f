#include "paper.h"
#include <sodium.h>

/* One with a birth, an open and two sealed sections and its own seal block. */
static void make(struct author *a, struct content_key *ret_key, struct buffer *out) {
    struct draft draft;
    struct epoch_public epoch;
    struct epoch_secret secret;
    struct buffer birth = {0};
    struct declaration declaration = {.kind = DECLARATION_BIRTH, .birth = a->birth};
    assert_ok(epoch_new(&epoch, &secret));
    author_draft(a, &draft);
    draft.header.seal_seq = draft.header.seq;
    draft.has_seal = true;
    assert_ok(seal_block_new(&epoch, &draft.key, &draft.seal));
    *ret_key = draft.key;
    assert_ok(declaration_encode(&declaration, &birth));
    assert_ok(draft_add_plain(&draft, SECTION_DECLARATION, buffer_view(&birth)));
    assert_ok(draft_add_plain(&draft, SECTION_OPEN, text("open")));
    assert_ok(draft_add_sealed(&draft, text("secret"), true));
    assert_ok(draft_add_sealed(&draft, text("short"), false));
    author_sign(a, &draft, out);
    buffer_done(&birth);
}

static enum err parse(struct bytes bytes, struct arena *arena, struct envelope *ret_envelope) {
    size_t size;
    arena_reset(arena);
    return envelope_parse(bytes, arena, ret_envelope, &size);
}

TEST(an_envelope_is_read_as_it_was_written) {
    struct author a = author_new();
    struct content_key key;
    struct buffer out = {0}, opened = {0};
    struct envelope e;
    struct arena arena;
    size_t size, skipped;
    arena_init(&arena, KIB(64));
    make(&a, &key, &out);
    size_t whole = out.size;
    assert_ok(buffer_append(&out, "what follows", 12));
    assert_ok(envelope_parse(buffer_view(&out), &arena, &e, &size));
    assert_int_equal(size, whole);
    assert_ok(envelope_skip(buffer_view(&out), &skipped));
    assert_int_equal(skipped, whole);
    assert_true(envelope_id_equal(&e.id, &a.head.id));
    assert_true(e.has_seal);
    assert_int_equal(e.header.sections_n, 4);
    assert_true(bytes_equal(e.sections[1].content, text("open")));
    for (uint16_t i = 2; i < 4; i++) {
        struct section_place place = {a.feed, 1, i};
        buffer_clear(&opened);
        assert_ok(section_open(&key, &place, e.sections[i].content, &opened));
        assert_true(bytes_equal(buffer_view(&opened), text(i == 2 ? "secret" : "short")));
    }
    arena_done(&arena);
    buffer_done(&out);
    buffer_done(&opened);
}

TEST(an_envelope_cut_at_any_byte_is_refused) {
    struct author a = author_new();
    struct content_key key;
    struct buffer out = {0};
    struct envelope e;
    struct arena arena;
    size_t size;
    arena_init(&arena, KIB(64));
    make(&a, &key, &out);
    for (size_t cut = 0; cut < out.size; cut++) {
        uint8_t *copy = copy_of(buffer_view(&out), cut);
        assert_err(ERR_FORMAT, parse((struct bytes){copy, cut}, &arena, &e));
        assert_err(ERR_FORMAT, envelope_skip((struct bytes){copy, cut}, &size));
        free(copy);
    }
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_change_of_any_byte_after_the_signature_breaks_the_body) {
    struct author a = author_new();
    struct content_key key;
    struct buffer out = {0};
    struct envelope e;
    struct arena arena;
    arena_init(&arena, KIB(64));
    make(&a, &key, &out);
    for (size_t i = SIGNED_HEADER_SIZE; i < out.size; i++)
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            out.data[i] ^= (uint8_t)bit;
            enum err err = parse(buffer_view(&out), &arena, &e);
            assert_true(err == ERR_HASH || err == ERR_FORMAT || err == ERR_LIMIT);
            out.data[i] ^= (uint8_t)bit;
        }
    assert_ok(parse(buffer_view(&out), &arena, &e));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_section_taken_out_leaves_its_hash_and_the_body_holds) {
    struct author a = author_new();
    struct content_key key;
    struct buffer out = {0}, erased = {0}, both = {0};
    struct envelope e, f, g;
    struct arena arena;
    size_t size;
    arena_init(&arena, KIB(64));
    make(&a, &key, &out);
    assert_ok(envelope_parse(buffer_view(&out), &arena, &e, &size));
    assert_ok(envelope_without(&e, 2, SECTION_ERASED, &erased));
    assert_ok(envelope_parse(buffer_view(&erased), &arena, &f, &size));
    assert_true(envelope_id_equal(&e.id, &f.id));
    assert_int_equal(f.sections[2].state, SECTION_ERASED);
    assert_int_equal(f.sections[2].content.size, 0);
    assert_true(hash_equal(&f.sections[2].hash, &e.sections[2].hash));
    assert_ok(envelope_without(&f, 3, SECTION_ABSENT, &both));
    assert_ok(envelope_parse(buffer_view(&both), &arena, &g, &size));
    assert_int_equal(g.sections[2].state, SECTION_ERASED);
    assert_int_equal(g.sections[3].state, SECTION_ABSENT);
    assert_true(bytes_equal(g.sections[1].content, text("open")));
    assert_err(ERR_ARGUMENT, envelope_without(&e, 4, SECTION_ERASED, &both));
    assert_err(ERR_ARGUMENT, envelope_without(&e, 0, SECTION_PRESENT, &both));
    arena_done(&arena);
    buffer_done(&out);
    buffer_done(&erased);
    buffer_done(&both);
}

TEST(kinds_and_states_that_do_not_exist_are_refused) {
    struct author a = author_new();
    struct buffer out = {0};
    struct envelope e;
    struct arena arena;
    arena_init(&arena, KIB(64));
    a.head = (struct head){1, {{1}}};
    author_write(&a, "x", &out);
    static const uint8_t entries[] = {0x00, 0x04, 0x0f, 0x30, 0x32, 0xf2};
    for (size_t i = 0; i < sizeof entries; i++) {
        out.data[SIGNED_HEADER_SIZE] = entries[i];
        assert_err(ERR_FORMAT, parse(buffer_view(&out), &arena, &e));
    }
    out.data[SIGNED_HEADER_SIZE] = 0x12; /* erased, but one byte long */
    assert_err(ERR_FORMAT, parse(buffer_view(&out), &arena, &e));
    out.data[SIGNED_HEADER_SIZE] = 0x03; /* sealed, but without a seal */
    assert_err(ERR_FORMAT, parse(buffer_view(&out), &arena, &e));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_length_that_runs_past_the_end_or_the_limit_is_refused) {
    struct author a = author_new();
    struct buffer out = {0};
    struct envelope e;
    struct arena arena;
    arena_init(&arena, KIB(64));
    a.head = (struct head){1, {{1}}};
    author_write(&a, "x", &out);
    put_u32(out.data + SIGNED_HEADER_SIZE + 1, 2);
    assert_err(ERR_FORMAT, parse(buffer_view(&out), &arena, &e));
    put_u32(out.data + SIGNED_HEADER_SIZE + 1, SECTION_PLAIN_MAX);
    assert_err(ERR_FORMAT, parse(buffer_view(&out), &arena, &e));
    put_u32(out.data + SIGNED_HEADER_SIZE + 1, SECTION_PLAIN_MAX + 1);
    assert_err(ERR_LIMIT, parse(buffer_view(&out), &arena, &e));
    put_u32(out.data + SIGNED_HEADER_SIZE + 1, UINT32_MAX);
    assert_err(ERR_LIMIT, parse(buffer_view(&out), &arena, &e));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(many_sections_claimed_by_few_bytes_cost_no_memory) {
    struct author a = author_new();
    struct buffer out = {0};
    struct envelope e;
    struct arena arena;
    arena_init(&arena, KIB(1024));
    a.head = (struct head){1, {{1}}};
    author_write(&a, "x", &out);
    put_u16(out.data + 4, SECTIONS_MAX);
    assert_err(ERR_FORMAT, parse(buffer_view(&out), &arena, &e));
    assert_int_equal(arena.bytes, 0);
    arena_done(&arena);
    buffer_done(&out);
}

TEST(an_arena_that_is_too_small_is_out_of_memory) {
    struct author a = author_new();
    struct buffer out = {0};
    struct envelope e;
    struct arena arena;
    arena_init(&arena, 16);
    author_write(&a, "x", &out);
    assert_err(ERR_MEMORY, parse(buffer_view(&out), &arena, &e));
    arena_done(&arena);
    buffer_done(&out);
}

/* Entry 2 with as many sections of 256 KiB and one of `rest` bytes. */
static enum err write_large(size_t rest, struct buffer *out) {
    struct author a = author_new();
    struct draft draft;
    struct envelope_id id;
    uint8_t *zeroes = calloc(1, SECTION_PLAIN_MAX);
    assert_non_null(zeroes);
    a.head = (struct head){1, {{1}}};
    author_draft(&a, &draft);
    assert_ok(draft_add_plain(&draft, SECTION_OPEN, (struct bytes){zeroes, SECTION_PLAIN_MAX}));
    assert_ok(draft_add_plain(&draft, SECTION_OPEN, (struct bytes){zeroes, rest}));
    enum err err = draft_sign(&draft, &a.keys.sign, out, &id);
    draft_done(&draft);
    free(zeroes);
    return err;
}

TEST(the_largest_envelope_passes_and_one_byte_more_does_not) {
    size_t rest = ENVELOPE_SIZE_MAX - SIGNED_HEADER_SIZE - 5 - SECTION_PLAIN_MAX - 5;
    struct buffer out = {0};
    struct envelope e;
    struct arena arena;
    size_t size;
    arena_init(&arena, KIB(64));
    assert_err(ERR_LIMIT, write_large(rest + 1, &out));
    assert_int_equal(out.size, 0);
    assert_ok(write_large(rest, &out));
    assert_int_equal(out.size, ENVELOPE_SIZE_MAX);
    assert_ok(parse(buffer_view(&out), &arena, &e));
    assert_ok(buffer_append(&out, "\0", 1));
    assert_ok(parse(buffer_view(&out), &arena, &e));
    put_u32(out.data + SIGNED_HEADER_SIZE + 5 + SECTION_PLAIN_MAX + 1, (uint32_t)rest + 1);
    assert_err(ERR_LIMIT, parse(buffer_view(&out), &arena, &e));
    assert_err(ERR_LIMIT, envelope_skip(buffer_view(&out), &size));
    arena_done(&arena);
    buffer_done(&out);
}

TEST(a_draft_refuses_what_could_not_be_read) {
    struct author a = author_new();
    struct draft draft;
    struct buffer out = {0};
    struct envelope_id id;
    uint8_t *large = calloc(1, SECTION_PLAIN_MAX + 1);
    assert_non_null(large);
    author_draft(&a, &draft);
    assert_err(ERR_ARGUMENT, draft_add_plain(&draft, SECTION_SEALED, text("x")));
    assert_err(ERR_LIMIT,
               draft_add_plain(&draft, SECTION_OPEN, (struct bytes){large, SECTION_PLAIN_MAX + 1}));
    assert_err(ERR_ARGUMENT, draft_add_sealed(&draft, text("x"), true)); /* no seal */
    draft.has_seal = true;
    assert_err(ERR_ARGUMENT, draft_sign(&draft, &a.keys.sign, &out, &id));
    draft.has_seal = false;
    draft.header.seal_seq = 2; /* in the future */
    assert_err(ERR_ARGUMENT, draft_sign(&draft, &a.keys.sign, &out, &id));
    draft.header.seal_seq = 0;
    draft.header.prev.bytes[0] = 1; /* entry 1 has none before it */
    assert_err(ERR_ARGUMENT, draft_sign(&draft, &a.keys.sign, &out, &id));
    draft.header.prev.bytes[0] = 0;
    for (int i = 0; i < SECTIONS_MAX; i++)
        assert_ok(draft_add_plain(&draft, SECTION_OPEN, text("")));
    assert_err(ERR_LIMIT, draft_add_plain(&draft, SECTION_OPEN, text("")));
    draft.header.seal_seq = 1;
    assert_err(ERR_LIMIT, draft_add_sealed(&draft, text("x"), true));
    draft.header.seal_seq = 0;
    assert_ok(draft_sign(&draft, &a.keys.sign, &out, &id));
    draft_done(&draft);
    draft_done(NULL);
    free(large);
    buffer_done(&out);
}

RUN_TESTS(T(an_envelope_is_read_as_it_was_written), T(an_envelope_cut_at_any_byte_is_refused),
          T(a_change_of_any_byte_after_the_signature_breaks_the_body),
          T(a_section_taken_out_leaves_its_hash_and_the_body_holds),
          T(kinds_and_states_that_do_not_exist_are_refused),
          T(a_length_that_runs_past_the_end_or_the_limit_is_refused),
          T(many_sections_claimed_by_few_bytes_cost_no_memory),
          T(an_arena_that_is_too_small_is_out_of_memory),
          T(the_largest_envelope_passes_and_one_byte_more_does_not),
          T(a_draft_refuses_what_could_not_be_read))
