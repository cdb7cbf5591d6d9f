#include "checking.h"
#include "proto/limits.h"
#include "scene.h"
#include "store/check.h"
#include "store/collection.h"
#include "store/record.h"
#include "store/replica.h"
#include "test.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static void scene_begin(struct scene *s) {
    scene_open(s);
    scene_write(s);
    write_field(s->birk, &s->channel, &s->record, 10, "gynge", NULL);
    write_field(s->birk, &s->channel, &s->record, 11, "tegne", NULL);
    sync_all(&s->f);
}

static void tamper(struct site *site, const char *sql) {
    change(site, sql);
    site_open(site);
}

/* A changed own key or membership is found before anything else is: the database then isn't this
 * node's. */
static bool opens(const struct site *site) {
    struct store_config config = {
        .path = site->path, .keys = &site->keys, .place = site->place, .disk = site->disk};
    struct store *store = NULL;
    enum err e = store_open(&config, &store);
    store_close(store);
    assert_true(e == OK || e == ERR_KEY);
    return e == OK;
}

/* One byte of an envelope's content; the last of its bytes are ciphertext. */
#define FLIP(table, column, where)                                                                 \
    "UPDATE " table " SET " column " = CAST(substr(" column ", 1, length(" column ") - 1) || "     \
    "CASE WHEN substr(" column ", -1) = x'00' THEN x'01' ELSE x'00' END AS BLOB) WHERE " where

#define HANDOVER_ENTRY(seq)                                                                        \
    "(SELECT f.row << 40 | " #seq                                                                  \
    " FROM feed f JOIN channel c ON c.row = f.channel WHERE c.kind = 4)"

TEST(a_sound_replica_has_no_findings) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    for (size_t i = 0; i < s.f.sites_n; i++)
        assert_int_equal(check_all(&s.f.sites[i], &checked).n, 0);
    assert_true(checked >= 4 + 3); /* roster entries and the feed */
    scene_end(&s);
}

/* How many slices of the least size a replica takes. */
static size_t slices_of(struct site *site) {
    struct findings findings = {.n = 0};
    struct check *check = NULL;
    bool done = false;
    uint64_t checked = 0, total = 0;
    size_t n = 0;
    MUST(check_new(site->store, false, &check));
    for (; !done; n++)
        MUST(check_step(check, 0, findings_add, &findings, &done, &checked, &total));
    check_free(check);
    assert_int_equal(findings.n, 0);
    return n;
}

TEST(the_fields_of_a_record_are_merged_again_one_in_a_slice) {
    enum { FIELDS = 200 };
    struct scene s;
    struct write writes[FIELDS];
    struct version_name written;
    scene_begin(&s);
    size_t before = slices_of(s.birk);
    for (size_t i = 0; i < FIELDS; i++)
        writes[i] = (struct write){.record = s.record,
                                   .collection = COLLECTION_HANDOVER,
                                   .field = (uint16_t)(700 + i),
                                   .value = bytes_of_text("x")};
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = writes, .writes_n = FIELDS};
    MUST(append_change(s.birk->store,
                       &(struct change){.channel = s.channel, .sets = &set, .sets_n = 1},
                       &written));
    assert_true(slices_of(s.birk) >= before + FIELDS);
    scene_end(&s);
}

TEST(one_byte_changed_in_an_envelope_is_named_by_author_and_number) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    struct feed_info feed = newest_feed(s.town->store, &s.channel, &s.birk->member);
    tamper(s.town, FLIP("entry", "bytes", "key = " HANDOVER_ENTRY(2)));
    struct findings findings = check_all(s.town, &checked);
    assert_int_equal(findings.n, 1);
    assert_string_equal(err_name(findings.first.error), "hash");
    assert_int_equal(findings.first.seq, 2);
    assert_memory_equal(&findings.first.author, &s.birk->member, sizeof s.birk->member);
    assert_memory_equal(&findings.first.feed, &feed.id, sizeof feed.id);
    scene_end(&s);
}

/* The signature covers a section's hash, and that is all that is left of it. */
static void take_section_out(struct site *site, const struct feed_id *feed, const char *key) {
    struct buffer run = {0}, without = {0};
    struct arena arena;
    struct envelope envelope;
    size_t size;
    char sql[4096], hex[3000];
    arena_init(&arena, KIB(64));
    assert_ok(feed_load(site->store, feed, 0, NULL, 1, &run));
    assert_ok(envelope_parse(buffer_view(&run), &arena, &envelope, &size));
    assert_ok(envelope_without(&envelope, (uint16_t)(envelope.header.sections_n - 1),
                               SECTION_ABSENT, &without));
    assert_true(2 * without.size < sizeof hex);
    sodium_bin2hex(hex, sizeof hex, without.data, without.size);
    snprintf(sql, sizeof sql, "UPDATE entry SET bytes = x'%s' WHERE key = %s", hex, key);
    tamper(site, sql);
    buffer_done(&run);
    buffer_done(&without);
    arena_done(&arena);
}

TEST(a_section_that_was_taken_out_is_found_where_nobody_can_open_it_too) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    struct feed_info feed = newest_feed(s.relay->store, &s.channel, &s.birk->member);
    take_section_out(s.relay, &feed.id, HANDOVER_ENTRY(1));
    struct findings findings = check_all(s.relay, &checked);
    assert_int_equal(findings.n, 1);
    assert_string_equal(err_name(findings.first.error), "hash");
    assert_int_equal(findings.first.seq, 1);
    scene_end(&s);
}

TEST(a_database_that_lacks_its_own_member_is_damaged) {
    struct scene s;
    scene_begin(&s);
    change(s.birk, "DELETE FROM roster WHERE member = (SELECT member FROM federation)");
    struct store_config config = {
        .path = s.birk->path, .keys = &s.birk->keys, .place = s.birk->place, .disk = s.birk->disk};
    struct store *store = NULL;
    assert_err(ERR_CORRUPT, store_open(&config, &store));
    assert_null(store);
    scene_end(&s);
}

static int deny_reading(void *context, int action, const char *a, const char *b, const char *c,
                        const char *d) {
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_SELECT ? SQLITE_DENY : SQLITE_OK;
}

static void roll_back_blind(struct store *store) {
    assert_ok(store_begin(store));
    sqlite3_set_authorizer(db_handle(store->db), deny_reading, NULL);
    store_rollback(store);
    sqlite3_set_authorizer(db_handle(store->db), NULL, NULL);
}

TEST(a_store_that_could_not_read_after_a_roll_back_calls_nothing_damaged) {
    struct scene s;
    struct arena arena;
    struct record record;
    uint64_t checked = 0;
    scene_begin(&s);
    arena_init(&arena, KIB(256));
    roll_back_blind(s.birk->store);
    assert_ok(record_load(s.birk->store, COLLECTION_HANDOVER, &s.record, &arena, &record));
    assert_int_equal(record.fields_n, 3);
    roll_back_blind(s.birk->store);
    assert_int_equal(check_all(s.birk, &checked).n, 0);
    arena_done(&arena);
    scene_end(&s);
}

/* More than one slice looks at. */
TEST(every_one_of_many_statements_is_verified) {
    static const char *const names[] = {"Solsikken", "Egely", "Elverhøj", "Regnbuen"};
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    for (size_t i = 0; i < 4; i++) {
        struct site *site = federation_join(&s.f, names[i], ROLE_KINDERGARTEN);
        sync_all(&s.f);
        struct channel channel = channel_between(site, s.school);
        struct record_id record = record_of(site);
        write_field(site, &channel, &record, HANDOVER_CHILD_NAME, "Alma", NULL);
    }
    sync_all(&s.f);
    for (size_t i = 1; i < s.f.sites_n; i++)
        sync_statements(s.town, &s.f.sites[i]);
    int n = count(db_handle(s.town->store->db), "SELECT count(*) FROM statement");
    assert_true(n > 16);
    assert_int_equal(check_all(s.town, &checked).n, 0);
    tamper(s.town, "UPDATE statement SET waiting = waiting + 1");
    assert_int_equal(check_all(s.town, &checked).n, n);
    scene_end(&s);
}

TEST(a_changed_header_is_found) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    tamper(s.town, "UPDATE entry SET bytes = CAST(substr(bytes, 1, 96) || x'0102030405060708' || "
                   "substr(bytes, 105)"
                   " AS BLOB) WHERE key = " HANDOVER_ENTRY(2)); /* its clock */
    struct findings findings = check_all(s.town, &checked);
    assert_int_equal(findings.n, 1);
    assert_string_equal(err_name(findings.first.error), "hash");
    assert_int_equal(findings.first.seq, 2);
    scene_end(&s);
}

TEST(an_entry_cut_out_is_found) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    tamper(s.town, "DELETE FROM entry WHERE key = " HANDOVER_ENTRY(2));
    struct findings findings = check_all(s.town, &checked);
    assert_true(findings.n > 0);
    assert_int_equal(findings.first.seq, 2);
    assert_string_equal(err_name(findings.first.error), "not_found");
    scene_end(&s);
}

TEST(a_feed_cut_short_is_found) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    tamper(s.town, "DELETE FROM entry WHERE key = " HANDOVER_ENTRY(3));
    struct findings findings = check_all(s.town, &checked);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.first.seq, 3);
    scene_end(&s);
}

TEST(a_value_changed_in_the_records_alone_is_found) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    tamper(s.school, "UPDATE version SET live = 1 - live, clock = clock + 1 WHERE key = (SELECT "
                     "min(key) FROM version)");
    struct findings findings = check_all(s.school, &checked);
    assert_int_equal(findings.n, 2); /* the value, and that its field is not merged so */
    assert_int_equal(findings.first.error, ERR_CORRUPT);
    assert_int_equal(findings.first.seq, 1);
    scene_end(&s);
}

/* Each changes one column of a derived table of the school's database. What is not here is said in
 * check.h: what no log can tell (tables node, ticket, joining, own_report, quarantine, fork,
 * entry_note and import; when something was stored; which own feeds may be continued), and rows
 * that a declaration does not call for in epoch and epoch_grant. */
#define FLIPPED(column)                                                                            \
    column " = CAST(substr(" column ", 1, length(" column ") - 1) || CASE WHEN substr(" column     \
           ", -1) = x'00' THEN x'01' ELSE x'00' END AS BLOB)"
#define BIRKS " WHERE member = (SELECT member FROM roster WHERE name = 'Birk')"
#define HANDOVER_FEED                                                                              \
    " WHERE row = (SELECT f.row FROM feed f JOIN channel c ON c.row = f.channel WHERE c.kind = 4)"
#define ONE_OF(table) " WHERE rowid = (SELECT min(rowid) FROM " table ")"
#define PLAIN " WHERE key = (SELECT min(key) FROM version WHERE collection = 1)"
#define SEALED " WHERE key = (SELECT min(key) FROM version WHERE collection = 2)"

static const char *const changes[] = {
    "UPDATE roster SET counter = counter + 1" BIRKS,
    "UPDATE roster SET role = 3" BIRKS,
    "UPDATE roster SET name = 'Birkely'" BIRKS,
    "UPDATE roster SET status = 2" BIRKS,
    "UPDATE roster SET seq = seq + 1" BIRKS,
    "UPDATE roster SET endpoints = 'tcp://127.0.0.1:1'" BIRKS,
    "UPDATE roster SET " FLIPPED("sign") BIRKS,
    "UPDATE roster SET " FLIPPED("seal") BIRKS,
    "UPDATE roster SET " FLIPPED("transport") BIRKS,
    "UPDATE roster SET " FLIPPED("ticket") BIRKS,
    "UPDATE roster SET " FLIPPED("member") BIRKS,
    "DELETE FROM roster" BIRKS,
    "INSERT INTO roster SELECT zeroblob(16), seq, counter, role, 'Else', status, zeroblob(32), "
    "seal,"
    " zeroblob(32), endpoints, ticket FROM roster" BIRKS,
    "UPDATE federation SET name = 'Sydby'",
    "UPDATE federation SET " FLIPPED("root_sign"),
    "UPDATE federation SET " FLIPPED("root_seal"),
    "UPDATE federation SET " FLIPPED("municipality"),
    "UPDATE federation SET roster_seq = roster_seq - 1",
    "UPDATE federation SET role = 2",
    "UPDATE federation SET member = (SELECT member FROM roster WHERE name = 'Birk')",
    "UPDATE channel SET " FLIPPED("party_a") " WHERE kind = 4",
    "UPDATE channel SET " FLIPPED("id") " WHERE kind = 4",
    "UPDATE feed SET " FLIPPED("author") HANDOVER_FEED,
    "UPDATE feed SET " FLIPPED("incarnation") HANDOVER_FEED,
    "UPDATE feed SET " FLIPPED("head_id") HANDOVER_FEED,
    "UPDATE feed SET head_seq = head_seq - 1" HANDOVER_FEED,
    "UPDATE feed SET clock = clock + 1" HANDOVER_FEED,
    "UPDATE feed SET tip_max = tip_max - 1" HANDOVER_FEED,
    "UPDATE feed SET waiting = 1" HANDOVER_FEED,
    "UPDATE feed SET voided = 1" HANDOVER_FEED,
    "UPDATE entry SET status = 3, reason = 6 WHERE key = " HANDOVER_ENTRY(2),
    "UPDATE entry SET reason = 6 WHERE key = " HANDOVER_ENTRY(2),
    "UPDATE entry SET " FLIPPED("id") " WHERE key = " HANDOVER_ENTRY(2),
    "UPDATE epoch SET " FLIPPED("key"),
    "UPDATE epoch SET " FLIPPED("channel"),
    "UPDATE epoch SET number = number - 1",
    "UPDATE epoch SET complete = 1 - complete",
    "UPDATE epoch_grant SET " FLIPPED("sealed"),
    "UPDATE epoch_grant SET " FLIPPED("epoch"),
    "DELETE FROM epoch_grant" BIRKS,
    "UPDATE statement SET counter = counter + 1" BIRKS,
    "UPDATE statement SET waiting = 1" BIRKS,
    "UPDATE statement SET " FLIPPED("channel") BIRKS,
    "UPDATE statement SET " FLIPPED("bytes") BIRKS,
    "UPDATE statement SET " FLIPPED("member") BIRKS,
    "UPDATE version SET live = 0" PLAIN,
    "UPDATE version SET live = 0" SEALED,
    "UPDATE version SET value = CAST('Trivsel 27' AS BLOB)" PLAIN,
    "UPDATE version SET actor_name = 'Else'" PLAIN,
    "UPDATE version SET clock = clock + 1" PLAIN,
    "UPDATE version SET field = 2" PLAIN,
    "UPDATE version SET collection = 9" PLAIN,
    "UPDATE version SET channel = 99" PLAIN,
    "UPDATE version SET key = key + 1" PLAIN,
    "UPDATE version SET replaces = zeroblob(48)" PLAIN,
    "UPDATE version SET " FLIPPED("record") PLAIN,
    "UPDATE version SET " FLIPPED("id8") PLAIN,
    "UPDATE version SET actor_name = '', actor_function = '', value = x'61'" SEALED,
    "UPDATE version SET field = 11" SEALED,
    "UPDATE version SET key = key + 1" SEALED,
    "DELETE FROM contested",
    "UPDATE contested SET field = 11",
    "DELETE FROM awaited",
    "UPDATE awaited SET " FLIPPED("name"),
    "UPDATE local SET " FLIPPED("sealed"),
    "UPDATE local SET key = 'else'",
    "UPDATE local SET " FLIPPED("record"),
};

/* A survey, a contested field, a version that replaces what has not come, statements, a draft. */
static void enrich(struct scene *s) {
    struct channel notice = {.kind = CHANNEL_NOTICE};
    struct version_name written, unknown = {{{7}}, 3, {{1}}};
    struct record_id survey = record_of(s->town);
    assert_ok(try_write(s->town, &notice, COLLECTION_SURVEY, &survey, SURVEY_TITLE, "Trivsel 26",
                        NULL, &written));
    write_field(s->birk, &s->channel, &s->record, 50, "12 August", NULL);
    write_field(s->school, &s->channel, &s->record, 50, "13 August", NULL);
    write_field(s->school, &s->channel, &s->record, 51, "9.00", &unknown);
    assert_ok(local_put(s->school->store, &s->record, "draft", bytes_of_text("10.00")));
    sync_all(&s->f);
    sync_statements(s->birk, s->town);
    sync_statements(s->town, s->school);
}

TEST(a_single_value_changed_in_any_derived_table_is_found) {
    struct scene s;
    uint64_t checked = 0;
    size_t missed = 0;
    scene_begin(&s);
    enrich(&s);
    assert_int_equal(check_all(s.school, &checked).n, 0);
    site_backup(s.school);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        change(s.school, changes[i]);
        if (opens(s.school)) {
            site_open(s.school);
            if (check_all(s.school, &checked).n == 0) {
                print_error("not found: %s\n", changes[i]);
                missed++;
            }
        }
        site_restore(s.school, SAME_PLACE);
    }
    assert_int_equal(missed, 0);
    assert_int_equal(check_all(s.school, &checked).n, 0);
    scene_end(&s);
}

TEST(an_index_that_does_not_fit_its_table_is_found) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    tamper(s.town,
           "CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'roster_by_transport';"
           "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = "
           "'roster_by_transport'");
    tamper(s.town, "UPDATE roster SET transport = zeroblob(32) WHERE name = 'Birk'; PRAGMA "
                   "writable_schema = ON;"
                   "INSERT INTO sqlite_schema SELECT * FROM kept; DROP TABLE kept");
    struct findings findings = check_all(s.town, &checked);
    assert_true(findings.n > 0);
    assert_int_equal(findings.first.error, ERR_CORRUPT);
    assert_int_equal(findings.first.seq, 0);
    assert_non_null(strstr(findings.text, "roster_by_transport"));
    scene_end(&s);
}

TEST(a_version_taken_out_of_the_records_is_found) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    tamper(s.school, "DELETE FROM version WHERE key = (SELECT max(key) FROM version)");
    struct findings findings = check_all(s.school, &checked);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.first.seq, 3);
    scene_end(&s);
}

TEST(a_childs_name_is_found_with_the_schools_key_and_nowhere_with_the_municipalitys) {
    struct scene s;
    uint64_t opened = 0, hits = 9;
    scene_begin(&s);
    assert_ok(check_search(s.town->store, &s.town->keys, "Alma", &opened, &hits));
    assert_int_equal(hits, 0);
    uint64_t public = opened;
    assert_true(public > 0);
    assert_ok(check_search(s.town->store, &s.school->keys, "Alma", &opened, &hits));
    assert_int_equal(hits, 1);
    assert_int_equal(opened, public + 3);
    assert_ok(check_search(s.town->store, NULL, "Nordby", &opened, &hits));
    assert_true(hits > 0);
    scene_end(&s);
}

TEST(a_search_looks_at_one_envelope_at_a_time) {
    struct scene s;
    struct search *search;
    uint64_t opened = 0, hits = 0, before = 0, most = 0, steps = 0;
    bool done = false;
    scene_begin(&s);
    assert_ok(search_new(s.school->store, &s.school->keys, "Alma", &search));
    for (; !done; steps++) {
        assert_ok(search_step(search, &done));
        search_counts(search, &opened, &hits);
        most = opened - before > most ? opened - before : most;
        before = opened;
    }
    assert_int_equal(hits, 1);
    assert_true(steps > 5 && most < opened / 2);
    search_free(search);
    scene_end(&s);
}

static bool file_holds(const char *path, const void *what, size_t size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    char *content = malloc(length);
    assert_int_equal(fread(content, 1, length, file), length);
    fclose(file);
    bool holds = memmem(content, length, what, size) != NULL;
    free(content);
    return holds;
}

TEST(an_export_can_be_read_and_holds_nothing_secret) {
    struct scene s;
    char path[400];
    sqlite3 *db = NULL;
    struct channel notice = {.kind = CHANNEL_NOTICE};
    struct version_name written;
    scene_begin(&s);
    snprintf(path, sizeof path, "%.255s/export.db", s.f.folder);
    struct record_id survey = record_of(s.town);
    assert_ok(try_write(s.town, &notice, COLLECTION_SURVEY, &survey, SURVEY_TITLE, "Trivsel 26",
                        NULL, &written));
    sync_all(&s.f);
    assert_ok(check_export(s.school->store, path));
    assert_err(ERR_EXISTS, check_export(s.school->store, path));
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(count(db, "SELECT count(*) FROM member"), 4);
    assert_int_equal(count(db, "SELECT count(*) FROM survey WHERE title = 'Trivsel 26'"), 1);
    assert_int_equal(count(db, "SELECT count(*) FROM entry WHERE status <> 1"), 0);
    assert_int_equal(
        count(
            db,
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('ticket', 'joining', 'epoch_grant',"
            " 'version', 'answer', 'local')"),
        0);
    sqlite3_close(db);
    assert_false(file_holds(path, "Alma", 4));
    assert_false(file_holds(path, s.school->keys.rest, 32));
    write_field(s.school, &s.channel, &s.record, 50, "12 August", NULL); /* the store goes on */
    scene_end(&s);
}

TEST(no_plain_value_of_a_handover_lies_in_the_database) {
    struct scene s;
    scene_begin(&s);
    site_close(s.school);
    assert_false(file_holds(s.school->path, "Alma", 4));
    assert_false(file_holds(s.school->path, "gynge", 5));
    assert_true(file_holds(s.school->path, "Nordby", 6));
    site_open(s.school);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_replica_has_no_findings),
        cmocka_unit_test(the_fields_of_a_record_are_merged_again_one_in_a_slice),
        cmocka_unit_test(one_byte_changed_in_an_envelope_is_named_by_author_and_number),
        cmocka_unit_test(a_section_that_was_taken_out_is_found_where_nobody_can_open_it_too),
        cmocka_unit_test(a_database_that_lacks_its_own_member_is_damaged),
        cmocka_unit_test(a_store_that_could_not_read_after_a_roll_back_calls_nothing_damaged),
        cmocka_unit_test(every_one_of_many_statements_is_verified),
        cmocka_unit_test(a_changed_header_is_found),
        cmocka_unit_test(an_entry_cut_out_is_found),
        cmocka_unit_test(a_feed_cut_short_is_found),
        cmocka_unit_test(a_value_changed_in_the_records_alone_is_found),
        cmocka_unit_test(a_single_value_changed_in_any_derived_table_is_found),
        cmocka_unit_test(an_index_that_does_not_fit_its_table_is_found),
        cmocka_unit_test(a_version_taken_out_of_the_records_is_found),
        cmocka_unit_test(a_search_looks_at_one_envelope_at_a_time),
        cmocka_unit_test(
            a_childs_name_is_found_with_the_schools_key_and_nowhere_with_the_municipalitys),
        cmocka_unit_test(an_export_can_be_read_and_holds_nothing_secret),
        cmocka_unit_test(no_plain_value_of_a_handover_lies_in_the_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
