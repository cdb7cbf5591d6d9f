/* What verify finds of the database itself: its tables, its free pages, the order of its rows. */
#include "checking.h"
#include "scene.h"
#include "store/replica.h"
#include "test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void scene_begin(struct scene *s) {
    scene_open(s);
    scene_write(s);
}

static void assert_damaged(struct site *site, bool whole) {
    uint64_t checked = 0;
    struct findings findings = check_as(site, whole, &checked);
    assert_int_not_equal(findings.n, 0);
    assert_int_equal(findings.first.error, ERR_CORRUPT);
}

/* As when bits of the log rotted, and what is left of it is older than the pages it has gone into.
 */
TEST(a_database_of_an_earlier_form_is_damaged_though_its_pages_are_sound) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    change(s.birk, "DROP INDEX quarantine_of_source; ALTER TABLE fork DROP COLUMN first_on");
    site_open(s.birk);
    struct findings findings = check_all(s.birk, &checked);
    assert_int_equal(findings.n, 2);
    assert_int_equal(findings.first.error, ERR_CORRUPT);
    scene_end(&s);
}

TEST(a_rule_of_a_table_that_has_changed_is_damage) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    change(s.birk, "PRAGMA writable_schema = ON;"
                   "UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (one = 1)',"
                   " 'CHECK (one = 3)') WHERE name = 'generation'");
    site_open(s.birk);
    struct findings findings = check_all(s.birk, &checked);
    assert_int_equal(findings.n, 1);
    assert_non_null(strstr(findings.text, "table 'generation' "));
    scene_end(&s);
}

static uint32_t number_at(int fd, off_t at) {
    uint8_t bytes[4];
    assert_int_equal(pread(fd, bytes, sizeof bytes, at), sizeof bytes);
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The first page that the list of free pages names becomes `page`. The form of the file:
 * https://www.sqlite.org/fileformat2.html, 1.5. */
static void free_instead(struct site *site, uint32_t page) {
    change(site, "CREATE TABLE spare (bytes BLOB); INSERT INTO spare VALUES (zeroblob(100000));"
                 "DROP TABLE spare");
    int fd = open(site->path, O_RDWR);
    uint32_t page_size = number_at(fd, 16) >> 16, list = number_at(fd, 32);
    uint8_t bytes[4] = {(uint8_t)(page >> 24), (uint8_t)(page >> 16), (uint8_t)(page >> 8),
                        (uint8_t)page};
    assert_in_range(list, 2, 1000);
    off_t at = (off_t)(list - 1) * page_size + 8;
    assert_in_range(number_at(fd, at), 2, 1000);
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, at), sizeof bytes);
    close(fd);
    site_open(site);
}

/* Nothing that is read shows it; what is written next would need it. */
TEST(a_list_of_free_pages_that_names_none_is_damage) {
    struct scene s;
    scene_begin(&s);
    free_instead(s.birk, 0x7f000000);
    assert_damaged(s.birk, false);
    scene_end(&s);
}

TEST(a_page_that_is_used_and_called_free_is_seen_when_all_is_looked_at_at_once) {
    struct scene s;
    uint64_t checked = 0;
    scene_begin(&s);
    free_instead(s.birk, 3);
    assert_damaged(s.birk, true);
    scene_end(&s);
    scene_begin(&s);
    assert_int_equal(check_as(s.birk, true, &checked).n, 0);
    scene_end(&s);
}

static uint8_t *file_bytes(const char *path, size_t *ret_size) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    *ret_size = (size_t)status.st_size;
    uint8_t *bytes = malloc(*ret_size);
    FILE *file = fopen(path, "rb");
    assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
    fclose(file);
    return bytes;
}

static void file_put(const char *path, const uint8_t *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* The number of the row that says what table `name` is becomes another, in the midst of the others.
 * It stands before the length of what describes the row's columns, of which `table` is the first:
 * https://www.sqlite.org/fileformat2.html, 1.6 and 2.1. */
static void renumber(uint8_t *bytes, size_t size, const char *name, uint8_t from, uint8_t to) {
    char row[100];
    size_t length = (size_t)snprintf(row, sizeof row, "table%s%s", name, name);
    for (size_t at = 16; at + length < size; at++)
        for (uint8_t header = 6; memcmp(bytes + at, row, length) == 0 && header < 10; header++)
            if (bytes[at - header] == header && bytes[at - header - 1] == from) {
                bytes[at - header - 1] = to;
                return;
            }
    fail_msg("no table %s", name);
}

/* Whoever looks for the table after the last one finds one from before. */
TEST(tables_out_of_order_are_damage_and_do_not_go_round_in_a_circle) {
    struct scene s;
    scene_begin(&s);
    sqlite3 *db = db_handle(s.birk->store->db);
    int row = count(db, "SELECT rowid FROM sqlite_schema WHERE name = 'generation'");
    change(s.birk, "PRAGMA journal_mode = DELETE");
    size_t size = 0;
    uint8_t *bytes = file_bytes(s.birk->path, &size);
    renumber(bytes, size, "generation", (uint8_t)row, 2);
    file_put(s.birk->path, bytes, size);
    free(bytes);
    site_open(s.birk);
    assert_damaged(s.birk, false);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_of_an_earlier_form_is_damaged_though_its_pages_are_sound),
        cmocka_unit_test(a_rule_of_a_table_that_has_changed_is_damage),
        cmocka_unit_test(a_list_of_free_pages_that_names_none_is_damage),
        cmocka_unit_test(a_page_that_is_used_and_called_free_is_seen_when_all_is_looked_at_at_once),
        cmocka_unit_test(tables_out_of_order_are_damage_and_do_not_go_round_in_a_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
