#include "quarantine.h"

#include "form.h"
#include "slice.h"
#include "store/collection.h"
#include "store/value_search.h"

#include <stdio.h>
#include <stdlib.h>

/* The envelope at hand is written value by value, and for each the field is looked through that it
 * would stand in here. */
struct shown {
    struct job job;
    struct store *store;
    struct quarantined item;
    struct branch *branch;
    const struct branch_entry *entry; /* NULL: the next is to be opened */
    size_t set, write;                /* where it is in it */
    bool searching;
    struct value_search search;
    json_t *writes; /* of the entry at hand */
    json_t *entries;
    uint64_t lost; /* values that stand nowhere here */
};

static enum err add_write(struct shown *shown, const struct change_set *set,
                          const struct write *write, bool stands) {
    const struct collection *collection = collection_find(write->collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, write->field) : NULL;
    char record[ID_TEXT_MAX], number[16];
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
    return json_array_append_new(shown->writes, form) == 0 ? OK : ERR_MEMORY;
}

/* Is it what the record says here too, perhaps among others? */
static enum err look_for(struct shown *shown, const struct change_set *set,
                         const struct write *write) {
    bool stands = false, done = false;
    if (!shown->searching)
        shown->search = (struct value_search){write->record, write->collection, write->field, 0};
    shown->searching = true;
    enum err e = value_search_step(shown->store, &shown->search, write->value, &stands, &done);
    if (e != OK || !done)
        return e;
    shown->searching = false;
    shown->write++;
    shown->lost += !stands;
    return add_write(shown, set, write, stands);
}

static enum err end_entry(struct shown *shown) {
    const struct branch_entry *entry = shown->entry;
    json_int_t answers = 0;
    for (size_t i = 0; i < entry->sets_n; i++)
        if (entry->sets[i].has_answers)
            answers += (json_int_t)entry->sets[i].answers.answers_n;
    json_t *form = json_pack("{s:I, s:o, s:o, s:o, s:I}", "seq", (json_int_t)entry->seq, "at",
                             form_time(clock_ms(entry->clock)), "unread", form_error(entry->unread),
                             "writes", shown->writes, "answers", answers);
    shown->writes = NULL;
    shown->entry = NULL;
    return json_array_append_new(shown->entries, form) == 0 ? OK : ERR_MEMORY;
}

static enum err show_entry(struct shown *shown) {
    if (shown->writes == NULL && (shown->writes = json_array()) == NULL)
        return ERR_MEMORY;
    if (shown->set == shown->entry->sets_n)
        return end_entry(shown);
    const struct change_set *set = &shown->entry->sets[shown->set];
    if (shown->write < set->writes_n)
        return look_for(shown, set, &set->writes[shown->write]);
    shown->set++;
    shown->write = 0;
    return OK;
}

static enum err work(void *job, bool *ret_done) {
    struct shown *shown = job;
    if (shown->entry != NULL)
        return show_entry(shown);
    shown->set = shown->write = 0;
    return branch_step(shown->branch, &shown->entry, ret_done);
}

static json_t *document_of(const struct shown *shown) {
    const struct quarantined *item = &shown->item;
    return json_pack("{s:I, s:o, s:o, s:o, s:I, s:o, s:I, s:O}", "number", (json_int_t)item->number,
                     "feed", form_id(item->feed.bytes, sizeof item->feed.bytes), "author",
                     quarantine_member(shown->store, &item->author), "from",
                     quarantine_member(shown->store, &item->from), "seq", (json_int_t)item->seq,
                     "at", form_time(item->at), "lost", (json_int_t)shown->lost, "entries",
                     shown->entries);
}

static enum job_state step(struct job *job, struct reply *reply) {
    struct shown *shown = (struct shown *)job;
    bool done = false;
    enum err e = slice_run(work, shown, &done);
    if (e == OK && !done) {
        reply_progress(reply, json_array_size(shown->entries), 0, "reading the branch",
                       "læser grenen");
        return JOB_MORE;
    }
    e = e == OK ? reply_give(reply, document_of(shown)) : reply_store(reply, e, shown->store);
    (void)e; /* the reply carries it */
    return JOB_DONE;
}

static void shown_free(struct job *job) {
    struct shown *shown = (struct shown *)job;
    branch_free(shown->branch);
    json_decref(shown->writes);
    json_decref(shown->entries);
    free(shown);
}

static enum err refuse(struct reply *reply, enum err e) {
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

enum err quarantine_show(struct service *service, const struct asker *asker, const json_t *args,
                         struct reply *reply, struct job **ret_job) {
    (void)asker;
    int64_t number = service_number(args, "number", 0);
    struct shown *shown = calloc(1, sizeof *shown);
    if (shown == NULL)
        return ERR_MEMORY;
    shown->job = (struct job){.step = step, .free = shown_free};
    shown->store = service_store(service);
    shown->entries = json_array();
    enum err e = shown->entries == NULL ? ERR_MEMORY
                 : number < 1
                     ? ERR_NOT_FOUND
                     : branch_new(shown->store, (uint64_t)number, &shown->item, &shown->branch);
    if (e != OK) {
        shown_free(&shown->job);
        return refuse(reply, e);
    }
    *ret_job = &shown->job;
    return OK;
}
