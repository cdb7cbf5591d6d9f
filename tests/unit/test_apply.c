#include "handing.h"
#include "test.h"

#include "proto/limits.h"
#include "proto/owner.h"
#include "store/record.h"

#include <stdio.h>
#include <stdlib.h>

static enum err check_writes(const struct writer *w, const struct write *writes, size_t n) {
    char why[200] = "";
    struct change_set set = {
        .actor_name = "Ole R.", .actor_function = "", .writes = writes, .writes_n = n};
    enum err e = apply_check(&w->origin, &set, 1, why, sizeof why);
    assert_true((e == OK) == (why[0] == '\0'));
    return e;
}

static enum err check_one(const struct writer *w, struct write write) {
    return check_writes(w, &write, 1);
}

/* ---- What makes an envelope void ---- */

TEST(each_end_may_write_its_own_fields_only) {
    struct handing *f = *state;
    assert_ok(check_one(&f->birk, write_of(&f->record, "likes", "dinosaurs", NULL, 0)));
    assert_err(ERR_DENIED,
               check_one(&f->skole, write_of(&f->record, "likes", "dinosaurs", NULL, 0)));
    assert_ok(check_one(&f->skole, write_of(&f->record, "teacher", "Ole R.", NULL, 0)));
    assert_err(ERR_DENIED, check_one(&f->birk, write_of(&f->record, "teacher", "Ole R.", NULL, 0)));
    assert_ok(check_one(&f->birk, write_of(&f->record, "first_day", "12 August", NULL, 0)));
    assert_ok(check_one(&f->skole, write_of(&f->record, "first_day", "13 August", NULL, 0)));
    assert_err(ERR_DENIED, check_one(&f->skole, write_of(&f->record, "consent", "given", NULL, 0)));
}

TEST(ownership_follows_the_record_id_not_who_writes_first) {
    struct handing *f = *state;
    struct record_id of_skole = record_id_new(1000, &f->records.members[SKOLE]);
    assert_ok(check_one(&f->skole, write_of(&of_skole, "likes", "dinosaurs", NULL, 0)));
    assert_err(ERR_DENIED, check_one(&f->birk, write_of(&of_skole, "likes", "dinosaurs", NULL, 0)));
}

TEST(a_record_of_neither_party_is_void_in_their_channel) {
    struct handing *f = *state;
    struct record_id strange = record_id_new(1000, &f->records.members[SOLSIKKEN]);
    struct write unknown = {
        .record = strange, .collection = 77, .field = 1, .value = bytes_of_text("x")};
    assert_err(ERR_DENIED,
               check_one(&f->birk, write_of(&strange, "first_day", "12 August", NULL, 0)));
    assert_err(ERR_DENIED, check_one(&f->birk, unknown));
}

TEST(a_collection_outside_its_channel_is_void) {
    struct handing *f = *state;
    struct write title = {.record = f->record,
                          .collection = COLLECTION_SURVEY,
                          .field = 1,
                          .value = bytes_of_text("x")};
    assert_err(ERR_DENIED, check_one(&f->birk, title));
    assert_err(ERR_DENIED, check_one(&f->nordby, write_of(&f->record, "first_day", "x", NULL, 0)));
    assert_ok(check_one(&f->nordby, title));
}

TEST(only_the_municipality_publishes) {
    struct handing *f = *state;
    struct writer posing = f->nordby;
    posing.origin.role = ROLE_SCHOOL;
    struct write title = {.record = f->record,
                          .collection = COLLECTION_SURVEY,
                          .field = 1,
                          .value = bytes_of_text("x")};
    assert_err(ERR_DENIED, check_one(&posing, title));
}

TEST(a_fixed_field_that_replaces_is_void) {
    struct handing *f = *state;
    struct version_name name = {.seq = 1};
    struct write title = {.record = f->record,
                          .collection = COLLECTION_SURVEY,
                          .field = 1,
                          .value = bytes_of_text("x"),
                          .replaces = &name,
                          .replaces_n = 1};
    assert_err(ERR_ARGUMENT, check_one(&f->nordby, title));
}

TEST(a_value_out_of_form_is_void_and_the_field_is_named) {
    struct handing *f = *state;
    char why[200];
    struct write write = write_of(&f->record, "born", "2026-02-30", NULL, 0);
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    assert_err(ERR_ARGUMENT, apply_check(&f->birk.origin, &set, 1, why, sizeof why));
    assert_string_equal(why, "born: it must be a date like 2026-08-12");
    memset(&write.record, 0, sizeof write.record); /* no field's fault */
    assert_err(ERR_ARGUMENT, apply_check(&f->birk.origin, &set, 1, why, sizeof why));
    assert_string_equal(why, "a record has no id");
}

TEST(two_values_for_one_field_are_void_even_in_two_change_sets) {
    struct handing *f = *state;
    char why[200];
    struct write writes[] = {write_of(&f->record, "likes", "a", NULL, 0),
                             write_of(&f->record, "good_at", "b", NULL, 0),
                             write_of(&f->record, "likes", "a", NULL, 0)};
    assert_ok(check_writes(&f->birk, writes, 2));
    assert_err(ERR_ARGUMENT, check_writes(&f->birk, writes, 3));
    struct change_set sets[] = {
        {.actor_name = "", .actor_function = "", .writes = &writes[0], .writes_n = 2},
        {.actor_name = "", .actor_function = "", .writes = &writes[2], .writes_n = 1}};
    assert_err(ERR_ARGUMENT, apply_check(&f->birk.origin, sets, 2, why, sizeof why));
}

TEST(numbers_and_sizes_out_of_range_are_void) {
    struct handing *f = *state;
    struct write write = {
        .record = f->record, .collection = 77, .field = FIELDS_PER_RECORD_MAX, .value = {NULL, 0}};
    assert_ok(check_one(&f->birk, write));
    write.field++;
    assert_err(ERR_ARGUMENT, check_one(&f->birk, write));
    write.field = 0;
    assert_err(ERR_ARGUMENT, check_one(&f->birk, write));
    write.field = 1;
    write.collection = 0;
    assert_err(ERR_ARGUMENT, check_one(&f->birk, write));
    uint8_t *large = calloc(1, VALUE_SIZE_MAX + 1);
    assert_non_null(large);
    write.collection = 77;
    write.value = (struct bytes){large, VALUE_SIZE_MAX};
    assert_ok(check_one(&f->birk, write));
    write.value.size++;
    assert_err(ERR_ARGUMENT, check_one(&f->birk, write));
    free(large);
}

TEST(an_actor_with_control_characters_is_void) {
    struct handing *f = *state;
    char why[200];
    struct change_set set = {.actor_name = "Ole\x1b[2J", .actor_function = ""};
    assert_err(ERR_ARGUMENT, apply_check(&f->birk.origin, &set, 1, why, sizeof why));
    set = (struct change_set){.actor_name = "Ole", .actor_function = "a\nb"};
    assert_err(ERR_ARGUMENT, apply_check(&f->birk.origin, &set, 1, why, sizeof why));
}

TEST(the_rosters_channel_carries_no_change_sets) {
    struct handing *f = *state;
    char why[200];
    struct writer roster = f->nordby;
    roster.origin.channel.kind = CHANNEL_ROSTER;
    struct change_set set = {.actor_name = "", .actor_function = ""};
    assert_err(ERR_DENIED, apply_check(&roster.origin, &set, 1, why, sizeof why));
    assert_ok(apply_check(&roster.origin, NULL, 0, why, sizeof why));
}

TEST(answers_outside_their_channel_or_unreadable_are_void) {
    struct handing *f = *state;
    char why[200];
    struct writer site = records_writer(&f->records, BIRK, CHANNEL_ANSWERS, 0);
    struct buffer good = {0};
    struct answer_reply reply = {.question = 1, .choice = 2};
    assert_ok(answer_encode(&reply, 1, &good));
    struct bytes answers[] = {buffer_view(&good), bytes_of_text("\xff\xff")};
    struct change_set set = {.actor_name = "",
                             .actor_function = "",
                             .has_answers = true,
                             .answers = {.parts = 1, .answers = answers, .answers_n = 1}};
    assert_ok(apply_check(&site.origin, &set, 1, why, sizeof why));
    assert_err(ERR_DENIED, apply_check(&f->birk.origin, &set, 1, why, sizeof why));
    set.answers.answers_n = 2;
    assert_err(ERR_ARGUMENT, apply_check(&site.origin, &set, 1, why, sizeof why));
    set.answers.answers_n = 1;
    set.answers.part = 1;
    assert_err(ERR_ARGUMENT, apply_check(&site.origin, &set, 1, why, sizeof why));
    set.answers.part = set.answers.parts = 0;
    assert_err(ERR_ARGUMENT, apply_check(&site.origin, &set, 1, why, sizeof why));
    buffer_done(&good);
}

/* ---- Merging into the tables ---- */

TEST(a_name_that_has_not_come_is_awaited_and_no_longer_once_it_has) {
    struct handing *f = *state;
    struct records *r = &f->records;
    struct writer early = f->birk;
    writer_next(&early, 10);
    struct version_name name = writer_name(&early);
    f->birk.origin.seq = early.origin.seq;
    records_set(r, &f->skole, 20, &f->record, "first_day", "13 August", &name, 1);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM awaited"), 1);
    struct write write = write_of(&f->record, "first_day", "12 August", NULL, 0);
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    assert_ok(apply_sets(r->store, &early.origin, &set, 1));
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM awaited"), 0);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version WHERE live = 1"), 1);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version"), 2);
}

TEST(a_zero_feed_in_a_name_means_the_feed_it_stands_in) {
    struct handing *f = *state;
    struct version_name name =
        records_set(&f->records, &f->birk, 10, &f->record, "first_day", "a", NULL, 0);
    memset(&name.feed, 0, sizeof name.feed);
    records_set(&f->records, &f->birk, 11, &f->record, "first_day", "b", &name, 1);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version WHERE live = 1"), 1);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM awaited"), 0);
}

TEST(a_name_replaces_in_its_own_field_and_record_only) {
    struct handing *f = *state;
    struct record_id other = record_id_new(2000, &f->records.members[BIRK]);
    struct write writes[] = {write_of(&f->record, "first_day", "a", NULL, 0),
                             write_of(&f->record, "contact", "b", NULL, 0),
                             write_of(&other, "first_day", "c", NULL, 0)};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = writes, .writes_n = 3};
    struct version_name name = records_write(&f->records, &f->birk, 10, &set);
    records_set(&f->records, &f->skole, 11, &f->record, "first_day", "d", &name, 1);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version WHERE live = 1"), 3);
    assert_int_equal(
        records_number(&f->records, "SELECT count(*) FROM version WHERE live = 0 AND field = 50"),
        1);
}

enum { MANY = 3000 };

struct many {
    struct record_id records[MANY];
    struct version_name names[MANY]; /* the versions that are live */
};

/* Writes each record once, an envelope each, some in between the others' ids; replaces what is live
 * once there is something. */
static void write_each(struct handing *f, struct many *many, bool replaces) {
    assert_ok(store_begin(f->records.store));
    for (size_t i = 0; i < MANY; i++) {
        size_t at = i ^ 5;
        struct write write = write_of(&many->records[at], "first_day", "a",
                                      replaces ? &many->names[at] : NULL, replaces);
        struct change_set set = {
            .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
        writer_next(&f->birk, 10 + i);
        assert_ok(apply_sets(f->records.store, &f->birk.origin, &set, 1));
        many->names[at] = writer_name(&f->birk);
    }
    assert_ok(store_commit(f->records.store));
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version WHERE live = 1"),
                     MANY);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM awaited"), 0);
}

TEST(a_record_is_found_again_among_thousands_that_came_with_it) {
    struct handing *f = *state;
    struct many *many = calloc(1, sizeof *many);
    assert_non_null(many);
    for (size_t i = 0; i < MANY; i++)
        many->records[i] = record_id_new(1000 + (time_ms)i / 2, &f->records.members[BIRK]);
    write_each(f, many, false);
    write_each(f, many, true);
    records_reopen(&f->records, SKOLE);
    write_each(f, many, true);
    free(many);
}

TEST(versions_of_a_new_record_are_gone_with_their_transaction) {
    struct handing *f = *state;
    struct store *store = f->records.store;
    struct write writes[] = {write_of(&f->record, "first_day", "a", NULL, 0),
                             write_of(&f->record, "contact", "b", NULL, 0)};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = writes, .writes_n = 2};
    writer_next(&f->birk, 10);
    assert_ok(store_begin(store));
    assert_ok(apply_sets(store, &f->birk.origin, &set, 1));
    store_rollback(store);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version"), 0);
    assert_ok(store_begin(store));
    assert_ok(store_part_begin(store));
    assert_ok(apply_sets(store, &f->birk.origin, &set, 1));
    assert_err(ERR_DENIED, store_part_end(store, ERR_DENIED));
    assert_ok(store_commit(store));
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version"), 0);
    assert_ok(store_begin(store));
    assert_ok(apply_sets(store, &f->birk.origin, &set, 1));
    assert_ok(store_commit(store));
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version WHERE live = 1"), 2);
}

TEST(an_envelope_applied_twice_changes_nothing) {
    struct handing *f = *state;
    struct hasher before, after;
    struct version_name first =
        records_set(&f->records, &f->birk, 10, &f->record, "first_day", "a", NULL, 0);
    struct write write = write_of(&f->record, "first_day", "b", &first, 1);
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    records_write(&f->records, &f->birk, 11, &set);
    hasher_init(&before, HASH_STORE);
    assert_ok(apply_digest(f->records.store, &before));
    struct news news;
    while (news_next(f->records.store, &news))
        ;
    assert_ok(store_begin(f->records.store));
    assert_ok(apply_sets(f->records.store, &f->birk.origin, &set, 1));
    assert_ok(store_commit(f->records.store));
    assert_false(news_next(f->records.store, &news));
    hasher_init(&after, HASH_STORE);
    assert_ok(apply_digest(f->records.store, &after));
    struct hash a = hasher_final(&before), b = hasher_final(&after);
    assert_true(hash_equal(&a, &b));
}

TEST(the_digest_does_not_depend_on_the_order_and_sees_every_change) {
    struct handing *f = *state;
    struct hash hashes[3];
    struct write one = write_of(&f->record, "first_day", "a", NULL, 0),
                 two = write_of(&f->record, "contact", "b", NULL, 0);
    struct change_set first = {
        .actor_name = "", .actor_function = "", .writes = &one, .writes_n = 1};
    struct change_set second = {
        .actor_name = "", .actor_function = "", .writes = &two, .writes_n = 1};
    writer_next(&f->birk, 5);
    writer_next(&f->skole, 6);
    records_log(&f->records, &f->birk, &first, 1, true);
    for (int i = 0; i < 3; i++) {
        struct hasher hasher;
        if (i == 2)
            two.value = bytes_of_text("c");
        records_log(&f->records, &f->skole, &second, 1, true);
        assert_ok(apply_sets(f->records.store, i == 0 ? &f->birk.origin : &f->skole.origin,
                             i == 0 ? &first : &second, 1));
        assert_ok(apply_sets(f->records.store, i == 0 ? &f->skole.origin : &f->birk.origin,
                             i == 0 ? &second : &first, 1));
        hasher_init(&hasher, HASH_STORE);
        assert_ok(apply_digest(f->records.store, &hasher));
        hashes[i] = hasher_final(&hasher);
        assert_ok(apply_forget(f->records.store, f->birk.origin.feed_row, 1));
        assert_ok(apply_forget(f->records.store, f->skole.origin.feed_row, 1));
    }
    assert_true(hash_equal(&hashes[0], &hashes[1]));
    assert_false(hash_equal(&hashes[0], &hashes[2]));
}

TEST(the_digest_sees_each_of_many_records) {
    struct handing *f = *state;
    struct record_id records[3];
    struct hash hashes[6];
    for (size_t i = 0; i < 6; i++) {
        struct hasher hasher;
        if (i < 3)
            records[i] = record_id_new(4000 - (time_ms)i, &f->records.members[BIRK]);
        records_set(&f->records, &f->birk, 10 + i, &records[i % 3], "first_day", "a", NULL, 0);
        hasher_init(&hasher, HASH_STORE);
        assert_ok(apply_digest(f->records.store, &hasher));
        hashes[i] = hasher_final(&hasher);
        for (size_t j = 0; j < i; j++)
            assert_false(hash_equal(&hashes[i], &hashes[j]));
    }
}

TEST(what_is_forgotten_leaves_nothing_and_brings_back_what_it_replaced) {
    struct handing *f = *state;
    struct version_name first =
        records_set(&f->records, &f->birk, 10, &f->record, "first_day", "a", NULL, 0);
    records_set(&f->records, &f->skole, 11, &f->record, "first_day", "b", &first, 1);
    assert_ok(apply_forget(f->records.store, f->skole.origin.feed_row, f->skole.origin.seq));
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version WHERE live = 1"), 1);
    assert_ok(apply_forget(f->records.store, f->birk.origin.feed_row, f->birk.origin.seq));
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM version"), 0);
    assert_int_equal(records_number(&f->records, "SELECT count(DISTINCT record) FROM version"), 0);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM awaited"), 0);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM contested"), 0);
}

static void differs(struct handing *f, const struct writer *w, const struct change_set *sets,
                    size_t sets_n) {
    char why[200];
    assert_err(ERR_CORRUPT,
               apply_verify(f->records.store, &w->origin, sets, sets_n, why, sizeof why));
}

TEST(verifying_finds_a_value_that_the_sections_do_not_hold) {
    struct handing *f = *state;
    char why[200];
    struct write write = write_of(&f->record, "first_day", "a", NULL, 0);
    struct write title = {.record = f->record,
                          .collection = COLLECTION_SURVEY,
                          .field = 1,
                          .value = bytes_of_text("a")};
    struct change_set set = {
        .actor_name = "Ole R.", .actor_function = "teacher", .writes = &write, .writes_n = 1};
    struct change_set open = {
        .actor_name = "Else", .actor_function = "", .writes = &title, .writes_n = 1};
    records_write(&f->records, &f->birk, 10, &set);
    records_write(&f->records, &f->nordby, 10, &open);
    assert_ok(apply_verify(f->records.store, &f->birk.origin, &set, 1, why, sizeof why));
    assert_ok(apply_verify(f->records.store, &f->nordby.origin, &open, 1, why, sizeof why));
    title.value = bytes_of_text("b");
    differs(f, &f->nordby, &open, 1);
    title.value = bytes_of_text("a");
    open.actor_name = "Elsa";
    differs(f, &f->nordby, &open, 1);
    write.field++;
    differs(f, &f->birk, &set, 1);
    write.field--;
    differs(f, &f->birk, NULL, 0);
    assert_ok(db_execute(f->records.store->db,
                         "UPDATE version SET actor_name = '', actor_function = '', value = x'62'"));
    differs(f, &f->birk, &set, 1);
    assert_ok(db_execute(f->records.store->db, "DELETE FROM version"));
    differs(f, &f->birk, &set, 1);
}

TEST(a_record_changed_in_a_transaction_is_one_piece_of_news) {
    struct handing *f = *state;
    struct news news;
    while (news_next(f->records.store, &news))
        ;
    struct write writes[] = {write_of(&f->record, "likes", "a", NULL, 0),
                             write_of(&f->record, "good_at", "b", NULL, 0)};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = writes, .writes_n = 2};
    records_write(&f->records, &f->birk, 10, &set);
    assert_true(news_next(f->records.store, &news));
    assert_int_equal(news.kind, NEWS_RECORD);
    assert_true(record_id_equal(&news.record, &f->record));
    assert_false(news_next(f->records.store, &news));
}

static bool file_holds(const struct handing *f, const char *name, const char *text) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", f->records.folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    static char bytes[4 << 20];
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return memmem(bytes, n, text, strlen(text)) != NULL;
}

TEST(a_sensitive_value_and_its_actor_stand_nowhere_in_the_files) {
    struct handing *f = *state;
    struct write write = write_of(&f->record, "likes", "the-canary-dinosaurs", NULL, 0);
    struct write title = {.record = f->record,
                          .collection = COLLECTION_SURVEY,
                          .field = 1,
                          .value = bytes_of_text("the-open-title")};
    struct change_set set = {.actor_name = "Canary Jensen",
                             .actor_function = "canary keeper",
                             .writes = &write,
                             .writes_n = 1};
    struct change_set open = {
        .actor_name = "Nordby", .actor_function = "", .writes = &title, .writes_n = 1};
    records_write(&f->records, &f->birk, 10, &set);
    records_write(&f->records, &f->nordby, 10, &open);
    static const char *const files[] = {"replica.db", "replica.db-wal"};
    bool open_found = false;
    for (int closed = 0; closed < 2; closed++) {
        for (size_t i = 0; i < 2; i++) {
            assert_false(file_holds(f, files[i], "the-canary-dinosaurs"));
            assert_false(file_holds(f, files[i], "Canary Jensen"));
            assert_false(file_holds(f, files[i], "canary keeper"));
            open_found = open_found || file_holds(f, files[i], "the-open-title");
        }
        records_reopen(&f->records, SKOLE);
    }
    assert_true(open_found);
}

TEST(unknown_collections_stay_sealed_where_they_came_sealed) {
    struct handing *f = *state;
    struct write write = {
        .record = f->record, .collection = 77, .field = 9, .value = bytes_of_text("later")};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    records_write(&f->records, &f->birk, 10, &set);
    records_write(&f->records, &f->nordby, 10, &set);
    assert_int_equal(
        records_number(&f->records,
                       "SELECT count(*) FROM version WHERE value IS NULL AND actor_name IS NULL"),
        1);
    assert_int_equal(
        records_number(&f->records,
                       "SELECT count(*) FROM version WHERE value = CAST('later' AS BLOB)"),
        1);
}

static int at_skole(void **state) {
    return handing_open(state, SKOLE);
}

#define AT_SKOLE(test) cmocka_unit_test_setup_teardown(test, at_skole, handing_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        AT_SKOLE(each_end_may_write_its_own_fields_only),
        AT_SKOLE(ownership_follows_the_record_id_not_who_writes_first),
        AT_SKOLE(a_record_of_neither_party_is_void_in_their_channel),
        AT_SKOLE(a_collection_outside_its_channel_is_void),
        AT_SKOLE(only_the_municipality_publishes),
        AT_SKOLE(a_fixed_field_that_replaces_is_void),
        AT_SKOLE(a_value_out_of_form_is_void_and_the_field_is_named),
        AT_SKOLE(two_values_for_one_field_are_void_even_in_two_change_sets),
        AT_SKOLE(numbers_and_sizes_out_of_range_are_void),
        AT_SKOLE(an_actor_with_control_characters_is_void),
        AT_SKOLE(the_rosters_channel_carries_no_change_sets),
        AT_SKOLE(answers_outside_their_channel_or_unreadable_are_void),
        AT_SKOLE(a_name_that_has_not_come_is_awaited_and_no_longer_once_it_has),
        AT_SKOLE(a_zero_feed_in_a_name_means_the_feed_it_stands_in),
        AT_SKOLE(a_name_replaces_in_its_own_field_and_record_only),
        AT_SKOLE(a_record_is_found_again_among_thousands_that_came_with_it),
        AT_SKOLE(versions_of_a_new_record_are_gone_with_their_transaction),
        AT_SKOLE(an_envelope_applied_twice_changes_nothing),
        AT_SKOLE(the_digest_does_not_depend_on_the_order_and_sees_every_change),
        AT_SKOLE(the_digest_sees_each_of_many_records),
        AT_SKOLE(what_is_forgotten_leaves_nothing_and_brings_back_what_it_replaced),
        AT_SKOLE(verifying_finds_a_value_that_the_sections_do_not_hold),
        AT_SKOLE(a_record_changed_in_a_transaction_is_one_piece_of_news),
        AT_SKOLE(a_sensitive_value_and_its_actor_stand_nowhere_in_the_files),
        AT_SKOLE(unknown_collections_stay_sealed_where_they_came_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
