#include "records.h"
#include "test.h"

#include "proto/owner.h"
#include "store/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    struct records records;
    struct record_id one, two;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    records_open(&f->records, BIRK);
    f->one = record_id_new(1000, &f->records.members[BIRK]);
    f->two = record_id_new(2000, &f->records.members[BIRK]);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    records_close(&f->records);
    free(f);
    return 0;
}

static void put(struct fixture *f, const struct record_id *record, const char *key,
                const char *value) {
    assert_ok(local_put(f->records.store, record, key, bytes_of_text(value)));
}

static void expect(struct fixture *f, const struct record_id *record, const char *key,
                   const char *value) {
    struct buffer found = {0};
    enum err e = local_get(f->records.store, record, key, &found);
    assert_int_equal(e, value == NULL ? ERR_NOT_FOUND : OK);
    assert_true(bytes_equal(buffer_view(&found), bytes_of_text(value == NULL ? "" : value)));
    buffer_done(&found);
}

TEST(a_draft_is_read_back_after_closing_and_opening) {
    struct fixture *f = *state;
    put(f, &f->one, "likes", "dinosaurs");
    records_reopen(&f->records, BIRK);
    expect(f, &f->one, "likes", "dinosaurs");
    expect(f, &f->one, "good_at", NULL);
    expect(f, &f->two, "likes", NULL);
}

TEST(a_second_value_takes_the_place_of_the_first_and_an_empty_one_removes) {
    struct fixture *f = *state;
    put(f, &f->one, "likes", "dinosaurs");
    put(f, &f->one, "likes", "dinosaurs and whales");
    expect(f, &f->one, "likes", "dinosaurs and whales");
    put(f, &f->one, "likes", "");
    expect(f, &f->one, "likes", NULL);
    put(f, &f->one, "likes", "");
}

struct list {
    char text[256];
    const struct record_id *one;
};

static enum err collect(void *context, const struct record_id *record, const char *key,
                        struct bytes value) {
    struct list *list = context;
    size_t at = strlen(list->text);
    snprintf(list->text + at, sizeof list->text - at, "%d.%s=%.*s ",
             record_id_equal(record, list->one) ? 1 : 2, key, (int)value.size,
             (const char *)value.data);
    return OK;
}

TEST(drafts_are_listed_of_one_record_or_of_all) {
    struct fixture *f = *state;
    struct list all = {.text = "", .one = &f->one}, second = {.text = "", .one = &f->one};
    put(f, &f->two, "likes", "c");
    put(f, &f->one, "likes", "b");
    put(f, &f->one, "good_at", "a");
    assert_ok(local_each(f->records.store, NULL, collect, &all));
    assert_string_equal(all.text, "1.good_at=a 1.likes=b 2.likes=c ");
    assert_ok(local_each(f->records.store, &f->two, collect, &second));
    assert_string_equal(second.text, "2.likes=c ");
}

TEST(a_draft_in_a_transaction_that_fails_is_not_kept) {
    struct fixture *f = *state;
    assert_ok(store_begin(f->records.store));
    put(f, &f->one, "likes", "dinosaurs");
    store_rollback(f->records.store);
    expect(f, &f->one, "likes", NULL);
}

TEST(a_sealed_draft_moved_to_another_place_does_not_open) {
    struct fixture *f = *state;
    struct buffer found = {0};
    put(f, &f->one, "likes", "dinosaurs");
    assert_ok(db_execute(f->records.store->db, "UPDATE local SET key = 'good_at'"));
    assert_int_not_equal(local_get(f->records.store, &f->one, "good_at", &found), OK);
    buffer_done(&found);
}

TEST(drafts_are_sealed_in_the_files) {
    struct fixture *f = *state;
    char path[400];
    static char bytes[1 << 20];
    put(f, &f->one, "likes", "the-canary-dinosaurs");
    records_reopen(&f->records, BIRK);
    snprintf(path, sizeof path, "%s/replica.db", f->records.folder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_non_null(memmem(bytes, n, "likes", 5));
    assert_null(memmem(bytes, n, "the-canary-dinosaurs", 20));
}

#define FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- Nonces ---- */

enum { NONCE_SIZE = 24, SEALS = 1000 };

static void take_nonce(struct fixture *f, uint8_t ret_nonce[static NONCE_SIZE]) {
    struct buffer sealed = {0};
    assert_ok(rest_seal(f->records.store, bytes_of_text("here"), bytes_of_text("x"), &sealed));
    memcpy(ret_nonce, sealed.data, NONCE_SIZE);
    buffer_done(&sealed);
}

static int compare_nonces(const void *a, const void *b) {
    return memcmp(a, b, NONCE_SIZE);
}

TEST(no_two_values_are_sealed_at_rest_with_one_nonce) {
    struct fixture *f = *state;
    static uint8_t nonces[SEALS][NONCE_SIZE];
    for (int i = 0; i < SEALS; i++) {
        bool own;
        assert_ok(store_enter(f->records.store, &own));
        take_nonce(f, nonces[i]);
        assert_int_equal(store_leave(f->records.store, own, i % 2 == 0 ? OK : ERR_DENIED),
                         i % 2 == 0 ? OK : ERR_DENIED);
    }
    qsort(nonces, SEALS, NONCE_SIZE, compare_nonces);
    for (int i = 1; i < SEALS; i++)
        assert_memory_not_equal(nonces[i - 1], nonces[i], NONCE_SIZE);
}

TEST(a_child_process_does_not_take_its_parents_nonces) {
    struct fixture *f = *state;
    uint8_t first[NONCE_SIZE], ours[NONCE_SIZE], theirs[NONCE_SIZE];
    int ends[2], status;
    take_nonce(f, first);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        take_nonce(f, theirs);
        _exit(write(ends[1], theirs, sizeof theirs) == sizeof theirs ? 0 : 1);
    }
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    take_nonce(f, ours);
    assert_memory_not_equal(ours, theirs, sizeof ours);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FIXTURE(a_draft_is_read_back_after_closing_and_opening),
        FIXTURE(a_second_value_takes_the_place_of_the_first_and_an_empty_one_removes),
        FIXTURE(drafts_are_listed_of_one_record_or_of_all),
        FIXTURE(a_draft_in_a_transaction_that_fails_is_not_kept),
        FIXTURE(a_sealed_draft_moved_to_another_place_does_not_open),
        FIXTURE(drafts_are_sealed_in_the_files),
        FIXTURE(no_two_values_are_sealed_at_rest_with_one_nonce),
        FIXTURE(a_child_process_does_not_take_its_parents_nonces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
