/* The mutator of target_control.c: requests are changed as JSON, in method, arguments and values;
 * JSON inside texts, too. */
#include "dice.h"
#include "fuzz.h"

#include "service/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 4096, DEPTH_MAX = 5 };

static size_t verbs_n(void) {
    size_t n = 0;
    for (const struct verb *const *table = service_verbs; *table != NULL; table++)
        for (const struct verb *verb = *table; verb->noun != NULL; verb++)
            n++;
    return n;
}

static const struct verb *any_verb(struct dice *dice) {
    size_t chosen = dice_below(dice, verbs_n());
    for (const struct verb *const *table = service_verbs;; table++)
        for (const struct verb *verb = *table; verb->noun != NULL; verb++)
            if (chosen-- == 0)
                return verb;
}

static json_t *any_value(struct dice *dice) {
    static const char *const texts[] = {"",           "$H",         "$D",           "$C",     "1",
                                        "trivsel26",  "Birk",       "Søndre Skole", "Nordby", "yes",
                                        "2024-06-02", "2024-02-30", "kindergarten", "@x",     "-",
                                        "\xc2\x85"};
    switch (dice_below(dice, 8)) {
    case 0:
        return json_integer((json_int_t)(dice_next(dice) >> dice_below(dice, 64)));
    case 1:
        return json_boolean(dice_chance(dice, 50));
    case 2:
        return json_null();
    case 3:
        return dice_chance(dice, 50) ? json_array() : json_pack("[s, s]", "a", "b");
    case 4:
        return json_pack("{s:s, s:s}", "likes", "Tog", "child_name", "");
    default:
        return json_string(texts[dice_below(dice, sizeof texts / sizeof *texts)]);
    }
}

static json_t *changed(const json_t *json, unsigned depth, struct dice *dice);

/* Bytes that are no text are kept as text: what can't be said in JSON never comes. */
static json_t *changed_text(const char *text, unsigned depth, struct dice *dice) {
    char bytes[TEXT_MAX + 1];
    size_t size = strlen(text);
    json_t *inner =
        depth < DEPTH_MAX && (*text == '{' || *text == '[') ? json_loads(text, 0, NULL) : NULL;
    if (inner != NULL && dice_chance(dice, 90)) {
        json_t *other = changed(inner, depth + 1, dice);
        char *dump = json_dumps(other, JSON_COMPACT | JSON_ENCODE_ANY);
        json_t *result = dump != NULL ? json_string(dump) : NULL;
        free(dump);
        json_decref(other);
        json_decref(inner);
        return result != NULL ? result : json_string("");
    }
    json_decref(inner);
    size = size < TEXT_MAX / 2 ? size : TEXT_MAX / 2;
    memcpy(bytes, text, size);
    size = LLVMFuzzerMutate((uint8_t *)bytes, size, TEXT_MAX);
    bytes[size] = '\0';
    json_t *result = json_string(bytes);
    for (size_t i = 0; result == NULL && i < size; i++)
        bytes[i] = (char)(bytes[i] & 0x7f);
    return result != NULL ? result : json_string(bytes);
}

static json_t *changed_object(const json_t *json, unsigned depth, struct dice *dice) {
    json_t *copy = json_deep_copy(json), *value;
    size_t n = json_object_size(copy), chosen = n > 0 ? dice_below(dice, n) : 0, i = 0;
    const char *key;
    json_object_foreach(copy, key, value) {
        if (i++ != chosen)
            continue;
        if (dice_chance(dice, 10))
            json_object_del(copy, key);
        else
            json_object_set_new(copy, key,
                                dice_chance(dice, 15) ? any_value(dice)
                                                      : changed(value, depth + 1, dice));
        break;
    }
    return copy;
}

static json_t *changed_array(const json_t *json, unsigned depth, struct dice *dice) {
    json_t *copy = json_deep_copy(json);
    size_t n = json_array_size(copy), at = n > 0 ? dice_below(dice, n) : 0;
    if (n == 0 || dice_chance(dice, 10))
        json_array_append_new(copy, any_value(dice));
    else if (dice_chance(dice, 15))
        json_array_remove(copy, at);
    else if (dice_chance(dice, 15))
        json_array_append(copy, json_array_get(copy, at));
    else
        json_array_set_new(copy, at, changed(json_array_get(copy, at), depth + 1, dice));
    return copy;
}

/* New. */
static json_t *changed(const json_t *json, unsigned depth, struct dice *dice) {
    if (depth < DEPTH_MAX && json_is_object(json))
        return changed_object(json, depth, dice);
    if (depth < DEPTH_MAX && json_is_array(json))
        return changed_array(json, depth, dice);
    if (json_is_string(json))
        return changed_text(json_string_value(json), depth, dice);
    return any_value(dice);
}

/* Another verb, or an argument that it knows. */
static void change_call(json_t *request, struct dice *dice) {
    const struct verb *verb = any_verb(dice);
    char method[96];
    json_t *args = json_object_get(json_object_get(request, "parameters"), "arguments");
    if (dice_chance(dice, 50)) {
        snprintf(method, sizeof method, "org.stafet.%s%s%s", verb->noun, *verb->name ? "." : "",
                 verb->name);
        json_object_set_new(request, "method", json_string(method));
    }
    for (const struct param *param = verb->params; param != NULL && param->name != NULL; param++)
        if (dice_chance(dice, 40))
            json_object_set_new(args, param->name, any_value(dice));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    if (size < 2 || dice_chance(&dice, 10))
        return LLVMFuzzerMutate(data, size, size_max);
    uint8_t *last = memrchr(data + 1, '\0', size - 1);
    size_t start = last != NULL ? (size_t)(last - data) + 1 : 1;
    json_t *request = json_loadb((const char *)data + start, size - start, 0, NULL);
    if (request == NULL)
        return LLVMFuzzerMutate(data, size, size_max);
    json_t *other = changed(request, 0, &dice);
    if (dice_chance(&dice, 20))
        change_call(other, &dice);
    char *text = json_dumps(other, JSON_COMPACT);
    size_t length = text != NULL ? strlen(text) : 0;
    if (dice_chance(&dice, 15) && size + 1 + length <= size_max) {
        data[size] = '\0'; /* one more, after those that are there */
        start = size + 1;
    }
    if (start + length <= size_max && length > 0) {
        memcpy(data + start, text, length);
        size = start + length;
    }
    free(text);
    json_decref(other);
    json_decref(request);
    return size;
}
