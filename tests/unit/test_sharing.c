/* Records over the real log: written, sealed, signed, copied from store to store, admitted and
 * merged. */
#include "scene.h"
#include "store/answers.h"
#include "store/apply.h"
#include "store/record.h"
#include "test.h"

enum { FIRST_DAY = 50 };

/* Birk and the school have the day that they will quarrel about, as the scene's first version. */
static void scene_begin(struct scene *s) {
    scene_open(s);
    scene_write(s);
    s->first = write_field(s->birk, &s->channel, &s->record, FIRST_DAY, "12 August, 9.00", NULL);
    sync_all(&s->f);
}

static void quarrel(struct scene *s) {
    write_field(s->birk, &s->channel, &s->record, FIRST_DAY, "12 August, 8.30", &s->first);
    write_field(s->school, &s->channel, &s->record, FIRST_DAY, "13 August, 9.00", &s->first);
    sync_all(&s->f);
}

struct list {
    struct conflict conflict;
    size_t n;
};

static enum err collect(void *context, const struct conflict *conflict) {
    struct list *list = context;
    list->conflict = *conflict;
    list->n++;
    return OK;
}

static struct list conflicts(struct site *site) {
    struct list list = {.n = 0};
    assert_ok(conflict_each(site->store, collect, &list));
    return list;
}

static struct record load(struct scene *s, struct site *site) {
    struct record record;
    assert_ok(record_load(site->store, COLLECTION_HANDOVER, &s->record, &s->arena, &record));
    return record;
}

static const char *first_day(struct scene *s, struct site *site) {
    struct record record = load(s, site);
    return record_text_of(&record, FIRST_DAY, &s->arena);
}

static bool same_content(struct site *a, struct site *b) {
    struct hasher first, second;

    hasher_init(&first, HASH_STORE);
    hasher_init(&second, HASH_STORE);
    assert_ok(apply_digest(a->store, &first));
    assert_ok(apply_digest(b->store, &second));
    struct hash one = hasher_final(&first), two = hasher_final(&second);
    return hash_equal(&one, &two);
}

TEST(both_sides_of_a_handover_hold_the_same_and_nobody_else_holds_any) {
    struct scene s;
    struct record record;
    scene_begin(&s);
    struct record here = load(&s, s.birk), there = load(&s, s.school);
    assert_true(revision_equal(&here.revision, &there.revision));
    assert_string_equal(record_text_of(&there, HANDOVER_CHILD_NAME, &s.arena), "Alma");
    assert_true(same_content(s.birk, s.school));
    assert_err(ERR_NOT_FOUND,
               record_load(s.town->store, COLLECTION_HANDOVER, &s.record, &s.arena, &record));
    scene_end(&s);
}

TEST(two_edits_made_apart_are_one_conflict_on_both_sides) {
    struct scene s;
    struct version base;
    scene_begin(&s);
    quarrel(&s);
    struct list here = conflicts(s.birk), there = conflicts(s.school);
    assert_int_equal(here.n, 1);
    assert_int_equal(there.n, 1);
    assert_true(conflict_id_equal(&here.conflict.id, &there.conflict.id));
    assert_string_equal(first_day(&s, s.birk), first_day(&s, s.school));
    assert_ok(conflict_base(s.school->store, &there.conflict, &s.arena, &base));
    assert_true(bytes_equal(base.value, bytes_of_text("12 August, 9.00")));
    assert_true(same_content(s.birk, s.school));
    assert_int_equal(conflicts(s.town).n, 0);
    scene_end(&s);
}

/* Names both live versions, as whoever settles a conflict does. */
static void settle(struct scene *s, struct site *site, const char *value) {
    struct record record = load(s, site);
    const struct field_state *day = record_field(&record, FIRST_DAY);
    assert_int_equal(day->live_n, 2);
    struct version_name sides[] = {day->live[0].name, day->live[1].name};
    struct write write = {.record = s->record,
                          .collection = COLLECTION_HANDOVER,
                          .field = FIRST_DAY,
                          .value = bytes_of_text(value),
                          .replaces = sides,
                          .replaces_n = 2};
    struct change_set set = {
        .actor_name = "Mette H.", .actor_function = "", .writes = &write, .writes_n = 1};
    struct change change = {.channel = s->channel, .sets = &set, .sets_n = 1};
    struct version_name written;
    assert_ok(append_change(site->store, &change, &written));
}

TEST(a_settled_conflict_is_gone_on_both_sides) {
    struct scene s;
    scene_begin(&s);
    quarrel(&s);
    settle(&s, s.school, "12 August, 8.30");
    sync_all(&s.f);
    assert_int_equal(conflicts(s.birk).n, 0);
    assert_int_equal(conflicts(s.school).n, 0);
    assert_string_equal(first_day(&s, s.birk), "12 August, 8.30");
    assert_true(same_content(s.birk, s.school));
    scene_end(&s);
}

TEST(equal_settlements_made_apart_are_one_and_different_ones_a_new_conflict) {
    struct scene s;
    scene_begin(&s);
    quarrel(&s);
    struct conflict_id first = conflicts(s.birk).conflict.id;
    settle(&s, s.birk, "12 August, 8.30");
    settle(&s, s.school, "12 August, 8.30");
    sync_all(&s.f);
    assert_int_equal(conflicts(s.birk).n, 0);
    /* Two live versions of one value: what follows names both. */
    settle(&s, s.birk, "14 August");
    settle(&s, s.school, "15 August");
    sync_all(&s.f);
    struct list again = conflicts(s.school);
    assert_int_equal(again.n, 1);
    assert_false(conflict_id_equal(&again.conflict.id, &first));
    assert_true(same_content(s.birk, s.school));
    scene_end(&s);
}

static enum err count_answers(void *context, const struct answers_count *count) {
    *(uint64_t *)context += count->answers;
    return OK;
}

TEST(answers_reach_the_municipality_and_cannot_be_read_back_where_they_were_entered) {
    struct scene s;
    struct buffer encoded = {0};
    struct version_name written;
    uint64_t in_town = 0, at_birk = 0;
    const struct version_name *heads;
    size_t heads_n, left_out_n;
    struct answer_reply reply = {.question = 1, .choice = 4};
    scene_begin(&s);
    struct record_id survey = record_of(s.town);
    assert_ok(answer_encode(&reply, 1, &encoded));
    struct bytes answers[] = {buffer_view(&encoded), buffer_view(&encoded)};
    struct change_set set = {
        .actor_name = "",
        .actor_function = "",
        .has_answers = true,
        .answers = {.survey = survey, .parts = 1, .answers = answers, .answers_n = 2}};
    struct change change = {.channel = {.kind = CHANNEL_ANSWERS}, .sets = &set, .sets_n = 1};
    assert_ok(append_change(s.birk->store, &change, &written));
    sync_all(&s.f);
    assert_ok(answers_counts(s.town->store, &survey, NULL, 0, count_answers, &in_town));
    assert_ok(answers_counts(s.birk->store, &survey, NULL, 0, count_answers, &at_birk));
    assert_int_equal(in_town, 2);
    assert_int_equal(at_birk, 0);
    assert_ok(answers_heads(s.town->store, &survey, 1, &s.arena, &heads, &heads_n, &left_out_n));
    assert_int_equal(heads_n, 1);
    assert_int_equal(version_name_compare(&heads[0], &written), 0);
    buffer_done(&encoded);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_of_a_handover_hold_the_same_and_nobody_else_holds_any),
        cmocka_unit_test(two_edits_made_apart_are_one_conflict_on_both_sides),
        cmocka_unit_test(a_settled_conflict_is_gone_on_both_sides),
        cmocka_unit_test(equal_settlements_made_apart_are_one_and_different_ones_a_new_conflict),
        cmocka_unit_test(
            answers_reach_the_municipality_and_cannot_be_read_back_where_they_were_entered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
