#include "values.h"

#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct values {
    const struct verb *verb;
    json_t *json;
    struct problems *problems;
    struct failure *why;
    bool stdin_taken;
};

/* How the command is used is its own mend. */
#define refuse(values, e, ...) failure_say((values)->why, (e), COMMAND(""), __VA_ARGS__)

enum err values_duration(const char *text, int64_t *ret_ms) {
    static const struct unit {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1000}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"ms", 1}};
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || !isdigit((unsigned char)*text) || errno != 0)
        return ERR_FORMAT;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0 && n <= INT64_MAX / units[i].ms) {
            *ret_ms = n * units[i].ms;
            return OK;
        }
    return ERR_FORMAT;
}

static enum err read_text(struct values *values, const char *path, struct buffer *ret_text) {
    if (strcmp(path, "-") == 0) {
        if (values->stdin_taken)
            return refuse(values, ERR_ARGUMENT, "standard input can be read only once",
                          "standardinput kan kun læses én gang");
        values->stdin_taken = true;
    }
    return file_read_text(path, values->problems, ret_text, values->why);
}

/* CRLF to LF, and no line ends at the end: what an editor adds to a file is no part of a value. */
static void tidy_lines(struct buffer *text) {
    size_t n = 0;
    for (size_t i = 0; i < text->size; i++)
        if (text->data[i] != '\r' || i + 1 == text->size || text->data[i + 1] != '\n')
            text->data[n++] = text->data[i];
    while (n > 0 && (text->data[n - 1] == '\n' || text->data[n - 1] == '\r'))
        n--;
    text->size = n;
}

/* What a failed command before a pipe leaves is no value. */
static enum err refuse_empty(struct values *values, const char *given) {
    bool input = strcmp(given, "-") == 0;
    return failure_say(values->why, ERR_ARGUMENT,
                       MEND("to clear a text, give it as empty: FIELD=",
                            "skal teksten slettes, så angiv den som tom: FELT="),
                       "there was nothing in %s", "der var ikke noget i %s",
                       input ? say_in(values->why->language, "standard input", "standardinput")
                             : given + 1);
}

/* A text as given: itself, @FILE, - or @@itself. */
static enum err text_value(struct values *values, const char *given, json_t **ret_value) {
    bool from_file =
        strcmp(given, "-") == 0 || (given[0] == '@' && given[1] != '@' && given[1] != 0);
    if (!from_file) {
        *ret_value = json_string(given[0] == '@' && given[1] == '@' ? given + 1 : given);
        return *ret_value != NULL ? OK
                                  : refuse(values, ERR_FORMAT, "a value is not text in UTF-8",
                                           "en værdi er ikke tekst i UTF-8");
    }
    struct buffer text = {0};
    enum err e = read_text(values, *given == '@' ? given + 1 : given, &text);
    if (e != OK)
        return e;
    tidy_lines(&text);
    if (text.size == 0) {
        buffer_wipe(&text);
        return refuse_empty(values, given);
    }
    *ret_value = json_stringn((const char *)text.data, text.size);
    buffer_wipe(&text);
    return *ret_value != NULL ? OK : failure_err(values->why, ERR_MEMORY);
}

static enum err content_value(struct values *values, const struct param *param, const char *path,
                              json_t **ret_value) {
    struct buffer text = {0};
    enum err e = read_text(values, path, &text);
    if (e != OK)
        return e;
    *ret_value = json_stringn((const char *)text.data, text.size);
    buffer_wipe(&text);
    char key[128];
    snprintf(key, sizeof key, "%s_path", param->name);
    if (*ret_value == NULL || json_object_set_new(values->json, key, json_string(path)) != 0)
        return failure_err(values->why, ERR_MEMORY);
    return OK;
}

static enum err number_value(struct values *values, const struct param *param, const char *given,
                             json_t **ret_value) {
    char *end, name[PARAM_NAME_MAX];
    errno = 0;
    long long n = strtoll(given, &end, 10);
    if (end == given || *end != '\0' || errno != 0)
        return refuse(values, ERR_ARGUMENT, "%s must be a whole number, not \"%.60s\"",
                      "%s skal være et helt tal, ikke \"%.60s\"", param_name(param, name), given);
    *ret_value = json_integer(n);
    return *ret_value != NULL ? OK : ERR_MEMORY;
}

static enum err duration_value(struct values *values, const struct param *param, const char *given,
                               json_t **ret_value) {
    int64_t ms;
    char name[PARAM_NAME_MAX];
    if (values_duration(given, &ms) != OK)
        return refuse(values, ERR_ARGUMENT,
                      "%s must be a span such as 7d, 12h, 10m or 30s, not \"%.60s\"",
                      "%s skal være et tidsrum som 7d, 12h, 10m eller 30s, ikke \"%.60s\"",
                      param_name(param, name), given);
    *ret_value = json_integer(ms);
    return *ret_value != NULL ? OK : ERR_MEMORY;
}

static enum err value_of(struct values *values, const struct param *param, const char *given,
                         json_t **ret_value) {
    switch (param->kind) {
    case PARAM_TEXT:
    case PARAM_DATE:
    case PARAM_LIST:
    case PARAM_FIELDS:
        return text_value(values, given, ret_value);
    case PARAM_NUMBER:
        return number_value(values, param, given, ret_value);
    case PARAM_DURATION:
        return duration_value(values, param, given, ret_value);
    case PARAM_PATH:
        *ret_value = json_string(given);
        return *ret_value != NULL ? OK
                                  : refuse(values, ERR_FORMAT, "a path is not text in UTF-8",
                                           "en sti er ikke tekst i UTF-8");
    case PARAM_CONTENT:
        return content_value(values, param, given, ret_value);
    case PARAM_FLAG:
        *ret_value = json_true();
        return OK;
    }
    return ERR_INTERNAL;
}

/* The name of a parameter on the command line, in front of `length` characters of an option: -
 * stands for _. */
static bool is_named(const struct param *param, const char *option, size_t length) {
    if (strlen(param->name) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (option[i] != (param->name[i] == '_' ? '-' : param->name[i]))
            return false;
    return true;
}

static const struct param *param_named(const struct verb *verb, const char *option, size_t length) {
    for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++)
        if (!p->positional && p->kind != PARAM_FIELDS && is_named(p, option, length))
            return p;
    return NULL;
}

static enum err set_value(struct values *values, const struct param *param, const char *given) {
    json_t *value = NULL;
    char name[PARAM_NAME_MAX];
    if (param->kind != PARAM_LIST && json_object_get(values->json, param->name) != NULL)
        return refuse(values, ERR_ARGUMENT, "%s is given twice", "%s er angivet to gange",
                      param_name(param, name));
    enum err e = value_of(values, param, given, &value);
    if (e != OK)
        return e;
    int failed;
    if (param->kind == PARAM_LIST) {
        json_t *list = json_object_get(values->json, param->name);
        if (list == NULL) {
            list = json_array();
            failed = json_object_set_new(values->json, param->name, list);
            if (failed != 0) {
                json_decref(value);
                return failure_err(values->why, ERR_MEMORY);
            }
        }
        failed = json_array_append_new(list, value);
    } else {
        failed = json_object_set_new(values->json, param->name, value);
    }
    return failed == 0 ? OK : failure_err(values->why, ERR_MEMORY);
}

/* `--name`, `--name=VALUE` or `--name VALUE`. */
static enum err take_option(struct values *values, char *const *words, int n, int *at) {
    const char *name = words[*at] + 2;
    size_t length = strcspn(name, "=");
    const struct param *param = param_named(values->verb, name, length);
    if (param == NULL)
        return refuse(values, ERR_ARGUMENT, "there is no option --%.*s here",
                      "tilvalget --%.*s findes ikke her", (int)length, name);
    const char *given = name[length] == '=' ? name + length + 1 : NULL;
    if (param->kind == PARAM_FLAG)
        return given == NULL ? set_value(values, param, "")
                             : refuse(values, ERR_ARGUMENT, "--%.*s takes no value",
                                      "--%.*s skal ikke have en værdi", (int)length, name);
    if (given == NULL && *at + 1 >= n)
        return refuse(values, ERR_ARGUMENT, "--%s needs a value", "--%s skal have en værdi", name);
    return set_value(values, param, given != NULL ? given : words[++*at]);
}

/* Length of FIELD in FIELD=VALUE; 0: it is none. */
static size_t field_length(const char *word) {
    size_t n = 0;
    while (isalnum((unsigned char)word[n]) || (n > 0 && strchr("_.-", word[n]) != NULL && word[n]))
        n++;
    return word[n] == '=' ? n : 0;
}

static enum err take_field(struct values *values, const struct param *param, const char *word,
                           size_t length) {
    json_t *fields = json_object_get(values->json, param->name), *value = NULL;
    if (fields == NULL) {
        fields = json_object();
        if (json_object_set_new(values->json, param->name, fields) != 0)
            return failure_err(values->why, ERR_MEMORY);
    }
    char name[128];
    if (length >= sizeof name)
        return refuse(values, ERR_ARGUMENT, "there is no field with a name as long as that",
                      "intet felt har så langt et navn");
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    if (json_object_get(fields, name) != NULL)
        return refuse(values, ERR_ARGUMENT, "%s is given twice", "%s er angivet to gange", name);
    enum err e = value_of(values, param, word + length + 1, &value);
    if (e == OK && json_object_set_new(fields, name, value) != 0)
        e = failure_err(values->why, ERR_MEMORY);
    return e;
}

static enum err take_word(struct values *values, const char *word) {
    const struct param *fields = NULL;
    for (const struct param *p = values->verb->params; p != NULL && p->name != NULL; p++)
        if (p->kind == PARAM_FIELDS)
            fields = p;
    size_t length = field_length(word);
    if (fields != NULL && length > 0)
        return take_field(values, fields, word, length);
    for (const struct param *p = values->verb->params; p != NULL && p->name != NULL; p++)
        if (p->positional && p->kind != PARAM_FIELDS &&
            (p->kind == PARAM_LIST || json_object_get(values->json, p->name) == NULL))
            return set_value(values, p, word);
    return refuse(values, ERR_ARGUMENT, "\"%.100s\" is one word too many",
                  "\"%.100s\" er et ord for meget", word);
}

static enum err check_required(struct values *values) {
    char name[PARAM_NAME_MAX];
    for (const struct param *p = values->verb->params; p != NULL && p->name != NULL; p++)
        if (p->required && json_object_get(values->json, p->name) == NULL)
            return refuse(values, ERR_ARGUMENT, "%s is missing", "%s mangler", param_name(p, name));
    return OK;
}

enum err values_take(const struct verb *verb, char *const *words, int n, int plain_from,
                     json_t *json, struct problems *problems, struct failure *ret_why) {
    struct values values = {.verb = verb, .json = json, .problems = problems, .why = ret_why};
    enum err e = OK;
    for (int i = 0; i < n && e == OK; i++)
        e = i < plain_from && strncmp(words[i], "--", 2) == 0 ? take_option(&values, words, n, &i)
                                                              : take_word(&values, words[i]);
    return e == OK ? check_required(&values) : e;
}
