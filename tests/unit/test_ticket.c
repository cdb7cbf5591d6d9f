#include "proto/ticket.h"
#include "wire.h"

static struct ticket ticket_of(void) {
    static const char *const endpoints[] = {"tcp://nordby.example.dk:5670"};
    return (struct ticket){.federation = federation_of('f'),
                           .federation_name = "Nordby Kommune",
                           .municipality = member_of('m'),
                           .keys = keys_of('m').public,
                           .endpoints = endpoints,
                           .endpoints_n = 1,
                           .roster_seq = 4,
                           .roster_id8 = {{1, 2}},
                           .secret = {{3}},
                           .member = member_of('k'),
                           .role = ROLE_KINDERGARTEN,
                           .name = "Birk",
                           .expires = 1780315200000};
}

static enum err decode(const char *spelled) {
    struct arena arena;
    struct ticket back;
    arena_init(&arena, KIB(64));
    enum err err = ticket_decode(spelled, &arena, &back);
    arena_done(&arena);
    return err;
}

TEST(a_ticket_comes_back_as_it_was) {
    struct ticket ticket = ticket_of(), back;
    struct buffer out = {0};
    struct arena arena;
    arena_init(&arena, KIB(64));
    assert_ok(ticket_encode(&ticket, &out));
    assert_memory_equal(out.data, "stafet1", 7);
    assert_int_equal(out.data[out.size - 1], '\0');
    assert_ok(ticket_decode((char *)out.data, &arena, &back));
    assert_string_equal(back.federation_name, "Nordby Kommune");
    assert_string_equal(back.name, "Birk");
    assert_string_equal(back.endpoints[0], "tcp://nordby.example.dk:5670");
    assert_memory_equal(&back.keys, &ticket.keys, sizeof ticket.keys);
    assert_memory_equal(&back.secret, &ticket.secret, sizeof ticket.secret);
    assert_true(back.expires == ticket.expires);
    assert_true(back.roster_seq == 4);
    assert_int_equal(back.role, ROLE_KINDERGARTEN);
    arena_done(&arena);
    buffer_done(&out);
}

TEST(every_single_wrong_letter_is_noticed) {
    struct ticket ticket = ticket_of();
    struct buffer out = {0};
    assert_ok(ticket_encode(&ticket, &out));
    char *spelled = (char *)out.data;
    for (size_t i = 0; spelled[i] != '\0'; i++) {
        char kept = spelled[i];
        spelled[i] = kept == 'Z' ? 'Y' : kept == '1' ? '2' : 'Z';
        assert_err(i < 7 ? ERR_FORMAT : ERR_HASH, decode(spelled));
        spelled[i] = 'U'; /* no letter of the alphabet */
        assert_err(i < 7 ? ERR_FORMAT : ERR_HASH, decode(spelled));
        spelled[i] = kept;
    }
    buffer_done(&out);
}

TEST(a_ticket_cut_anywhere_is_noticed) {
    struct ticket ticket = ticket_of();
    struct buffer out = {0};
    assert_ok(ticket_encode(&ticket, &out));
    for (size_t cut = out.size - 1; cut-- > 0;) {
        out.data[cut] = '\0';
        char *copy = (char *)copy_of(buffer_view(&out), cut + 1);
        assert_err(cut < 7 ? ERR_FORMAT : ERR_HASH, decode(copy));
        free(copy);
    }
    assert_err(ERR_FORMAT, decode(""));
    assert_err(ERR_FORMAT, decode("hello"));
    assert_err(ERR_HASH, decode("stafet1"));
    buffer_done(&out);
}

TEST(wrapped_lines_lower_case_and_lookalikes_are_read) {
    struct ticket ticket = ticket_of();
    struct buffer out = {0}, wrapped = {0};
    assert_ok(ticket_encode(&ticket, &out));
    for (size_t i = 0; i < out.size; i++) {
        char c = (char)out.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (i >= 7)
            c = c == '1' ? 'l' : c == '0' ? 'O' : c;
        assert_ok(buffer_append(&wrapped, &c, 1));
        if (i % 60 == 59)
            assert_ok(buffer_append(&wrapped, " \r\n\t", 4));
    }
    assert_ok(decode((char *)wrapped.data));
    buffer_done(&out);
    buffer_done(&wrapped);
}

TEST(a_text_that_is_too_long_for_a_ticket_is_refused) {
    char longest[TICKET_TEXT_MAX + 2];
    memcpy(longest, "stafet1", 7);
    memset(longest + 7, '0', sizeof longest - 7);
    longest[TICKET_TEXT_MAX] = '\0';
    assert_err(ERR_HASH, decode(longest));
    longest[TICKET_TEXT_MAX] = '0';
    longest[TICKET_TEXT_MAX + 1] = '\0';
    assert_err(ERR_LIMIT, decode(longest));
}

TEST(nonsense_is_not_written_into_a_ticket) {
    struct buffer out = {0};
    struct ticket ticket = ticket_of();
    ticket.name = "";
    assert_err(ERR_FORMAT, ticket_encode(&ticket, &out));
    ticket = ticket_of();
    ticket.role = (enum role)0;
    assert_err(ERR_FORMAT, ticket_encode(&ticket, &out));
    ticket = ticket_of();
    ticket.expires = -1;
    assert_err(ERR_FORMAT, ticket_encode(&ticket, &out));
    ticket = ticket_of();
    memset(&ticket.member, 0, sizeof ticket.member);
    assert_err(ERR_FORMAT, ticket_encode(&ticket, &out));
    assert_int_equal(out.size, 0);
    buffer_done(&out);
}

RUN_TESTS(T(a_ticket_comes_back_as_it_was), T(every_single_wrong_letter_is_noticed),
          T(a_ticket_cut_anywhere_is_noticed), T(wrapped_lines_lower_case_and_lookalikes_are_read),
          T(a_text_that_is_too_long_for_a_ticket_is_refused),
          T(nonsense_is_not_written_into_a_ticket))
