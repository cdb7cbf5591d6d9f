#include "problem.h"

#include "proto/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool problems_init(struct problems *problems, enum language language) {
    *problems = (struct problems){
        .language = language, .file = "", .list = json_array(), .notices = json_array()};
    return problems->list != NULL && problems->notices != NULL;
}

void problems_done(struct problems *problems) {
    json_decref(problems->list);
    json_decref(problems->notices);
    *problems = (struct problems){0};
}

/* How much of `text` fits, for a precision. */
static int cut(const char *text, size_t max) {
    return (int)text_fit(bytes_of_text(text), max);
}

enum { TEXT_MAX = 400 };

__attribute__((format(printf, 2, 0))) static void format_text(char ret_text[static TEXT_MAX],
                                                              const char *format, va_list args) {
    char text[TEXT_MAX + 8];
    vsnprintf(text, sizeof text, format, args);
    snprintf(ret_text, TEXT_MAX, "%.*s", cut(text, TEXT_MAX - 1), text);
}

/* "answers.csv, line 14, column 9 (q03): what; mend" */
static void put_together(const struct problems *problems, struct place place, const char *what,
                         const char *mend, char *text, size_t size) {
    int at = snprintf(text, size, "%.*s", cut(problems->file, 200), problems->file);
    if (place.line > 0)
        at += snprintf(text + at, size - (size_t)at,
                       say_in(problems->language, ", line %u", ", linje %u"), place.line);
    if (place.column > 0)
        at += snprintf(text + at, size - (size_t)at,
                       say_in(problems->language, ", column %u", ", kolonne %u"), place.column);
    if (place.heading != NULL && *place.heading != '\0')
        at += snprintf(text + at, size - (size_t)at, " (%.*s)", cut(place.heading, 60),
                       place.heading);
    snprintf(text + at, size - (size_t)at, ": %s%s%s", what, *mend != '\0' ? "; " : "", mend);
}

void problem_add(struct problems *problems, struct place place, struct label mend_label,
                 const char *en, const char *da, ...) {
    problems->n++;
    if (problems->n > PROBLEMS_LISTED_MAX)
        return;
    char what[TEXT_MAX], text[1200];
    va_list args;
    va_start(args, da);
    format_text(what, say_in(problems->language, en, da), args);
    va_end(args);
    const char *mend = label_text(problems->language, mend_label);
    put_together(problems, place, what, mend, text, sizeof text);
    json_t *problem = json_pack("{s:s, s:i, s:i, s:s*, s:s, s:s, s:s}", "file", problems->file,
                                "line", (int)place.line, "column", (int)place.column, "heading",
                                place.heading, "what", what, "mend", mend, "text", text);
    json_array_append_new(problems->list, problem);
}

void notice_add(struct problems *problems, const char *en, const char *da, ...) {
    char text[TEXT_MAX];
    va_list args;
    va_start(args, da);
    format_text(text, say_in(problems->language, en, da), args);
    va_end(args);
    json_array_append_new(problems->notices, json_string(text));
}

json_t *problems_details(const struct problems *problems) {
    json_t *list = json_copy(problems->list);
    size_t listed = json_array_size(problems->list);
    if (problems->n > listed) {
        char more[64];
        snprintf(more, sizeof more, say_in(problems->language, "and %zu more", "og %zu til"),
                 problems->n - listed);
        json_array_append_new(list, json_string(more));
    }
    return json_pack("{s:o, s:I}", "problems", list, "count", (json_int_t)problems->n);
}
