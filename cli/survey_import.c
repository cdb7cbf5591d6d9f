#include "survey_import.h"

#include "proto/hash.h"
#include "sheet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_COLUMN = -1, MARK_SIZE = 32 };

struct import {
    const struct questionnaire *questionnaire;
    struct problems *problems;
    struct sheet sheet;
    int column_of[QUESTIONS_MAX];        /* of each question */
    uint32_t first_column;               /* that holds a question */
    bool has_whole_codes[QUESTIONS_MAX]; /* so that a number can't be a position */
    struct imported imported;
    struct buffer marks; /* a hash of each answer */
};

static struct place place_of(const struct sheet *sheet, const struct sheet_row *row,
                             uint32_t column) {
    return (struct place){column < row->cells_n ? row->cells[column].line : row->line, column + 1,
                          sheet_text(&sheet->rows[0], column)};
}

/* "q06", "q06. Text", "q06: Text" and "q06 Text" name the question q06; -1: no question of the
 * survey. */
static int question_of_heading(const struct questionnaire *q, const char *heading) {
    size_t size =
        strspn(heading, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (heading[size] != '\0' && strchr(".: ", heading[size]) == NULL)
        return -1;
    for (size_t i = 0; i < q->questions_n; i++)
        if (strlen(q->questions[i].code) == size &&
            strncasecmp(q->questions[i].code, heading, size) == 0)
            return (int)i;
    return -1;
}

static void read_headings(struct import *im) {
    const struct questionnaire *q = im->questionnaire;
    const struct sheet_row *row = &im->sheet.rows[0];
    bool begun = false;
    for (size_t i = 0; i < q->questions_n; i++)
        im->column_of[i] = NO_COLUMN;
    for (uint32_t i = 0; i < row->cells_n; i++) {
        int question = question_of_heading(q, row->cells[i].text);
        struct place place = place_of(&im->sheet, row, i);
        if (question < 0 && begun)
            problem_add(im->problems, place,
                        MEND("remove the column: only answers belong after the first question",
                             "fjern kolonnen: efter det første spørgsmål må der kun stå svar"),
                        "\"%s\" is no question of this survey",
                        "\"%s\" er ikke et spørgsmål i denne undersøgelse", place.heading);
        if (question < 0)
            continue;
        if (!begun)
            im->first_column = i;
        begun = true;
        if (im->column_of[question] != NO_COLUMN)
            problem_add(im->problems, place,
                        MEND("remove one of the two columns", "fjern en af de to kolonner"),
                        "the question %s stands twice", "spørgsmålet %s står to gange",
                        q->questions[question].code);
        else
            im->column_of[question] = (int)i;
    }
    struct place first = {.line = row->line};
    if (!begun) {
        problem_add(im->problems, first,
                    MEND("export the answers with question codes as headings",
                         "eksportér svarene med spørgsmålenes koder som overskrifter"),
                    "no column has the code of a question, such as %s",
                    "ingen kolonne har et spørgsmåls kode som overskrift, for eksempel %s",
                    q->questions[0].code);
        return;
    }
    im->imported.dropped_columns_n = im->first_column;
    for (size_t i = 0; i < q->questions_n; i++)
        if (im->column_of[i] == NO_COLUMN)
            problem_add(im->problems, first,
                        MEND("add it, with empty cells if nobody was asked",
                             "tilføj den, med tomme celler, hvis ingen er blevet spurgt"),
                        "there is no column for the question %s",
                        "der er ingen kolonne til spørgsmålet %s", q->questions[i].code);
}

static bool is_whole_number(const char *text) {
    size_t sign = *text == '-', size = strspn(text + sign, "0123456789");
    return size > 0 && text[sign + size] == '\0';
}

static void learn_codes(struct import *im) {
    for (size_t i = 0; i < im->questionnaire->questions_n; i++) {
        const struct scale *scale = im->questionnaire->questions[i].scale;
        for (size_t k = 0; scale != NULL && k < scale->choices_n; k++)
            im->has_whole_codes[i] |= is_whole_number(scale->choices[k].code);
    }
}

static bool label_says(const json_t *label, const char *text) {
    const char *language;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)label, language, value) {
        if (strcasecmp(json_string_value(value), text) == 0)
            return true;
    }
    return false;
}

/* The choice's position from 1; 0: no choice. */
static uint32_t choice_of(const struct import *im, size_t question, const char *text) {
    const struct scale *scale = im->questionnaire->questions[question].scale;
    for (size_t i = 0; i < scale->choices_n; i++)
        if (strcasecmp(scale->choices[i].code, text) == 0)
            return (uint32_t)i + 1;
    for (size_t i = 0; i < scale->choices_n; i++)
        if (label_says(scale->choices[i].label, text))
            return (uint32_t)i + 1;
    if (im->has_whole_codes[question] || !is_whole_number(text) || strlen(text) > 3)
        return 0;
    unsigned long position = strtoul(text, NULL, 10);
    return position >= 1 && position <= scale->choices_n ? (uint32_t)position : 0;
}

/* "one of 1, 2, 3, 4, 5, dk" */
static void allowed_values(enum language language, const struct scale *scale,
                           char ret_text[static 256]) {
    size_t at =
        (size_t)snprintf(ret_text, 256, "%s", say_in(language, "write one of", "skriv en af"));
    for (size_t i = 0; i < scale->choices_n && at < 256; i++)
        at += (size_t)snprintf(ret_text + at, 256 - at, "%s %s", i > 0 ? "," : "",
                               scale->choices[i].code);
    if (at < 256)
        snprintf(ret_text + at, 256 - at, "%s",
                 say_in(language, ", or leave it empty", ", eller lad det stå tomt"));
}

static enum err append(struct import *im, const char *text) {
    return buffer_append(&im->imported.text, text, strlen(text));
}

static enum err append_text_reply(struct import *im, struct place place, const char *text) {
    if (strlen(text) > ANSWER_TEXT_SIZE_MAX) {
        problem_add(im->problems, place, MEND("divide or shorten it", "del eller forkort den"),
                    "the text is longer than about 8,000 letters",
                    "teksten er længere end omkring 8.000 bogstaver");
        return OK;
    }
    json_t *value = json_string(text);
    char *escaped = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    enum err e = escaped != NULL ? append(im, escaped) : ERR_MEMORY;
    if (escaped != NULL)
        sodium_memzero(escaped, strlen(escaped));
    free(escaped);
    json_decref(value);
    return e;
}

static enum err append_reply(struct import *im, const struct sheet_row *row, size_t question) {
    const struct scale *scale = im->questionnaire->questions[question].scale;
    uint32_t column = (uint32_t)im->column_of[question];
    struct place place = place_of(&im->sheet, row, column);
    place.heading = im->questionnaire->questions[question]
                        .code; /* LimeSurvey's heading holds the whole question */
    const char *text = sheet_text(row, column);
    if (*text == '\0')
        return append(im, "0");
    if (scale == NULL)
        return append_text_reply(im, place, text);
    uint32_t choice = choice_of(im, question, text);
    if (choice == 0) {
        char mend[256], shown[64];
        allowed_values(im->problems->language, scale, mend);
        /* A text in the wrong column must not be repeated on a screen at length. */
        bool is_short = strlen(text) < sizeof shown && strchr(text, '\n') == NULL;
        snprintf(shown, sizeof shown, "%s",
                 is_short ? text
                          : say_in(im->problems->language, "a longer text", "en længere tekst"));
        problem_add(im->problems, place, COMMAND(mend), "%s%s%s is not a choice of %s",
                    "%s%s%s er ikke en svarmulighed i %s", is_short ? "\"" : "", shown,
                    is_short ? "\"" : "", im->questionnaire->questions[question].code);
        return OK;
    }
    char number[16];
    snprintf(number, sizeof number, "%u", choice);
    return append(im, number);
}

static bool is_empty(const struct import *im, const struct sheet_row *row) {
    for (size_t i = 0; i < im->questionnaire->questions_n; i++)
        if (*sheet_text(row, (size_t)im->column_of[i]) != '\0')
            return false;
    return true;
}

/* The answer from `start` on, without the comma before it. */
static enum err mark_answer(struct import *im, size_t start) {
    uint8_t mark[MARK_SIZE];
    const uint8_t *answer = im->imported.text.data + start;
    size_t comma = *answer == ',';
    if (crypto_generichash(mark, sizeof mark, answer + comma,
                           im->imported.text.size - start - comma, NULL, 0) != 0)
        return ERR_INTERNAL;
    return buffer_append(&im->marks, mark, sizeof mark);
}

static enum err append_answer(struct import *im, const struct sheet_row *row) {
    uint32_t wanted = im->sheet.rows[0].cells_n;
    struct place place = {.line = row->line};
    if (row->cells_n != wanted) {
        problem_add(
            im->problems, place,
            MEND("check its quotes and separators", "se efter dens anførselstegn og skilletegn"),
            "the row has %u cells, the first line has %u",
            "rækken har %u celler, den første linje har %u", row->cells_n, wanted);
        return OK;
    }
    if (is_empty(im, row)) {
        im->imported.empty_n++;
        return OK;
    }
    size_t start = im->imported.text.size;
    enum err e = append(im, im->imported.answers_n++ == 0 ? "[" : ",[");
    for (size_t i = 0; i < im->questionnaire->questions_n && e == OK; i++) {
        e = i > 0 ? append(im, ",") : OK;
        if (e == OK)
            e = append_reply(im, row, i);
    }
    if (e == OK && im->imported.text.size - start > ANSWER_SIZE_MAX)
        problem_add(im->problems, place, MEND("shorten its texts", "forkort dets tekster"),
                    "the answer is larger than 16 KiB", "svaret fylder mere end 16 KiB");
    if (e == OK)
        e = append(im, "]");
    return e == OK ? mark_answer(im, start) : e;
}

static int compare_marks(const void *a, const void *b) {
    return memcmp(a, b, MARK_SIZE);
}

/* What tells these answers from others, however a file puts them: in their sorted order, without a
 * separator, a column or a label. The service keys it before it leaves this site. */
static enum err append_digest(struct import *im) {
    uint8_t digest[MARK_SIZE];
    char digest_text[HEX_TEXT_MAX], end[96];
    if (im->marks.size > 0)
        qsort(im->marks.data, im->marks.size / MARK_SIZE, MARK_SIZE, compare_marks);
    if (crypto_generichash(digest, sizeof digest, im->marks.data, im->marks.size, NULL, 0) != 0)
        return ERR_INTERNAL;
    hex_text(digest, sizeof digest, digest_text);
    snprintf(end, sizeof end, "],\"digest\":\"%s\"}", digest_text);
    return buffer_append(&im->imported.text, end, strlen(end) + 1);
}

static enum err read_answers(struct import *im) {
    struct place whole = {0};
    enum err e = append(im, "{\"answers\":[");
    for (size_t i = 1; i < im->sheet.rows_n && e == OK; i++)
        e = append_answer(im, &im->sheet.rows[i]);
    if (e != OK)
        return e;
    if (im->imported.answers_n == 0 && im->problems->n == 0)
        problem_add(im->problems, whole,
                    MEND("check that it is the right file", "se efter, om det er den rigtige fil"),
                    "there is no answer in the file", "der er ingen svar i filen");
    return append_digest(im);
}

enum err survey_import_read(const struct questionnaire *questionnaire, const char *file_name,
                            struct bytes content, struct problems *problems,
                            struct imported *ret_imported) {
    struct import im = {.questionnaire = questionnaire, .problems = problems};
    problems->file = file_name;
    enum err e = sheet_read(content, problems, &im.sheet);
    if (e != OK)
        goto done;
    read_headings(&im);
    if (problems->n > 0) {
        e = ERR_ARGUMENT;
        goto done;
    }
    learn_codes(&im);
    e = read_answers(&im);
    if (e == OK && problems->n > 0)
        e = ERR_ARGUMENT;
    if (e == OK) {
        *ret_imported = im.imported;
        im.imported = (struct imported){0};
    }
done:
    imported_done(&im.imported);
    buffer_wipe(&im.marks);
    sheet_done(&im.sheet);
    return e;
}

void imported_done(struct imported *imported) {
    buffer_wipe(&imported->text);
}
