/* A questionnaire from two CSV files in the manner of XLSForm:
 *
 *   survey:  type,name,label::Dansk (da),label::English (en)       type: select_one LIST, or text
 *   choices: list_name,name,label::Dansk (da),label::English (en),score
 *
 * Columns may stand in any order; `label::NAME (xx)` gives a language, of which every question and choice needs all. Rows of type
 * note and columns hint and required are passed over with a notice; anything else is refused. With a column `score`, choices
 * without one ("don't know") are not on the scale; without that column, names that are whole numbers are the scores. */
#ifndef STAFET_CLI_SURVEY_FORM_H
#define STAFET_CLI_SURVEY_FORM_H

#include "problem.h"
#include "proto/bytes.h"

struct survey_files {
    const char *survey_name, *choices_name; /* for messages; borrowed */
    struct bytes survey, choices;           /* choices.data NULL: not given */
};

/* The questionnaire in the form of service/questionnaire.h, without a code; the caller owns it. ERR_ARGUMENT: `problems` says
 * why, in all places; ERR_MEMORY. */
MUST_USE enum err survey_form_read(const struct survey_files *, struct problems *, json_t **ret_questionnaire);

/* A survey's code from its file's name: "Trivsel 2026.csv" is "trivsel-2026"; false if nothing proper is left. */
bool survey_form_code(const char *path, char ret_code[static 33]);

#endif
