#include "store/quarantine.h"
#include "form.h"
#include "handover.h"
#include "store/record.h"
#include "verbs.h"

#include <stdio.h>

enum { RECORD_ARENA_MAX = 16 * 1024 * 1024 };

static const char *kind_text(enum quarantine_kind kind) {
    switch (kind) {
    case QUARANTINE_REFUSED:
        return "refused";
    case QUARANTINE_VOID:
        return "void";
    case QUARANTINE_WAITING:
        return "waiting";
    case QUARANTINE_FORK:
        return "fork";
    case QUARANTINE_INCIDENT:
        return "incident";
    }
    return "unknown";
}

struct list {
    struct store *store;
    json_t *items;
};

static json_t *member_or_null(struct store *store, const struct member_id *member) {
    return member_id_is_zero(member) ? json_null() : form_member(store, member);
}

static enum err add(void *context, const struct quarantined *item) {
    struct list *list = context;
    json_t *feed = feed_id_is_zero(&item->feed)
                       ? json_null()
                       : form_id(item->feed.bytes, sizeof item->feed.bytes);
    json_t *form =
        json_pack("{s:I, s:s, s:o, s:I, s:o, s:o, s:o, s:s, s:o, s:I}", "number",
                  (json_int_t)item->number, "kind", kind_text(item->kind), "feed", feed, "seq",
                  (json_int_t)item->seq, "author", member_or_null(list->store, &item->author),
                  "from", member_or_null(list->store, &item->from), "reason",
                  form_error(item->reason), "text", item->text != NULL ? item->text : "", "at",
                  form_time(item->at), "bytes", (json_int_t)item->size);
    return json_array_append_new(list->items, form) == 0 ? OK : ERR_MEMORY;
}

static enum err list_all(struct service *service, const struct asker *asker, const json_t *args,
                         struct reply *reply) {
    (void)asker, (void)args;
    struct list list = {.store = service_store(service), .items = json_array()};
    enum err e = quarantine_each(list.store, add, &list);
    if (e != OK) {
        json_decref(list.items);
        return e;
    }
    return reply_give(reply, json_pack("{s:o}", "items", list.items));
}

struct shown {
    struct store *store;
    struct arena arena; /* of the record looked at last: a branch tends to write in one */
    struct record record;
    struct record_id record_id;
    uint16_t collection; /* 0: none yet */
    enum err found;
    json_t *entries;
    uint64_t lost; /* values that stand nowhere here */
};

/* Of a record that its parties have blown up nothing is known to stand here; nor must it keep the
 * branch from being shown. */
static enum err look_up(struct shown *shown, const struct write *write) {
    if (shown->collection != write->collection ||
        !record_id_equal(&shown->record_id, &write->record)) {
        arena_reset(&shown->arena);
        shown->collection = write->collection;
        shown->record_id = write->record;
        shown->found = record_load(shown->store, write->collection, &write->record, &shown->arena,
                                   &shown->record);
    }
    if (shown->found == ERR_MEMORY && shown->arena.capped)
        shown->found = ERR_NOT_FOUND;
    return shown->found;
}

/* Is it what the record says here too, perhaps among others? */
static enum err stands_here(struct shown *shown, const struct write *write, bool *ret_stands) {
    enum err e = look_up(shown, write);
    const struct field_state *field = e == OK ? record_field(&shown->record, write->field) : NULL;
    *ret_stands = field != NULL && field_value(field, write->value) < field->sides_n;
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err add_write(struct shown *shown, const struct change_set *set,
                          const struct write *write, json_t *writes) {
    const struct collection *collection = collection_find(write->collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, write->field) : NULL;
    char record[ID_TEXT_MAX], number[16];
    bool stands = false;
    enum err e = stands_here(shown, write, &stands);
    if (e != OK)
        return e;
    shown->lost += !stands;
    record_text(&write->record, record);
    snprintf(number, sizeof number, "%u", write->field);
    json_t *form = json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:s, s:s%, s:b}", "record", record, "collection",
        collection != NULL ? collection->name : "unknown", "field",
        field != NULL ? field->name : number, "label",
        field != NULL ? json_pack("{s:s, s:s}", "da", field->label.da, "en", field->label.en)
                      : json_null(),
        "actor", set->actor_name, "function", set->actor_function, "value",
        (const char *)write->value.data, write->value.size, "here", (int)stands);
    return json_array_append_new(writes, form) == 0 ? OK : ERR_MEMORY;
}

static enum err show_entry(void *context, const struct branch_entry *entry) {
    struct shown *shown = context;
    json_t *writes = json_array();
    json_int_t answers = 0;
    enum err e = OK;
    for (size_t i = 0; e == OK && i < entry->sets_n; i++) {
        const struct change_set *set = &entry->sets[i];
        answers += set->has_answers ? (json_int_t)set->answers.answers_n : 0;
        for (size_t j = 0; e == OK && j < set->writes_n; j++)
            e = add_write(shown, set, &set->writes[j], writes);
    }
    json_t *form = json_pack("{s:I, s:o, s:o, s:o, s:I}", "seq", (json_int_t)entry->seq, "at",
                             form_time(clock_ms(entry->clock)), "unread", form_error(entry->unread),
                             "writes", writes, "answers", answers);
    if (json_array_append_new(shown->entries, form) != 0)
        e = ERR_MEMORY;
    return e;
}

static enum err show(struct service *service, const struct asker *asker, const json_t *args,
                     struct reply *reply) {
    (void)asker;
    int64_t number = service_number(args, "number", 0);
    struct shown shown = {.store = service_store(service), .entries = json_array()};
    struct quarantined item;
    arena_init(&shown.arena, RECORD_ARENA_MAX);
    enum err e = number < 1
                     ? ERR_NOT_FOUND
                     : quarantine_branch(shown.store, (uint64_t)number, &item, show_entry, &shown);
    arena_done(&shown.arena);
    if (e == OK)
        return reply_give(reply, json_pack("{s:I, s:o, s:o, s:o, s:I, s:o, s:I, s:o}", "number",
                                           (json_int_t)item.number, "feed",
                                           form_id(item.feed.bytes, sizeof item.feed.bytes),
                                           "author", member_or_null(shown.store, &item.author),
                                           "from", member_or_null(shown.store, &item.from), "seq",
                                           (json_int_t)item.seq, "at", form_time(item.at), "lost",
                                           (json_int_t)shown.lost, "entries", shown.entries));
    json_decref(shown.entries);
    if (e == ERR_NOT_FOUND)
        return reply_fail(reply, e, COMMAND("stafet quarantine list"),
                          "nothing is kept under that number", "intet er gemt under det nummer");
    if (e == ERR_STATE)
        return reply_fail(reply, e, COMMAND("stafet quarantine list"),
                          "that is no branch of a fork: nothing of it can be read",
                          "det er ikke en gren af en forgrening: intet af det kan læses");
    if (e == ERR_QUOTA)
        return reply_fail(reply, e,
                          MEND("another member may hold it: stafet quarantine list there",
                               "et andet medlem kan have den: stafet quarantine list dér"),
                          "of that branch only its proof is here",
                          "af den gren er kun beviset her");
    return e;
}

static const struct param show_params[] = {
    {.name = "number",
     .kind = PARAM_NUMBER,
     .positional = true,
     .required = true,
     .summary_da = "nummeret fra quarantine list",
     .summary_en = "the number from quarantine list"},
    {.name = NULL},
};

const struct verb quarantine_verbs[] = {
    {.noun = "quarantine",
     .name = "list",
     .summary_da = "hvad der er afvist eller ikke gælder, og hvorfor",
     .summary_en = "what was refused or is void, and why",
     .access = ACCESS_READ,
     .run = list_all},
    {.noun = "quarantine",
     .name = "show",
     .summary_da = "hvad der står på en gren, der er lagt til side, og om det også står her",
     .summary_en = "what stands on a branch that is kept aside, and whether it stands here too",
     .access = ACCESS_READ,
     .params = show_params,
     .run = show},
    {.noun = NULL},
};
