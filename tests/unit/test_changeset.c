#include "proto/changeset.h"
#include "wire.h"

static enum err decode(struct bytes bytes, struct change_set *ret_set) {
    static struct arena arena; /* its content is read until the next call */
    arena_done(&arena);
    arena_init(&arena, DECODE_MEMORY_MAX);
    return change_set_decode(bytes, &arena, ret_set);
}

static enum err decode_done(struct buffer *bytes) {
    struct change_set set;
    uint8_t *copy = copy_of(buffer_view(bytes), bytes->size);
    enum err err = decode((struct bytes){copy, bytes->size}, &set);
    free(copy);
    decode((struct bytes){0}, &set) == OK ? (void)0 : fail();
    return err;
}

static struct write write_of(const char *value) {
    return (struct write){.record = {{1, 2, 3}}, .collection = 2, .field = 7, .value = text(value)};
}

TEST(a_change_set_comes_back_as_it_was) {
    struct version_name replaced[2] = {{.feed = {{5}}, .seq = 9, .id8 = {{1}}}, {.seq = 1}};
    struct write writes[2] = {write_of("12. august\nkl. 9"), write_of("")};
    struct bytes answers[2] = {{(const uint8_t *)"\x0a\x04\x08\x01\x10\x02", 6},
                               {(const uint8_t *)"\x0a\x05\x08\x02\x1a\x01x", 7}};
    struct change_set set = {"Jonas P.", "pædagog", writes,
                             2,          true,      {{{4}}, {{6}}, 1, 3, answers, 2}},
                      back;
    struct buffer out = {0};
    writes[0].replaces = replaced;
    writes[0].replaces_n = 2;
    assert_ok(change_set_encode(&set, &out));
    assert_ok(decode(buffer_view(&out), &back));
    assert_string_equal(back.actor_name, "Jonas P.");
    assert_string_equal(back.actor_function, "pædagog");
    assert_int_equal(back.writes_n, 2);
    assert_int_equal(back.writes[0].collection, 2);
    assert_int_equal(back.writes[0].field, 7);
    assert_true(bytes_equal(back.writes[0].value, writes[0].value));
    assert_int_equal(back.writes[0].replaces_n, 2);
    assert_int_equal(version_name_compare(&back.writes[0].replaces[0], &replaced[0]), 0);
    assert_true(feed_id_is_zero(&back.writes[0].replaces[1].feed));
    assert_int_equal(back.writes[1].value.size, 0);
    assert_true(back.has_answers);
    assert_int_equal(back.answers.part, 1);
    assert_int_equal(back.answers.parts, 3);
    assert_int_equal(back.answers.answers_n, 2);
    assert_true(bytes_equal(back.answers.answers[1], answers[1]));
    buffer_done(&out);
}

TEST(an_empty_change_set_has_no_null_names) {
    struct change_set set;
    assert_ok(decode((struct bytes){0}, &set));
    assert_string_equal(set.actor_name, "");
    assert_string_equal(set.actor_function, "");
    assert_int_equal(set.writes_n, 0);
    assert_false(set.has_answers);
}

TEST(a_change_set_cut_at_any_byte_is_refused_or_smaller) {
    struct write writes[3] = {write_of("one"), write_of("two"), write_of("three")};
    struct change_set set = {.actor_name = "A",
                             .actor_function = "B",
                             .writes = writes,
                             .writes_n = 3},
                      back;
    struct buffer out = {0};
    assert_ok(change_set_encode(&set, &out));
    for (size_t cut = 0; cut < out.size; cut++) {
        uint8_t *copy = copy_of(buffer_view(&out), cut);
        enum err err = decode((struct bytes){copy, cut}, &back);
        assert_true(err == ERR_FORMAT || (err == OK && back.writes_n < 3));
        free(copy);
    }
    buffer_done(&out);
}

TEST(names_with_nul_or_escape_or_bad_utf8_are_refused) {
    static const struct {
        const char *name;
        size_t size;
    } bad[] = {{"Jonas\0P.", 8}, {"\x1b[31m", 5}, {"\xff", 1}, {"a\nb", 3}, {"\xc3", 1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (unsigned field = 1; field <= 2; field++) {
            struct buffer out = {0};
            wire_bytes(&out, field, bad[i].name, bad[i].size);
            assert_err(ERR_FORMAT, decode_done(&out));
            buffer_done(&out);
        }
}

TEST(a_name_has_at_most_200_bytes) {
    char name[NAME_SIZE_MAX + 2];
    struct change_set set = {.actor_name = name, .actor_function = ""};
    struct buffer out = {0};
    memset(name, 'a', sizeof name);
    name[NAME_SIZE_MAX] = '\0';
    assert_ok(change_set_encode(&set, &out));
    assert_ok(decode_done(&out));
    buffer_clear(&out);
    name[NAME_SIZE_MAX] = 'a';
    name[NAME_SIZE_MAX + 1] = '\0';
    assert_err(ERR_LIMIT, change_set_encode(&set, &out));
    wire_text(&out, 1, name);
    assert_err(ERR_LIMIT, decode_done(&out));
    buffer_done(&out);
}

/* A Write made by hand. */
static void wire_write(struct buffer *out, size_t record_size, uint64_t collection, uint64_t field,
                       const char *value, size_t value_size) {
    struct buffer inner = {0};
    uint8_t record[32];
    memset(record, 1, sizeof record);
    wire_bytes(&inner, 1, record, record_size);
    wire_number(&inner, 2, collection);
    wire_number(&inner, 3, field);
    wire_bytes(&inner, 4, value, value_size);
    wire_nested(out, 3, &inner);
}

TEST(malformed_writes_are_refused) {
    static const struct {
        size_t record;
        uint64_t collection, field;
        const char *value;
        size_t value_size;
        enum err err;
    } cases[] = {
        {16, 1, 1, "x", 1, OK},
        {16, 65535, 65535, "", 0, OK},
        {0, 1, 1, "x", 1, ERR_FORMAT},
        {15, 1, 1, "x", 1, ERR_FORMAT},
        {17, 1, 1, "x", 1, ERR_FORMAT},
        {16, 65536, 1, "x", 1, ERR_FORMAT},
        {16, 1, 65536, "x", 1, ERR_FORMAT},
        {16, 1, UINT64_C(1) << 32, "x", 1, ERR_FORMAT}, /* not cut to 0 */
        {16, 1, 1, "a\0b", 3, ERR_FORMAT},
        {16, 1, 1, "\x80", 1, ERR_FORMAT},
        {16, 1, 1, "a\tb", 3, ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out = {0};
        wire_write(&out, cases[i].record, cases[i].collection, cases[i].field, cases[i].value,
                   cases[i].value_size);
        assert_err(cases[i].err, decode_done(&out));
        buffer_done(&out);
    }
}

TEST(values_and_counts_have_their_limits) {
    char *large = malloc(VALUE_SIZE_MAX + 1);
    assert_non_null(large);
    memset(large, 'v', VALUE_SIZE_MAX + 1);
    struct write *writes = calloc(WRITES_PER_CHANGE_SET_MAX + 1, sizeof *writes);
    assert_non_null(writes);
    struct buffer out = {0};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = writes, .writes_n = 1};
    writes[0] = write_of("");
    writes[0].value = (struct bytes){(uint8_t *)large, VALUE_SIZE_MAX};
    assert_ok(change_set_encode(&set, &out));
    assert_ok(decode_done(&out));
    buffer_clear(&out);
    writes[0].value.size++;
    assert_err(ERR_LIMIT, change_set_encode(&set, &out));
    wire_write(&out, 16, 1, 1, large, VALUE_SIZE_MAX + 1);
    assert_err(ERR_LIMIT, decode_done(&out));
    buffer_clear(&out);
    for (size_t i = 0; i <= WRITES_PER_CHANGE_SET_MAX; i++)
        writes[i] = write_of("v");
    set.writes_n = WRITES_PER_CHANGE_SET_MAX;
    assert_ok(change_set_encode(&set, &out));
    assert_ok(decode_done(&out));
    wire_write(&out, 16, 1, 1, "one more", 8);
    assert_err(ERR_LIMIT, decode_done(&out));
    set.writes_n++;
    assert_err(ERR_LIMIT, change_set_encode(&set, &out));
    free(large);
    free(writes);
    buffer_done(&out);
}

TEST(one_write_replaces_at_most_256_versions) {
    struct version_name *names = calloc(REPLACES_PER_WRITE_MAX + 1, sizeof *names);
    struct write write = write_of("v");
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    struct buffer out = {0};
    assert_non_null(names);
    for (size_t i = 0; i <= REPLACES_PER_WRITE_MAX; i++)
        names[i].seq = i + 1;
    write.replaces = names;
    write.replaces_n = REPLACES_PER_WRITE_MAX;
    assert_ok(change_set_encode(&set, &out));
    assert_ok(decode_done(&out));
    write.replaces_n++;
    assert_err(ERR_LIMIT, change_set_encode(&set, &out));
    names[0].seq = 0; /* no version */
    write.replaces_n = 1;
    assert_err(ERR_ARGUMENT, change_set_encode(&set, &out));
    free(names);
    buffer_done(&out);
}

/* Whatever is valid must not fail for want of memory: what counts as valid may not depend on it. */
TEST(the_densest_valid_change_sets_fit_the_decoding_cap) {
    struct version_name *names = calloc(REPLACES_PER_WRITE_MAX, sizeof *names);
    struct write *writes = calloc(WRITES_PER_CHANGE_SET_MAX, sizeof *writes);
    struct change_set set = {.actor_name = "", .actor_function = "", .writes = writes};
    struct buffer out = {0};
    struct arena arena;
    struct change_set back;
    assert_non_null(names);
    assert_non_null(writes);
    for (size_t i = 0; i < REPLACES_PER_WRITE_MAX; i++)
        names[i].seq = 1; /* the shortest */
    while (set.writes_n < WRITES_PER_CHANGE_SET_MAX && out.size < SECTION_CONTENT_MAX) {
        writes[set.writes_n] = (struct write){
            .record = {{1}}, .replaces = names, .replaces_n = set.writes_n < 60 ? 256 : 0};
        set.writes_n++;
        buffer_clear(&out);
        if (set.writes_n % 64 == 0)
            assert_ok(change_set_encode(&set, &out));
    }
    buffer_clear(&out);
    assert_ok(change_set_encode(&set, &out));
    arena_init(&arena, arena_cap_for(out.size));
    assert_ok(change_set_decode(buffer_view(&out), &arena, &back));
    arena_done(&arena);

    struct bytes *answers = calloc(ANSWERS_PER_BATCH_MAX, sizeof *answers);
    assert_non_null(answers);
    for (size_t i = 0; i < ANSWERS_PER_BATCH_MAX; i++)
        answers[i] = (struct bytes){(const uint8_t *)"\x0a\x04\x08\x01\x10\x02", 6};
    set = (struct change_set){"", "",   NULL,
                              0,  true, {{{1}}, {{2}}, 0, 1, answers, ANSWERS_PER_BATCH_MAX}};
    buffer_clear(&out);
    assert_ok(change_set_encode(&set, &out));
    arena_init(&arena, arena_cap_for(out.size));
    assert_ok(change_set_decode(buffer_view(&out), &arena, &back));
    arena_done(&arena);
    free(names);
    free(writes);
    free(answers);
    buffer_done(&out);
}

TEST(the_densest_valid_answer_fits_the_decoding_cap) {
    struct answer_reply replies[REPLIES_PER_ANSWER_MAX + 1];
    const struct answer_reply *back;
    struct buffer out = {0};
    struct arena arena;
    size_t n;
    for (size_t i = 0; i <= REPLIES_PER_ANSWER_MAX; i++)
        replies[i] = (struct answer_reply){1, 0, ""};
    assert_err(ERR_LIMIT, answer_encode(replies, REPLIES_PER_ANSWER_MAX + 1, &out));
    assert_ok(answer_encode(replies, REPLIES_PER_ANSWER_MAX, &out));
    arena_init(&arena, arena_cap_for(out.size));
    assert_ok(answer_decode(buffer_view(&out), &arena, &back, &n));
    assert_int_equal(n, REPLIES_PER_ANSWER_MAX);
    arena_done(&arena);
    buffer_done(&out);
}

/* Both ways of checking an answer must agree, whatever the bytes. */
TEST(a_batch_refuses_just_those_answers_that_do_not_decode) {
    static const uint8_t alphabet[] = {0x00, 0x01, 0x02, 0x04, 0x08, 0x0a, 0x10, 0x1a, 'x', 0xff};
    size_t accepted = 0, refused = 0;
    for (uint32_t n = 0; n < 300000; n++) {
        uint8_t bytes[8];
        uint32_t rest = n * 2654435761u, size = 1 + rest % 8;
        for (uint32_t i = 0; i < size; i++, rest = rest * 1664525u + 1013904223u)
            bytes[i] = alphabet[(rest >> 16) % sizeof alphabet];
        if (n % 2 == 0 && size > 2) { /* every other one begins like a reply to a question */
            bytes[0] = 0x0a;
            bytes[1] = (uint8_t)(size - 2);
            bytes[2] = 0x08;
        }
        struct bytes answer = {bytes, size};
        struct change_set set = {"", "", NULL, 0, true, {{{1}}, {{2}}, 0, 1, &answer, 1}};
        const struct answer_reply *replies;
        struct buffer out = {0};
        struct arena arena;
        size_t replies_n;
        arena_init(&arena, KIB(64));
        enum err err = answer_decode(answer, &arena, &replies, &replies_n);
        assert_int_equal(change_set_encode(&set, &out), err);
        accepted += err == OK;
        refused += err != OK;
        arena_done(&arena);
        buffer_done(&out);
    }
    assert_true(accepted > 100);
    assert_true(refused > 100);
}

TEST(what_takes_more_memory_than_its_size_allows_is_a_limit) {
    struct buffer out = {0};
    for (size_t i = 0; i < 100000; i++) /* empty writes: 73 times their size in memory */
        wire_bytes(&out, 3, "", 0);
    assert_err(ERR_LIMIT, decode_done(&out));
    buffer_done(&out);
}

TEST(an_arena_that_is_full_is_out_of_memory) {
    struct write write = write_of("v");
    struct change_set set = {.actor_name = "a",
                             .actor_function = "",
                             .writes = &write,
                             .writes_n = 1},
                      back;
    struct buffer out = {0};
    struct arena arena;
    assert_ok(change_set_encode(&set, &out));
    size_t enough = 0;
    for (size_t cap = 0; cap < 4096 && enough == 0; cap += 16) {
        arena_init(&arena, cap);
        enum err err = change_set_decode(buffer_view(&out), &arena, &back);
        assert_true(err == OK || err == ERR_MEMORY);
        enough = err == OK ? cap : 0;
        arena_done(&arena);
    }
    assert_true(enough > 0);
    buffer_done(&out);
}

static void wire_batch(struct buffer *out, size_t survey, size_t mark, uint64_t part,
                       uint64_t parts, const char *answer, size_t answer_size) {
    struct buffer inner = {0};
    uint8_t bytes[64];
    memset(bytes, 1, sizeof bytes);
    wire_bytes(&inner, 1, bytes, survey);
    wire_bytes(&inner, 2, bytes, mark);
    wire_number(&inner, 3, part);
    wire_number(&inner, 4, parts);
    wire_bytes(&inner, 5, answer, answer_size);
    wire_nested(out, 4, &inner);
}

TEST(malformed_batches_are_refused) {
    static const struct {
        size_t survey, mark;
        uint64_t part, parts;
        const char *answer;
        size_t size;
        enum err err;
    } cases[] = {
        {16, 32, 0, 1, "\x0a\x04\x08\x01\x10\x02", 6, OK},
        {15, 32, 0, 1, "\x0a\x04\x08\x01\x10\x02", 6, ERR_FORMAT},
        {16, 31, 0, 1, "\x0a\x04\x08\x01\x10\x02", 6, ERR_FORMAT},
        {16, 32, 1, 1, "\x0a\x04\x08\x01\x10\x02", 6, ERR_FORMAT}, /* part 1 of 1, counted from 0 */
        {16, 32, 0, 0, "\x0a\x04\x08\x01\x10\x02", 6, ERR_FORMAT},
        {16, 32, 0, 1, "", 0, ERR_FORMAT},
        {16, 32, 0, 1, "\x0a\x05\x08\x01\x10\x02", 6,
         ERR_FORMAT}, /* an answer that runs past its end */
        {16, 32, 0, 1, "\x0a\x03\x1a\x01\xff", 5, ERR_FORMAT}, /* its text is no UTF-8 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out = {0};
        wire_batch(&out, cases[i].survey, cases[i].mark, cases[i].part, cases[i].parts,
                   cases[i].answer, cases[i].size);
        assert_err(cases[i].err, decode_done(&out));
        buffer_done(&out);
    }
}

TEST(an_answer_comes_back_as_it_was) {
    struct answer_reply replies[] = {
        {1, 5, NULL}, {2, 1, NULL}, {13, 0, "Mere tid\nved aflevering"}, {14, 0, ""}};
    const struct answer_reply *back;
    struct buffer out = {0};
    struct arena arena;
    size_t n;
    arena_init(&arena, KIB(64));
    assert_ok(answer_encode(replies, 4, &out));
    assert_ok(answer_decode(buffer_view(&out), &arena, &back, &n));
    assert_int_equal(n, 4);
    assert_int_equal(back[0].choice, 5);
    assert_null(back[0].text);
    assert_string_equal(back[2].text, replies[2].text);
    assert_int_equal(back[2].choice, 0);
    assert_string_equal(back[3].text, "");
    arena_done(&arena);
    buffer_done(&out);
}

TEST(replies_must_name_a_question_and_one_value) {
    static const struct {
        const char *bytes;
        size_t size;
        enum err err;
    } cases[] = {
        {"\x0a\x04\x08\x01\x10\x02", 6, OK},
        {"\x0a\x02\x10\x02", 4, ERR_FORMAT},                  /* no question */
        {"\x0a\x02\x08\x01", 4, ERR_FORMAT},                  /* no value */
        {"\x0a\x04\x08\x01\x10\x00", 6, ERR_FORMAT},          /* choice 0 */
        {"\x0a\x07\x08\x01\x10\x02\x1a\x01x", 9, ERR_FORMAT}, /* two of the oneof */
        {"\x0a\x06\x08\x01\x10\x02\x10\x03", 8, ERR_FORMAT},  /* the same twice */
        {"", 0, ERR_FORMAT},
        {"\x0a\x05\x08\x01\x1a\x01\t", 7, ERR_FORMAT},
        {"\x8a\x80\x80\x80\x00\x84\x80\x80\x80\x00\x08\x01\x10\x02", 14, OK},
        {"\x8a\x80\x80\x80\x80\x00\x04\x08\x01\x10\x02", 11, ERR_FORMAT}, /* a tag of 6 bytes */
        {"\x0a\x84\x80\x80\x80\x80\x00\x08\x01\x10\x02", 11, ERR_FORMAT}, /* a length of 6 */
        {"\x0a\x06\x08\x01\x10\x82\x80\x00", 8, OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes answer = {(const uint8_t *)cases[i].bytes, cases[i].size};
        const struct answer_reply *replies;
        struct arena arena;
        size_t n;
        arena_init(&arena, KIB(64));
        assert_err(cases[i].err, answer_decode(answer, &arena, &replies, &n));
        assert_err(cases[i].err, answer_check(answer)); /* who lets it in, and who counts it */
        arena_done(&arena);
    }
    struct buffer out = {0};
    struct answer_reply both = {1, 1, "x"}, none = {1, 0, NULL}, zero = {0, 1, NULL},
                        tab = {1, 0, "\t"};
    assert_err(ERR_FORMAT, answer_encode(&both, 1, &out));
    assert_err(ERR_FORMAT, answer_encode(&none, 1, &out));
    assert_err(ERR_FORMAT, answer_encode(&zero, 1, &out));
    assert_err(ERR_FORMAT, answer_encode(&tab, 1, &out));
    assert_err(ERR_FORMAT, answer_encode(&zero, 0, &out));
    buffer_done(&out);
}

RUN_TESTS(T(a_change_set_comes_back_as_it_was), T(an_empty_change_set_has_no_null_names),
          T(a_change_set_cut_at_any_byte_is_refused_or_smaller),
          T(names_with_nul_or_escape_or_bad_utf8_are_refused), T(a_name_has_at_most_200_bytes),
          T(malformed_writes_are_refused), T(values_and_counts_have_their_limits),
          T(one_write_replaces_at_most_256_versions),
          T(the_densest_valid_change_sets_fit_the_decoding_cap),
          T(the_densest_valid_answer_fits_the_decoding_cap),
          T(a_batch_refuses_just_those_answers_that_do_not_decode),
          T(what_takes_more_memory_than_its_size_allows_is_a_limit),
          T(an_arena_that_is_full_is_out_of_memory), T(malformed_batches_are_refused),
          T(an_answer_comes_back_as_it_was), T(replies_must_name_a_question_and_one_value))
