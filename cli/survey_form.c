#include "survey_form.h"

#include "service/questionnaire.h"
#include "survey_columns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct form {
    struct problems *problems;
    const struct survey_files *files;
    struct sheet survey, choices;
    bool has_choices, choices_read;
    struct columns columns, choice_columns;
    json_t *questions, *scales; /* owned */
    json_t *used;               /* set of list names that questions name; owned */
};

static bool is_code(const char *text, bool leading_letter) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char others[80];
    snprintf(others, sizeof others, "%s0123456789_%s", letters, leading_letter ? "" : "-");
    size_t size = strlen(text);
    return size > 0 && size <= QUESTION_CODE_SIZE_MAX && strspn(text, others) == size &&
           (!leading_letter || strchr(letters, text[0]) != NULL);
}

static bool is_whole_number(const char *text, int *ret_number) {
    size_t sign = *text == '-';
    size_t size = strspn(text + sign, "0123456789");
    if (size == 0 || size > 4 || text[sign + size] != '\0')
        return false;
    int number = (int)strtol(text, NULL, 10);
    if (number > SCORE_MAX || number < -SCORE_MAX)
        return false;
    *ret_number = number;
    return true;
}

static void check_choice_clash(struct form *f, const struct sheet_row *row, const json_t *list,
                               const json_t *choice) {
    size_t i;
    const json_t *other;
    const char *code = json_string_value(json_object_get(choice, "code"));
    json_array_foreach(list, i, other) {
        const char *other_code = json_string_value(json_object_get(other, "code"));
        if (strcasecmp(other_code, code) == 0)
            problem_add(f->problems, columns_place(&f->choices, row, f->choice_columns.name),
                        MEND("give each its own name", "giv hver sit eget navn"),
                        "the choice \"%s\" stands twice in its list",
                        "svarmuligheden \"%s\" står to gange på sin liste", code);
        for (size_t k = 0; k < f->choice_columns.languages_n; k++) {
            const struct label_column *language = &f->choice_columns.languages[k];
            const char *label = columns_cell(row, language->column);
            const char *other_label =
                json_string_value(json_object_get(json_object_get(other, "label"), language->code));
            bool same = other_label != NULL && strcasecmp(label, other_label) == 0;
            bool crossed = strcasecmp(label, other_code) == 0 ||
                           (other_label != NULL && strcasecmp(other_label, code) == 0);
            if (*label != '\0' && (same || crossed))
                problem_add(f->problems, columns_place(&f->choices, row, language->column),
                            MEND("word them differently", "skriv dem forskelligt"),
                            "the label \"%s\" cannot be told from the choice \"%s\"",
                            "teksten \"%s\" kan ikke kendes fra svarmuligheden \"%s\"", label,
                            other_code);
        }
    }
}

static void read_choice(struct form *f, const struct sheet_row *row) {
    const struct columns *columns = &f->choice_columns;
    const char *list_name = columns_cell(row, columns->type),
               *name = columns_cell(row, columns->name);
    columns_check_width(f->problems, &f->choices, row);
    if (!is_code(list_name, false)) {
        problem_add(f->problems, columns_place(&f->choices, row, columns->type),
                    MEND("use letters, digits, _ and -, at most 32",
                         "brug bogstaver, cifre, _ og -, højst 32"),
                    "\"%s\" is not a name for a list", "\"%s\" er ikke et navn til en liste",
                    list_name);
        return;
    }
    if (!is_code(name, false)) {
        problem_add(f->problems, columns_place(&f->choices, row, columns->name),
                    MEND("use letters, digits, _ and -, at most 32",
                         "brug bogstaver, cifre, _ og -, højst 32"),
                    "\"%s\" is not a name for a choice",
                    "\"%s\" er ikke et navn til en svarmulighed", name);
        return;
    }
    json_t *list = json_object_get(f->scales, list_name);
    if (list == NULL) {
        json_object_set_new(f->scales, list_name, json_array());
        list = json_object_get(f->scales, list_name);
    }
    json_t *choice = json_pack("{s:s, s:o}", "code", name, "label",
                               columns_label(f->problems, &f->choices, row, columns));
    int score;
    const char *score_text = columns->score == NO_COLUMN ? name : columns_cell(row, columns->score);
    if (is_whole_number(score_text, &score))
        json_object_set_new(choice, "score", json_integer(score));
    else if (columns->score != NO_COLUMN && *score_text != '\0')
        problem_add(f->problems, columns_place(&f->choices, row, columns->score),
                    MEND("write a whole number from -1000 to 1000, or leave it empty for answers "
                         "such as \"don't know\"",
                         "skriv et helt tal fra -1000 til 1000, eller lad det stå tomt ved svar "
                         "som \"ved ikke\""),
                    "\"%s\" is not a score", "\"%s\" er ikke en score", score_text);
    check_choice_clash(f, row, list, choice);
    if (json_array_size(list) == CHOICES_MAX)
        problem_add(f->problems, columns_place(&f->choices, row, columns->type),
                    MEND("shorten it", "forkort det"), "the list \"%s\" has more than 50 choices",
                    "listen \"%s\" har mere end 50 svarmuligheder", list_name);
    json_array_append_new(list, choice);
}

/* What XLSForm knows and a survey of parents must not carry. */
static struct label type_mend(const char *type) {
    static const char *const traces[] = {
        "start",    "end",      "today",    "deviceid", "phonenumber", "username", "email", "audit",
        "geopoint", "geotrace", "geoshape", "image",    "audio",       "video",    "file",  NULL};
    for (size_t i = 0; traces[i] != NULL; i++)
        if (strcmp(type, traces[i]) == 0)
            return MEND("remove the row: an answer carries no time, place, device or name",
                        "fjern rækken: et svar har hverken tid, sted, apparat eller navn med");
    return MEND("use select_one LIST or text", "brug select_one LISTE eller text");
}

/* The name of the list in "select_one LIST"; NULL if it is no such type. */
static const char *list_of_type(const char *type) {
    if (strncmp(type, "select_one ", 11) != 0)
        return NULL;
    const char *list = type + 11 + strspn(type + 11, " ");
    return *list != '\0' && strchr(list, ' ') == NULL ? list : NULL;
}

static bool check_question_name(struct form *f, const struct sheet_row *row) {
    struct place place = columns_place(&f->survey, row, f->columns.name);
    const char *name = columns_cell(row, f->columns.name);
    size_t i;
    const json_t *other;
    if (!is_code(name, true)) {
        problem_add(f->problems, place,
                    MEND("use letters, digits and _, beginning with a letter, at most 32",
                         "brug bogstaver, cifre og _, først et bogstav, højst 32"),
                    "\"%s\" is not a name for a question",
                    "\"%s\" er ikke et navn til et spørgsmål", name);
        return false;
    }
    json_array_foreach(f->questions, i, other) {
        if (strcasecmp(json_string_value(json_object_get(other, "code")), name) == 0) {
            problem_add(
                f->problems, place,
                MEND("give each question its own name", "giv hvert spørgsmål sit eget navn"),
                "the name \"%s\" stands twice", "navnet \"%s\" står to gange", name);
            return false;
        }
    }
    return true;
}

static void check_list(struct form *f, const struct sheet_row *row, const char *list_name) {
    struct place place = columns_place(&f->survey, row, f->columns.type);
    const json_t *list = json_object_get(f->scales, list_name);
    bool seen = json_object_get(f->used, list_name) != NULL;
    json_object_set_new(f->used, list_name, json_true());
    if (!f->has_choices) {
        if (!seen)
            problem_add(f->problems, place,
                        MEND("give the file with the choices: --choices FILE",
                             "angiv filen med svarmulighederne: --choices FIL"),
                        "the choices of \"%s\" are not known",
                        "svarmulighederne på \"%s\" er ikke kendt", list_name);
    } else if (!f->choices_read) {
        return; /* what is wrong there has been said */
    } else if (list == NULL) {
        problem_add(f->problems, place,
                    MEND("correct the name, or add the list to the choices",
                         "ret navnet, eller tilføj listen til svarmulighederne"),
                    "the list \"%s\" is not in %s", "listen \"%s\" er ikke i %s", list_name,
                    f->files->choices_name);
    } else if (json_array_size(list) < 2 && !seen) {
        problem_add(f->problems, place, MEND("add choices to it", "tilføj svarmuligheder"),
                    "the list \"%s\" has fewer than two choices",
                    "listen \"%s\" har færre end to svarmuligheder", list_name);
    }
}

static void read_question(struct form *f, const struct sheet_row *row) {
    const char *type = columns_cell(row, f->columns.type),
               *name = columns_cell(row, f->columns.name);
    const char *list = list_of_type(type);
    struct place place = columns_place(&f->survey, row, f->columns.type);
    columns_check_width(f->problems, &f->survey, row);
    if (strcmp(type, "note") == 0) {
        notice_add(f->problems, "%s, line %u: the note is passed over",
                   "%s, linje %u: noten springes over", f->problems->file, row->line);
        return;
    }
    if (list == NULL && strcmp(type, "text") != 0) {
        problem_add(f->problems, place, type_mend(type), "the type \"%s\" is not known here",
                    "typen \"%s\" kendes ikke her", type);
        return;
    }
    if (list != NULL)
        check_list(f, row, list);
    bool good = check_question_name(f, row);
    json_t *label = columns_label(f->problems, &f->survey, row, &f->columns);
    if (!good) {
        json_decref(label);
        return;
    }
    if (json_array_size(f->questions) == QUESTIONS_MAX)
        problem_add(f->problems, place, MEND("shorten the survey", "forkort undersøgelsen"),
                    "there are more than 200 questions", "der er mere end 200 spørgsmål");
    json_array_append_new(
        f->questions,
        list != NULL ? json_pack("{s:s, s:o, s:s}", "code", name, "label", label, "scale", list)
                     : json_pack("{s:s, s:o, s:b}", "code", name, "label", label, "text", 1));
}

/* The choices must speak all of the survey's languages, and no others. */
static void check_languages(struct form *f) {
    const struct columns *a = &f->columns, *b = &f->choice_columns;
    struct place first = {.line = f->choices.rows[0].line};
    for (size_t i = 0; i < a->languages_n; i++) {
        size_t k = 0;
        while (k < b->languages_n && strcmp(a->languages[i].code, b->languages[k].code) != 0)
            k++;
        if (k == b->languages_n)
            problem_add(f->problems, first,
                        MEND("add a column with labels in it",
                             "tilføj en kolonne med tekster på det sprog"),
                        "the questions are worded in \"%s\", the choices are not",
                        "spørgsmålene findes på \"%s\", det gør svarmulighederne ikke",
                        a->languages[i].code);
    }
}

static void drop_unused_lists(struct form *f) {
    const char *name;
    json_t *list;
    void *next;
    json_object_foreach_safe(f->scales, next, name, list) {
        if (json_object_get(f->used, name) != NULL)
            continue;
        notice_add(f->problems, "%s: no question uses the list \"%s\"",
                   "%s: intet spørgsmål bruger listen \"%s\"", f->files->choices_name, name);
        json_object_del(f->scales, name);
    }
}

static enum err read_choices(struct form *f) {
    f->problems->file = f->files->choices_name;
    enum err e = sheet_read(f->files->choices, f->problems, &f->choices);
    if (e != OK)
        return e;
    size_t before = f->problems->n;
    columns_read(f->problems, &f->choices, true, &f->choice_columns);
    if (f->problems->n > before)
        return ERR_ARGUMENT;
    for (size_t i = 1; i < f->choices.rows_n; i++)
        read_choice(f, &f->choices.rows[i]);
    return OK;
}

static enum err read_survey(struct form *f) {
    f->problems->file = f->files->survey_name;
    enum err e = sheet_read(f->files->survey, f->problems, &f->survey);
    if (e != OK)
        return e;
    size_t before = f->problems->n;
    columns_read(f->problems, &f->survey, false, &f->columns);
    if (f->problems->n > before)
        return ERR_ARGUMENT;
    for (size_t i = 1; i < f->survey.rows_n; i++)
        read_question(f, &f->survey.rows[i]);
    if (json_array_size(f->questions) == 0) {
        struct place whole = {0};
        problem_add(f->problems, whole,
                    MEND("add rows of type select_one LIST or text",
                         "tilføj rækker af typen select_one LISTE eller text"),
                    "there is no question in the file", "der er ingen spørgsmål i filen");
    }
    return OK;
}

/* The same rules as the service's, which has the last word on size. */
static enum err check_whole(struct form *f, json_t *questionnaire) {
    struct questionnaire opened;
    struct failure why = {.language = f->problems->language};
    struct place whole = {0};
    enum err e = questionnaire_open(questionnaire, &opened, &why);
    if (e == OK)
        questionnaire_done(&opened);
    else if (e == ERR_ARGUMENT)
        problem_add(f->problems, whole, MEND("shorten or correct it", "forkort eller ret det"),
                    "%s", "%s", why.text);
    return e;
}

static enum err read_files(struct form *f, json_t **ret_questionnaire) {
    /* The survey is read even where the choices are wrong: all problems in one go. */
    enum err of_choices = f->has_choices ? read_choices(f) : OK;
    if (of_choices == ERR_MEMORY)
        return of_choices;
    f->choices_read = f->has_choices && of_choices == OK;
    enum err e = read_survey(f);
    if (e == ERR_MEMORY)
        return e;
    if (e == OK && f->choices_read) {
        f->problems->file = f->files->choices_name;
        check_languages(f);
    }
    if (f->problems->n > 0)
        return ERR_ARGUMENT;
    drop_unused_lists(f);
    json_t *questionnaire = json_pack("{s:O, s:O}", "questions", f->questions, "scales", f->scales);
    if (questionnaire == NULL)
        return ERR_MEMORY;
    f->problems->file = f->files->survey_name;
    e = check_whole(f, questionnaire);
    if (e != OK)
        json_decref(questionnaire);
    else
        *ret_questionnaire = questionnaire;
    return e;
}

enum err survey_form_read(const struct survey_files *files, struct problems *problems,
                          json_t **ret_questionnaire) {
    struct form f = {.problems = problems,
                     .files = files,
                     .has_choices = files->choices.data != NULL,
                     .questions = json_array(),
                     .scales = json_object(),
                     .used = json_object()};
    enum err e = ERR_MEMORY;
    if (f.questions != NULL && f.scales != NULL && f.used != NULL)
        e = read_files(&f, ret_questionnaire);
    json_decref(f.questions);
    json_decref(f.scales);
    json_decref(f.used);
    sheet_done(&f.survey);
    sheet_done(&f.choices);
    return e;
}

bool survey_form_code(const char *path, char ret_code[static 33]) {
    const char *slash = strrchr(path, '/');
    size_t size = 0;
    for (const char *c = slash != NULL ? slash + 1 : path;
         *c != '\0' && *c != '.' && size < SURVEY_CODE_SIZE_MAX; c++) {
        char lower = *c;
        if (lower >= 'A' && lower <= 'Z')
            lower = (char)(lower - 'A' + 'a');
        bool good = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
        if (good)
            ret_code[size++] = lower;
        else if (size > 0 && ret_code[size - 1] != '-')
            ret_code[size++] = '-';
    }
    while (size > 0 && ret_code[size - 1] == '-')
        size--;
    ret_code[size] = '\0';
    return survey_code_is_valid(ret_code);
}
