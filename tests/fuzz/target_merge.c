/* A field's history, byte by byte: who wrote what, which versions it named, in which order it
 * arrives, how often. The merge says what the naive model of tests/lib/history.c says, under every
 * policy, whatever the order. */
#include "fuzz.h"
#include "history.h"

#include "store/merge.h"

#include <stdlib.h>
#include <string.h>

enum { DELIVERIES_MAX = 64 };

static const char *const values[] = {"12 August", "13 August", "given", "withdrawn", ""};
static const enum policy policies[] = {POLICY_KEEP_BOTH, POLICY_UNION, POLICY_LATEST,
                                       POLICY_WITHDRAWN_WINS, POLICY_OWNER};

struct source {
    const uint8_t *data;
    size_t size;
};
/* Zero when there is no more. */
static unsigned next(struct source *source) {
    if (source->size == 0)
        return 0;
    source->size--;
    return *source->data++;
}

/* One write: writer and value, clock and branch, then what it names of those before: a bit each,
 * and strange ones. */
static void read_write(struct source *source, struct history *h,
                       uint64_t seqs[static HISTORY_WRITERS_MAX]) {
    struct history_write *write = &h->writes[h->writes_n];
    unsigned a = next(source), b = next(source);
    unsigned bits = next(source) | next(source) << 8 | next(source) << 16;
    size_t writer = a % HISTORY_WRITERS_MAX;
    *write = (struct history_write){
        .writer = writer, .clock = b % 8, .value = values[(a / 8) % 5], .is_void = a / 64 == 3};
    write->name.feed.bytes[31] = (uint8_t)writer;
    /* A fork gives one number twice. */
    if ((b & 8) == 0 || seqs[writer] == 0)
        seqs[writer]++;
    write->name.seq = seqs[writer];
    write->name.id8.bytes[0] = (uint8_t)(b >> 4);
    write->name.id8.bytes[7] = (uint8_t)((b & 8) != 0 ? h->writes_n + 1 : 0);
    for (size_t i = 0; i < h->writes_n; i++)
        if ((bits >> i & 1) != 0)
            write->replaces[write->replaces_n++] = h->writes[i].name;
    if ((bits >> 23 & 1) != 0) {
        struct version_name strange = write->name;
        strange.seq += bits >> 20 & 7; /* itself, too */
        write->replaces[write->replaces_n++] = strange;
    }
    h->writes_n++;
}

static bool same_revision(const struct model *model, const struct merge_version *live,
                          size_t live_n) {
    struct record_id record = {{7}};
    struct merge_value of[HISTORY_WRITES_MAX];
    for (size_t i = 0; i < live_n; i++)
        of[i] = (struct merge_value){50, live[i].value};
    struct revision expected = model_revision(model, &record, 50, PART_START_PLAN),
                    found = merge_revision(&record, of, live_n);
    return revision_equal(&expected, &found);
}

static bool agrees(const struct history *h, const bool *delivered, const struct merge *merge) {
    struct merge_version live[HISTORY_WRITES_MAX];
    size_t live_n = merge_live(merge, live);
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct model model;
        model_make(h, delivered, policies[i], &model);
        if (live_n != model.live_n)
            return false;
        for (size_t k = 0; k < live_n; k++)
            if (version_name_compare(&live[k].name, &h->writes[model.live[k]].name) != 0)
                return false;
        if (!same_revision(&model, live, live_n))
            return false;
        if (live_n == 0)
            continue;
        struct bytes different[HISTORY_WRITES_MAX];
        struct merge_pick pick = merge_resolve(policies[i], live, live_n, different);
        for (size_t k = 0; k < model.sides_n && k < pick.sides_n; k++)
            if (!bytes_equal(different[k], bytes_of_text(model.values[k])))
                return false;
        if (pick.shown != model.shown || pick.sides_n != model.sides_n ||
            pick.conflicted != model.conflicted)
            return false;
    }
    return true;
}

static void deliver(struct merge *merge, const struct history_write *write) {
    struct merge_version version = {
        .name = write->name, .clock = write->clock, .value = bytes_of_text(write->value)};
    HOLDS(merge_add(merge, &version, write->replaces, write->replaces_n) == OK);
}

/* All that is not void, from the last to the first. */
static void check_order(const struct history *h, const struct merge *merge, const bool *delivered) {
    struct merge other = {0};
    struct merge_version live[HISTORY_WRITES_MAX], others[HISTORY_WRITES_MAX];
    struct record_id record = {{1}};
    for (size_t i = h->writes_n; i-- > 0;)
        if (delivered[i])
            deliver(&other, &h->writes[i]);
    size_t n = merge_live(merge, live);
    HOLDS(n == merge_live(&other, others));
    struct conflict_id a = merge_conflict_id(&record, 50, live, n),
                       b = merge_conflict_id(&record, 50, others, n);
    HOLDS(conflict_id_equal(&a, &b));
    merge_done(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct source source = {data, size};
    struct history h = {.writes_n = 0};
    uint64_t seqs[HISTORY_WRITERS_MAX] = {0};
    bool delivered[HISTORY_WRITES_MAX] = {false};
    struct merge merge = {0};
    fuzz_begin();
    size_t writes_n = 1 + next(&source) % HISTORY_WRITES_MAX;
    while (h.writes_n < writes_n)
        read_write(&source, &h, seqs);
    for (int i = 0; i < DELIVERIES_MAX && source.size > 0; i++) {
        size_t at = next(&source) % h.writes_n;
        if (h.writes[at].is_void)
            continue;
        deliver(&merge, &h.writes[at]);
        delivered[at] = true;
        if (i % 16 == 0)
            HOLDS(agrees(&h, delivered, &merge));
    }
    HOLDS(agrees(&h, delivered, &merge));
    check_order(&h, &merge, delivered);
    merge_done(&merge);
    return 0;
}
