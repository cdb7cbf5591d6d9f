/* The survey's verbs, and the two that only look: list and show. */
#include "survey.h"

#include "store/answers.h"
#include "verbs.h"
#include <stdlib.h>

struct listing {
    struct store *store;
    struct self self;
    json_t *list;
};

struct totals {
    uint64_t sites, answers;
};

static enum err count_site(void *context, const struct answers_count *count) {
    struct totals *totals = context;
    totals->sites += count->answers > 0;
    return OK;
}

static enum err count_import(void *context, const struct import *import) {
    struct totals *totals = context;
    totals->answers += import->answers;
    return OK;
}

/* How many sites have answered and how many have not; at a site, what it has handed in itself.
 * Never a site's few answers: see survey_status.c. */
static enum err add_counts(struct listing *listing, const struct survey *survey, json_t *item) {
    struct totals totals = {0};
    json_t *missing;
    enum err e;
    if (listing->self.role != ROLE_MUNICIPALITY) {
        e = import_each(listing->store, &survey->id, count_import, &totals);
        if (e == OK && survey_asks(survey, listing->self.role))
            json_object_set_new(item, "imported", json_integer((json_int_t)totals.answers));
        return e;
    }
    e = answers_counts(listing->store, &survey->id, survey_until(survey), survey->heads_n,
                       count_site, &totals);
    if (e == OK)
        e = survey_missing(listing->store, survey, &missing);
    if (e != OK)
        return e;
    json_object_set_new(item, "sites_answered", json_integer((json_int_t)totals.sites));
    json_object_set_new(item, "sites_missing", json_integer((json_int_t)json_array_size(missing)));
    json_decref(missing);
    return OK;
}

static enum err list_one(void *context, struct survey *survey) {
    struct listing *listing = context;
    json_t *item = survey_head(listing->store, survey);
    if (item == NULL)
        return ERR_MEMORY;
    enum err e = add_counts(listing, survey, item);
    if (json_array_append_new(listing->list, item) != 0)
        return ERR_MEMORY;
    return e;
}

static enum err survey_list(struct service *service, const struct asker *asker, const json_t *args,
                            struct reply *reply) {
    (void)asker;
    (void)args;
    size_t unreadable_n;
    struct listing listing = {.store = service_store(service), .list = json_array()};
    enum err e = listing.list == NULL ? ERR_MEMORY : store_self(listing.store, &listing.self);
    if (e == OK)
        e = survey_each(listing.store, list_one, &listing, &unreadable_n);
    if (e != OK) {
        json_decref(listing.list);
        return e;
    }
    return reply_give(reply, json_pack("{s:o, s:I}", "surveys", listing.list, "unreadable",
                                       (json_int_t)unreadable_n));
}

static enum err survey_show(struct service *service, const struct asker *asker, const json_t *args,
                            struct reply *reply) {
    (void)asker;
    struct store *store = service_store(service);
    struct survey survey;
    struct self self;
    enum err e = store_self(store, &self);
    if (e == OK)
        e = survey_find(store, service_text(args, "survey"), reply, &survey);
    if (e != OK)
        return e;
    bool may_close = self.role == ROLE_MUNICIPALITY && !survey.closed;
    e = reply_give(reply,
                   json_pack("{s:o, s:b, s:O}", "survey", survey_head(store, &survey), "may_close",
                             may_close, "questionnaire", survey.questionnaire.json));
    survey_done(&survey);
    return e;
}

#define FILE_PARAM                                                                                 \
    {                                                                                              \
        "file", PARAM_CONTENT, true, true, "spørgsmålene, som CSV (XLSForm)",                      \
            "the questions, as CSV (XLSForm)"                                                      \
    }
#define CHOICES_PARAM                                                                              \
    { "choices", PARAM_CONTENT, false, false, "svarmulighederne, som CSV", "the choices, as CSV" }
#define SURVEY_PARAM(required)                                                                     \
    {                                                                                              \
        "survey", PARAM_TEXT, true, required, "undersøgelsens kode eller id",                      \
            "the survey's code or id"                                                              \
    }

static const struct param check_params[] = {FILE_PARAM, CHOICES_PARAM, {0}};
static const struct param publish_params[] = {
    FILE_PARAM,
    CHOICES_PARAM,
    {"title", PARAM_TEXT, false, false, "overskriften, ellers koden", "its title, else the code"},
    {"closes", PARAM_DATE, false, true, "sidste dag der kan svares", "the last day for answers"},
    {"code", PARAM_TEXT, false, false, "kort kode, ellers filens navn",
     "a short code, else the file's name"},
    {"for", PARAM_TEXT, false, false, "kindergarten, school eller all",
     "kindergarten, school or all"},
    {0}};
static const struct param one_params[] = {SURVEY_PARAM(false), {0}};
static const struct param import_params[] = {SURVEY_PARAM(true),
                                             {"file", PARAM_CONTENT, true, true,
                                              "svarene, som CSV (LimeSurvey), højst 20.000; de "
                                              "samme svar tages kun én gang, men en fil med flere "
                                              "eller færre svar tælles hel",
                                              "the answers, as CSV (LimeSurvey), at most 20,000; "
                                              "the same answers are taken once, but a file with "
                                              "more or fewer of them is counted whole"},
                                             {0}};
static const struct param close_params[] = {
    SURVEY_PARAM(true),
    {"early", PARAM_FLAG, false, false, "luk før sidste dag", "close before the last day"},
    {0}};
static const struct param no_params[] = {{0}};

const struct verb survey_verbs[] = {
    {"survey", "check", "prøv et spørgeskema uden at udsende det",
     "try a questionnaire without publishing it", ACCESS_FOUND, check_params, survey_check, NULL},
    {"survey", "publish", "udsend et spørgeskema til alle",
     "publish a questionnaire to all members", ACCESS_WRITE, publish_params, survey_publish, NULL},
    {"survey", "list", "vis alle undersøgelser", "list the surveys", ACCESS_READ, no_params,
     survey_list, NULL},
    {"survey", "show", "vis en undersøgelses spørgsmål", "show a survey's questions", ACCESS_READ,
     one_params, survey_show, NULL},
    {"survey", "status", "hvor mange svar er kommet, og hvem mangler",
     "how many answers came, and who is missing", ACCESS_READ, one_params, survey_status, NULL},
    {"survey", "import", "indlæs svar fra en fil", "import answers from a file", ACCESS_WRITE,
     import_params, NULL, survey_import},
    {"survey", "close", "luk en undersøgelse", "close a survey", ACCESS_WRITE, close_params,
     survey_close, NULL},
    {"survey", "report", "vis tallene for en lukket undersøgelse",
     "show the figures of a closed survey", ACCESS_READ, one_params, NULL, survey_report},
    {0}};
