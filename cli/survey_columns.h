/* The columns of a questionnaire's two CSV files: which heading stands where, and the labels in each language. */
#ifndef STAFET_CLI_SURVEY_COLUMNS_H
#define STAFET_CLI_SURVEY_COLUMNS_H

#include "service/questionnaire.h"
#include "sheet.h"

enum { NO_COLUMN = -1 };

struct label_column {
    char code[4]; /* "da" */
    int column;
};
struct columns {
    int type; /* of the choices: list_name */
    int name, score;
    struct label_column languages[LANGUAGES_MAX];
    size_t languages_n;
};

/* Reads the sheet's first row; everything that is wrong with it goes to `problems`. */
void columns_read(struct problems *, const struct sheet *, bool of_choices, struct columns *ret_columns);
/* "" when there is no such column. */
const char *columns_cell(const struct sheet_row *, int column);
/* Cells beyond the headings would be lost: those with a text go to `problems`. */
void columns_check_width(struct problems *, const struct sheet *, const struct sheet_row *);
struct place columns_place(const struct sheet *, const struct sheet_row *, int column);
/* {"da": "…"}: one line in each of the languages; what is missing goes to `problems`. Caller owns. */
json_t *columns_label(struct problems *, const struct sheet *, const struct sheet_row *, const struct columns *);

#endif
