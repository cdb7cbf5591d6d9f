/* Answers from a LimeSurvey response export or any CSV whose headings are the questions' codes ("q06", "q06. Text").
 *
 * All or nothing: every cell that is no answer is named. Columns before the first question's (numbers, dates, tokens, names) are dropped here and
 * leave this process no more than the file's own bytes do. A cell holds a choice's code, its label in any language, or, where no code of
 * the list is a whole number, its position; an empty one is no answer, and a row without any answer is passed over. */
#ifndef STAFET_CLI_SURVEY_IMPORT_H
#define STAFET_CLI_SURVEY_IMPORT_H

#include "problem.h"
#include "service/questionnaire.h"

struct imported {
    struct buffer text; /* JSON for the verb `survey import`: {"answers":[[3,0,…,"text"],…],"digest":"…"}; NUL-terminated */
    size_t answers_n, empty_n, dropped_columns_n;
};

/* ERR_ARGUMENT: `problems` says why, in all places; ERR_MEMORY. */
MUST_USE enum err survey_import_read(const struct questionnaire *, const char *file_name, struct bytes content,
                                     struct problems *, struct imported *ret_imported);
void imported_done(struct imported *); /* wipes it */

#endif
