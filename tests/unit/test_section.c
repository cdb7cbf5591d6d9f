#include "paper.h"
#include <sodium.h>

static const struct content_key KEY = {{7, 7, 7}};
static const struct section_place PLACE = {.feed = {{1}}, .seq = 5, .index = 2};

TEST(padding_goes_by_steps_then_by_whole_32_kib) {
    static const struct {
        size_t size, padded;
    } cases[] = {{4, 512},       {512, 512},       {513, 2048},     {2048, 2048},   {2049, 8192},
                 {8192, 8192},   {8193, 32768},    {32768, 32768},  {32769, 65536}, {65536, 65536},
                 {65537, 98304}, {229377, 262144}, {262144, 262144}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(section_padded_size(cases[i].size), cases[i].padded);
}

TEST(what_is_sealed_opens_and_the_padding_goes) {
    static const size_t sizes[] = {0, 1, 507, 508, 509, 8188, 8189, SECTION_CONTENT_MAX};
    uint8_t *plain = malloc(SECTION_CONTENT_MAX);
    assert_non_null(plain);
    randombytes_buf(plain, SECTION_CONTENT_MAX);
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer sealed = {0}, opened = {0};
        size_t size = sizes[i / 2];
        bool pad = i % 2 == 1;
        assert_ok(buffer_append(&opened, "kept", 4));
        assert_ok(section_seal(&KEY, &PLACE, (struct bytes){plain, size}, pad, &sealed));
        assert_int_equal(sealed.size, 40 + (pad ? section_padded_size(4 + size) : 4 + size));
        assert_ok(section_open(&KEY, &PLACE, buffer_view(&sealed), &opened));
        assert_int_equal(opened.size, 4 + size);
        assert_memory_equal(opened.data, "kept", 4);
        assert_memory_equal(opened.data + 4, plain, size);
        buffer_done(&sealed);
        buffer_wipe(&opened);
    }
    struct buffer sealed = {0};
    assert_err(ERR_LIMIT, section_seal(&KEY, &PLACE, (struct bytes){plain, SECTION_CONTENT_MAX + 1},
                                       false, &sealed));
    assert_int_equal(sealed.size, 0);
    free(plain);
}

TEST(a_section_opens_only_at_its_place_and_with_its_key) {
    struct buffer sealed = {0}, opened = {0};
    struct section_place feed = PLACE, seq = PLACE, index = PLACE;
    struct content_key other = {{8}};
    feed.feed.bytes[31] ^= 1;
    seq.seq++;
    index.index++;
    assert_ok(section_seal(&KEY, &PLACE, text("hello"), true, &sealed));
    assert_err(ERR_SEAL, section_open(&KEY, &feed, buffer_view(&sealed), &opened));
    assert_err(ERR_SEAL, section_open(&KEY, &seq, buffer_view(&sealed), &opened));
    assert_err(ERR_SEAL, section_open(&KEY, &index, buffer_view(&sealed), &opened));
    assert_err(ERR_SEAL, section_open(&other, &PLACE, buffer_view(&sealed), &opened));
    assert_int_equal(opened.size, 0);
    buffer_done(&sealed);
    buffer_done(&opened);
}

TEST(a_cut_or_changed_section_does_not_open) {
    struct buffer sealed = {0}, opened = {0};
    assert_ok(section_seal(&KEY, &PLACE, text("hello"), false, &sealed));
    for (size_t size = 0; size < sealed.size; size++) {
        uint8_t *cut = copy_of(buffer_view(&sealed), size);
        assert_err(size < 44 ? ERR_FORMAT : ERR_SEAL,
                   section_open(&KEY, &PLACE, (struct bytes){cut, size}, &opened));
        free(cut);
        sealed.data[size] ^= 0x80;
        assert_err(ERR_SEAL, section_open(&KEY, &PLACE, buffer_view(&sealed), &opened));
        sealed.data[size] ^= 0x80;
    }
    assert_int_equal(opened.size, 0);
    buffer_done(&sealed);
    buffer_done(&opened);
}

/* Seals exactly `inside`, without the length and padding that section_seal makes. */
static void seal_raw(struct bytes inside, struct buffer *out) {
    uint8_t place[42], *at;
    memcpy(place, PLACE.feed.bytes, 32);
    put_u64(place + 32, PLACE.seq);
    put_u16(place + 40, PLACE.index);
    assert_ok(buffer_extend(out, 24 + inside.size + 16, &at));
    memset(at, 'n', 24);
    crypto_aead_xchacha20poly1305_ietf_encrypt(at + 24, NULL, inside.data, inside.size, place,
                                               sizeof place, NULL, at, KEY.bytes);
}

TEST(a_length_beyond_the_end_and_padding_that_is_not_zero_are_refused) {
    static const struct {
        const char *inside;
        size_t size;
        enum err err;
    } cases[] = {
        {"\0\0\0\3abc", 7, OK},
        {"\0\0\0\4abc", 7, ERR_FORMAT},
        {"\xff\xff\xff\xff"
         "abc",
         7, ERR_FORMAT},
        {"\0\0\0\2abc", 7, ERR_FORMAT},
        {"\0\0\0\3abc\0\0\0", 10, OK},
        {"\0\0\0\3abc\0\0\1", 10, ERR_FORMAT},
        {"\0\0\0\0", 4, OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer sealed = {0}, opened = {0};
        seal_raw((struct bytes){(const uint8_t *)cases[i].inside, cases[i].size}, &sealed);
        assert_err(cases[i].err, section_open(&KEY, &PLACE, buffer_view(&sealed), &opened));
        if (cases[i].err != OK)
            assert_int_equal(opened.size, 0);
        buffer_done(&sealed);
        buffer_done(&opened);
    }
}

TEST(a_section_that_is_too_large_is_not_even_opened) {
    struct buffer opened = {0};
    uint8_t *large = calloc(1, SECTION_SEALED_MAX + 1);
    assert_non_null(large);
    assert_err(ERR_LIMIT,
               section_open(&KEY, &PLACE, (struct bytes){large, SECTION_SEALED_MAX + 1}, &opened));
    assert_err(ERR_SEAL,
               section_open(&KEY, &PLACE, (struct bytes){large, SECTION_SEALED_MAX}, &opened));
    free(large);
    buffer_done(&opened);
}

TEST(the_hash_covers_kind_and_content) {
    struct hash a = section_hash(SECTION_OPEN, text("x")),
                b = section_hash(SECTION_SEALED, text("x")),
                c = section_hash(SECTION_OPEN, text("y"));
    assert_false(hash_equal(&a, &b));
    assert_false(hash_equal(&a, &c));
}

RUN_TESTS(T(padding_goes_by_steps_then_by_whole_32_kib),
          T(what_is_sealed_opens_and_the_padding_goes),
          T(a_section_opens_only_at_its_place_and_with_its_key),
          T(a_cut_or_changed_section_does_not_open),
          T(a_length_beyond_the_end_and_padding_that_is_not_zero_are_refused),
          T(a_section_that_is_too_large_is_not_even_opened), T(the_hash_covers_kind_and_content))
