/* Four stores through random histories: writes, partial copies, restarts on other disks, restored
 * backups, a roster that grows. Whatever happened, in the end the two parties of a channel hold the
 * same, and every replica is sound. */
#include "dice.h"
#include "federation.h"
#include "proto/limits.h"
#include "store/acks.h"
#include "store/check.h"
#include "store/collection.h"
#include "test.h"

#include <stdio.h>

enum { SEEDS = 12, STEPS = 80, VERSIONS_MAX = 128 };

struct scene {
    struct federation f;
    struct channel channel;
    struct record_id record;
    struct version_name versions[VERSIONS_MAX];
    size_t versions_n;
    struct dice dice;
    bool has_backup[4];
    size_t moved, forks;
};

static size_t roll(struct scene *s, size_t sides) {
    return dice_below(&s->dice, sides);
}

static void write_some(struct scene *s) {
    static const char *const values[] = {"8.00", "8.30", "9.00", ""};
    struct site *site = &s->f.sites[1 + roll(s, 2)];
    const struct version_name *replaces =
        s->versions_n > 0 && roll(s, 3) > 0 ? &s->versions[roll(s, s->versions_n)] : NULL;
    bool together = roll(s, 4) == 0, kept = roll(s, 3) > 0;
    size_t before = s->versions_n;
    if (together)
        MUST(store_begin(site->store));
    for (size_t i = 0; i < (together ? 3 : 1); i++) {
        struct version_name name =
            write_field(site, &s->channel, &s->record, (uint16_t)(50 + roll(s, 3)),
                        values[roll(s, 4)], replaces);
        if (s->versions_n < VERSIONS_MAX)
            s->versions[s->versions_n++] = name;
    }
    if (!together)
        return;
    if (kept) {
        MUST(store_commit(site->store));
        return;
    }
    store_rollback(site->store);
    s->versions_n = before; /* they never were */
}

static void grow_roster(struct scene *s) {
    struct buffer text = {0};
    struct declaration declaration = {.kind = DECLARATION_ENTRY};
    struct version_name written;
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct site *town = &s->f.sites[0];
    MUST(roster_member(town->store, &s->f.sites[3].member, UINT64_MAX, &arena, &declaration.entry));
    declaration.entry.counter++;
    enum err e = append_change(town->store,
                               &(struct change){.channel = {.kind = CHANNEL_ROSTER},
                                                .declarations = &declaration,
                                                .declarations_n = 1},
                               &written);
    assert_true(e == OK || e == ERR_STATE); /* not while its tip is unconfirmed */
    arena_done(&arena);
    buffer_done(&text);
}

static void step(struct scene *s) {
    struct site *a = &s->f.sites[roll(s, 4)], *b = &s->f.sites[roll(s, 4)];
    size_t at = (size_t)(a - s->f.sites);
    switch (roll(s, 10)) {
    case 0:
    case 1:
    case 2:
        write_some(s);
        break;
    case 3:
    case 4:
    case 5:
        if (a != b)
            s->moved += sync_to(a, b, 1 + roll(s, 4000));
        break;
    case 6:
        if (a != b)
            sync_statements(a, b);
        break;
    case 7:
        if (roll(s, 2) == 0)
            site_move(a);
        else {
            site_close(a);
            site_open(a);
        }
        break;
    case 8:
        grow_roster(s);
        break;
    default:
        if (s->has_backup[at])
            site_restore(a, OTHER_BOOT | OTHER_DISK);
        else
            site_backup(a);
        s->has_backup[at] = !s->has_backup[at];
    }
}

static enum err count_forks(void *context, const struct feed_info *feed) {
    struct scene *s = context;
    s->forks += feed->forked;
    assert_int_equal(feed->voided, 0);
    assert_int_equal(feed->waiting, 0);
    return OK;
}

static void complain(void *context, const struct check_finding *finding) {
    fprintf(stderr, "entry %llu: %s: %s\n", (unsigned long long)finding->seq,
            err_name(finding->error), finding->text);
    ++*(size_t *)context;
}

static void assert_sound(struct scene *s, struct site *site) {
    struct check *check = NULL;
    size_t findings = 0;
    uint64_t checked, total;
    bool done = false;
    assert_ok(check_new(site->store, false, &check));
    while (!done)
        assert_ok(check_step(check, 10, complain, &findings, &done, &checked, &total));
    check_free(check);
    assert_int_equal(findings, 0);
    assert_ok(feed_each(site->store, count_forks, s));
}

static void history(uint64_t seed) {
    struct scene s = {.dice = {seed}};
    struct hash here, there;
    print_message("seed %llu\n", (unsigned long long)seed);
    federation_found_four(&s.f);
    s.channel = channel_between(&s.f.sites[1], &s.f.sites[2]);
    s.record = record_of(&s.f.sites[1]);
    for (size_t i = 0; i < STEPS; i++)
        step(&s);
    for (int pass = 0; pass < 2; pass++)
        sync_all(&s.f);
    assert_true(s.moved > 0);
    assert_ok(store_digest(s.f.sites[1].store, &here));
    assert_ok(store_digest(s.f.sites[2].store, &there));
    assert_memory_equal(&here, &there, sizeof here);
    assert_ok(store_digest(s.f.sites[0].store, &here));
    assert_ok(store_digest(s.f.sites[3].store, &there));
    assert_memory_equal(&here, &there, sizeof here);
    for (size_t i = 0; i < 4; i++)
        assert_sound(&s, &s.f.sites[i]);
    assert_int_equal(s.forks, 0);
    federation_end(&s.f);
}

TEST(whatever_happens_both_parties_end_with_the_same_and_no_number_is_signed_twice) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        history(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            whatever_happens_both_parties_end_with_the_same_and_no_number_is_signed_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
