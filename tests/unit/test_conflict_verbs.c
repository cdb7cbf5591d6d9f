#include "full_disk.h"
#include "proto/limits.h"
#include "stage.h"
#include "store/record.h"

#include <stdlib.h>

/* The form whose plan Birk and Søndre Skole have written different things in while apart, and the
 * conflict that this has become now that they have met again. */
static char alma[ID_TEXT_MAX], quarrel[ID_TEXT_MAX];

static void write_plan(struct desk *desk, const char *id, const char *field, const char *value) {
    edit(desk, id, field, value);
    if (strcmp(desk->site->name, "Birk") == 0)
        agree(desk, id);
    desk_call(desk, "handover", "send", only_id(id));
}

static int set_up(void **state) {
    if (stage_set_up(state) != 0)
        return -1;
    struct stage *stage = *state;
    const json_t *document = desk_call(
        &stage->mette, "handover", "new",
        json_pack("{s:s, s:{s:s}}", "to", "Søndre Skole", "fields", "child_name", "Alma"));
    snprintf(alma, sizeof alma, "%s", at_text(document, "id"));
    write_plan(&stage->mette, alma, "first_day", "12 August, 9.00");
    sync_all(&stage->federation);
    return 0;
}

static int set_up_conflict(void **state) {
    if (set_up(state) != 0)
        return -1;
    struct stage *stage = *state;
    write_plan(&stage->ole, alma, "first_day", "13 August, 9.00");
    write_plan(&stage->mette, alma, "first_day", "12 August, 8.30");
    sync_all(&stage->federation);
    const json_t *list = desk_call(&stage->mette, "conflict", "list", NULL);
    snprintf(quarrel, sizeof quarrel, "%s", at_text(list, "conflicts.0.id"));
    return 0;
}

static size_t conflicts_at(struct desk *desk) {
    return json_array_size(at(desk_call(desk, "conflict", "list", NULL), "conflicts"));
}

static const char *value_at(struct desk *desk, const char *field) {
    return at_text(shown_field(show(desk, alma), field), "value");
}

static const json_t *show_conflict(struct desk *desk, const char *id) {
    return desk_call(desk, "conflict", "show", only_id(id));
}

static json_t *take(const char *id, const char *side) {
    return json_pack("{s:s, s:s}", "id", id, "take", side);
}

SCENE(both_sites_have_the_same_conflict_under_the_same_id) {
    STAGE(stage);
    assert_int_equal(conflicts_at(&stage->mette), 1);
    const json_t *list = desk_call(&stage->ole, "conflict", "list", NULL);
    assert_int_equal(json_array_size(at(list, "conflicts")), 1);
    assert_string_equal(at_text(list, "conflicts.0.id"), quarrel);
    assert_string_equal(at_text(list, "conflicts.0.child"), "Alma");
    assert_string_equal(at_text(list, "conflicts.0.field"), "first_day");
    assert_int_equal(at_number(list, "conflicts.0.sides"), 2);
}

SCENE(showing_it_says_who_wrote_what_against_what_both_had) {
    STAGE(stage);
    json_t *birks = json_deep_copy(show_conflict(&stage->mette, quarrel));
    json_t *schools = json_deep_copy(show_conflict(&stage->ole, quarrel));
    assert_string_equal(at_text(birks, "base.value"), "12 August, 9.00");
    assert_string_equal(at_text(birks, "base.site.name"), "Birk");
    assert_string_equal(at_text(birks, "base.name"), "Mette H.");
    /* Birk wrote last: it is side 1 and shown, at both. */
    assert_int_equal(at_number(birks, "shown"), 1);
    assert_string_equal(at_text(birks, "sides.0.value"), "12 August, 8.30");
    assert_string_equal(at_text(birks, "sides.0.written.0.site.name"), "Birk");
    assert_string_equal(at_text(birks, "sides.0.written.0.function"), "leader");
    assert_string_equal(at_text(birks, "sides.1.value"), "13 August, 9.00");
    assert_string_equal(at_text(birks, "sides.1.written.0.name"), "Ole R.");
    assert_string_equal(at_text(birks, "sides.0.diff.0.same"), "12 August, ");
    assert_string_equal(at_text(birks, "sides.0.diff.1.old"), "9.00");
    assert_string_equal(at_text(birks, "sides.0.diff.1.new"), "8.30");
    assert_string_equal(at_text(birks, "sides.1.diff.0.old"), "12");
    assert_string_equal(at_text(birks, "sides.1.diff.0.new"), "13");
    assert_true(json_equal(at(birks, "sides"), at(schools, "sides")));
    assert_true(json_equal(at(birks, "base"), at(schools, "base")));
    json_decref(birks);
    json_decref(schools);
}

SCENE(a_conflicted_field_shows_the_pick_and_both_values_in_the_form) {
    STAGE(stage);
    const json_t *document =
        desk_call(&stage->mette, "handover", "show", json_pack("{s:s}", "id", alma));
    const json_t *field = shown_field(document, "first_day");
    assert_string_equal(at_text(field, "value"), "12 August, 8.30");
    assert_string_equal(at_text(field, "conflict.id"), quarrel);
    assert_int_equal(json_array_size(at(field, "conflict.values")), 2);
    desk_refused(&stage->mette, ERR_STATE, "handover", "edit",
                 json_pack("{s:s, s:{s:s}}", "id", alma, "fields", "first_day", "14 August"));
}

SCENE(a_resolution_travels_and_the_conflict_is_gone_on_both) {
    STAGE(stage);
    char short_id[ID_TEXT_MAX];
    snprintf(short_id, sizeof short_id, "%s",
             at_text(show_conflict(&stage->mette, quarrel), "short"));
    assert_int_equal(strlen(short_id), 3);
    const json_t *document = desk_call(&stage->mette, "conflict", "resolve",
                                       json_pack("{s:s, s:s, s:s}", "id", short_id, "take", "2",
                                                 "note", "Aftalt med Ole\ni telefonen"));
    assert_string_equal(at_text(document, "settled"), "13 August, 9.00");
    assert_int_equal(conflicts_at(&stage->mette), 0);
    assert_int_equal(conflicts_at(&stage->ole), 1);
    sync_all(&stage->federation);
    assert_int_equal(conflicts_at(&stage->ole), 0);
    assert_string_equal(value_at(&stage->ole, "first_day"), "13 August, 9.00");
    assert_string_equal(value_at(&stage->ole, "settled"), "first_day: Aftalt med Ole i telefonen");
    document = desk_call(&stage->ole, "handover", "show", json_pack("{s:s}", "id", alma));
    assert_string_equal(at_text(shown_field(document, "first_day"), "by.name"), "Mette H.");
    assert_string_equal(at_text(shown_field(document, "first_day"), "by.site.name"), "Birk");
}

SCENE(either_side_settles_by_the_name_of_a_site_or_with_something_else) {
    STAGE(stage);
    desk_call(&stage->ole, "conflict", "resolve", take(quarrel, "birk"));
    sync_all(&stage->federation);
    assert_string_equal(value_at(&stage->mette, "first_day"), "12 August, 8.30");
    assert_int_equal(conflicts_at(&stage->mette), 0);

    write_plan(&stage->ole, alma, "contact", "Ole");
    write_plan(&stage->mette, alma, "contact", "Mette");
    sync_all(&stage->federation);
    char id[ID_TEXT_MAX];
    snprintf(id, sizeof id, "%s",
             at_text(desk_call(&stage->mette, "conflict", "list", NULL), "conflicts.0.id"));
    desk_call(&stage->mette, "conflict", "resolve",
              json_pack("{s:s, s:s}", "id", id, "value", "Mette til juni, så Ole\n"));
    sync_all(&stage->federation);
    assert_int_equal(conflicts_at(&stage->ole), 0);
    assert_string_equal(value_at(&stage->ole, "contact"), "Mette til juni, så Ole");

    write_plan(&stage->ole, alma, "contact", "Ole");
    write_plan(&stage->mette, alma, "contact", "Mette");
    sync_all(&stage->federation);
    snprintf(id, sizeof id, "%s",
             at_text(desk_call(&stage->mette, "conflict", "list", NULL), "conflicts.0.id"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve", take(id, " "));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve", take(id, "øndre"));
    desk_call(&stage->mette, "conflict", "resolve", take(id, "SØNDRE"));
    assert_string_equal(value_at(&stage->mette, "contact"), "Ole");
}

SCENE(a_resolution_holds_no_mark_that_turns_the_direction_of_writing) {
    STAGE(stage);
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve",
                 json_pack("{s:s, s:s}", "id", quarrel, "value", "a\u202eb"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve",
                 json_pack("{s:s, s:s, s:s}", "id", quarrel, "take", "1", "note", "a\u202eb"));
    assert_int_equal(conflicts_at(&stage->mette), 1);
}

SCENE(a_resolution_says_in_exactly_one_way_what_stands) {
    STAGE(stage);
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve",
                 json_pack("{s:s}", "id", quarrel));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve",
                 json_pack("{s:s, s:s, s:s}", "id", quarrel, "take", "1", "value", "x"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve", take(quarrel, "3"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve", take(quarrel, "0"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve", take(quarrel, "Nordby"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve", take(quarrel, ""));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve",
                 json_pack("{s:s, s:s}", "id", quarrel, "value", "two\nlines"));
    desk_refused(&stage->mette, ERR_NOT_FOUND, "conflict", "resolve", take("ZZZZZZZZ", "1"));
    assert_int_equal(conflicts_at(&stage->mette), 1);
}

SCENE(what_all_sides_wrote_is_cleared_only_when_that_is_said) {
    STAGE(stage);
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve",
                 json_pack("{s:s, s:s}", "id", quarrel, "value", ""));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve",
                 json_pack("{s:s, s:s}", "id", quarrel, "value", " \n"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "conflict", "resolve",
                 json_pack("{s:s, s:s, s:b}", "id", quarrel, "take", "1", "clear", 1));
    assert_int_equal(conflicts_at(&stage->mette), 1);
    desk_call(&stage->mette, "conflict", "resolve",
              json_pack("{s:s, s:b}", "id", quarrel, "clear", 1));
    sync_all(&stage->federation);
    assert_int_equal(conflicts_at(&stage->ole), 0);
}

SCENE(a_field_with_more_versions_than_one_write_can_name_is_settled_all_the_same) {
    STAGE(stage);
    struct channel channel = channel_between(stage->birk, stage->skole);
    const json_t *document =
        desk_call(&stage->mette, "handover", "show", json_pack("{s:s}", "id", alma));
    struct record_id id;
    assert_ok(record_find(stage->skole->store, COLLECTION_HANDOVER, at_text(document, "id"), &id));
    for (int i = 0; i < REPLACES_PER_WRITE_MAX + 20; i++) {
        char value[32];
        struct version_name written;
        snprintf(value, sizeof value, "%d August", i);
        assert_ok(
            try_write(stage->skole, &channel, COLLECTION_HANDOVER, &id, 50, value, NULL, &written));
    }
    sync_all(&stage->federation);
    char conflict[ID_TEXT_MAX];
    snprintf(conflict, sizeof conflict, "%s",
             at_text(desk_call(&stage->mette, "conflict", "list", NULL), "conflicts.0.id"));
    desk_call(&stage->mette, "conflict", "resolve",
              json_pack("{s:s, s:s, s:s}", "id", conflict, "value", "12 August", "note", "asked"));
    sync_all(&stage->federation);
    assert_int_equal(conflicts_at(&stage->ole), 0);
    assert_string_equal(value_at(&stage->ole, "first_day"), "12 August");
    write_plan(&stage->ole, alma, "first_day", "14 August");
    sync_all(&stage->federation);
    assert_string_equal(value_at(&stage->mette, "first_day"), "14 August");
}

SCENE(resolving_one_that_was_settled_meanwhile_is_refused_with_the_new_value) {
    STAGE(stage);
    show_conflict(&stage->ole, quarrel);
    desk_call(&stage->mette, "conflict", "resolve", take(quarrel, "2"));
    sync_all(&stage->federation);
    const struct reply *reply =
        desk_refused(&stage->ole, ERR_STALE, "conflict", "resolve", take(quarrel, "1"));
    assert_non_null(strstr(reply->text, "13 August, 9.00"));
    assert_string_equal(at_text(reply->details, "value"), "13 August, 9.00");
    assert_string_equal(value_at(&stage->ole, "first_day"), "13 August, 9.00");
    desk_refused(&stage->ole, ERR_STALE, "conflict", "show", json_pack("{s:s}", "id", quarrel));
}

SCENE(resolving_one_that_has_another_side_by_now_is_refused_with_the_conflict_as_it_is) {
    STAGE(stage);
    show_conflict(&stage->mette, quarrel);
    struct record_id record;
    struct channel channel = channel_between(stage->birk, stage->skole);
    MUST(record_find(stage->birk->store, COLLECTION_HANDOVER, alma, &record));
    write_field(stage->skole, &channel, &record, 50, "20 August", NULL);
    sync_all(&stage->federation);
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STALE, "conflict", "resolve", take(quarrel, "1"));
    assert_int_equal(json_array_size(at(reply->details, "conflict.sides")), 3);
    assert_string_not_equal(at_text(reply->details, "conflict.id"), quarrel);
    assert_int_equal(conflicts_at(&stage->mette), 1);
    /* Under its new id it can be settled, and "Søndre Skole" stands for two sides now. */
    char id[ID_TEXT_MAX];
    snprintf(id, sizeof id, "%s", at_text(reply->details, "conflict.id"));
    desk_refused(&stage->mette, ERR_AMBIGUOUS, "conflict", "resolve", take(id, "Søndre"));
    desk_call(&stage->mette, "conflict", "resolve", take(id, "Birk"));
    assert_int_equal(conflicts_at(&stage->mette), 0);
}

SCENE(both_settling_alike_while_apart_is_no_new_conflict) {
    STAGE(stage);
    desk_call(&stage->mette, "conflict", "resolve", take(quarrel, "1"));
    desk_call(&stage->ole, "conflict", "resolve", take(quarrel, "1"));
    sync_all(&stage->federation);
    assert_int_equal(conflicts_at(&stage->mette), 0);
    assert_int_equal(conflicts_at(&stage->ole), 0);
    assert_string_equal(value_at(&stage->ole, "first_day"), "12 August, 8.30");
}

SCENE(both_settling_differently_while_apart_is_a_conflict_again) {
    STAGE(stage);
    desk_call(&stage->mette, "conflict", "resolve", take(quarrel, "1"));
    desk_call(&stage->ole, "conflict", "resolve", take(quarrel, "2"));
    sync_all(&stage->federation);
    assert_int_equal(conflicts_at(&stage->mette), 1);
    const json_t *list = desk_call(&stage->ole, "conflict", "list", NULL);
    assert_string_not_equal(at_text(list, "conflicts.0.id"), quarrel);
}

SCENE(equal_values_written_apart_are_no_conflict) {
    STAGE(stage);
    write_plan(&stage->ole, alma, "first_day", "13 August");
    write_plan(&stage->mette, alma, "first_day", "13 August");
    sync_all(&stage->federation);
    assert_int_equal(conflicts_at(&stage->mette), 0);
    assert_int_equal(conflicts_at(&stage->ole), 0);
    assert_string_equal(value_at(&stage->ole, "first_day"), "13 August");
}

SCENE(a_side_written_by_both_is_one_side_with_two_authors) {
    STAGE(stage);
    struct record_id record;
    struct channel channel = channel_between(stage->birk, stage->skole);
    MUST(record_find(stage->birk->store, COLLECTION_HANDOVER, alma, &record));
    write_field(stage->birk, &channel, &record, 50, "13 August, 9.00", NULL);
    sync_all(&stage->federation);
    const json_t *list = desk_call(&stage->mette, "conflict", "list", NULL);
    assert_int_equal(at_number(list, "conflicts.0.sides"), 2);
    const json_t *document = show_conflict(&stage->mette, at_text(list, "conflicts.0.id"));
    assert_string_equal(at_text(document, "sides.0.value"), "13 August, 9.00");
    assert_int_equal(json_array_size(at(document, "sides.0.written")), 2);
    assert_int_equal(json_array_size(at(document, "sides.1.written")), 1);
}

/* Ole has not looked at it before. */
SCENE(a_conflict_can_be_looked_at_where_nothing_can_be_written) {
    STAGE(stage);
    char noted[3][32], value[64];
    full_disk_begin(0);
    const json_t *shown =
        desk_call(&stage->ole, "handover", "show", json_pack("{s:s}", "id", alma));
    snprintf(noted[0], sizeof noted[0], "%s", at_text(shown, "not_noted"));
    snprintf(value, sizeof value, "%s",
             at_text(shown_field(shown, "first_day"), "conflict.values.1"));
    const json_t *list = desk_call(&stage->ole, "conflict", "list", NULL);
    snprintf(noted[1], sizeof noted[1], "%s", at_text(list, "not_noted"));
    const json_t *one = show_conflict(&stage->ole, quarrel);
    snprintf(noted[2], sizeof noted[2], "%s", at_text(one, "not_noted"));
    full_disk_end();
    assert_string_not_equal(value, "");
    for (size_t i = 0; i < 3; i++)
        assert_true(strcmp(noted[i], "io") == 0 || strcmp(noted[i], "disk_full") == 0);
    assert_true(json_is_null(at(show_conflict(&stage->ole, quarrel), "not_noted")));
}

#define QUARREL(scene) cmocka_unit_test_setup_teardown(scene, set_up_conflict, stage_tear_down)

int main(void) {
    setenv("TZ", "UTC0", 1); /* the days in it are local */
    const struct CMUnitTest tests[] = {
        QUARREL(both_sites_have_the_same_conflict_under_the_same_id),
        QUARREL(showing_it_says_who_wrote_what_against_what_both_had),
        QUARREL(a_conflicted_field_shows_the_pick_and_both_values_in_the_form),
        QUARREL(a_resolution_travels_and_the_conflict_is_gone_on_both),
        QUARREL(either_side_settles_by_the_name_of_a_site_or_with_something_else),
        QUARREL(a_resolution_holds_no_mark_that_turns_the_direction_of_writing),
        QUARREL(a_resolution_says_in_exactly_one_way_what_stands),
        QUARREL(what_all_sides_wrote_is_cleared_only_when_that_is_said),
        QUARREL(a_field_with_more_versions_than_one_write_can_name_is_settled_all_the_same),
        QUARREL(resolving_one_that_was_settled_meanwhile_is_refused_with_the_new_value),
        QUARREL(resolving_one_that_has_another_side_by_now_is_refused_with_the_conflict_as_it_is),
        QUARREL(both_settling_alike_while_apart_is_no_new_conflict),
        QUARREL(both_settling_differently_while_apart_is_a_conflict_again),
        cmocka_unit_test_setup_teardown(equal_values_written_apart_are_no_conflict, set_up,
                                        stage_tear_down),
        QUARREL(a_side_written_by_both_is_one_side_with_two_authors),
        QUARREL(a_conflict_can_be_looked_at_where_nothing_can_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
