#include "poll.h"

#include "service/inside.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

struct federation federation;
struct reply reply;

#define DA(text) "\"label\":{\"da\":\"" text "\"}"
const char survey_questions[] =
    "{\"questions\":[{\"code\":\"q01\"," DA("Tryg?") ",\"scale\":\"s\"},{\"code\":\"q02\"," DA(
        "Leg?") ",\"scale\":\"s\"},"
                "{\"code\":\"q03\"," DA(
                    "Mere?") ",\"text\":true}],\"scales\":{\"s\":[{\"code\":"
                             "\"1\"," DA("Nej") ",\"score\":1},"
                                                "{\"code\":\"2\"," DA(
                                                    "Tja") ",\"score\":2},{\"code\":"
                                                           "\"3\"," DA("Ja") ",\"score"
                                                                             "\":3},{"
                                                                             "\"code\":"
                                                                             "\"dk\""
                                                                             "," DA("Ve"
                                                                                    "d "
                                                                                    "ik"
                                                                                    "k"
                                                                                    "e") "}]}}";

int survey_begin(void **state) {
    (void)state;
    setenv("TZ", "UTC", 1);
    federation_found(&federation);
    federation_join(&federation, "Birk", ROLE_KINDERGARTEN);
    federation_join(&federation, "Solsikken", ROLE_KINDERGARTEN);
    federation_join(&federation, "Skovbrynet", ROLE_KINDERGARTEN);
    federation_join(&federation, "Egely", ROLE_KINDERGARTEN);
    federation_join(&federation, "Søndre Skole", ROLE_SCHOOL);
    sync_all(&federation);
    reply_init(&reply);
    return 0;
}

int survey_end(void **state) {
    (void)state;
    reply_done(&reply);
    federation_end(&federation);
    return 0;
}

enum err call(size_t site, const char *verb, json_t *args) {
    static const struct asker asker = {.name = "Mette H.", .function = "leder"};
    struct service service = {.store = federation.sites[site].store};
    struct job *job;
    reply_done(&reply);
    enum err e = service_call(&service, &asker, "survey", verb, args, &reply, &job);
    while (e == OK && job != NULL && job->step(job, &reply) != JOB_DONE)
        ;
    service_job_free(job);
    json_decref(args);
    assert_int_equal(reply.error != OK, reply.document == NULL);
    assert_int_equal(reply.error != OK, *reply.text != '\0');
    return reply.error;
}

json_t *publish_args(const char *code) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "file", survey_questions, "title", "Trivsel",
                     "closes", "2024-06-30", "code", code, "for", "kindergarten");
}

void publish(const char *code) {
    assert_ok(call(NORDBY, "publish", publish_args(code)));
    sync_all(&federation);
}

void add_answers(json_t *answers, int n, int q01, int q02, const char *text) {
    for (int i = 0; i < n; i++)
        json_array_append_new(answers, text != NULL ? json_pack("[i, i, s]", q01, q02, text)
                                                    : json_pack("[i, i, i]", q01, q02, 0));
}

json_t *import_args(const char *survey, json_t *answers, int file) {
    char digest[65];
    snprintf(digest, sizeof digest, "%064x", (unsigned)file);
    json_t *content = json_pack("{s:o, s:s}", "answers", answers, "digest", digest);
    char *text = json_dumps(content, 0);
    json_t *args = json_pack("{s:s, s:s}", "survey", survey, "file", text);
    free(text);
    json_decref(content);
    return args;
}

enum err import(size_t site, const char *survey, int file, int n, int q01, int q02) {
    json_t *answers = json_array();
    add_answers(answers, n, q01, q02, NULL);
    return call(site, "import", import_args(survey, answers, file));
}

json_t *survey_args(const char *survey) {
    return json_pack("{s:s}", "survey", survey);
}

void close_early(const char *survey) {
    assert_ok(call(NORDBY, "close", json_pack("{s:s, s:b}", "survey", survey, "early", 1)));
}

const json_t *row_of(const json_t *list, const char *site) {
    size_t i;
    const json_t *row;
    json_array_foreach(list, i, row) {
        if (strcmp(json_string_value(json_object_get(json_object_get(row, "site"), "name")),
                   site) == 0)
            return row;
    }
    return NULL;
}

const json_t *report_row(size_t question, const char *site) {
    const json_t *item = json_array_get(json_object_get(reply.document, "questions"), question);
    return site == NULL ? json_object_get(item, "total")
                        : row_of(json_object_get(item, "sites"), site);
}

void assert_json(const json_t *json, const char *text) {
    char *dumped =
        json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    assert_string_equal(dumped, text);
    free(dumped);
}
