/* survey.h's records: finding and loading surveys, and who is asked. */
#include "survey.h"

#include "form.h"
#include "store/acks.h"
#include "store/answers.h"
#include "whole.h"
#include "store/record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A record with its values, and the heads of 10,000 members. */
#define SURVEY_MEMORY_MAX KIB(4096)

void survey_done(struct survey *survey) {
    questionnaire_done(&survey->questionnaire);
    arena_done(&survey->arena);
    *survey = (struct survey){0};
}

/* [{"feed":hex,"id8":hex,"seq":n}, …] */
static enum err read_heads(const char *text, struct survey *survey) {
    json_t *json = NULL;
    enum err e = whole_load(bytes_of_text(text), 0, NULL, &json);
    if (e != OK)
        return e;
    size_t n = json_array_size(json);
    struct version_name *heads = arena_array(&survey->arena, n + 1, sizeof *heads);
    e = !json_is_array(json) ? ERR_FORMAT : heads == NULL ? ERR_MEMORY : OK;
    for (size_t i = 0; i < n && e == OK; i++) {
        const json_t *item = json_array_get(json, i);
        const char *feed = json_string_value(json_object_get(item, "feed"));
        const char *id8 = json_string_value(json_object_get(item, "id8"));
        heads[i].seq = (uint64_t)json_integer_value(json_object_get(item, "seq"));
        e = feed == NULL || id8 == NULL
                ? ERR_FORMAT
                : hex_parse(feed, heads[i].feed.bytes, sizeof heads[i].feed.bytes);
        if (e == OK)
            e = hex_parse(id8, heads[i].id8.bytes, sizeof heads[i].id8.bytes);
    }
    json_decref(json);
    if (e != OK)
        return e;
    survey->closed = true;
    survey->heads = heads;
    survey->heads_n = n;
    return OK;
}

static enum err read_fields(const struct record *record, struct survey *survey) {
    struct failure why = {0};
    survey->title = record_text_of(record, SURVEY_TITLE, &survey->arena);
    survey->closes_on = record_text_of(record, SURVEY_CLOSES_ON, &survey->arena);
    const char *questionnaire = record_text_of(record, SURVEY_QUESTIONNAIRE, &survey->arena);
    const char *closed = record_text_of(record, SURVEY_CLOSED, &survey->arena);
    if (survey->title == NULL || survey->closes_on == NULL || questionnaire == NULL ||
        closed == NULL)
        return ERR_MEMORY;
    enum err e = questionnaire_parse(questionnaire, &survey->questionnaire, &why);
    if (e == ERR_ARGUMENT)
        return ERR_FORMAT;
    return e == OK && *closed != '\0' ? read_heads(closed, survey) : e;
}

/* ERR_FORMAT: it is not a survey that this node understands. */
static enum err load(struct store *store, const struct record_id *id, struct survey *ret_survey) {
    struct survey survey = {.id = *id};
    struct record record;
    arena_init(&survey.arena, SURVEY_MEMORY_MAX);
    enum err e = record_load(store, COLLECTION_SURVEY, id, &survey.arena, &record);
    if (e == OK)
        e = read_fields(&record, &survey);
    if (e != OK)
        survey_done(&survey);
    else
        *ret_survey = survey;
    return e;
}

static enum err collect_id(void *context, const struct record_id *id) {
    return buffer_append(context, id, sizeof *id);
}

/* The ids first: a visitor may read the store. */
static enum err collect_ids(struct store *store, struct buffer *ids) {
    return record_each(store, COLLECTION_SURVEY, collect_id, ids);
}

enum err survey_each(struct store *store, survey_visit *visit, void *context,
                     size_t *ret_unreadable_n) {
    struct buffer ids = {0};
    size_t unreadable_n = 0;
    enum err e = collect_ids(store, &ids);
    for (size_t at = 0; e == OK && at < ids.size; at += sizeof(struct record_id)) {
        struct record_id id;
        struct survey survey;
        memcpy(&id, ids.data + at, sizeof id);
        e = load(store, &id, &survey);
        if (e == ERR_FORMAT) {
            unreadable_n++;
            e = OK;
            continue;
        }
        if (e != OK)
            break;
        e = visit(context, &survey);
        survey_done(&survey);
    }
    buffer_done(&ids);
    if (e == OK)
        *ret_unreadable_n = unreadable_n;
    return e;
}

struct search {
    const char *reference; /* NULL: any */
    json_t *candidates;
    struct record_id by_code, by_id;
    size_t by_code_n, by_id_n;
};

static enum err consider(void *context, struct survey *survey) {
    struct search *search = context;
    char text[ID_TEXT_MAX];
    record_text(&survey->id, text);
    bool code =
        search->reference != NULL && strcmp(survey->questionnaire.code, search->reference) == 0;
    bool id = search->reference == NULL || id_text_has_prefix(text, search->reference);
    if (!code && !id)
        return OK;
    if (code) {
        search->by_code = survey->id;
        search->by_code_n++;
    } else {
        search->by_id = survey->id;
        search->by_id_n++;
    }
    json_t *candidate = json_pack("{s:s, s:s, s:s}", "id", text, "name", survey->title, "code",
                                  survey->questionnaire.code);
    return json_array_append_new(search->candidates, candidate) == 0 ? OK : ERR_MEMORY;
}

static enum err find_id(const struct search *search, struct reply *reply,
                        struct record_id *ret_id) {
    const char *named = search->reference;
    size_t n = search->by_code_n > 0 ? search->by_code_n : search->by_id_n;
    if (n == 1) {
        *ret_id = search->by_code_n > 0 ? search->by_code : search->by_id;
        return OK;
    }
    if (n == 0 && named == NULL)
        return reply_fail(
            reply, ERR_NOT_FOUND,
            MEND("stafet sync, if one has been published", "stafet sync, hvis der er udsendt en"),
            "there is no survey here yet", "der er ingen undersøgelse her endnu");
    if (n == 0)
        return reply_fail(reply, ERR_NOT_FOUND, COMMAND("stafet survey list"),
                          "there is no survey \"%.100s\" here",
                          "der er ingen undersøgelse \"%.100s\" her", named);
    if (named == NULL)
        reply_fail(reply, ERR_AMBIGUOUS,
                   MEND("name one of them: stafet survey list",
                        "skriv, hvilken det er: stafet survey list"),
                   "there are %zu surveys", "der er %zu undersøgelser", n);
    else
        reply_fail(reply, ERR_AMBIGUOUS,
                   MEND("use its id: stafet survey list", "brug dens id: stafet survey list"),
                   "\"%.100s\" fits %zu surveys", "\"%.100s\" passer på %zu undersøgelser", named,
                   n);
    json_decref(reply->details);
    reply->details = json_pack("{s:O}", "candidates", search->candidates);
    return ERR_AMBIGUOUS;
}

enum err survey_find(struct store *store, const char *reference, struct reply *reply,
                     struct survey *ret_survey) {
    struct search search = {.reference = reference, .candidates = json_array()};
    size_t unreadable_n;
    struct record_id id;
    enum err e = search.candidates == NULL ? ERR_MEMORY
                                           : survey_each(store, consider, &search, &unreadable_n);
    if (e == OK)
        e = find_id(&search, reply, &id);
    if (e == OK)
        e = load(store, &id, ret_survey);
    json_decref(search.candidates);
    return e;
}

void survey_today(const struct store *store, char ret_date[static 11]) {
    time_t seconds = (time_t)(store_now(store) / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(ret_date, 11, "%Y-%m-%d", &local);
}

json_t *survey_head(struct store *store, const struct survey *survey) {
    char id[ID_TEXT_MAX], today[11];
    record_text(&survey->id, id);
    survey_today(store, today);
    const char *state = survey->closed                         ? "closed"
                        : strcmp(today, survey->closes_on) > 0 ? "due"
                                                               : "open";
    const char *role = *survey->questionnaire.role != '\0' ? survey->questionnaire.role : "all";
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", id, "code", survey->questionnaire.code,
                     "title", survey->title, "closes_on", survey->closes_on, "state", state, "for",
                     role);
}

bool survey_asks(const struct survey *survey, enum role role) {
    if (role != ROLE_KINDERGARTEN && role != ROLE_SCHOOL)
        return false;
    return *survey->questionnaire.role == '\0' ||
           strcmp(survey->questionnaire.role, role_name(role)) == 0;
}

enum err survey_need_municipality(struct store *store, struct reply *reply, struct self *ret_self) {
    enum err e = store_self(store, ret_self);
    if (e == OK && ret_self->role != ROLE_MUNICIPALITY)
        e = reply_fail(
            reply, ERR_DENIED,
            MEND("run it at the municipality's node", "kør kommandoen på kommunens node"),
            "only the municipality can do that", "det er kun kommunen, der kan det");
    return e;
}

const struct version_name *survey_until(const struct survey *survey) {
    return survey->closed ? survey->heads : NULL;
}

static enum err collect_answered(void *context, const struct answers_count *count) {
    return count->answers > 0 ? buffer_append(context, &count->member, sizeof count->member) : OK;
}

struct unanswered {
    const struct survey *survey;
    const struct member_id *answered;
    size_t answered_n;
    struct buffer *ids;
};

static int by_id(const void *a, const void *b) {
    return member_id_compare(a, b);
}

static enum err consider_member(void *context, const struct roster_entry *entry) {
    struct unanswered *search = context;
    if (entry->status != MEMBER_ACTIVE || !survey_asks(search->survey, entry->role))
        return OK;
    if (search->answered_n > 0 && bsearch(&entry->member, search->answered, search->answered_n,
                                          sizeof entry->member, by_id) != NULL)
        return OK;
    return buffer_append(search->ids, &entry->member, sizeof entry->member);
}

enum err survey_unanswered(struct store *store, const struct survey *survey,
                           const struct member_id *answered, size_t answered_n,
                           struct buffer *ret_ids) {
    struct unanswered search = {survey, answered, answered_n, ret_ids};
    return roster_each(store, consider_member, &search);
}

enum err survey_add_missing(struct store *store, const struct member_id *member, json_t *list) {
    time_ms reached = 0;
    uint64_t waiting = 0;
    enum err e = acks_said(store, member, &reached, &waiting);
    if (e != OK)
        return e;
    json_t *item =
        json_pack("{s:o, s:o}", "site", form_member(store, member), "reached", form_time(reached));
    return json_array_append_new(list, item) == 0 ? OK : ERR_MEMORY;
}

enum err survey_missing(struct store *store, const struct survey *survey, json_t **ret_missing) {
    struct buffer answered = {0}, ids = {0};
    json_t *list = json_array();
    enum err e = list == NULL ? ERR_MEMORY : OK;
    if (e == OK)
        e = answers_counts(store, &survey->id, survey_until(survey), survey->heads_n,
                           collect_answered, &answered);
    if (e == OK)
        e = survey_unanswered(store, survey, (const struct member_id *)(const void *)answered.data,
                              answered.size / sizeof(struct member_id), &ids);
    for (size_t at = 0; e == OK && at < ids.size; at += sizeof(struct member_id)) {
        struct member_id member;
        memcpy(&member, ids.data + at, sizeof member);
        e = survey_add_missing(store, &member, list);
    }
    buffer_done(&answered);
    buffer_done(&ids);
    if (e != OK)
        json_decref(list);
    else
        *ret_missing = list;
    return e;
}
