#include "handover_plan.h"

#include "handover_draft.h"

#include "proto/limits.h"

#include <string.h>

struct planning {
    const struct handover *handover;
    struct arena *arena;
    struct write *writes;
    size_t n;
};

static void add(struct planning *planning, const struct field *field, struct bytes value,
                const struct version_name *replaces, size_t replaces_n) {
    planning->writes[planning->n++] = (struct write){.record = planning->handover->id,
                                                     .collection = COLLECTION_HANDOVER,
                                                     .field = field->number,
                                                     .value = value,
                                                     .replaces = replaces,
                                                     .replaces_n = replaces_n};
}

/* The versions of a union field that the draft was typed over and whose value it no longer has. */
static enum err union_replaces(const struct planning *planning, const struct handover_draft *draft,
                               const struct version_name **ret_names, size_t *ret_n) {
    size_t live_n, n = 0;
    const struct version *live = handover_live(planning->handover, draft->field->number, &live_n);
    struct version_name *names = arena_array(planning->arena, live_n, sizeof *names);
    if (names == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < live_n && n < REPLACES_PER_WRITE_MAX; i++) {
        bool was_seen = false;
        for (size_t j = 0; j < draft->based_n; j++)
            was_seen = was_seen || version_name_compare(&draft->based[j], &live[i].name) == 0;
        if (was_seen && (live[i].value.size == 0 || !draft_has_line(draft->value, live[i].value)))
            names[n++] = live[i].name;
    }
    *ret_names = names;
    *ret_n = n;
    return OK;
}

static bool is_live_value(const struct planning *planning, const struct field *field,
                          struct bytes value) {
    const struct field_state *state = record_field(&planning->handover->record, field->number);
    return state != NULL && field_value(state, value) < state->sides_n;
}

/* The next line of the draft, from `*at`, that is no live value yet; false: there is none. */
static bool next_new(const struct planning *planning, const struct handover_draft *draft,
                     size_t *at, struct bytes *ret_line) {
    while (*at < draft->value.size) {
        const uint8_t *start = draft->value.data + *at,
                      *end = memchr(start, '\n', draft->value.size - *at);
        struct bytes line = {start, end != NULL ? (size_t)(end - start) : draft->value.size - *at};
        *at += line.size + 1;
        if (!is_live_value(planning, draft->field, line)) {
            *ret_line = line;
            return true;
        }
    }
    return false;
}

static enum err add_first(struct planning *planning, const struct handover_draft *draft) {
    const struct version_name *names = draft->based;
    size_t names_n = draft->based_n, at = 0;
    struct bytes value = draft->value;
    if (draft->field->policy == POLICY_UNION) {
        enum err e = union_replaces(planning, draft, &names, &names_n);
        if (e != OK)
            return e;
        if (!next_new(planning, draft, &at, &value)) {
            value = (struct bytes){NULL, 0};
            if (names_n == 0)
                return OK;
        }
    }
    add(planning, draft->field, value, names, names_n);
    return OK;
}

static void add_further(struct planning *planning, const struct handover_draft *draft) {
    struct bytes line;
    size_t at = 0;
    bool is_further = false;
    while (draft->field->policy == POLICY_UNION && next_new(planning, draft, &at, &line)) {
        if (is_further)
            add(planning, draft->field, line, NULL, 0);
        is_further = true;
    }
}

static size_t values_max(const struct handover *handover) {
    size_t n = 0;
    for (size_t i = 0; i < handover->collection->fields_n; i++) {
        const struct handover_draft *draft = &handover->drafts[i];
        if (draft->field == NULL)
            continue;
        n++;
        for (size_t at = 0; draft->field->policy == POLICY_UNION && at < draft->value.size; at++)
            n += draft->value.data[at] == '\n';
    }
    return n;
}

enum err plan_make(const struct handover *handover, struct arena *arena, struct plan *ret_plan) {
    struct planning planning = {.handover = handover, .arena = arena};
    size_t fields_n = handover->collection->fields_n;
    planning.writes = arena_array(arena, values_max(handover), sizeof *planning.writes);
    enum err e = planning.writes != NULL ? OK : ERR_MEMORY;
    for (size_t i = 0; e == OK && i < fields_n; i++)
        if (handover->drafts[i].field != NULL)
            e = add_first(&planning, &handover->drafts[i]);
    if (e != OK)
        return e;
    size_t first_n = planning.n;
    for (size_t i = 0; i < fields_n; i++)
        if (handover->drafts[i].field != NULL)
            add_further(&planning, &handover->drafts[i]);
    *ret_plan = (struct plan){planning.writes, planning.n, first_n};
    return OK;
}

enum err plan_revision(const struct handover *handover, struct arena *arena,
                       struct revision *ret_revision) {
    struct plan plan;
    enum err e = plan_make(handover, arena, &plan);
    return e == OK ? record_revision_with(&handover->record, plan.writes, plan.writes_n, arena,
                                          ret_revision)
                   : e;
}
