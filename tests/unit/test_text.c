#include "paper.h"
#include "proto/text.h"

TEST(danish_names_are_clean) {
    assert_true(text_is_name("Søndre Skole", NAME_SIZE_MAX));
    assert_true(text_is_name("Ægirs Børnehus 🙂", NAME_SIZE_MAX));
    assert_true(text_is_name("", NAME_SIZE_MAX));
    assert_false(text_is_name("Søn", 3));
    assert_true(text_is_name("Søn", 4));
}

TEST(what_is_not_utf8_is_refused) {
    static const char *const bad[] = {
        "\x80",             /* a continuation alone */
        "a\xc3",            /* cut */
        "\xc0\x80",         /* overlong NUL */
        "\xe0\x80\x80",     /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf0\x80\x80\x80", /* overlong */
        "\xff",
        "\xc3(",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_clean(text(bad[i]), true));
    assert_true(text_is_clean(text("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"), false));
}

TEST(control_characters_are_refused_but_for_line_feeds_where_allowed) {
    assert_true(text_is_clean(text("a\nb"), true));
    assert_false(text_is_clean(text("a\nb"), false));
    assert_false(text_is_clean(text("a\tb"), true));
    assert_false(text_is_clean(text("a\rb"), true));
    assert_false(text_is_clean(text("\x1b[2J"), true));
    assert_false(text_is_clean(text("\x7f"), true));
    assert_false(text_is_clean(text("\xc2\x9b"), true)); /* U+009B, a terminal's CSI */
    assert_true(text_is_clean(text("\xc2\xa0"), true));
    assert_false(text_is_clean((struct bytes){(const uint8_t *)"a\0b", 3}, true));
}

TEST(every_byte_counts_wherever_it_stands) {
    uint8_t bytes[26];
    for (size_t at = 0; at < sizeof bytes; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            memset(bytes, at % 2 == 0 ? ' ' : '~', sizeof bytes);
            bytes[at] = (uint8_t)byte;
            bool clean = byte >= 0x20 && byte < 0x7f; /* alone, what lies above is no UTF-8 */
            for (size_t from = 0; from <= at; from += 3) {
                struct bytes part = {bytes + from, sizeof bytes - from};
                assert_int_equal(text_is_clean(part, false), clean);
                assert_int_equal(text_is_clean(part, true), clean || byte == '\n');
            }
        }
}

TEST(a_text_is_cut_between_characters) {
    struct bytes text = bytes_of_text("aå€𝄞"); /* 1, 2, 3 and 4 bytes */
    static const size_t fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
        assert_int_equal(text_fit(text, i), fits[i]);
    assert_int_equal(text_fit((struct bytes){0}, 4), 0);
}

TEST(endpoints_are_tcp_with_host_and_port) {
    static const char *const good[] = {"tcp://127.0.0.1:5670", "tcp://nordby.example.dk:65535",
                                       "tcp://[::1]:1", "tcp://a:10"};
    static const char *const bad[] = {
        "",           "tcp://",        "tcp://a",         "tcp://a:",        "tcp://:80",
        "tcp://a:0",  "tcp://a:65536", "tcp://a:080",     "tcp://a:80/",     "ipc:///tmp/x",
        "tcp://*:80", "tcp://a;b:80",  "tcp://a:80\n",    "tcp://[::1:80",   "tcp://::1:80",
        "TCP://a:80", "tcp://a b:80",  "tcp://[::1]x:80", "tcp://a:1234567", "tcp://[]:80",
    };
    char longest[ENDPOINT_SIZE_MAX + 2] = "tcp://";
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(text_is_endpoint(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_endpoint(bad[i]));
    memset(longest + 6, 'a', sizeof longest - 7);
    memcpy(longest + ENDPOINT_SIZE_MAX - 3, ":80", 4);
    assert_true(text_is_endpoint(longest));
    memcpy(longest + ENDPOINT_SIZE_MAX - 3, "a:80", 5);
    assert_false(text_is_endpoint(longest));
}

RUN_TESTS(T(danish_names_are_clean), T(what_is_not_utf8_is_refused),
          T(control_characters_are_refused_but_for_line_feeds_where_allowed),
          T(every_byte_counts_wherever_it_stands), T(a_text_is_cut_between_characters),
          T(endpoints_are_tcp_with_host_and_port))
