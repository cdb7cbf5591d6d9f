/* What a failed commit leaves in the database's log file. */
#include "fault.h"
#include "scene.h"
#include "store/collection.h"
#include "temp.h"
#include "test.h"

#include <stdio.h>
#include <unistd.h>

enum { PATH_MAX_HERE = 400 };

static enum err try_text(struct scene *s, const char *text, struct version_name *ret_written) {
    return try_write(s->birk, &s->channel, COLLECTION_HANDOVER, &s->record, 10, text, NULL,
                     ret_written);
}

/* Copies the database as it lies there, with its log. */
static void copy_running(const struct site *site, bool back) {
    static const char *const files[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        char there[PATH_MAX_HERE], copy[PATH_MAX_HERE];
        snprintf(there, sizeof there, "%s%s", site->path, files[i]);
        snprintf(copy, sizeof copy, "%s.copy%s", site->path, files[i]);
        temp_copy(back ? copy : there, back ? there : copy);
    }
}

/* Puts the copy on another disk, and opens it there. */
static void restore(struct site *site) {
    char index[PATH_MAX_HERE];
    site_close(site);
    copy_running(site, true);
    snprintf(index, sizeof index, "%s-shm", site->path);
    unlink(index);
    site->disk.bytes[1]++;
    site_open(site);
}

static uint64_t head_of(const struct site *site, const struct feed_id *feed) {
    struct feed_info info;
    assert_ok(feed_find(site->store, feed, &info));
    return info.head.seq;
}

/* The n-th call that means the database's files fails while something is written, and they are
 * copied then. False: there is none. */
static bool fail_at(unsigned n, unsigned *revived) {
    struct scene s;
    struct version_name lost, next;
    scene_open_shared(&s);
    fault_arm(FAULT_DATABASE, n);
    enum err e = try_text(&s, "gynge", &lost);
    bool failed = fault_disarm();
    copy_running(s.birk, false);
    assert_ok(try_text(&s, "tegne", &next));
    sync_all(&s.f);
    uint64_t known = head_of(s.school, &s.first.feed);
    restore(s.birk);
    if (e != OK && head_of(s.birk, &s.first.feed) > 1) {
        assert_int_equal(known, 1); /* nothing else bears that number */
        ++*revived;
    }
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    assert_int_equal(head_of(s.school, &s.first.feed), head_of(s.birk, &s.first.feed));
    scene_end(&s);
    return failed;
}

TEST(a_number_whose_commit_failed_is_not_signed_again_though_a_copy_brings_it_back) {
    unsigned revived = 0;
    for (unsigned n = 1; fail_at(n, &revived);)
        n++;
    assert_true(revived > 0);
}

TEST(a_full_disk_costs_no_incarnation) {
    struct scene s;
    struct version_name next;
    scene_open_shared(&s);
    fault_arm(FAULT_DISK_FULL, 1);
    assert_err(ERR_DISK_FULL, try_text(&s, "gynge", &next));
    assert_true(fault_disarm());
    assert_ok(try_text(&s, "gynge", &next));
    assert_memory_equal(&next.feed, &s.first.feed, sizeof next.feed);
    assert_int_equal(next.seq, 2);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_number_whose_commit_failed_is_not_signed_again_though_a_copy_brings_it_back),
        cmocka_unit_test(a_full_disk_costs_no_incarnation),
    };
    fault_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
