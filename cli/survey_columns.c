#include "survey_columns.h"

#include <stdio.h>
#include <string.h>

struct place columns_place(const struct sheet *sheet, const struct sheet_row *row, int column) {
    struct place place = {.line = row->line};
    if (column == NO_COLUMN)
        return place;
    if ((uint32_t)column < row->cells_n)
        place.line = row->cells[column].line;
    place.column = (uint32_t)column + 1;
    place.heading = sheet_text(&sheet->rows[0], (size_t)column);
    return place;
}

const char *columns_cell(const struct sheet_row *row, int column) {
    return column == NO_COLUMN ? "" : sheet_text(row, (size_t)column);
}

/* "label::Dansk (da)" is "da". */
static bool read_language(const char *heading, char ret_code[static 4]) {
    const char *open = strrchr(heading, '(');
    if (strncmp(heading, "label::", 7) != 0 || open == NULL)
        return false;
    size_t size = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz");
    if ((size != 2 && size != 3) || strcmp(open + 1 + size, ")") != 0)
        return false;
    memcpy(ret_code, open + 1, size);
    ret_code[size] = '\0';
    return true;
}

static void read_label_column(struct problems *problems, const struct sheet *sheet, int column,
                              struct columns *columns, bool *ret_labelled) {
    struct place place = columns_place(sheet, &sheet->rows[0], column);
    *ret_labelled = true;
    struct label_column language = {.column = column};
    if (!read_language(place.heading, language.code)) {
        problem_add(problems, place,
                    MEND("write the language's code at its end, as in label::Dansk (da)",
                         "skriv sprogets kode til sidst i den, som i label::Dansk (da)"),
                    "the heading \"%s\" names no language",
                    "overskriften \"%s\" siger ikke, hvilket sprog det er", place.heading);
        return;
    }
    for (size_t i = 0; i < columns->languages_n; i++)
        if (strcmp(columns->languages[i].code, language.code) == 0) {
            problem_add(problems, place,
                        MEND("remove one of the two columns", "fjern en af de to kolonner"),
                        "there are two columns for the language %s",
                        "der er to kolonner til sproget %s", language.code);
            return;
        }
    if (columns->languages_n == LANGUAGES_MAX)
        problem_add(problems, place, MEND("remove some", "fjern nogle"),
                    "there are more than 16 languages", "der er mere end 16 sprog");
    else
        columns->languages[columns->languages_n++] = language;
}

static void take_column(struct problems *problems, const struct sheet *sheet, int column, int *at) {
    struct place place = columns_place(sheet, &sheet->rows[0], column);
    if (*at != NO_COLUMN)
        problem_add(
            problems, place, MEND("remove one of the two columns", "fjern en af de to kolonner"),
            "the column \"%s\" stands twice", "kolonnen \"%s\" står to gange", place.heading);
    else
        *at = column;
}

static bool is_ignored(const char *heading) {
    return strcmp(heading, "required") == 0 || strcmp(heading, "hint") == 0 ||
           strncmp(heading, "hint::", 6) == 0;
}

void columns_read(struct problems *problems, const struct sheet *sheet, bool of_choices,
                  struct columns *columns) {
    const struct sheet_row *row = &sheet->rows[0];
    *columns = (struct columns){.type = NO_COLUMN, .name = NO_COLUMN, .score = NO_COLUMN};
    bool labelled = false;
    const char *type = of_choices ? "list_name" : "type";
    for (int i = 0; i < (int)row->cells_n; i++) {
        const char *heading = row->cells[i].text;
        if (strcmp(heading, type) == 0)
            take_column(problems, sheet, i, &columns->type);
        else if (strcmp(heading, "name") == 0)
            take_column(problems, sheet, i, &columns->name);
        else if (of_choices && strcmp(heading, "score") == 0)
            take_column(problems, sheet, i, &columns->score);
        else if (strncmp(heading, "label", 5) == 0)
            read_label_column(problems, sheet, i, columns, &labelled);
        else if (is_ignored(heading))
            notice_add(problems, "%s: the column \"%s\" is passed over",
                       "%s: kolonnen \"%s\" springes over", problems->file, heading);
        else
            problem_add(problems, columns_place(sheet, row, i), MEND("remove it", "fjern det"),
                        "the column \"%s\" is not known here", "kolonnen \"%s\" kendes ikke her",
                        heading);
    }
    struct place first = {.line = row->line};
    if (columns->type == NO_COLUMN)
        problem_add(problems, first,
                    MEND("add it to the first line", "tilføj den i den første linje"),
                    "the column \"%s\" is missing", "kolonnen \"%s\" mangler", type);
    if (columns->name == NO_COLUMN)
        problem_add(problems, first,
                    MEND("add it to the first line", "tilføj den i den første linje"),
                    "the column \"name\" is missing", "kolonnen \"name\" mangler");
    if (!labelled)
        problem_add(problems, first,
                    MEND("add one such as label::Dansk (da)", "tilføj en som label::Dansk (da)"),
                    "there is no column with labels", "der er ingen kolonne med tekster");
}

void columns_check_width(struct problems *problems, const struct sheet *sheet,
                         const struct sheet_row *row) {
    for (uint32_t i = sheet->rows[0].cells_n; i < row->cells_n; i++)
        if (*row->cells[i].text != '\0')
            problem_add(problems, columns_place(sheet, row, (int)i),
                        MEND("put a text with a separator in it in quotes, or remove the cell",
                             "sæt en tekst med et skilletegn i anførselstegn, eller fjern cellen"),
                        "the cell stands beyond the last heading",
                        "cellen står efter den sidste overskrift");
}

/* {"da": "…"}: one line each, the same languages everywhere. */
json_t *columns_label(struct problems *problems, const struct sheet *sheet,
                      const struct sheet_row *row, const struct columns *columns) {
    json_t *label = json_object();
    for (size_t i = 0; i < columns->languages_n; i++) {
        struct place place = columns_place(sheet, row, columns->languages[i].column);
        char text[LABEL_SIZE_MAX + 1];
        const char *value = columns_cell(row, columns->languages[i].column);
        if (*value == '\0') {
            problem_add(problems, place, MEND("write one", "skriv en"), "the label is missing",
                        "teksten mangler");
            continue;
        }
        if (strlen(value) > LABEL_SIZE_MAX) {
            problem_add(problems, place, MEND("shorten it", "forkort det"),
                        "the label is longer than about 1,000 letters",
                        "teksten er længere end omkring 1.000 bogstaver");
            continue;
        }
        snprintf(text, sizeof text, "%s", value);
        for (char *c = text; *c != '\0'; c++)
            if (*c == '\n')
                *c = ' ';
        json_object_set_new(label, columns->languages[i].code, json_string(text));
    }
    return label;
}
