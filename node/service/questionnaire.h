/* A survey's questions, as its record carries them: canonical JSON, checked before anything trusts it.
 *
 *   {"code":"trivsel26", "for":"kindergarten",
 *    "questions":[{"code":"q01","label":{"da":"…","en":"…"},"scale":"agree"}, {"code":"q13","label":{…},"text":true}],
 *    "scales":{"agree":[{"code":"1","label":{…},"score":1}, …, {"code":"dk","label":{…}}]}}
 *
 * "for" names the role of the sites that are asked; without it kindergartens and schools are.
 * An answer names questions and choices by their position, from 1. A choice with a score is on the scale; one without ("don't
 * know") is counted apart. A list in which no choice has a score has all of them on the scale and no mean. */
#ifndef STAFET_NODE_QUESTIONNAIRE_H
#define STAFET_NODE_QUESTIONNAIRE_H

#include "proto/bytes.h"
#include "proto/changeset.h"
#include "proto/language.h"
#include <jansson.h>

enum {
    QUESTIONS_MAX = 200,
    SCALES_MAX = 50,
    CHOICES_MAX = 50,          /* of one scale */
    LANGUAGES_MAX = 16,
    QUESTION_CODE_SIZE_MAX = 32,
    SURVEY_CODE_SIZE_MAX = 32,
    LABEL_SIZE_MAX = 1000,
    SCORE_MAX = 1000,          /* and its negative */
    ANSWER_TEXT_SIZE_MAX = 8000, /* one free text */
    ANSWER_SIZE_MAX = 16 * 1024  /* one whole answer, encoded */
};
#define QUESTIONNAIRE_SIZE_MAX ((size_t)64 * 1024)

struct scale_choice {
    const char *code;
    const json_t *label;
    bool scored;
    int score;
};
struct scale {
    const char *name;
    struct scale_choice *choices;
    size_t choices_n;
    bool has_scores;
};
struct question {
    const char *code;
    const json_t *label;
    const struct scale *scale; /* NULL: free text */
};
struct questionnaire {
    json_t *json; /* owned reference; everything below points into it */
    const char *code; /* "" while it is not published */
    const char *role; /* whom it asks; "" kindergartens and schools */
    struct question *questions;
    size_t questions_n;
    struct scale *scales;
    size_t scales_n;
};

/* Checks `json` and keeps a reference to it. ERR_ARGUMENT: `ret_why`, whose language is set, says why; ERR_MEMORY. */
MUST_USE enum err questionnaire_open(json_t *json, struct questionnaire *ret_questionnaire, struct failure *ret_why);
/* The same from text. */
MUST_USE enum err questionnaire_parse(const char *text, struct questionnaire *ret_questionnaire,
                                      struct failure *ret_why);
void questionnaire_done(struct questionnaire *);
/* Its canonical text: sorted keys, no white space. Caller frees. NULL: out of memory. */
char *questionnaire_text(const struct questionnaire *);
/* {"questions": n, "texts": n, "languages": ["da", …]}, for a person to compare with what was meant. Caller owns. */
json_t *questionnaire_summary(const struct questionnaire *);

/* Is choice `index` of `scale` on the scale, so that it is counted in n? */
bool scale_counts(const struct scale *, size_t index);

/* "trivsel26": two or more of a-z, 0-9 and -, beginning with a letter. */
bool survey_code_is_valid(const char *code);

/* Do these replies answer this questionnaire: known questions, each at most once, a choice of its list or a text as the question
 * wants, at least one of them? On refusal `*ret_why` is a sentence and `*ret_index` the reply's. */
MUST_USE enum err questionnaire_check(const struct questionnaire *, const struct answer_reply *replies, size_t replies_n,
                                      struct label *ret_why, size_t *ret_index);

#endif
