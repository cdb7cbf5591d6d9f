#include "records.h"
#include "test.h"

#include "proto/owner.h"
#include "store/answers.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH_MAX = 8 };

struct fixture {
    struct records records;
    struct writer birk, solsikken;
    struct record_id survey;
};

static int open_as(void **state, int self) {
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    records_open(&f->records, self);
    f->birk = records_writer(&f->records, BIRK, CHANNEL_ANSWERS, 0);
    f->solsikken = records_writer(&f->records, SOLSIKKEN, CHANNEL_ANSWERS, 0);
    f->survey = record_id_new(1000, &f->records.members[NORDBY]);
    *state = f;
    return 0;
}

static int setup(void **state) {
    return open_as(state, NORDBY);
}

static int setup_at_a_site(void **state) {
    return open_as(state, BIRK);
}

static int teardown(void **state) {
    struct fixture *f = *state;
    records_close(&f->records);
    free(f);
    return 0;
}

/* One part of an import: `n` answers with the texts `text`0, `text`1, … */
static struct version_name send(struct fixture *f, struct writer *w, uint8_t mark, uint32_t part,
                                uint32_t parts, const char *text, size_t n) {
    struct buffer encoded[BATCH_MAX] = {{0}};
    struct bytes answers[BATCH_MAX];
    char numbered[64];
    for (size_t i = 0; i < n; i++) {
        snprintf(numbered, sizeof numbered, "%s%zu", text, i);
        struct answer_reply reply = {.question = 1, .text = numbered};
        assert_ok(answer_encode(&reply, 1, &encoded[i]));
        answers[i] = buffer_view(&encoded[i]);
    }
    struct change_set set = {
        .actor_name = "",
        .actor_function = "",
        .has_answers = true,
        .answers = {
            .survey = f->survey, .part = part, .parts = parts, .answers = answers, .answers_n = n}};
    memset(set.answers.mark.bytes, mark, sizeof set.answers.mark.bytes);
    struct version_name name = records_write(&f->records, w, 10 + w->origin.seq, &set);
    for (size_t i = 0; i < n; i++)
        buffer_done(&encoded[i]);
    return name;
}

struct counted {
    struct answers_count counts[4];
    size_t n;
};

static enum err count_visit(void *context, const struct answers_count *count) {
    struct counted *counted = context;
    counted->counts[counted->n++] = *count;
    return OK;
}

static struct counted counts(struct fixture *f, const struct version_name *until, size_t until_n) {
    struct counted counted = {.n = 0};
    assert_ok(answers_counts(f->records.store, &f->survey, until, until_n, count_visit, &counted));
    return counted;
}

struct texts {
    char text[2048];
    const struct records *records;
};

static enum err text_visit(void *context, const struct member_id *member, struct bytes answer) {
    struct texts *texts = context;
    struct arena arena;
    const struct answer_reply *replies;
    size_t n, at = strlen(texts->text);
    arena_init(&arena, 1 << 16);
    assert_ok(answer_decode(answer, &arena, &replies, &n));
    assert_int_equal(n, 1);
    snprintf(texts->text + at, sizeof texts->text - at, "%s:%s ",
             member_id_equal(member, &texts->records->members[BIRK]) ? "birk" : "sol",
             replies[0].text);
    arena_done(&arena);
    return OK;
}

static void expect_texts(struct fixture *f, const struct version_name *until, size_t until_n,
                         const char *expected) {
    struct texts texts = {.text = "", .records = &f->records};
    assert_ok(answers_each(f->records.store, &f->survey, until, until_n, text_visit, &texts));
    assert_string_equal(texts.text, expected);
}

TEST(whole_imports_are_counted_and_read_member_by_member) {
    struct fixture *f = *state;
    send(f, &f->solsikken, 1, 0, 1, "s", 1);
    send(f, &f->birk, 1, 0, 2, "a", 2);
    send(f, &f->birk, 1, 1, 2, "b", 1);
    struct counted c = counts(f, NULL, 0);
    assert_int_equal(c.n, 2);
    assert_true(member_id_equal(&c.counts[0].member, &f->records.members[BIRK]));
    assert_int_equal(c.counts[0].answers, 3);
    assert_int_equal(c.counts[0].imports, 1);
    assert_int_equal(c.counts[0].imports_incomplete, 0);
    assert_int_equal(c.counts[0].late, 0);
    assert_int_equal(c.counts[0].last, 11);
    assert_int_equal(c.counts[1].answers, 1);
    expect_texts(f, NULL, 0, "birk:a0 birk:a1 birk:b0 sol:s0 ");
}

TEST(an_import_with_a_part_missing_does_not_count_until_it_comes) {
    struct fixture *f = *state;
    send(f, &f->birk, 1, 1, 3, "b", 2);
    send(f, &f->birk, 1, 0, 3, "a", 2);
    struct counted c = counts(f, NULL, 0);
    assert_int_equal(c.counts[0].answers, 0);
    assert_int_equal(c.counts[0].imports_incomplete, 1);
    expect_texts(f, NULL, 0, "");
    send(f, &f->birk, 1, 2, 3, "c", 1);
    c = counts(f, NULL, 0);
    assert_int_equal(c.counts[0].answers, 5);
    assert_int_equal(c.counts[0].imports_incomplete, 0);
}

TEST(the_same_file_sent_twice_counts_once) {
    struct fixture *f = *state;
    struct writer restored = records_writer(&f->records, BIRK, CHANNEL_ANSWERS, 0);
    send(f, &f->birk, 1, 0, 1, "a", 2);
    send(f, &restored, 1, 0, 1, "a", 2);
    struct counted c = counts(f, NULL, 0);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.counts[0].answers, 2);
    assert_int_equal(c.counts[0].imports, 1);
    send(f, &f->solsikken, 1, 0, 1, "s", 2);
    assert_int_equal(counts(f, NULL, 0).counts[1].answers, 2);
}

TEST(what_comes_after_the_closing_is_late) {
    struct fixture *f = *state;
    struct version_name until[2];
    until[0] = send(f, &f->birk, 1, 0, 1, "a", 2);
    send(f, &f->birk, 2, 0, 1, "b", 3);
    send(f, &f->solsikken, 3, 0, 1, "s", 1);
    struct counted c = counts(f, until, 1);
    assert_int_equal(c.counts[0].answers, 2);
    assert_int_equal(c.counts[0].late, 3);
    assert_int_equal(c.counts[1].answers, 0);
    assert_int_equal(c.counts[1].late, 1);
    expect_texts(f, until, 1, "birk:a0 birk:a1 ");
    until[1] = (struct version_name){f->solsikken.origin.feed, 1, f->solsikken.origin.id8};
    assert_int_equal(counts(f, until, 2).counts[1].answers, 1);
}

TEST(figures_at_the_closing_never_change_with_what_comes_later) {
    struct fixture *f = *state;
    struct writer restored = records_writer(&f->records, BIRK, CHANNEL_ANSWERS, 0);
    struct version_name until = send(f, &f->birk, 1, 0, 1, "a", 2);
    send(f, &restored, 1, 0, 1, "z", 2);
    send(f, &restored, 1, 0, 2, "y", 2);
    expect_texts(f, &until, 1, "birk:a0 birk:a1 ");
    assert_int_equal(counts(f, &until, 1).counts[0].late, 0);
}

TEST(answers_of_another_survey_do_not_count) {
    struct fixture *f = *state;
    send(f, &f->birk, 1, 0, 1, "a", 2);
    f->survey = record_id_new(2000, &f->records.members[NORDBY]);
    assert_int_equal(counts(f, NULL, 0).n, 0);
    expect_texts(f, NULL, 0, "");
}

TEST(forgetting_an_envelope_takes_its_answers_away) {
    struct fixture *f = *state;
    send(f, &f->birk, 1, 0, 1, "a", 2);
    send(f, &f->birk, 2, 0, 1, "b", 1);
    assert_ok(apply_forget(f->records.store, f->birk.origin.feed_row, 1));
    expect_texts(f, NULL, 0, "birk:b0 ");
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM answer_part"), 1);
}

TEST(several_batches_in_one_envelope_are_kept_apart) {
    struct fixture *f = *state;
    struct buffer encoded = {0};
    char why[200];
    struct answer_reply reply = {.question = 1, .text = "x"}, other = {.question = 1, .text = "y"};
    struct buffer encoded_other = {0};
    assert_ok(answer_encode(&reply, 1, &encoded));
    assert_ok(answer_encode(&other, 1, &encoded_other));
    struct bytes answers[] = {buffer_view(&encoded), buffer_view(&encoded_other),
                              buffer_view(&encoded)};
    struct change_set sets[3];
    for (uint32_t i = 0; i < 3; i++)
        sets[i] = (struct change_set){.actor_name = "",
                                      .actor_function = "",
                                      .has_answers = true,
                                      .answers = {.survey = f->survey,
                                                  .part = 2 - i,
                                                  .parts = 3,
                                                  .answers = answers + i % 2,
                                                  .answers_n = 2}};
    records_write_sets(&f->records, &f->birk, 10, sets, 3);
    assert_ok(apply_sets(f->records.store, &f->birk.origin, sets, 3));
    expect_texts(f, NULL, 0, "birk:x birk:y birk:y birk:x birk:x birk:y ");
    assert_int_equal(counts(f, NULL, 0).counts[0].answers, 6);
    assert_ok(apply_verify(f->records.store, &f->birk.origin, sets, 3, why, sizeof why));
    sets[2].answers.answers_n = 1;
    assert_err(ERR_CORRUPT,
               apply_verify(f->records.store, &f->birk.origin, sets, 3, why, sizeof why));
    buffer_done(&encoded);
    buffer_done(&encoded_other);
}

TEST(a_site_keeps_no_readable_copy_of_what_it_collected) {
    struct fixture *f = *state;
    send(f, &f->birk, 1, 0, 1, "a", 2);
    assert_int_equal(records_number(&f->records, "SELECT count(*) FROM answer_part"), 0);
    expect_texts(f, NULL, 0, "");
}

TEST(answers_that_cannot_be_opened_any_more_are_an_error_and_not_left_out) {
    struct fixture *f = *state;
    struct texts texts = {.text = "", .records = &f->records};
    send(f, &f->birk, 1, 0, 1, "a", 2);
    assert_ok(db_execute(f->records.store->db, "CREATE TABLE away AS SELECT * FROM epoch_grant"));
    assert_ok(db_execute(f->records.store->db, "DELETE FROM epoch_grant"));
    records_reopen(&f->records, NORDBY);
    assert_err(ERR_KEY, answers_each(f->records.store, &f->survey, NULL, 0, text_visit, &texts));
    assert_ok(db_execute(f->records.store->db, "INSERT INTO epoch_grant SELECT * FROM away"));
    expect_texts(f, NULL, 0, "birk:a0 birk:a1 ");
    assert_ok(db_execute(f->records.store->db, "DELETE FROM entry"));
    assert_err(ERR_CORRUPT,
               answers_each(f->records.store, &f->survey, NULL, 0, text_visit, &texts));
    assert_string_equal(texts.text, "");
}

/* Steps a walk; after `steps` of them something happens (NULL: nothing). */
static enum err walk_while(struct fixture *f, const struct version_name *until, size_t until_n,
                           size_t steps, const char *happens, struct texts *texts,
                           size_t *ret_steps) {
    struct answers_walk *walk = NULL;
    bool done = false;
    enum err e = OK;
    size_t n = 0;
    *texts = (struct texts){.text = "", .records = &f->records};
    assert_ok(answers_walk_new(f->records.store, &f->survey, until, until_n, &walk));
    for (; e == OK && !done; n++) {
        if (n == steps && happens != NULL)
            assert_ok(db_execute(f->records.store->db, happens));
        e = answers_walk_step(walk, text_visit, texts, &done);
    }
    answers_walk_free(walk);
    *ret_steps = n;
    return e;
}

/* At each moment of a walk in turn: it tells all of what counted before or all of what counts
 * after, or that it is stale. */
static void never_a_mixture(struct fixture *f, const struct version_name *until, size_t until_n,
                            const char *happens) {
    struct texts before, after, texts;
    size_t steps_n, n, stale_n = 0, told_n = 0;
    struct db *db = f->records.store->db;
    assert_ok(db_execute(db, "CREATE TABLE kept AS SELECT * FROM answer_part"));
    assert_ok(walk_while(f, until, until_n, 0, NULL, &before, &steps_n));
    assert_ok(walk_while(f, until, until_n, 0, happens, &after, &n));
    assert_string_not_equal(before.text, after.text);
    for (size_t i = 0; i < steps_n; i++) {
        assert_ok(db_execute(db, "DELETE FROM answer_part"));
        assert_ok(db_execute(db, "INSERT INTO answer_part SELECT * FROM kept"));
        enum err e = walk_while(f, until, until_n, i, happens, &texts, &n);
        stale_n += e == ERR_STALE;
        told_n += e == OK;
        if (e != ERR_STALE) {
            assert_ok(e);
            assert_true(strcmp(texts.text, before.text) == 0 ||
                        strcmp(texts.text, after.text) == 0);
        }
    }
    assert_true(stale_n > 2 && told_n > 0);
    assert_ok(db_execute(db, "DROP TABLE kept"));
}

TEST(what_is_walked_through_counted_at_one_moment_though_a_part_goes_meanwhile) {
    struct fixture *f = *state;
    send(f, &f->birk, 1, 0, 2, "a", 2);
    send(f, &f->birk, 1, 1, 2, "b", 2);
    send(f, &f->solsikken, 2, 0, 1, "s", 3);
    never_a_mixture(f, NULL, 0, "DELETE FROM answer_part WHERE part = 1");
}

TEST(what_is_walked_through_counted_at_one_moment_though_an_import_becomes_whole_meanwhile) {
    struct fixture *f = *state;
    send(f, &f->birk, 1, 0, 2, "a", 2);
    struct version_name until[] = {send(f, &f->birk, 1, 1, 2, "b", 2),
                                   send(f, &f->solsikken, 2, 0, 1, "s", 3)};
    assert_ok(db_execute(f->records.store->db, "CREATE TABLE away AS SELECT * FROM answer_part"));
    assert_ok(db_execute(f->records.store->db, "DELETE FROM answer_part WHERE part = 1"));
    never_a_mixture(f, until, 2, "INSERT OR IGNORE INTO answer_part SELECT * FROM away");
}

TEST(a_walk_up_to_its_heads_is_not_disturbed_by_what_comes_after_them) {
    struct fixture *f = *state;
    struct texts texts;
    size_t steps_n, n;
    struct version_name until[] = {send(f, &f->birk, 1, 0, 1, "a", 2),
                                   send(f, &f->solsikken, 2, 0, 1, "s", 3)};
    send(f, &f->birk, 3, 0, 1, "late", 2);
    assert_ok(db_execute(f->records.store->db, "CREATE TABLE away AS SELECT * FROM answer_part"));
    assert_ok(walk_while(f, until, 2, 0, NULL, &texts, &steps_n));
    assert_string_equal(texts.text, "birk:a0 birk:a1 sol:s0 sol:s1 sol:s2 ");
    for (size_t i = 0; i < steps_n; i++) {
        assert_ok(db_execute(f->records.store->db,
                             "DELETE FROM answer_part WHERE key = (SELECT max(key) FROM away"
                             " WHERE answers = 2)"));
        assert_ok(walk_while(f, until, 2, i, "INSERT OR IGNORE INTO answer_part SELECT * FROM away",
                             &texts, &n));
        assert_string_equal(texts.text, "birk:a0 birk:a1 sol:s0 sol:s1 sol:s2 ");
    }
}

TEST(a_walk_goes_through_many_answers_a_few_at_a_time) {
    struct fixture *f = *state;
    struct texts texts;
    size_t steps_n;
    for (uint8_t mark = 0; mark < 20; mark++)
        send(f, mark % 2 == 0 ? &f->birk : &f->solsikken, mark, 0, 1, "a", BATCH_MAX);
    assert_ok(walk_while(f, NULL, 0, 0, NULL, &texts, &steps_n));
    assert_true(steps_n > 20);
    assert_int_equal(strlen(texts.text), 10 * BATCH_MAX * strlen("birk:a0 sol:a0 "));
}

TEST(one_feed_named_twice_counts_once) {
    struct fixture *f = *state;
    struct version_name until[] = {send(f, &f->birk, 1, 0, 1, "a", 2),
                                   send(f, &f->solsikken, 2, 0, 1, "s", 1),
                                   {{{0}}, 0, {{0}}}};
    until[2] = until[0];
    expect_texts(f, until, 3, "birk:a0 birk:a1 sol:s0 ");
}

TEST(answers_are_sealed_in_the_files) {
    struct fixture *f = *state;
    char path[400];
    static char bytes[1 << 20];
    send(f, &f->birk, 1, 0, 1, "the-canary-answer", 2);
    records_reopen(&f->records, NORDBY);
    snprintf(path, sizeof path, "%s/replica.db", f->records.folder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(n > 4096);
    assert_null(memmem(bytes, n, "the-canary-answer", 17));
    expect_texts(f, NULL, 0, "birk:the-canary-answer0 birk:the-canary-answer1 ");
}

/* Heads are the log's; here they are put as admission would put them. */
static void put_heads(struct fixture *f) {
    assert_ok(db_execute(f->records.store->db,
                         "UPDATE feed SET head_seq = row + 6, head_id = zeroblob(32)"));
    records_reopen(&f->records, NORDBY);
}

TEST(the_heads_of_the_feeds_with_answers_close_a_survey) {
    struct fixture *f = *state;
    struct arena arena;
    const struct version_name *heads;
    size_t n, left_out_n;
    arena_init(&arena, 1 << 16);
    assert_ok(answers_heads(f->records.store, &f->survey, 9, &arena, &heads, &n, &left_out_n));
    assert_int_equal(n, 0);
    send(f, &f->birk, 1, 0, 1, "a", 1);
    put_heads(f);
    assert_ok(answers_heads(f->records.store, &f->survey, 9, &arena, &heads, &n, &left_out_n));
    assert_int_equal(n, 1);
    assert_int_equal(left_out_n, 0);
    assert_true(feed_id_equal(&heads[0].feed, &f->birk.origin.feed));
    assert_int_equal(heads[0].seq, f->birk.origin.feed_row + 6);
    arena_done(&arena);
}

TEST(a_site_with_feeds_without_end_crowds_nobody_out_of_a_closing) {
    struct fixture *f = *state;
    struct arena arena;
    const struct version_name *heads;
    size_t n, left_out_n, of_solsikken = 0;
    arena_init(&arena, 1 << 16);
    for (uint8_t i = 0; i < 20; i++) {
        struct writer again = records_writer(&f->records, BIRK, CHANNEL_ANSWERS, 0);
        send(f, &again, i, 0, 1, "a", i == 13 ? 3 : 1);
        if (i == 13)
            f->birk = again;
    }
    send(f, &f->solsikken, 1, 0, 1, "s", 1);
    put_heads(f);
    assert_ok(answers_heads(f->records.store, &f->survey, 5, &arena, &heads, &n, &left_out_n));
    assert_int_equal(n, 5);
    assert_int_equal(left_out_n, 16);
    for (size_t i = 0; i < n; i++)
        of_solsikken += feed_id_equal(&heads[i].feed, &f->solsikken.origin.feed);
    assert_int_equal(of_solsikken, 1);
    assert_ok(answers_heads(f->records.store, &f->survey, 2, &arena, &heads, &n, &left_out_n));
    assert_int_equal(n, 2);
    assert_true(feed_id_equal(&heads[0].feed, &f->birk.origin.feed) ||
                feed_id_equal(&heads[1].feed, &f->birk.origin.feed)); /* its fullest */
    assert_err(ERR_LIMIT,
               answers_heads(f->records.store, &f->survey, 1, &arena, &heads, &n, &left_out_n));
    arena_done(&arena);
}

/* ---- The ledger of imports ---- */

struct ledger {
    struct import imports[4];
    size_t n;
};

static enum err ledger_visit(void *context, const struct import *import) {
    struct ledger *ledger = context;
    ledger->imports[ledger->n++] = *import;
    return OK;
}

TEST(a_file_is_imported_once_for_a_survey) {
    struct fixture *f = *state;
    struct ledger ledger = {.n = 0};
    struct import import = {.mark = import_mark(f->records.store, bytes_of_text("the file")),
                            .survey = f->survey,
                            .answers = 206,
                            .at = 1234,
                            .last = {f->birk.origin.feed, 3, {{9}}}};
    assert_ok(import_put(f->records.store, &import));
    assert_err(ERR_EXISTS, import_put(f->records.store, &import));
    struct import other = import;
    other.survey = record_id_new(2000, &f->records.members[NORDBY]);
    assert_ok(import_put(f->records.store, &other));
    assert_ok(import_each(f->records.store, &f->survey, ledger_visit, &ledger));
    assert_int_equal(ledger.n, 1);
    assert_int_equal(ledger.imports[0].answers, 206);
    assert_int_equal(ledger.imports[0].at, 1234);
    assert_true(hash_equal(&ledger.imports[0].mark, &import.mark));
    assert_true(record_id_equal(&ledger.imports[0].survey, &f->survey));
    assert_int_equal(version_name_compare(&ledger.imports[0].last, &import.last), 0);
}

TEST(a_mark_says_nothing_without_the_nodes_key) {
    struct fixture *f = *state;
    struct hash mark = import_mark(f->records.store, bytes_of_text("the file"));
    struct hash again = import_mark(f->records.store, bytes_of_text("the file"));
    struct hash other = import_mark(f->records.store, bytes_of_text("the file!"));
    assert_true(hash_equal(&mark, &again));
    assert_false(hash_equal(&mark, &other));
    f->records.keys.rest[0] ^= 1;
    struct hash elsewhere = import_mark(f->records.store, bytes_of_text("the file"));
    assert_false(hash_equal(&mark, &elsewhere));
}

#define FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        FIXTURE(whole_imports_are_counted_and_read_member_by_member),
        FIXTURE(an_import_with_a_part_missing_does_not_count_until_it_comes),
        FIXTURE(the_same_file_sent_twice_counts_once),
        FIXTURE(what_comes_after_the_closing_is_late),
        FIXTURE(figures_at_the_closing_never_change_with_what_comes_later),
        FIXTURE(answers_of_another_survey_do_not_count),
        FIXTURE(forgetting_an_envelope_takes_its_answers_away),
        FIXTURE(several_batches_in_one_envelope_are_kept_apart),
        cmocka_unit_test_setup_teardown(a_site_keeps_no_readable_copy_of_what_it_collected,
                                        setup_at_a_site, teardown),
        FIXTURE(answers_that_cannot_be_opened_any_more_are_an_error_and_not_left_out),
        FIXTURE(what_is_walked_through_counted_at_one_moment_though_a_part_goes_meanwhile),
        FIXTURE(
            what_is_walked_through_counted_at_one_moment_though_an_import_becomes_whole_meanwhile),
        FIXTURE(a_walk_up_to_its_heads_is_not_disturbed_by_what_comes_after_them),
        FIXTURE(a_walk_goes_through_many_answers_a_few_at_a_time),
        FIXTURE(one_feed_named_twice_counts_once),
        FIXTURE(answers_are_sealed_in_the_files),
        FIXTURE(the_heads_of_the_feeds_with_answers_close_a_survey),
        FIXTURE(a_site_with_feeds_without_end_crowds_nobody_out_of_a_closing),
        FIXTURE(a_file_is_imported_once_for_a_survey),
        FIXTURE(a_mark_says_nothing_without_the_nodes_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
