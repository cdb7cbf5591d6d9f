/* `survey status`: what has come in, and from whom nothing has.
 *
 * How many people answered is a figure too: together with a report it bounds what hidden units hold
 * (a site of three answers of which the hidden sum has three on the scale said nothing but points
 * of the scale). So a site's count below DISCLOSURE_N_MIN is shown as "few", and the total follows
 * the report's own rule: few enter only if they are at least two and together large enough. The
 * report prints no counts of people at all, so that people who left a question out remain unknown
 * between the two. */
#include "survey.h"

#include "disclosure.h"
#include "form.h"
#include "store/acks.h"
#include "store/answers.h"
#include <stdlib.h>
#include <string.h>

struct counts {
    struct store *store;
    struct buffer n; /* uint64_t each, of the sites that have answered */
    json_t *sites;
};

/* A figure of people; null when few. */
static json_t *count_json(uint64_t n) {
    return n > 0 && n < DISCLOSURE_N_MIN ? json_null() : json_integer((json_int_t)n);
}

static enum err add_site(void *context, const struct answers_count *count) {
    struct counts *counts = context;
    json_t *site = json_pack(
        "{s:o, s:I, s:I, s:o, s:b, s:o, s:b, s:o}", "site",
        form_member(counts->store, &count->member), "imports", (json_int_t)count->imports,
        "incomplete", (json_int_t)count->imports_incomplete, "late", count_json(count->late),
        "late_few",
        count->late > 0 &&
            count
                ->late<DISCLOSURE_N_MIN, "last", form_time(count->last), "few", count->answers> 0 &&
            count->answers < DISCLOSURE_N_MIN,
        "answers", count_json(count->answers));
    if (json_array_append_new(counts->sites, site) != 0)
        return ERR_MEMORY;
    return count->answers == 0 ? OK
                               : buffer_append(&counts->n, &count->answers, sizeof count->answers);
}

static enum err add_total(const struct counts *counts, json_t *document) {
    static const bool on_scale[1] = {true};
    struct disclosed d;
    struct tally tally = {counts->n.size / sizeof(uint64_t), 1,
                          (const uint64_t *)(const void *)counts->n.data, on_scale, NULL};
    enum err e = disclose(&tally, &d);
    if (e != OK)
        return e;
    json_t *total =
        json_pack("{s:s, s:o}", "covers", d.covers == COVERS_ALL ? "all" : "shown", "answers",
                  d.total.hidden ? json_null() : json_integer((json_int_t)d.total.n));
    disclosed_done(&d);
    return json_object_set_new(document, "total", total) == 0 ? OK : ERR_MEMORY;
}

static enum err status_of_municipality(struct store *store, const struct survey *survey,
                                       json_t *document) {
    struct counts counts = {.store = store, .sites = json_array()};
    json_t *missing = NULL;
    enum err e = counts.sites == NULL ? ERR_MEMORY : OK;
    if (e == OK)
        e = answers_counts(store, &survey->id, survey_until(survey), survey->heads_n, add_site,
                           &counts);
    if (e == OK)
        e = add_total(&counts, document);
    if (e == OK)
        e = survey_missing(store, survey, &missing);
    if (e == OK && (json_object_set(document, "sites", counts.sites) != 0 ||
                    json_object_set(document, "missing", missing) != 0))
        e = ERR_MEMORY;
    json_decref(missing);
    json_decref(counts.sites);
    buffer_done(&counts.n);
    return e;
}

static enum err find_municipality(void *context, const struct roster_entry *entry) {
    struct member_id *municipality = context;
    if (entry->role == ROLE_MUNICIPALITY && entry->status == MEMBER_ACTIVE)
        *municipality = entry->member;
    return OK;
}

struct ledger {
    struct store *store;
    const struct survey *survey;
    struct member_id municipality;
    json_t *imports;
    uint64_t answers;
};

/* Not below the heads at which the municipality closed the survey. It is unknown here until the
 * closing has arrived. */
static bool came_too_late(const struct survey *survey, const struct version_name *last) {
    for (size_t i = 0; survey->closed && i < survey->heads_n; i++)
        if (feed_id_equal(&survey->heads[i].feed, &last->feed))
            return last->seq > survey->heads[i].seq;
    return survey->closed;
}

static enum err add_import(void *context, const struct import *import) {
    struct ledger *ledger = context;
    bool covers = false;
    time_ms stored = 0;
    enum err e = acks_covers(ledger->store, &ledger->municipality, &import->last.feed,
                             import->last.seq, &covers, &stored);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    ledger->answers += import->answers;
    json_t *item = json_pack("{s:o, s:I, s:b, s:b}", "at", form_time(import->at), "answers",
                             (json_int_t)import->answers, "received", covers, "late",
                             came_too_late(ledger->survey, &import->last));
    return json_array_append_new(ledger->imports, item) == 0 ? OK : ERR_MEMORY;
}

/* What this site has handed in itself: it knows its own files' size, and nothing more is left here.
 */
static enum err status_of_site(struct store *store, const struct survey *survey, json_t *document) {
    struct ledger ledger = {.store = store, .survey = survey, .imports = json_array()};
    enum err e = ledger.imports == NULL
                     ? ERR_MEMORY
                     : roster_each(store, find_municipality, &ledger.municipality);
    if (e == OK)
        e = import_each(store, &survey->id, add_import, &ledger);
    if (e == OK &&
        (json_object_set(document, "imports", ledger.imports) != 0 ||
         json_object_set_new(document, "answers", json_integer((json_int_t)ledger.answers)) != 0))
        e = ERR_MEMORY;
    json_decref(ledger.imports);
    return e;
}

enum err survey_status(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply) {
    (void)asker;
    struct store *store = service_store(service);
    struct survey survey;
    struct self self;
    enum err e = survey_find(store, service_text(args, "survey"), reply, &survey);
    if (e != OK)
        return e;
    json_t *document = NULL;
    e = store_self(store, &self);
    if (e == OK) {
        document = json_pack("{s:o, s:s}", "survey", survey_head(store, &survey), "role",
                             role_name(self.role));
        e = document == NULL                 ? ERR_MEMORY
            : self.role == ROLE_MUNICIPALITY ? status_of_municipality(store, &survey, document)
                                             : status_of_site(store, &survey, document);
    }
    survey_done(&survey);
    if (e != OK) {
        json_decref(document);
        return e;
    }
    return reply_give(reply, document);
}
