/* `survey check`, `publish` and `close`: a survey's life at the municipality. */
#include "survey.h"

#include "proto/owner.h"
#include "proto/text.h"
#include "store/answers.h"
#include "store/append.h"
#include "store/record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err read_questionnaire(const json_t *args, struct reply *reply,
                                   struct questionnaire *ret_questionnaire) {
    struct failure why = {.language = reply->language};
    enum err e = questionnaire_parse(service_text(args, "file"), ret_questionnaire, &why);
    if (e == ERR_ARGUMENT)
        return reply_fail(reply, e, COMMAND(why.mend), "the questionnaire is not valid: %s",
                          "spørgeskemaet er ikke i orden: %s", why.text);
    return e;
}

enum err survey_check(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply) {
    (void)service;
    (void)asker;
    struct questionnaire q;
    enum err e = read_questionnaire(args, reply, &q);
    if (e != OK)
        return e;
    e = reply_give(reply, questionnaire_summary(&q));
    questionnaire_done(&q);
    return e;
}

/* Puts code and audience into the questionnaire and checks it as a whole again. */
static enum err complete(const json_t *args, struct reply *reply, struct questionnaire *q) {
    const char *code = service_text(args, "code"), *role = service_text(args, "for");
    struct failure why = {.language = reply->language};
    if (code == NULL || !survey_code_is_valid(code))
        return reply_fail(
            reply, ERR_ARGUMENT,
            MEND("give one with --code, such as trivsel26",
                 "angiv en med --code, for eksempel trivsel26"),
            "a survey needs a code of 2 to 32 letters a-z, digits and -, beginning with a letter",
            "en undersøgelse skal have en kode på 2 til 32 bogstaver a-z, cifre og -, først et "
            "bogstav");
    json_t *json = json_deep_copy(q->json);
    if (json == NULL)
        return ERR_MEMORY;
    json_object_set_new(json, "code", json_string(code));
    if (role != NULL && strcmp(role, "all") != 0)
        json_object_set_new(json, "for", json_string(role));
    questionnaire_done(q);
    enum err e = questionnaire_open(json, q, &why);
    json_decref(json);
    return e == ERR_ARGUMENT ? reply_fail(reply, e,
                                          MEND("--for kindergarten, --for school or --for all",
                                               "--for kindergarten, --for school eller --for all"),
                                          "%s", "%s", why.text)
                             : e;
}

static enum err find_code(void *context, struct survey *survey) {
    return strcmp(survey->questionnaire.code, context) == 0 ? ERR_EXISTS : OK;
}

/* A survey without a title goes by its code. */
static const char *title_of(const json_t *args) {
    const char *title = service_text(args, "title");
    return title != NULL ? title : service_text(args, "code");
}

static enum err check_publication(struct store *store, const json_t *args, struct reply *reply) {
    const char *title = title_of(args), *closes = service_text(args, "closes");
    char today[11], *code = strdup(service_text(args, "code"));
    size_t unreadable_n;
    survey_today(store, today);
    enum err e = code == NULL ? ERR_MEMORY : survey_each(store, find_code, code, &unreadable_n);
    if (e == ERR_EXISTS)
        reply_fail(reply, e, MEND("give another with --code", "angiv en anden med --code"),
                   "there is a survey with the code %s already",
                   "der er allerede en undersøgelse med koden %s", code);
    else if (e == OK && (*title == '\0' || !text_is_name(title, NAME_SIZE_MAX)))
        e = reply_fail(reply, ERR_ARGUMENT, MEND("--title TITLE", "--title TITEL"),
                       "the title must be one line of at most 200 letters",
                       "titlen skal være én linje på højst 200 bogstaver");
    else if (e == OK && strcmp(closes, today) < 0)
        e = reply_fail(reply, ERR_ARGUMENT, MEND("--closes DATE", "--closes DATO"),
                       "the closing day %s is over", "sidste svardag %s er allerede overskredet",
                       closes);
    free(code);
    return e;
}

/* Writes fields of one survey record, each replacing `replaces_n` versions. */
static enum err append_writes(struct store *store, const struct asker *asker,
                              const struct write *writes, size_t n) {
    struct change_set set = {.actor_name = asker->name,
                             .actor_function = asker->function,
                             .writes = writes,
                             .writes_n = n};
    struct change change = {.sets = &set, .sets_n = 1};
    struct version_name written;
    enum err e = channel_make(CHANNEL_NOTICE, NULL, NULL, &change.channel);
    return e == OK ? append_change(store, &change, &written) : e;
}

static enum err write_record(struct store *store, const struct asker *asker, const json_t *args,
                             const struct questionnaire *q, const struct record_id *id) {
    char *text = questionnaire_text(q);
    if (text == NULL)
        return ERR_MEMORY;
    const struct write writes[] = {
        {.record = *id,
         .collection = COLLECTION_SURVEY,
         .field = SURVEY_TITLE,
         .value = bytes_of_text(title_of(args))},
        {.record = *id,
         .collection = COLLECTION_SURVEY,
         .field = SURVEY_QUESTIONNAIRE,
         .value = bytes_of_text(text)},
        {.record = *id,
         .collection = COLLECTION_SURVEY,
         .field = SURVEY_CLOSES_ON,
         .value = bytes_of_text(service_text(args, "closes"))},
    };
    enum err e = append_writes(store, asker, writes, sizeof writes / sizeof *writes);
    free(text);
    return e;
}

enum err survey_publish(struct service *service, const struct asker *asker, const json_t *args,
                        struct reply *reply) {
    struct store *store = service_store(service);
    struct questionnaire q = {0};
    struct self self;
    struct survey survey = {0};
    enum err e = survey_need_municipality(store, reply, &self);
    if (e == OK)
        e = read_questionnaire(args, reply, &q);
    if (e == OK)
        e = complete(args, reply, &q);
    if (e == OK)
        e = check_publication(store, args, reply);
    if (e != OK)
        goto done;
    struct record_id id = record_id_new(store_now(store), &self.member);
    char reference[ID_TEXT_MAX];
    record_text(&id, reference);
    e = write_record(store, asker, args, &q, &id);
    if (e == OK)
        e = survey_find(store, reference, reply, &survey);
    if (e == OK)
        e = reply_give(reply, json_pack("{s:o, s:o}", "survey", survey_head(store, &survey),
                                        "questionnaire", questionnaire_summary(&q)));
done:
    survey_done(&survey);
    questionnaire_done(&q);
    return e;
}

/* One head in the field `closed`: {"feed":hex,"id8":hex,"seq":n} and a comma. */
#define HEAD_TEXT_MAX 128

static enum err add_head(const struct version_name *head, json_t *list) {
    char feed[HEX_TEXT_MAX], id8[HEX_TEXT_MAX];
    hex_text(head->feed.bytes, sizeof head->feed.bytes, feed);
    hex_text(head->id8.bytes, sizeof head->id8.bytes, id8);
    json_t *item =
        json_pack("{s:s, s:s, s:I}", "feed", feed, "id8", id8, "seq", (json_int_t)head->seq);
    return json_array_append_new(list, item) == 0 ? OK : ERR_MEMORY;
}

/* The heads now of the feeds with answers, as the value of the field `closed`, which caller frees.
 */
static enum err heads_text(struct store *store, const struct record_id *survey, char **ret_text,
                           size_t *ret_left_out_n) {
    struct arena arena;
    const struct version_name *heads;
    size_t n, left_out_n,
        max = collection_field(collection_find(COLLECTION_SURVEY), SURVEY_CLOSED)->size_max /
              HEAD_TEXT_MAX;
    json_t *list = json_array();
    arena_init(&arena, KIB(1024));
    enum err e = list == NULL ? ERR_MEMORY
                              : answers_heads(store, survey, max, &arena, &heads, &n, &left_out_n);
    for (size_t i = 0; e == OK && i < n; i++)
        e = add_head(&heads[i], list);
    char *text = e == OK ? json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (e == OK && text == NULL)
        e = ERR_MEMORY;
    json_decref(list);
    arena_done(&arena);
    if (e != OK)
        return e;
    *ret_text = text;
    *ret_left_out_n = left_out_n;
    return OK;
}

static enum err check_closing(struct store *store, const struct survey *survey, bool early,
                              struct reply *reply) {
    char today[11];
    survey_today(store, today);
    if (survey->closed)
        return reply_fail(reply, ERR_STATE, COMMAND("stafet survey report"), "%s is closed already",
                          "%s er allerede lukket", survey->questionnaire.code);
    if (strcmp(today, survey->closes_on) < 0 && !early)
        return reply_fail(reply, ERR_STATE,
                          MEND("wait, or close it now for good with --early",
                               "vent, eller luk den nu for altid med --early"),
                          "%s is open until %s", "%s er åben til og med %s",
                          survey->questionnaire.code, survey->closes_on);
    return OK;
}

static enum err write_closed(struct store *store, const struct asker *asker,
                             const struct record_id *id, size_t *ret_left_out_n) {
    char *text;
    enum err e = heads_text(store, id, &text, ret_left_out_n);
    if (e != OK)
        return e;
    const struct write write = {.record = *id,
                                .collection = COLLECTION_SURVEY,
                                .field = SURVEY_CLOSED,
                                .value = bytes_of_text(text)};
    e = append_writes(store, asker, &write, 1);
    free(text);
    return e;
}

enum err survey_close(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply) {
    struct store *store = service_store(service);
    struct survey survey = {0}, closed = {0};
    struct self self;
    char reference[ID_TEXT_MAX];
    size_t left_out_n;
    json_t *missing;
    enum err e = survey_need_municipality(store, reply, &self);
    if (e == OK)
        e = survey_find(store, service_text(args, "survey"), reply, &survey);
    if (e == OK)
        e = check_closing(store, &survey, service_flag(args, "early"), reply);
    if (e == OK)
        e = write_closed(store, asker, &survey.id, &left_out_n);
    if (e != OK)
        goto done;
    record_text(&survey.id, reference);
    e = survey_find(store, reference, reply, &closed);
    if (e == OK)
        e = survey_missing(store, &closed, &missing);
    if (e == OK)
        e = reply_give(reply,
                       json_pack("{s:o, s:o, s:I}", "survey", survey_head(store, &closed),
                                 "missing", missing, "feeds_left_out", (json_int_t)left_out_n));
done:
    survey_done(&survey);
    survey_done(&closed);
    return e;
}
