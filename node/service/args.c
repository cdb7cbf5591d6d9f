#include "args.h"

#include <stdio.h>
#include <string.h>

static int digits(const char *text, size_t n) {
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool is_date(const char *text) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return false;
    int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* YYYY-MM-DD, whether there is such a day or not. */
static bool is_like_date(const char *text) {
    return strlen(text) == 10 && text[4] == '-' && text[7] == '-' && digits(text, 4) >= 0 &&
           digits(text + 5, 2) >= 0 && digits(text + 8, 2) >= 0;
}

static bool all_strings(const json_t *value) {
    size_t i;
    const json_t *item;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            if (!json_is_string(item))
                return false;
        }
        return true;
    }
    const char *key;
    json_t *member;
    json_t *object =
        json_copy((json_t *)(uintptr_t)value); /* Jansson's iterators want it unqualified */
    bool all = object != NULL;
    json_object_foreach(object, key, member) all = all && json_is_string(member);
    json_decref(object);
    return all;
}

/* What is wrong with `value` for a parameter of this kind; NULLs: nothing. */
static struct label wrong(enum param_kind kind, const json_t *value) {
    static const struct label nothing = {NULL, NULL};
    switch (kind) {
    case PARAM_TEXT:
    case PARAM_CONTENT:
    case PARAM_PATH:
        return json_is_string(value) ? nothing : MEND("must be a text", "skal være en tekst");
    case PARAM_NUMBER:
        return json_is_integer(value) ? nothing
                                      : MEND("must be a whole number", "skal være et helt tal");
    case PARAM_FLAG:
        return json_is_boolean(value) ? nothing
                                      : MEND("must be true or false", "skal være true eller false");
    case PARAM_DATE:
        if (!json_is_string(value))
            return MEND("must be a date like 2026-06-03", "skal være en dato som 2026-06-03");
        return is_date(json_string_value(value)) ? nothing
               : is_like_date(json_string_value(value))
                   ? MEND("names a day that does not exist", "er en dag, der ikke findes")
                   : MEND("must be a date like 2026-06-03", "skal være en dato som 2026-06-03");
    case PARAM_DURATION:
        return json_is_integer(value) && json_integer_value(value) >= 0 &&
                       json_integer_value(value) <= DURATION_MAX_MS
                   ? nothing
                   : MEND("must be a span of at most a year, such as 7d, 12h or 30s",
                          "skal være et tidsrum på højst et år som 7d, 12h eller 30s");
    case PARAM_FIELDS:
        return json_is_object(value) && all_strings(value)
                   ? nothing
                   : MEND("must be fields with texts", "skal være felter med tekster");
    case PARAM_LIST:
        return json_is_array(value) && all_strings(value)
                   ? nothing
                   : MEND("must be a list of texts", "skal være en liste af tekster");
    }
    return MEND("is of an unknown kind", "er af en ukendt slags");
}

const char *param_name(const struct param *param, char ret_name[static PARAM_NAME_MAX]) {
    snprintf(ret_name, PARAM_NAME_MAX, "%s%s", param->positional ? "" : "--", param->name);
    for (char *at = ret_name; *at != '\0'; at++)
        if (param->positional && *at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
        else if (!param->positional && *at == '_')
            *at = '-';
    return ret_name;
}

/* `field` as in the JSON; `param` NULL: there is none of that name. */
static enum err refuse(struct reply *reply, const struct verb *verb, const char *field,
                       const struct param *param, struct label what) {
    char mend[128], typed[PARAM_NAME_MAX];
    snprintf(mend, sizeof mend, "stafet %s%s%s --help", verb->noun, *verb->name ? " " : "",
             verb->name);
    enum err e = reply_fail(reply, ERR_ARGUMENT, COMMAND(mend), "%s %s", "%s %s",
                            param != NULL ? param_name(param, typed) : field,
                            label_text(reply->language, what));
    reply->details = json_pack("{s:s}", "field", field);
    return e;
}

/* NAME_path goes with a content parameter called NAME. */
static bool is_path_beside(const struct param *param, const char *key) {
    size_t length = strlen(param->name);
    return param->kind == PARAM_CONTENT && strncmp(key, param->name, length) == 0 &&
           strcmp(key + length, "_path") == 0;
}

static bool is_known(const struct verb *verb, const char *key) {
    for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, key) == 0 || is_path_beside(p, key))
            return true;
    return false;
}

enum err args_check(const struct verb *verb, const json_t *args, struct reply *reply) {
    if (!json_is_object(args))
        return reply_fail(reply, ERR_ARGUMENT, MEND("see cli/JSON.md", "se cli/JSON.md"),
                          "the arguments must be a JSON object",
                          "oplysningerne til kommandoen skal være et JSON-objekt");
    for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++) {
        const json_t *value = json_object_get(args, p->name);
        if (value == NULL || json_is_null(value)) {
            if (p->required)
                return refuse(reply, verb, p->name, p, MEND("is missing", "mangler"));
            continue;
        }
        struct label what = wrong(p->kind, value);
        if (what.en != NULL)
            return refuse(reply, verb, p->name, p, what);
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)args, key, value) {
        if (!is_known(verb, key))
            return refuse(reply, verb, key, NULL,
                          MEND("is not something this command takes",
                               "er ikke noget, denne kommando tager imod"));
    }
    return OK;
}

const char *service_text(const json_t *args, const char *name) {
    return json_string_value(json_object_get(args, name));
}

int64_t service_number(const json_t *args, const char *name, int64_t otherwise) {
    const json_t *value = json_object_get(args, name);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

bool service_flag(const json_t *args, const char *name) {
    return json_is_true(json_object_get(args, name));
}

bool service_add_running(const struct service *service, json_t *document) {
    bool running = service_surroundings(service)->running;
    return json_object_set_new(document, "running", json_boolean(running)) == 0;
}
