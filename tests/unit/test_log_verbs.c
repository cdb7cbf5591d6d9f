/* log list and quarantine show: what others have written a lot of. */
#include "desk.h"
#include "offer.h"
#include "proto/limits.h"
#include "service/handover.h"
#include "store/admit.h"
#include "store/collection.h"
#include "test.h"

#include <malloc.h>
#include <stdlib.h>

/* What Jansson has taken and not given back. */
static size_t taken, taken_max;

static void *take(size_t size) {
    void *memory = malloc(size);
    if (memory != NULL)
        taken += malloc_usable_size(memory);
    if (taken > taken_max)
        taken_max = taken;
    return memory;
}

static void give_back(void *memory) {
    taken -= memory != NULL ? malloc_usable_size(memory) : 0;
    free(memory);
}

/* So many logs of one author, with an entry each. */
static void begin_anew(struct scene *s, size_t n) {
    struct channel answers = {.kind = CHANNEL_ANSWERS};
    for (size_t i = 0; i < n; i++) {
        struct forge forge;
        struct buffer run = {0};
        struct admitted admitted;
        forge_birth(&forge, s->birk, &answers, &run);
        assert_ok(
            admit_run(s->town->store, &s->birk->member, &forge.feed, buffer_view(&run), &admitted));
        buffer_done(&run);
        forge_end(&forge);
    }
}

TEST(the_newest_entries_of_many_logs_are_listed_without_holding_all_of_them) {
    struct scene s;
    struct desk desk;
    enum { FEEDS = 120, SHOWN = 5 };
    scene_open(&s);
    begin_anew(&s, FEEDS);
    desk_open(&desk, s.town, "Bo", "");
    const json_t *all = desk_call(&desk, "log", "list", json_pack("{s:i}", "limit", 1000));
    size_t n = json_array_size(at(all, "entries"));
    assert_true(n > FEEDS);
    json_t *newest = json_array();
    for (size_t i = n - SHOWN; i < n; i++)
        assert_int_equal(json_array_append(newest, json_array_get(at(all, "entries"), i)), 0);
    json_t *wanted = json_deep_copy(newest);
    json_decref(newest);
    json_set_alloc_funcs(take, give_back);
    desk_close(&desk);
    desk_open(&desk, s.town, "Bo", "");
    taken = taken_max = 0;
    const json_t *few = desk_call(&desk, "log", "list", json_pack("{s:i}", "limit", SHOWN));
    size_t left = taken;
    assert_true(json_equal(at(few, "entries"), wanted));
    assert_true(json_array_size(at(few, "feeds")) > FEEDS);
    assert_true(taken_max - left < left / 2);
    desk_close(&desk);
    json_set_alloc_funcs(malloc, free);
    json_decref(wanted);
    scene_end(&s);
}

/* A branch of Birk's log in which `value` is written. */
static void put_aside(struct scene *s, const char *value) {
    struct admitted admitted;
    struct buffer plain = {0};
    struct epoch_public epoch = forge_epoch(s->birk->store, &s->feed.id);
    write_field(s->birk, &s->channel, &s->record, 11, "tegne", NULL);
    sync_feeds(s->birk, s->school);
    forge_set(&s->record, 10, value, &plain);
    forge_next(&s->forge);
    forge_seal(&s->forge, &epoch);
    forge_sealed(&s->forge, buffer_view(&plain));
    forge_sign(&s->forge, NULL, &s->run);
    assert_err(ERR_FORK, offer(s, s->school, &admitted));
    buffer_done(&plain);
}

static const json_t *branch_at(struct desk *desk) {
    size_t i;
    const json_t *item;
    const json_t *list = at(desk_call(desk, "quarantine", "list", NULL), "items");
    json_array_foreach(list, i, item) {
        if (strcmp(at_text(item, "kind"), "fork") == 0 && at_number(item, "bytes") > 0)
            return desk_call(desk, "quarantine", "show",
                             json_pack("{s:I}", "number", (json_int_t)at_number(item, "number")));
    }
    fail_msg("no branch was kept");
    return NULL;
}

TEST(a_branch_is_shown_whatever_else_its_record_holds) {
    struct scene s;
    struct desk desk;
    offer_begin(&s);
    put_aside(&s, "gynge");
    desk_open(&desk, s.school, "Ole", "");
    const json_t *branch = branch_at(&desk);
    assert_string_equal(at_text(branch, "entries.0.writes.0.value"), "gynge");
    assert_false(at_flag(branch, "entries.0.writes.0.here"));
    assert_int_equal(at_number(branch, "lost"), 1);
    desk_close(&desk);

    char *value = calloc(1, VALUE_SIZE_MAX + 1);
    assert_non_null(value);
    memset(value, 'x', VALUE_SIZE_MAX);
    for (size_t size = 0; size <= HANDOVER_ARENA_MAX; size += VALUE_SIZE_MAX) {
        struct version_name written;
        assert_ok(try_write(s.school, &s.channel, COLLECTION_HANDOVER, &s.record, 900, value, NULL,
                            &written));
    }
    free(value);
    desk_open(&desk, s.school, "Ole", "");
    branch = branch_at(&desk);
    assert_string_equal(at_text(branch, "entries.0.writes.0.value"), "gynge");
    assert_false(at_flag(branch, "entries.0.writes.0.here"));
    desk_close(&desk);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_entries_of_many_logs_are_listed_without_holding_all_of_them),
        cmocka_unit_test(a_branch_is_shown_whatever_else_its_record_holds),
    };
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
