#include "memory.h"
#include "people_inner.h"
#include "sometimes.h"
#include "store/collection.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    uint16_t number;
    const char *name;
} fields[] = {{EDITED_FIRST, "first_day"}, {EDITED_SECOND, "contact"}};
enum { FIELDS_N = sizeof fields / sizeof *fields };

static const char *new_value(struct people *people, char value[static 48]) {
    snprintf(value, 48, "CANARY %u", ++people->words);
    return value;
}

static struct edit *new_edit(struct people *people) {
    if (people->edits_n == people->edits_capacity) {
        people->edits_capacity = people->edits_capacity * 2 + 32;
        people->edits = hold(people->edits, people->edits_capacity * sizeof *people->edits);
    }
    struct edit *edit = &people->edits[people->edits_n++];
    *edit = (struct edit){0};
    return edit;
}

bool people_look(struct machine *machine, const struct record_id *id, uint16_t field,
                 struct arena *arena, const struct field_state **ret_state) {
    memory_pause();
    struct record *record = arena_array(arena, 1, sizeof *record);
    machine->world->current = machine;
    bool there = record != NULL && machine->node != NULL &&
                 record_load(machine->node->store, COLLECTION_HANDOVER, id, arena, record) == OK;
    if (there)
        *ret_state = record_field(record, field);
    memory_resume();
    return there;
}

static void note_seen(struct machine *machine, const struct handover *handover, struct edit *edit) {
    struct arena arena;
    const struct field_state *state = NULL;
    arena_init(&arena, KIB(4096));
    if (handover->sent && people_look(machine, &handover->record, edit->field, &arena, &state) &&
        state != NULL) {
        edit->seen = hold(NULL, state->live_n * sizeof *edit->seen);
        edit->seen_n = state->live_n;
        for (size_t i = 0; i < state->live_n; i++)
            edit->seen[i] = state->live[i].name;
        if (state->conflicted)
            sometimes(SOMETIMES_conflict_arose);
    }
    arena_done(&arena);
}

bool people_saw(const struct edit *edit, const struct version_name *name) {
    for (size_t i = 0; i < edit->seen_n; i++)
        if (memcmp(&edit->seen[i], name, sizeof *name) == 0)
            return true;
    return false;
}

/* A send has been acknowledged: which versions are those that were written here? */
static void note_written(struct people *people, struct machine *machine, size_t handover) {
    for (size_t i = 0; i < people->edits_n; i++) {
        struct edit *edit = &people->edits[i];
        struct arena arena;
        const struct field_state *state = NULL;
        if (edit->handover != handover || edit->machine != machine->number || edit->acknowledged)
            continue;
        arena_init(&arena, KIB(4096));
        if (people_look(machine, &people->handovers[handover].record, edit->field, &arena,
                        &state) &&
            state != NULL)
            for (size_t j = 0; j < state->live_n; j++) {
                const struct version *live = &state->live[j];
                if (live->value.size != strlen(edit->value) || people_saw(edit, &live->name) ||
                    memcmp(live->value.data, edit->value, live->value.size) != 0 ||
                    !member_id_equal(&live->author, &machine->member))
                    continue;
                edit->acknowledged = true;
                edit->name = live->name;
            }
        arena_done(&arena);
    }
}

static enum err call_about(struct machine *machine, const char *verb, const char *id) {
    struct reply reply;
    enum err err = machine_call(machine, "handover", verb, json_pack("{s:s}", "id", id), &reply);
    reply_done(&reply);
    return err;
}

/* The day before, by the machine's clock. */
static enum err agree(struct machine *machine, const char *id) {
    struct reply reply;
    char day[16];
    time_t at = (time_t)((world_wall(machine) - DAY_MS) / 1000);
    struct tm tm;
    if (gmtime_r(&at, &tm) == NULL || strftime(day, sizeof day, "%Y-%m-%d", &tm) == 0)
        abort();
    enum err err = machine_call(
        machine, "handover", "agree",
        json_pack("{s:s, s:s, s:s, s:b}", "id", id, "by", "both", "on", day, "earlier", 1), &reply);
    reply_done(&reply);
    return err;
}

/* With the parents' agreement, where that is needed. */
static bool send(struct people *people, struct machine *machine, size_t index) {
    struct handover *handover = &people->handovers[index];
    enum err err = OK;
    if (handover->from == machine->original)
        err = agree(machine, handover->id);
    if (err == OK)
        err = call_about(machine, "send", handover->id);
    if (err != OK) {
        sometimes(SOMETIMES_call_refused);
        return false;
    }
    machine->world->current = machine;
    memory_pause();
    if (!handover->sent && record_find(machine->node->store, COLLECTION_HANDOVER, handover->id,
                                       &handover->record) == OK)
        handover->sent = true;
    memory_resume();
    if (!machine->cloned_from_other) {
        note_written(people, machine, index);
        people_acknowledged(machine);
    }
    sometimes(SOMETIMES_handover_sent);
    return true;
}

void people_hand_over(struct people *people, struct machine *machine) {
    struct world *world = people->world;
    struct machine *to = &world->machines[roll(world, world->plan.machines)];
    struct reply reply;
    char child[48];
    if (people->handovers_n == HANDOVERS_MAX || to == machine || !people_is_member(to) ||
        to->role == ROLE_RELAY || to->role == ROLE_MUNICIPALITY)
        return;
    enum err err = machine_call(machine, "handover", "new",
                                json_pack("{s:s, s:{s:s}}", "to", to->name, "fields", "child_name",
                                          new_value(people, child)),
                                &reply);
    const char *id = json_string_value(json_object_get(reply.document, "id"));
    if (err == OK && id != NULL) {
        struct handover *handover = &people->handovers[people->handovers_n++];
        *handover = (struct handover){.from = machine->number, .to = to->number};
        snprintf(handover->id, sizeof handover->id, "%s", id);
    }
    reply_done(&reply);
    if (err == OK)
        (void)send(people, machine, people->handovers_n - 1);
}

enum err people_hand_over_last(struct people *people, struct machine *machine,
                               const struct machine *to) {
    struct reply reply;
    char child[48], id[RECORD_TEXT_MAX];
    enum err err = machine_call(machine, "handover", "new",
                                json_pack("{s:s, s:{s:s}}", "to", to->name, "fields", "child_name",
                                          new_value(people, child)),
                                &reply);
    const char *text = json_string_value(json_object_get(reply.document, "id"));
    snprintf(id, sizeof id, "%s", text != NULL ? text : "");
    reply_done(&reply);
    if (err == OK)
        err = agree(machine, id);
    return err == OK ? call_about(machine, "send", id) : err;
}

/* One that this machine has to do with. False: none. */
static bool pick(struct people *people, const struct machine *machine, size_t *ret_index) {
    size_t start = people->handovers_n > 0 ? roll(people->world, people->handovers_n) : 0;
    for (size_t i = 0; i < people->handovers_n; i++) {
        size_t index = (start + i) % people->handovers_n;
        const struct handover *handover = &people->handovers[index];
        if (handover->from == machine->original ||
            (handover->to == machine->original && handover->sent)) {
            *ret_index = index;
            return true;
        }
    }
    return false;
}

void people_edit(struct people *people, struct machine *machine) {
    struct reply reply;
    size_t index, which = roll(people->world, FIELDS_N);
    if (!pick(people, machine, &index))
        return;
    struct edit *edit = new_edit(people);
    edit->handover = index;
    edit->field = fields[which].number;
    edit->machine = machine->original;
    edit->certain =
        machine->restores == 0 && !machine->cloned_from_other && !disk_has_lied(machine->disk);
    for (size_t i = 0; i + 1 < people->edits_n; i++)
        if (people->edits[i].machine == machine->original && people->edits[i].handover == index &&
            !people->edits[i].acknowledged)
            edit->certain = false; /* a draft may lie there */
    new_value(people, edit->value);
    note_seen(machine, &people->handovers[index], edit);
    enum err err = machine_call(machine, "handover", "edit",
                                json_pack("{s:s, s:{s:s}}", "id", people->handovers[index].id,
                                          "fields", fields[which].name, edit->value),
                                &reply);
    reply_done(&reply);
    if (err == OK)
        (void)send(people, machine, index);
    else
        sometimes(SOMETIMES_call_refused);
}

void people_accept(struct people *people, struct machine *machine) {
    size_t index;
    if (!pick(people, machine, &index) || people->handovers[index].to != machine->number)
        return;
    if (call_about(machine, "show", people->handovers[index].id) == OK && machine_is_up(machine) &&
        call_about(machine, "accept", people->handovers[index].id) == OK) {
        sometimes(SOMETIMES_handover_accepted);
        people_acknowledged(machine);
    }
}

static bool field_named(const char *name, uint16_t *ret_number) {
    for (size_t i = 0; i < FIELDS_N; i++)
        if (strcmp(fields[i].name, name) == 0) {
            *ret_number = fields[i].number;
            return true;
        }
    return false;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static void settle(struct people *people, struct machine *machine, const json_t *conflict) {
    struct reply reply;
    uint16_t number;
    size_t index = 0;
    while (index < people->handovers_n &&
           strcmp(people->handovers[index].id, text_of(conflict, "record")) != 0)
        index++;
    if (index == people->handovers_n || !field_named(text_of(conflict, "field"), &number))
        return;
    struct edit *edit = new_edit(people);
    edit->handover = index;
    edit->field = number;
    edit->machine = machine->number;
    new_value(people, edit->value);
    note_seen(machine, &people->handovers[index], edit);
    enum err err = machine_call(machine, "conflict", "resolve",
                                json_pack("{s:s, s:s, s:s}", "id", text_of(conflict, "id"), "value",
                                          edit->value, "note", "by telephone"),
                                &reply);
    reply_done(&reply);
    if (err != OK)
        return;
    edit = &people->edits[people->edits_n - 1];
    edit->certain = true;
    note_written(people, machine, index);
    people_acknowledged(machine);
    sometimes(SOMETIMES_conflict_resolved);
}

void people_resolve(struct people *people, struct machine *machine) {
    struct reply reply;
    if (machine_call(machine, "conflict", "list", NULL, &reply) == OK) {
        const json_t *list = json_object_get(reply.document, "conflicts");
        size_t n = json_array_size(list);
        if (n > 0)
            settle(people, machine, json_array_get(list, roll(people->world, n)));
    }
    reply_done(&reply);
}
