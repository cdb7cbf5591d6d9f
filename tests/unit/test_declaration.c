#include "wire.h"

static struct arena arena;

static enum err decode(struct bytes bytes, struct declaration *ret_declaration) {
    arena_done(&arena);
    arena_init(&arena, DECODE_MEMORY_MAX);
    return declaration_decode(bytes, &arena, ret_declaration);
}

/* Encodes, checks that every cut is refused, and decodes. */
static void round_trip(const struct declaration *declaration, struct declaration *ret_back) {
    static struct buffer out;
    buffer_done(&out);
    assert_ok(declaration_encode(declaration, &out));
    for (size_t cut = 0; cut < out.size; cut++) {
        uint8_t *copy = copy_of(buffer_view(&out), cut);
        assert_err(ERR_FORMAT, decode((struct bytes){copy, cut}, ret_back));
        free(copy);
    }
    assert_ok(decode(buffer_view(&out), ret_back));
    assert_int_equal(ret_back->kind, declaration->kind);
    buffer_done(&out);
}

static enum err encode(const struct declaration *declaration) {
    struct buffer out = {0};
    enum err err = declaration_encode(declaration, &out);
    buffer_done(&out);
    return err;
}

TEST(a_birth_comes_back_and_names_what_it_closes) {
    struct author a = author_new();
    struct version_name closes[2] = {{{{1}}, 5, {{2}}}, {{{3}}, 1, {{4}}}};
    struct declaration d = {.kind = DECLARATION_BIRTH, .birth = a.birth}, back;
    d.birth.closes = closes;
    d.birth.closes_n = 2;
    round_trip(&d, &back);
    assert_true(federation_id_equal(&back.birth.federation, &a.birth.federation));
    assert_true(incarnation_equal(&back.birth.incarnation, &a.birth.incarnation));
    assert_memory_equal(&back.birth.channel, &a.birth.channel, sizeof a.birth.channel);
    assert_int_equal(back.birth.closes_n, 2);
    assert_int_equal(version_name_compare(&back.birth.closes[1], &closes[1]), 0);
}

static void wire_birth(struct buffer *out, uint64_t kind, const char *parties) {
    struct buffer inner = {0};
    uint8_t bytes[32];
    memset(bytes, 'f', sizeof bytes);
    wire_bytes(&inner, 1, bytes, 32);
    wire_number(&inner, 2, kind);
    for (const char *p = parties; *p != '\0'; p++) {
        memset(bytes, *p, 16);
        wire_bytes(&inner, 3, bytes, *p == '!' ? 15 : 16);
    }
    wire_bytes(&inner, 4, bytes, 16);
    wire_bytes(&inner, 5, bytes, 16);
    wire_nested(out, 1, &inner);
}

TEST(a_births_channel_must_be_one_in_its_only_form) {
    static const struct {
        uint64_t kind;
        const char *parties;
        enum err err;
    } cases[] = {
        {1, "", OK},           {4, "ab", OK},          {0, "", ERR_FORMAT},
        {5, "", ERR_FORMAT},   {4, "ba", ERR_FORMAT},  {4, "aa", ERR_FORMAT},
        {4, "a", ERR_FORMAT},  {4, "abc", ERR_FORMAT}, {4, "", ERR_FORMAT},
        {1, "ab", ERR_FORMAT}, {4, "!a", ERR_FORMAT},  {1 << 16, "", ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out = {0};
        struct declaration back;
        wire_birth(&out, cases[i].kind, cases[i].parties);
        assert_err(cases[i].err, decode(buffer_view(&out), &back));
        buffer_done(&out);
    }
}

TEST(exactly_one_declaration_stands_in_a_section) {
    struct buffer out = {0};
    struct declaration back;
    assert_err(ERR_FORMAT, decode((struct bytes){0}, &back));
    wire_birth(&out, 1, "");
    assert_ok(decode(buffer_view(&out), &back));
    size_t one = out.size;
    wire_birth(&out, 1, "");
    assert_err(ERR_FORMAT, decode(buffer_view(&out), &back));
    out.size = one;
    struct buffer cut = {0};
    wire_bytes(&cut, 1, "0123456789abcdef", 16);
    wire_nested(&out, 6, &cut);
    assert_err(ERR_FORMAT, decode(buffer_view(&out), &back));
    buffer_done(&out);
}

static struct roster_entry entry(void) {
    static const char *const endpoints[] = {"tcp://birk.example.dk:5670", "tcp://[::1]:5670"};
    return (struct roster_entry){.member = member_of('k'),
                                 .counter = 3,
                                 .role = ROLE_KINDERGARTEN,
                                 .name = "Birk",
                                 .status = MEMBER_ACTIVE,
                                 .keys = keys_of('k').public,
                                 .endpoints = endpoints,
                                 .endpoints_n = 2,
                                 .ticket = {{7}}};
}

TEST(a_roster_entry_comes_back_as_it_was) {
    struct declaration d = {.kind = DECLARATION_ENTRY, .entry = entry()}, back;
    round_trip(&d, &back);
    assert_string_equal(back.entry.name, "Birk");
    assert_int_equal(back.entry.endpoints_n, 2);
    assert_string_equal(back.entry.endpoints[1], "tcp://[::1]:5670");
    assert_memory_equal(&back.entry.keys, &d.entry.keys, sizeof d.entry.keys);
    assert_memory_equal(&back.entry.ticket, &d.entry.ticket, 32);
    memset(&d.entry.ticket, 0, sizeof d.entry.ticket); /* the founder's */
    round_trip(&d, &back);
    assert_memory_equal(&back.entry.ticket, &d.entry.ticket, 32);
}

TEST(a_roster_entry_that_says_nonsense_is_not_written) {
    static const char *const bad[] = {"tcp://*:5670"};
    static const char *const many[ENDPOINTS_MAX + 1] = {"tcp://a:1", "tcp://a:1", "tcp://a:1",
                                                        "tcp://a:1", "tcp://a:1", "tcp://a:1",
                                                        "tcp://a:1", "tcp://a:1", "tcp://a:1"};
    struct declaration good = {.kind = DECLARATION_ENTRY, .entry = entry()}, d = good;
    d.entry.counter = 0;
    assert_err(ERR_FORMAT, encode(&d));
    d = good;
    d.entry.role = (enum role)5;
    assert_err(ERR_FORMAT, encode(&d));
    d = good;
    d.entry.status = (enum member_status)0;
    assert_err(ERR_FORMAT, encode(&d));
    d = good;
    d.entry.name = "";
    assert_err(ERR_FORMAT, encode(&d));
    d.entry.name = "Birk\x1b[2J";
    assert_err(ERR_FORMAT, encode(&d));
    d = good;
    d.entry.endpoints = bad;
    d.entry.endpoints_n = 1;
    assert_err(ERR_FORMAT, encode(&d));
    d.entry.endpoints = many;
    d.entry.endpoints_n = ENDPOINTS_MAX + 1;
    assert_err(ERR_LIMIT, encode(&d));
    d.entry.endpoints_n = ENDPOINTS_MAX;
    assert_ok(encode(&d));
}

/* An entry by hand, in which one field is wrong. */
static enum err decode_entry(uint64_t counter, uint64_t role, uint64_t status, size_t key,
                             size_t ticket) {
    struct buffer inner = {0}, out = {0};
    struct declaration back;
    uint8_t bytes[64];
    memset(bytes, 'x', sizeof bytes);
    wire_bytes(&inner, 1, bytes, 16);
    wire_number(&inner, 2, counter);
    wire_number(&inner, 3, role);
    wire_text(&inner, 4, "Birk");
    wire_number(&inner, 5, status);
    wire_bytes(&inner, 6, bytes, 32);
    wire_bytes(&inner, 7, bytes, key);
    wire_bytes(&inner, 8, bytes, 32);
    wire_bytes(&inner, 10, bytes, ticket);
    wire_nested(&out, 3, &inner);
    enum err err = decode(buffer_view(&out), &back);
    buffer_done(&out);
    return err;
}

TEST(unknown_roles_and_statuses_and_sizes_are_refused) {
    assert_ok(decode_entry(1, 2, 1, 32, 32));
    assert_ok(decode_entry(1, 2, 1, 32, 0));
    assert_err(ERR_FORMAT, decode_entry(0, 2, 1, 32, 0));
    assert_err(ERR_FORMAT, decode_entry(UINT64_C(1) << 32, 2, 1, 32, 0));
    assert_err(ERR_FORMAT, decode_entry(1, 0, 1, 32, 0));
    assert_err(ERR_FORMAT, decode_entry(1, 5, 1, 32, 0));
    assert_err(ERR_FORMAT, decode_entry(1, 2, 0, 32, 0));
    assert_err(ERR_FORMAT, decode_entry(1, 2, 4, 32, 0));
    assert_err(ERR_FORMAT, decode_entry(1, 2, 1, 31, 0));
    assert_err(ERR_FORMAT, decode_entry(1, 2, 1, 33, 0));
    assert_err(ERR_FORMAT, decode_entry(1, 2, 1, 0, 0));
    assert_err(ERR_FORMAT, decode_entry(1, 2, 1, 32, 31));
}

TEST(an_epoch_comes_back_with_its_grants) {
    struct grant grants[2] = {{.member = member_of('k')}, {.member = {{0}}}};
    struct declaration d = {.kind = DECLARATION_EPOCH,
                            .epoch = {.channel = {{1}},
                                      .number = 2,
                                      .public_key = {{3}},
                                      .grants = grants,
                                      .grants_n = 2}},
                       back;
    memset(grants[0].sealed, 4, SEALED_KEY_SIZE);
    memset(grants[1].sealed, 5, SEALED_KEY_SIZE);
    round_trip(&d, &back);
    assert_int_equal(back.epoch.grants_n, 2);
    assert_memory_equal(back.epoch.grants, grants, sizeof grants);
    d.epoch.number = 0;
    assert_err(ERR_FORMAT, encode(&d));
}

TEST(an_epoch_has_at_most_1024_grants) {
    struct grant *grants = calloc(GRANTS_PER_EPOCH_MAX + 1, sizeof *grants);
    struct declaration d = {.kind = DECLARATION_EPOCH, .epoch = {.number = 1, .grants = grants}},
                       back;
    struct buffer out = {0};
    assert_non_null(grants);
    d.epoch.grants_n = GRANTS_PER_EPOCH_MAX + 1;
    assert_err(ERR_LIMIT, declaration_encode(&d, &out));
    d.epoch.grants_n = GRANTS_PER_EPOCH_MAX;
    assert_ok(declaration_encode(&d, &out));
    assert_ok(decode(buffer_view(&out), &back));
    assert_int_equal(back.epoch.grants_n, GRANTS_PER_EPOCH_MAX);
    free(grants);
    buffer_done(&out);
}

TEST(erasure_orders_and_cuts_come_back) {
    struct section_name sections[2] = {{{{1}}, 5, 0}, {{{2}}, 6, SECTIONS_MAX - 1}};
    struct version_name last[1] = {{{{1}}, 5, {{9}}}};
    struct declaration d = {.kind = DECLARATION_ERASURE}, back;
    d.erasure.sections = sections;
    d.erasure.sections_n = 2;
    round_trip(&d, &back);
    assert_int_equal(back.erasure.sections_n, 2);
    assert_int_equal(back.erasure.sections[1].section, SECTIONS_MAX - 1);
    sections[0].section = SECTIONS_MAX;
    assert_err(ERR_FORMAT, encode(&d));
    d.erasure.sections_n = 0;
    assert_err(ERR_FORMAT, encode(&d));
    d = (struct declaration){.kind = DECLARATION_CUT, .cut = {member_of('k'), last, 1}};
    round_trip(&d, &back);
    assert_int_equal(back.cut.last_n, 1);
    assert_int_equal(version_name_compare(&back.cut.last[0], &last[0]), 0);
    d.kind = (enum declaration_kind)99;
    assert_err(ERR_ARGUMENT, encode(&d));
}

static struct founding found(struct buffer *record) {
    struct seed seed;
    struct root_keys root;
    struct incarnation nonce = {{9}};
    struct founding founding = {
        .name = "Nordby Kommune", .municipality = member_of('m'), .keys = keys_of('m').public};
    memset(seed.bytes, 'r', sizeof seed.bytes);
    assert_ok(root_keys_derive(&seed, &root));
    assert_ok(founding_sign(&founding, &nonce, &root, record));
    return founding;
}

TEST(a_founding_is_signed_by_the_root_and_names_the_federation) {
    struct buffer record = {0}, other = {0};
    struct declaration d = {.kind = DECLARATION_FOUNDING, .founding = found(&record)}, back;
    round_trip(&d, &back);
    assert_string_equal(back.founding.name, "Nordby Kommune");
    assert_true(member_id_equal(&back.founding.municipality, &d.founding.municipality));
    assert_ok(founding_verify(&back.founding));
    struct federation_id one = founding_federation(&d.founding),
                         two = founding_federation(&back.founding);
    assert_true(federation_id_equal(&one, &two));
    back.founding.signature.bytes[1] ^= 1;
    assert_err(ERR_SIGNATURE, founding_verify(&back.founding));
    d.founding.name = "";
    struct root_keys root;
    struct seed seed = {{0}};
    struct incarnation nonce = {{9}};
    assert_ok(root_keys_derive(&seed, &root));
    assert_err(ERR_FORMAT, founding_sign(&d.founding, &nonce, &root, &other));
    buffer_done(&record);
    buffer_done(&other);
}

TEST(a_founding_whose_record_was_changed_is_refused) {
    struct buffer record = {0}, out = {0};
    struct founding founding = found(&record);
    for (size_t i = 0; i < record.size; i++) {
        struct declaration d = {.kind = DECLARATION_FOUNDING, .founding = founding}, back;
        record.data[i] ^= 1;
        buffer_clear(&out);
        assert_ok(declaration_encode(&d, &out));
        enum err err = decode(buffer_view(&out), &back);
        assert_int_not_equal(err == OK ? founding_verify(&back.founding) : err, OK);
        record.data[i] ^= 1;
    }
    buffer_done(&record);
    buffer_done(&out);
}

static int free_arena(void **state __attribute__((unused))) {
    arena_done(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(a_birth_comes_back_and_names_what_it_closes),
        T(a_births_channel_must_be_one_in_its_only_form),
        T(exactly_one_declaration_stands_in_a_section),
        T(a_roster_entry_comes_back_as_it_was),
        T(a_roster_entry_that_says_nonsense_is_not_written),
        T(unknown_roles_and_statuses_and_sizes_are_refused),
        T(an_epoch_comes_back_with_its_grants),
        T(an_epoch_has_at_most_1024_grants),
        T(erasure_orders_and_cuts_come_back),
        T(a_founding_is_signed_by_the_root_and_names_the_federation),
        T(a_founding_whose_record_was_changed_is_refused),
    };
    return cmocka_run_group_tests(tests, init_library, free_arena);
}
