/* The replica's records against the naive model of tests/lib/history.c: random histories delivered
 * in any order, with duplicates, void writes refused, some envelopes forgotten and applied again,
 * through the real tables.
 *
 *   STAFET_HISTORIES=N STAFET_SEED=S   as for test_merge_model (default 2,000) */
#include "history.h"
#include "records.h"
#include "test.h"

#include "proto/owner.h"
#include "store/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WRITERS = 4 }; /* three feeds of the owner's, one of the receiver's */

struct run {
    struct records records;
    struct writer writers[WRITERS];
    const struct field *field;
    struct record_id record;
    struct history history;
    bool delivered[HISTORY_WRITES_MAX], logged[HISTORY_WRITES_MAX];
};

static const char *const texts[] = {"12 August", "13 August", "14 August", ""};
static const char *const choices[] = {"given", "withdrawn", "given", ""};
static const char *const names[] = {"first_day", "first_day", "takes_part",
                                    "consent",   "agreed_by", "likes"};

static bool receiver_is_void(size_t writer) {
    return writer == WRITERS - 1;
}

static uint64_t setting(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void make(struct run *run, struct dice *dice) {
    const char *name = names[dice_below(dice, sizeof names / sizeof *names)];
    run->field = collection_field_named(collection_find(COLLECTION_HANDOVER), name);
    run->record = record_id_new(1000, &run->records.members[BIRK]);
    memset(run->delivered, 0, sizeof run->delivered);
    memset(run->logged, 0, sizeof run->logged);
    struct history_shape shape = {.writers_n = WRITERS,
                                  .values = run->field->kind == KIND_CHOICE ? choices : texts,
                                  .values_n = 4,
                                  .writes_min = 8,
                                  .writes_max = HISTORY_WRITES_MAX,
                                  .is_void =
                                      run->field->writers == END_OWNER ? receiver_is_void : NULL};
    for (size_t i = 0; i < WRITERS; i++) {
        shape.feeds[i] = run->writers[i].origin.feed;
        shape.seqs[i] = run->writers[i].origin.seq;
    }
    history_make(&run->history, &shape, dice);
    for (size_t i = 0; i < WRITERS; i++)
        run->writers[i].origin.seq = shape.seqs[i];
}

static struct origin origin_of(const struct run *run, const struct history_write *write) {
    struct origin origin = run->writers[write->writer].origin;
    origin.seq = write->name.seq;
    origin.id8 = write->name.id8;
    origin.clock = write->clock;
    return origin;
}

static struct write write_in(const struct run *run, const struct history_write *write) {
    return (struct write){.record = run->record,
                          .collection = COLLECTION_HANDOVER,
                          .field = run->field->number,
                          .value = bytes_of_text(write->value),
                          .replaces = write->replaces,
                          .replaces_n = write->replaces_n};
}

/* Void writes of a field that anybody may write are void for their value. */
static void check_void(struct run *run, const struct history_write *history_write) {
    char why[200];
    struct origin origin = origin_of(run, history_write);
    struct write write = write_in(run, history_write);
    if (run->field->writers == END_ANY)
        write.value = bytes_of_text("two\nlines");
    struct change_set set = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    assert_err(run->field->writers == END_ANY ? ERR_ARGUMENT : ERR_DENIED,
               apply_check(&origin, &set, 1, why, sizeof why));
}

static void log_set(struct run *run, struct writer *writer, const struct origin *origin,
                    const struct change_set *set) {
    struct origin at = writer->origin;
    writer->origin = *origin;
    records_log(&run->records, writer, set, 1, true);
    writer->origin = at;
}

static void deliver(struct run *run, size_t index) {
    char why[200];
    struct origin origin = origin_of(run, &run->history.writes[index]);
    struct write write = write_in(run, &run->history.writes[index]);
    struct change_set set = {
        .actor_name = "Mette", .actor_function = "", .writes = &write, .writes_n = 1};
    if (!run->logged[index])
        log_set(run, &run->writers[run->history.writes[index].writer], &origin, &set);
    run->logged[index] = true;
    assert_ok(apply_check(&origin, &set, 1, why, sizeof why));
    assert_ok(apply_sets(run->records.store, &origin, &set, 1));
    assert_ok(apply_verify(run->records.store, &origin, &set, 1, why, sizeof why));
    run->delivered[index] = true;
}

static enum err count_conflict(void *context, const struct conflict *conflict) {
    struct run *run = context;
    return record_id_equal(&conflict->record, &run->record) ? ERR_EXISTS : OK;
}

static bool same_versions(const struct run *run, const struct model *model,
                          const struct field_state *state) {
    bool same = state->live_n == model->live_n && state->sides_n == model->sides_n &&
                state->shown == model->shown && state->conflicted == model->conflicted;
    for (size_t i = 0; same && i < model->live_n; i++) {
        const struct history_write *write = &run->history.writes[model->live[i]];
        same = version_name_compare(&state->live[i].name, &write->name) == 0 &&
               bytes_equal(state->live[i].value, bytes_of_text(write->value)) &&
               state->live[i].clock == write->clock;
    }
    for (size_t i = 0; same && i < model->sides_n; i++)
        same = bytes_equal(state->values[i], bytes_of_text(model->values[i]));
    return same;
}

static bool same_revision(const struct run *run, const struct model *model,
                          const struct record *record) {
    struct revision expected =
        model_revision(model, &run->record, run->field->number, run->field->part);
    return revision_equal(&expected, &record->revision);
}

static bool agrees(struct run *run, bool *ret_conflicted) {
    struct arena arena;
    struct model model;
    struct record record;
    bool same;
    model_make(&run->history, run->delivered, run->field->policy, &model);
    arena_init(&arena, 1 << 20);
    enum err e =
        record_load(run->records.store, COLLECTION_HANDOVER, &run->record, &arena, &record);
    if (e != OK)
        same = e == ERR_NOT_FOUND && model.live_n == 0;
    else if (model.live_n == 0)
        same = record.fields_n == 0 && same_revision(run, &model, &record);
    else
        same = record.fields_n == 1 && same_versions(run, &model, &record.fields[0]) &&
               same_revision(run, &model, &record);
    arena_done(&arena);
    bool listed = conflict_each(run->records.store, count_conflict, run) == ERR_EXISTS;
    *ret_conflicted = model.conflicted;
    return same && listed == model.conflicted;
}

/* Forgets some envelopes, compares, and applies them again. */
static bool forget_some(struct run *run, struct dice *dice) {
    bool conflicted, taken[HISTORY_WRITES_MAX] = {false};
    for (size_t i = 0; i < run->history.writes_n; i++) {
        const struct history_write *write = &run->history.writes[i];
        if (!run->delivered[i] || !dice_chance(dice, 30))
            continue;
        assert_ok(apply_forget(run->records.store, run->writers[write->writer].origin.feed_row,
                               write->name.seq));
        run->delivered[i] = false;
        taken[i] = true;
    }
    bool same = agrees(run, &conflicted);
    for (size_t i = 0; i < run->history.writes_n; i++)
        if (taken[i])
            deliver(run, i);
    return same;
}

/* What is written next, over some of what is live: has it the revision that was worked out before?
 */
static bool foresees(struct run *run, struct dice *dice) {
    char why[200];
    struct arena arena;
    struct record before = {.id = run->record, .collection = COLLECTION_HANDOVER}, after;
    struct version_name replaced[HISTORY_WRITES_MAX];
    struct revision foreseen;
    size_t n = 0;
    arena_init(&arena, 1 << 20);
    enum err e =
        record_load(run->records.store, COLLECTION_HANDOVER, &run->record, &arena, &before);
    assert_true(e == OK || e == ERR_NOT_FOUND);
    for (size_t i = 0; before.fields_n > 0 && i < before.fields[0].live_n; i++)
        if (dice_chance(dice, 60))
            replaced[n++] = before.fields[0].live[i].name;
    struct write write = {
        .record = run->record,
        .collection = COLLECTION_HANDOVER,
        .field = run->field->number,
        .value =
            bytes_of_text((run->field->kind == KIND_CHOICE ? choices : texts)[dice_below(dice, 4)]),
        .replaces = replaced,
        .replaces_n = n};
    struct change_set set = {
        .actor_name = "Mette", .actor_function = "", .writes = &write, .writes_n = 1};
    assert_ok(record_revision_with(&before, &write, 1, &arena, &foreseen));
    writer_next(&run->writers[0], 5000);
    records_log(&run->records, &run->writers[0], &set, 1, false);
    const struct origin *origin = &run->writers[0].origin;
    assert_ok(apply_check(origin, &set, 1, why, sizeof why));
    assert_ok(apply_sets(run->records.store, origin, &set, 1));
    assert_ok(record_load(run->records.store, COLLECTION_HANDOVER, &run->record, &arena, &after));
    bool same = revision_equal(&foreseen, &after.revision);
    arena_done(&arena);
    assert_ok(apply_forget(run->records.store, origin->feed_row, origin->seq));
    return same;
}

static bool run_one(struct run *run, uint64_t seed, bool *ret_conflicted) {
    struct dice dice = {seed};
    size_t order[HISTORY_DELIVERIES_MAX];
    make(run, &dice);
    size_t n = history_deliver(&run->history, &dice, order);
    for (size_t i = 0; i < run->history.writes_n; i++)
        if (run->history.writes[i].is_void)
            check_void(run, &run->history.writes[i]);
    for (size_t i = 0; i < n; i++)
        deliver(run, order[i]);
    if (!agrees(run, ret_conflicted) || !foresees(run, &dice))
        return false;
    if (dice_chance(&dice, 25) && !forget_some(run, &dice))
        return false;
    return agrees(run, ret_conflicted);
}

/* The conflicts of one history are settled before the next, so that the list stays short. */
static void forget_all(struct run *run) {
    for (size_t i = 0; i < run->history.writes_n; i++)
        if (run->delivered[i])
            assert_ok(apply_forget(run->records.store,
                                   run->writers[run->history.writes[i].writer].origin.feed_row,
                                   run->history.writes[i].name.seq));
    assert_err(OK, conflict_each(run->records.store, count_conflict, run));
}

TEST(records_mean_what_the_naive_model_says_whatever_the_order) {
    static struct run run;
    uint64_t seed = setting("STAFET_SEED", 1), histories = setting("STAFET_HISTORIES", 2000),
             conflicts = 0;
    records_open(&run.records, SKOLE);
    for (int i = 0; i < WRITERS - 1; i++)
        run.writers[i] = records_writer(&run.records, BIRK, CHANNEL_HANDOVER, SKOLE);
    run.writers[WRITERS - 1] = records_writer(&run.records, SKOLE, CHANNEL_HANDOVER, BIRK);
    assert_ok(store_begin(run.records.store));
    for (uint64_t i = 0; i < histories; i++) {
        bool conflicted = false;
        if (!run_one(&run, seed + i, &conflicted))
            fail_msg("history %" PRIu64 " of field %s differs: STAFET_SEED=%" PRIu64
                     " STAFET_HISTORIES=1 test_apply_model",
                     i, run.field->name, seed + i);
        conflicts += conflicted;
        forget_all(&run);
    }
    assert_ok(store_commit(run.records.store));
    records_close(&run.records);
    print_message("%" PRIu64 " histories, %" PRIu64 " ended in conflict (%.1f%%)\n", histories,
                  conflicts, 100.0 * (double)conflicts / (double)histories);
    assert_true(histories < 100 || conflicts * 5 >= histories);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_mean_what_the_naive_model_says_whatever_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
