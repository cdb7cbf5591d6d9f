#include "handing.h"
#include "test.h"

#include "proto/owner.h"
#include "store/merge.h"
#include "store/record.h"

#include <stdio.h>
#include <stdlib.h>

static struct record load_of(struct handing *f, uint16_t collection) {
    struct record record;
    assert_ok(record_load(f->records.store, collection, &f->record, &f->arena, &record));
    return record;
}

static struct record load(struct handing *f) {
    return load_of(f, COLLECTION_HANDOVER);
}

static const char *text(struct handing *f, uint16_t field) {
    struct record record = load(f);
    return record_text_of(&record, field, &f->arena);
}

static struct revision revision(struct handing *f) {
    return load(f).revision;
}

TEST(a_record_is_read_back_as_it_was_written) {
    struct handing *f = *state;
    struct version_name name =
        records_set(&f->records, &f->birk, 10, &f->record, "child_name", "Alma Æbelø", NULL, 0);
    struct record record = load(f);
    assert_int_equal(record.collection, COLLECTION_HANDOVER);
    assert_int_equal(record.channel.kind, CHANNEL_HANDOVER);
    assert_true(channel_id_equal(&record.channel_id, &f->birk.origin.channel_id));
    assert_true(member_id_equal(&record.owner, &f->records.members[BIRK]));
    assert_int_equal(record.fields_n, 1);
    const struct field_state *state_of = record_field(&record, HANDOVER_CHILD_NAME);
    assert_non_null(state_of);
    assert_int_equal(state_of->live_n, 1);
    assert_int_equal(version_name_compare(&state_of->live[0].name, &name), 0);
    assert_string_equal(state_of->live[0].actor_name, "Mette H.");
    assert_string_equal(state_of->live[0].actor_function, "pedagogue");
    assert_int_equal(state_of->live[0].clock, 10);
    assert_true(member_id_equal(&state_of->live[0].author, &f->records.members[BIRK]));
    assert_string_equal(record_text_of(&record, HANDOVER_CHILD_NAME, &f->arena), "Alma Æbelø");
    assert_string_equal(record_text_of(&record, 2, &f->arena), "");
    assert_null(record_field(&record, 2));
}

TEST(a_record_survives_closing_and_opening) {
    struct handing *f = *state;
    records_set(&f->records, &f->birk, 10, &f->record, "child_name", "Alma", NULL, 0);
    records_reopen(&f->records, BIRK);
    assert_string_equal(text(f, HANDOVER_CHILD_NAME), "Alma");
}

TEST(a_record_that_nobody_wrote_is_not_found) {
    struct handing *f = *state;
    struct record record;
    assert_err(ERR_NOT_FOUND,
               record_load(f->records.store, COLLECTION_HANDOVER, &f->record, &f->arena, &record));
}

TEST(the_owner_is_named_by_the_id_even_when_the_receiver_wrote_first) {
    struct handing *f = *state;
    records_set(&f->records, &f->skole, 10, &f->record, "teacher", "Ole R.", NULL, 0);
    struct record record = load(f);
    assert_true(member_id_equal(&record.owner, &f->records.members[BIRK]));
}

TEST(a_conflicted_field_shows_one_value_and_keeps_all) {
    struct handing *f = *state;
    struct version_name base =
        records_set(&f->records, &f->birk, 10, &f->record, "first_day", "12 August, 9.00", NULL, 0);
    records_set(&f->records, &f->birk, 12, &f->record, "first_day", "12 August, 8.30", &base, 1);
    records_set(&f->records, &f->skole, 11, &f->record, "first_day", "13 August, 9.00", &base, 1);
    struct record record = load(f);
    const struct field_state *day = record_field(&record, 50);
    assert_true(day->conflicted);
    assert_int_equal(day->sides_n, 2);
    assert_int_equal(day->live_n, 2);
    assert_int_equal(field_value(day, bytes_of_text("12 August, 8.30")), 0);
    assert_int_equal(field_value(day, bytes_of_text("13 August, 9.00")), 1);
    assert_int_equal(field_value(day, bytes_of_text("12 August, 9.00")), 2);
    assert_string_equal(text(f, 50), "12 August, 8.30");
}

TEST(a_union_shows_every_value_once) {
    struct handing *f = *state;
    records_set(&f->records, &f->birk, 10, &f->record, "takes_part", "Mette H., pedagogue", NULL,
                0);
    records_set(&f->records, &f->birk, 11, &f->record, "takes_part", "Alma's mother", NULL, 0);
    struct version_name gone =
        records_set(&f->records, &f->birk, 12, &f->record, "takes_part", "a neighbour", NULL, 0);
    records_set(&f->records, &f->birk, 13, &f->record, "takes_part", "", &gone, 1);
    records_set(&f->records, &f->birk, 14, &f->record, "takes_part", "Alma's mother", NULL, 0);
    assert_string_equal(text(f, 54), "Alma's mother\nMette H., pedagogue");
}

TEST(a_text_for_which_there_is_no_memory_is_not_taken_for_an_empty_one) {
    struct handing *f = *state;
    struct arena none;
    arena_init(&none, 0);
    records_set(&f->records, &f->birk, 10, &f->record, "child_name", "Alma", NULL, 0);
    records_set(&f->records, &f->birk, 11, &f->record, "takes_part", "Alma's mother", NULL, 0);
    struct record record = load(f);
    assert_string_equal(record_text_of(&record, HANDOVER_CHILD_NAME, &none), "Alma");
    assert_null(record_text_of(&record, 54, &none));
    arena_done(&none);
}

TEST(an_unknown_field_keeps_all_its_values_without_conflict) {
    struct handing *f = *state;
    struct write write = {.record = f->record,
                          .collection = COLLECTION_HANDOVER,
                          .field = 999,
                          .value = bytes_of_text("a")};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    records_write(&f->records, &f->birk, 10, &set);
    write.value = bytes_of_text("b");
    records_write(&f->records, &f->skole, 11, &set);
    struct record record = load(f);
    const struct field_state *unknown = record_field(&record, 999);
    assert_null(unknown->field);
    assert_int_equal(unknown->live_n, 2);
    assert_int_equal(unknown->sides_n, 2);
    assert_false(unknown->conflicted);
}

TEST(an_unknown_collection_can_be_loaded_too) {
    struct handing *f = *state;
    struct write write = {
        .record = f->record, .collection = 77, .field = 3, .value = bytes_of_text("later")};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    records_write(&f->records, &f->birk, 10, &set);
    struct record record = load_of(f, 77);
    assert_int_equal(record.collection, 77);
    assert_string_equal(record_text_of(&record, 3, &f->arena), "later");
}

TEST(the_revision_changes_with_what_the_form_says_and_not_with_its_track) {
    struct handing *f = *state;
    records_set(&f->records, &f->birk, 10, &f->record, "child_name", "Alma", NULL, 0);
    struct revision first = revision(f);
    records_set(&f->records, &f->birk, 11, &f->record, "consent", "given", NULL, 0);
    records_set(&f->records, &f->birk, 11, &f->record, "sent_by", "Jonas P.", NULL, 0);
    records_set(&f->records, &f->skole, 12, &f->record, "read_by", "Ole R.", NULL, 0);
    struct revision tracked = revision(f);
    assert_true(revision_equal(&first, &tracked));
    records_set(&f->records, &f->birk, 13, &f->record, "likes", "dinosaurs", NULL, 0);
    struct revision changed = revision(f);
    assert_false(revision_equal(&first, &changed));
}

TEST(the_revision_is_the_hash_that_the_protocol_says) {
    struct handing *f = *state;
    struct merge_value values[] = {{HANDOVER_CHILD_NAME, bytes_of_text("Alma")},
                                   {10, bytes_of_text("x")},
                                   {50, bytes_of_text("12 August")},
                                   {50, bytes_of_text("13 August")}};
    records_set(&f->records, &f->birk, 10, &f->record, "first_day", "13 August", NULL, 0);
    records_set(&f->records, &f->skole, 10, &f->record, "first_day", "12 August", NULL, 0);
    records_set(&f->records, &f->birk, 11, &f->record, "likes", "x", NULL, 0);
    records_set(&f->records, &f->birk, 12, &f->record, "child_name", "Alma", NULL, 0);
    struct revision expected = merge_revision(&f->record, values, 4), found = revision(f);
    assert_true(revision_equal(&expected, &found));
}

TEST(what_says_the_same_has_the_same_revision_whoever_wrote_it) {
    struct handing *f = *state;
    struct version_name day =
        records_set(&f->records, &f->birk, 10, &f->record, "first_day", "12 August", NULL, 0);
    struct revision first = revision(f);
    struct version_name other =
        records_set(&f->records, &f->skole, 11, &f->record, "first_day", "13 August", &day, 1);
    struct revision second = revision(f);
    records_set(&f->records, &f->skole, 12, &f->record, "first_day", "12 August", &other, 1);
    struct revision third = revision(f);
    assert_false(revision_equal(&first, &second));
    assert_true(revision_equal(&first, &third));
}

TEST(a_revision_can_be_worked_out_before_anything_is_written) {
    struct handing *f = *state;
    struct record none = {.id = f->record, .collection = COLLECTION_HANDOVER};
    struct write writes[] = {write_of(&f->record, "likes", "x", NULL, 0),
                             write_of(&f->record, "child_name", "Alma", NULL, 0),
                             write_of(&f->record, "takes_part", "mother", NULL, 0),
                             write_of(&f->record, "takes_part", "teacher", NULL, 0),
                             write_of(&f->record, "sent_by", "Mette", NULL, 0)};
    struct revision foreseen;
    assert_ok(record_revision_with(&none, writes, 5, &f->arena, &foreseen));
    records_set(&f->records, &f->birk, 10, &f->record, "child_name", "Alma", NULL, 0);
    records_set(&f->records, &f->birk, 11, &f->record, "takes_part", "teacher", NULL, 0);
    records_set(&f->records, &f->birk, 12, &f->record, "takes_part", "mother", NULL, 0);
    records_set(&f->records, &f->birk, 13, &f->record, "likes", "x", NULL, 0);
    struct revision found = revision(f);
    assert_true(revision_equal(&foreseen, &found));
}

TEST(a_write_that_leaves_a_version_standing_is_foreseen_as_a_conflict) {
    struct handing *f = *state;
    struct version_name base =
        records_set(&f->records, &f->birk, 10, &f->record, "first_day", "12 August", NULL, 0);
    records_set(&f->records, &f->skole, 11, &f->record, "first_day", "13 August", &base, 1);
    struct record before = load(f);
    struct write write = write_of(&f->record, "first_day", "14 August", &base, 1);
    struct revision foreseen;
    assert_ok(record_revision_with(&before, &write, 1, &f->arena, &foreseen));
    records_set(&f->records, &f->birk, 12, &f->record, "first_day", "14 August", &base, 1);
    struct record after = load(f);
    assert_true(record_field(&after, 50)->conflicted);
    assert_true(revision_equal(&foreseen, &after.revision));
}

TEST(a_sealed_value_moved_to_another_field_or_record_is_not_shown) {
    struct handing *f = *state;
    struct record record;
    struct record_id other = record_id_new(2000, &f->records.members[BIRK]);
    records_set(&f->records, &f->birk, 10, &f->record, "likes", "dinosaurs", NULL, 0);
    records_set(&f->records, &f->birk, 11, &other, "likes", "whales", NULL, 0);
    static const char swap[] =
        "WITH two AS (SELECT min(record) AS a, max(record) AS b FROM version)"
        " UPDATE version SET record = CASE WHEN record = two.a THEN two.b ELSE two.a END FROM two";
    assert_ok(
        db_execute(f->records.store->db,
                   "UPDATE version SET field = 11 WHERE key = (SELECT min(key) FROM version)"));
    assert_err(ERR_CORRUPT,
               record_load(f->records.store, COLLECTION_HANDOVER, &f->record, &f->arena, &record));
    assert_ok(db_execute(f->records.store->db, "UPDATE version SET field = 10"));
    assert_ok(db_execute(f->records.store->db, swap));
    assert_err(ERR_CORRUPT,
               record_load(f->records.store, COLLECTION_HANDOVER, &f->record, &f->arena, &record));
    assert_ok(db_execute(f->records.store->db, swap));
    assert_ok(record_load(f->records.store, COLLECTION_HANDOVER, &f->record, &f->arena, &record));
}

/* ---- Another party that uses the same id in its own channel ---- */

TEST(a_copied_id_in_another_channel_neither_changes_nor_hides_the_record) {
    struct handing *f = *state;
    struct writer skole = f->birk,
                  solsikken = records_writer(&f->records, BIRK, CHANNEL_HANDOVER, SOLSIKKEN);
    /* The record stands in the channel that would come second. */
    bool swap = channel_id_compare(&skole.origin.channel_id, &solsikken.origin.channel_id) < 0;
    struct writer *birk = swap ? &solsikken : &skole;
    struct writer thief =
        records_writer(&f->records, swap ? SKOLE : SOLSIKKEN, CHANNEL_HANDOVER, BIRK);
    records_set(&f->records, &thief, 5, &f->record, "teacher", "Somebody else", NULL, 0);
    struct version_name name =
        records_set(&f->records, birk, 10, &f->record, "first_day", "12 August", NULL, 0);
    records_set(&f->records, &thief, 50, &f->record, "first_day", "never", &name, 1);
    struct record record = load(f);
    assert_true(channel_id_equal(&record.channel_id, &birk->origin.channel_id));
    assert_string_equal(text(f, 50), "12 August");
    assert_string_equal(text(f, 40), "");
}

/* ---- Lists ---- */

struct list {
    struct record_id ids[8];
    size_t n;
};

static enum err collect(void *context, const struct record_id *id) {
    struct list *list = context;
    list->ids[list->n++] = *id;
    return OK;
}

/* A survey's id is public, and whoever shares a channel with the municipality may write handovers
 * under any id that bears its tag. */
TEST(a_handover_under_a_surveys_id_never_stands_in_for_the_survey) {
    struct handing *f = *state;
    const struct past_version *past;
    struct record record;
    size_t n;
    records_reopen(&f->records, NORDBY);
    struct writer evil = records_writer(&f->records, SOLSIKKEN, CHANNEL_HANDOVER, NORDBY);
    f->record = record_id_new(1000, &f->records.members[NORDBY]);
    records_set(&f->records, &evil, 9, &f->record, "first_day", "never", NULL, 0);
    assert_err(ERR_NOT_FOUND,
               record_load(f->records.store, COLLECTION_SURVEY, &f->record, &f->arena, &record));
    handing_publish(f, 10, SURVEY_TITLE, "Trivsel 2026");
    records_set(&f->records, &evil, 11, &f->record, "first_day", "ever", NULL, 0);
    record = load_of(f, COLLECTION_SURVEY);
    assert_int_equal(record.collection, COLLECTION_SURVEY);
    assert_int_equal(record.channel.kind, CHANNEL_NOTICE);
    assert_int_equal(record.fields_n, 1);
    assert_string_equal(handing_survey_text(f, SURVEY_TITLE), "Trivsel 2026");
    assert_int_equal(load(f).channel.kind, CHANNEL_HANDOVER);
    assert_ok(record_history(f->records.store, COLLECTION_SURVEY, &f->record, SURVEY_TITLE,
                             &f->arena, &past, &n));
    assert_int_equal(n, 1);
}

TEST(a_field_that_is_written_once_keeps_its_first_value_in_whatever_order_it_comes) {
    struct handing *f = *state;
    const struct past_version *past;
    size_t n;
    handing_publish(f, 30, SURVEY_TITLE, "third");
    struct revision alone = load_of(f, COLLECTION_SURVEY).revision;
    struct version_name first = handing_publish(f, 10, SURVEY_TITLE, "first");
    struct revision before = load_of(f, COLLECTION_SURVEY).revision;
    handing_publish(f, 20, SURVEY_TITLE, "second");
    struct record record = load_of(f, COLLECTION_SURVEY);
    const struct field_state *title = record_field(&record, SURVEY_TITLE);
    assert_string_equal(handing_survey_text(f, SURVEY_TITLE), "first");
    assert_int_equal(title->live_n, 1);
    assert_int_equal(title->sides_n, 1);
    assert_int_equal(version_name_compare(&title->live[0].name, &first), 0);
    assert_false(title->conflicted);
    assert_true(revision_equal(&before, &record.revision));
    assert_false(revision_equal(&alone, &record.revision));
    assert_ok(record_history(f->records.store, COLLECTION_SURVEY, &f->record, SURVEY_TITLE,
                             &f->arena, &past, &n));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(past[i].live, i == 0);
}

TEST(records_are_listed_oldest_first_and_by_collection) {
    struct handing *f = *state;
    struct list list = {.n = 0};
    struct record_id old = record_id_new(1, &f->records.members[BIRK]),
                     young = record_id_new(9000, &f->records.members[BIRK]);
    records_set(&f->records, &f->birk, 10, &young, "child_name", "C", NULL, 0);
    records_set(&f->records, &f->birk, 11, &f->record, "child_name", "B", NULL, 0);
    records_set(&f->records, &f->birk, 12, &old, "child_name", "A", NULL, 0);
    assert_ok(record_each(f->records.store, COLLECTION_HANDOVER, collect, &list));
    assert_int_equal(list.n, 3);
    assert_true(record_id_equal(&list.ids[0], &old));
    assert_true(record_id_equal(&list.ids[1], &f->record));
    assert_true(record_id_equal(&list.ids[2], &young));
    list.n = 0;
    assert_ok(record_each(f->records.store, COLLECTION_SURVEY, collect, &list));
    assert_int_equal(list.n, 0);
}

static enum err stop(void *context, const struct record_id *id) {
    (void)id;
    ++*(size_t *)context;
    return ERR_CANCELLED;
}

TEST(a_visitor_ends_the_walk_with_its_own_error) {
    struct handing *f = *state;
    size_t seen = 0;
    struct record_id other = record_id_new(9000, &f->records.members[BIRK]);
    records_set(&f->records, &f->birk, 10, &f->record, "child_name", "B", NULL, 0);
    records_set(&f->records, &f->birk, 11, &other, "child_name", "C", NULL, 0);
    assert_err(ERR_CANCELLED, record_each(f->records.store, COLLECTION_HANDOVER, stop, &seen));
    assert_int_equal(seen, 1);
}

static enum err write_meanwhile(void *context, const struct record_id *id) {
    struct handing *f = context;
    records_set(&f->records, &f->birk, 20, id, "likes", "dinosaurs", NULL, 0);
    return OK;
}

TEST(a_visitor_may_write) {
    struct handing *f = *state;
    records_set(&f->records, &f->birk, 10, &f->record, "child_name", "B", NULL, 0);
    assert_ok(record_each(f->records.store, COLLECTION_HANDOVER, write_meanwhile, f));
    assert_string_equal(text(f, 10), "dinosaurs");
}

TEST(a_record_is_found_by_a_unique_prefix_in_either_case) {
    struct handing *f = *state;
    struct record_id found, twin = f->record;
    char spelled[ID_TEXT_MAX];
    records_set(&f->records, &f->birk, 10, &f->record, "child_name", "B", NULL, 0);
    record_text(&f->record, spelled);
    assert_ok(record_find(f->records.store, COLLECTION_HANDOVER, spelled, &found));
    assert_true(record_id_equal(&found, &f->record));
    spelled[4] = '\0';
    for (char *c = spelled; *c != '\0'; c++)
        *c = (char)(*c >= 'A' ? *c | 0x20 : *c);
    assert_ok(record_find(f->records.store, COLLECTION_HANDOVER, spelled, &found));
    assert_err(ERR_NOT_FOUND, record_find(f->records.store, COLLECTION_SURVEY, spelled, &found));
    /* The same text form under another date: ambiguous in full. */
    twin.bytes[0] ^= 1;
    struct write write = {.record = twin,
                          .collection = COLLECTION_HANDOVER,
                          .field = 999,
                          .value = bytes_of_text("x")};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    writer_next(&f->birk, 11);
    assert_ok(apply_sets(f->records.store, &f->birk.origin, &set, 1));
    assert_err(ERR_AMBIGUOUS, record_find(f->records.store, COLLECTION_HANDOVER, spelled, &found));
}

TEST(history_holds_replaced_versions_in_order_of_their_clocks) {
    struct handing *f = *state;
    const struct past_version *past;
    size_t n;
    struct version_name one =
        records_set(&f->records, &f->birk, 10, &f->record, "first_day", "a", NULL, 0);
    struct version_name two =
        records_set(&f->records, &f->skole, 30, &f->record, "first_day", "c", &one, 1);
    records_set(&f->records, &f->birk, 20, &f->record, "first_day", "b", &one, 1);
    records_set(&f->records, &f->skole, 40, &f->record, "first_day", "d", &two, 1);
    assert_ok(record_history(f->records.store, COLLECTION_HANDOVER, &f->record, 50, &f->arena,
                             &past, &n));
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(past[i].version.value.data[0], 'a' + i);
        assert_int_equal(past[i].live, i == 1 || i == 3);
        assert_int_equal(past[i].stored, (i + 1) * 10);
        assert_string_equal(past[i].version.actor_name, "Mette H.");
    }
    assert_ok(record_history(f->records.store, COLLECTION_HANDOVER, &f->record, 51, &f->arena,
                             &past, &n));
    assert_int_equal(n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AT_BIRK(a_record_is_read_back_as_it_was_written),
        AT_BIRK(a_record_survives_closing_and_opening),
        AT_BIRK(a_record_that_nobody_wrote_is_not_found),
        AT_BIRK(the_owner_is_named_by_the_id_even_when_the_receiver_wrote_first),
        AT_BIRK(a_conflicted_field_shows_one_value_and_keeps_all),
        AT_BIRK(a_union_shows_every_value_once),
        AT_BIRK(a_text_for_which_there_is_no_memory_is_not_taken_for_an_empty_one),
        AT_BIRK(an_unknown_field_keeps_all_its_values_without_conflict),
        AT_BIRK(an_unknown_collection_can_be_loaded_too),
        AT_BIRK(the_revision_changes_with_what_the_form_says_and_not_with_its_track),
        AT_BIRK(the_revision_is_the_hash_that_the_protocol_says),
        AT_BIRK(what_says_the_same_has_the_same_revision_whoever_wrote_it),
        AT_BIRK(a_revision_can_be_worked_out_before_anything_is_written),
        AT_BIRK(a_write_that_leaves_a_version_standing_is_foreseen_as_a_conflict),
        AT_BIRK(a_sealed_value_moved_to_another_field_or_record_is_not_shown),
        AT_BIRK(a_copied_id_in_another_channel_neither_changes_nor_hides_the_record),
        AT_BIRK(a_handover_under_a_surveys_id_never_stands_in_for_the_survey),
        AT_BIRK(a_field_that_is_written_once_keeps_its_first_value_in_whatever_order_it_comes),
        AT_BIRK(records_are_listed_oldest_first_and_by_collection),
        AT_BIRK(a_visitor_ends_the_walk_with_its_own_error),
        AT_BIRK(a_visitor_may_write),
        AT_BIRK(a_record_is_found_by_a_unique_prefix_in_either_case),
        AT_BIRK(history_holds_replaced_versions_in_order_of_their_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
