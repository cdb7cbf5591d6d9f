/* A survey's life, through the service as the CLI calls it, over real stores of a federation without a network: a municipality, four
 * kindergartens and a school. */
#ifndef STAFET_TESTS_POLL_H
#define STAFET_TESTS_POLL_H

#include "federation.h"
#include "service/service.h"

enum { NORDBY, BIRK, SOLSIKKEN, SKOVBRYNET, EGELY, SCHOOL };
#define DAY_MS (INT64_C(24) * 3600 * 1000)

extern struct federation federation;
extern struct reply reply; /* of the last call */

int survey_begin(void **state);
int survey_end(void **state);
#define WITH_FEDERATION(test) cmocka_unit_test_setup_teardown(test, survey_begin, survey_end)

/* Two questions of four choices ("don't know" without a score) and a text. */
extern const char survey_questions[];

/* Calls a verb of the noun survey at a site and steps its job to the end; `args` is taken. */
enum err call(size_t site, const char *verb, json_t *args);
json_t *survey_args(const char *survey);
/* For kindergartens, until 30 June 2024. */
json_t *publish_args(const char *code);
void publish(const char *code);
/* What the CLI makes of a file: `n` equal answers, after what is there already. */
void add_answers(json_t *answers, int n, int q01, int q02, const char *text);
/* Takes `answers`; `file` tells one file from another. */
json_t *import_args(const char *survey, json_t *answers, int file);
enum err import(size_t site, const char *survey, int file, int n, int q01, int q02);
void close_early(const char *survey);

/* Of a list with a "site" in each, and of the report's question, whose total is that of no site; NULL: none. */
const json_t *row_of(const json_t *list, const char *site);
const json_t *report_row(size_t question, const char *site);
void assert_json(const json_t *, const char *text);

#endif
