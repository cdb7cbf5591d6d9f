#include "conflict.h"

#include "form.h"
#include "slice.h"

#include <stdlib.h>

struct listing {
    struct job job;
    struct store *store;
    struct conflicts conflicts;
    bool found, named;
    size_t next; /* of the conflicts found */
    struct arena names;
    struct prefixes handovers;
    struct arena arena; /* of the record looked at */
    json_t *list;
    json_int_t too_large_n;
    enum err not_noted;
};

static enum err add_to_list(struct listing *listing, const struct handover *handover,
                            const struct conflict *found) {
    const struct field_state *state = record_field(&handover->record, found->field);
    struct conflict conflict;
    json_t *item = NULL;
    if (state == NULL || !conflict_of(&handover->record, state, &conflict))
        return OK;
    enum err e = conflict_place(&conflict, handover, &listing->conflicts, &listing->handovers,
                                &listing->arena, &item);
    if (e == OK &&
        json_object_set_new(item, "sides", json_integer((json_int_t)state->sides_n)) != 0)
        e = ERR_MEMORY;
    if (e == OK && json_array_append(listing->list, item) != 0)
        e = ERR_MEMORY;
    json_decref(item);
    if (e != OK)
        return e;
    enum err noted = conflict_note_shown(listing->store, &conflict);
    if (listing->not_noted == OK)
        listing->not_noted = noted;
    return OK;
}

/* The next record, with all the conflicts in it. */
static enum err list_record(struct listing *listing) {
    const struct conflicts *conflicts = &listing->conflicts;
    const struct conflict *first = &conflicts->list[listing->next];
    struct handover handover;
    size_t end = listing->next;
    while (end < conflicts->n && record_id_equal(&conflicts->list[end].record, &first->record))
        end++;
    arena_reset(&listing->arena);
    enum err e = handover_load(listing->store, &first->record, &listing->arena, &handover);
    for (size_t i = listing->next; e == OK && i < end; i++)
        e = add_to_list(listing, &handover, &conflicts->list[i]);
    if (e == ERR_LIMIT || (e == ERR_MEMORY && listing->arena.capped)) {
        listing->too_large_n += (json_int_t)(end - listing->next);
        e = OK;
    }
    listing->next = end;
    return e == ERR_NOT_FOUND ? OK : e; /* gone since it was found */
}

static enum err work(void *job, bool *ret_done) {
    struct listing *listing = job;
    if (!listing->found)
        return conflicts_find_some(listing->store, &listing->conflicts, &listing->found);
    if (!listing->named) {
        listing->named = true;
        return conflict_handovers(listing->store, &listing->names, &listing->handovers);
    }
    *ret_done = listing->next == listing->conflicts.n;
    return *ret_done ? OK : list_record(listing);
}

static json_t *document_of(const struct listing *listing) {
    return json_pack("{s:O, s:I, s:o}", "conflicts", listing->list, "too_large",
                     listing->too_large_n, "not_noted", form_error(listing->not_noted));
}

static enum job_state step(struct job *job, struct reply *reply) {
    struct listing *listing = (struct listing *)job;
    bool done = false;
    enum err e = slice_run(work, listing, &done);
    if (e == OK && !done) {
        reply_progress(reply, listing->next, listing->found ? listing->conflicts.n : 0,
                       "looking for conflicts", "leder efter konflikter");
        return JOB_MORE;
    }
    e = e == OK ? reply_give(reply, document_of(listing)) : handover_fail(listing->store, reply, e);
    (void)e; /* the reply carries it */
    return JOB_DONE;
}

static void listing_free(struct job *job) {
    struct listing *listing = (struct listing *)job;
    conflicts_done(&listing->conflicts);
    prefixes_done(&listing->handovers);
    arena_done(&listing->names);
    arena_done(&listing->arena);
    json_decref(listing->list);
    free(listing);
}

enum err conflict_list(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply, struct job **ret_job) {
    (void)asker, (void)args, (void)reply;
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing == NULL)
        return ERR_MEMORY;
    listing->job = (struct job){.step = step, .free = listing_free};
    listing->store = service_store(service);
    arena_init(&listing->names, HANDOVER_ARENA_MAX);
    arena_init(&listing->arena, HANDOVER_ARENA_MAX);
    if ((listing->list = json_array()) == NULL) {
        listing_free(&listing->job);
        return ERR_MEMORY;
    }
    *ret_job = &listing->job;
    return OK;
}
