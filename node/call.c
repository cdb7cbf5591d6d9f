#include "caller.h"
#include "service/whole.h"

#include <stdlib.h>
#include <string.h>

#define METHOD_PREFIX "org.stafet."

/* "NOUN.VERB" or "NOUN" apart. False when they are not words that a verb could have. */
static bool split_method(const char *method, struct call *call) {
    if (strncmp(method, METHOD_PREFIX, sizeof METHOD_PREFIX - 1) != 0)
        return false;
    const char *noun = method + sizeof METHOD_PREFIX - 1, *dot = strchr(noun, '.');
    size_t noun_size = dot != NULL ? (size_t)(dot - noun) : strlen(noun);
    const char *verb = dot != NULL ? dot + 1 : "";
    if (noun_size == 0 || noun_size >= sizeof call->noun || strlen(verb) >= sizeof call->verb)
        return false;
    memcpy(call->noun, noun, noun_size);
    call->noun[noun_size] = '\0';
    memcpy(call->verb, verb, strlen(verb) + 1);
    return true;
}

static const char *text_or_empty(const json_t *value) {
    return json_is_string(value) ? json_string_value(value) : "";
}

static enum err refuse(struct reply *reply, enum err e, const char *why) {
    return reply_fail(reply, e, MEND("see cli/JSON.md", "se cli/JSON.md"), "not a request: %s",
                      "det er ikke en forespørgsel: %s", why);
}

enum err call_parse(const char *text, size_t size, struct reply *reply, struct call *ret_call) {
    json_error_t where;
    struct call call = {0};
    enum err e = whole_load((struct bytes){(const uint8_t *)text, size}, JSON_REJECT_DUPLICATES,
                            &where, &call.root);
    if (e == ERR_FORMAT)
        return refuse(reply, e, where.text);
    if (e != OK)
        return reply_err(reply, e);
    const char *why = NULL;
    const json_t *method = json_object_get(call.root, "method");
    const json_t *parameters = json_object_get(call.root, "parameters");
    call.arguments = json_object_get(parameters, "arguments");
    const json_t *asker = json_object_get(parameters, "asker");
    if (!json_is_string(method))
        why = "\"method\" is missing";
    else if (!split_method(json_string_value(method), &call))
        why = "a method is org.stafet.NOUN.VERB";
    else if (parameters != NULL && !json_is_object(parameters))
        why = "\"parameters\" is not an object";
    else if (call.arguments != NULL && !json_is_object(call.arguments))
        why = "\"arguments\" is not an object";
    if (why != NULL) {
        json_decref(call.root);
        return refuse(reply, ERR_ARGUMENT, why);
    }
    call.asker.name = text_or_empty(json_object_get(asker, "name"));
    call.asker.function = text_or_empty(json_object_get(asker, "function"));
    call.asker.language = language_named(json_string_value(json_object_get(asker, "language")));
    call.more = json_is_true(json_object_get(call.root, "more"));
    *ret_call = call;
    return OK;
}

void call_done(struct call *call) {
    json_decref(call->root);
    call->root = NULL;
}

json_t *call_progress(json_t *progress) {
    return json_pack("{s:o, s:b}", "parameters", progress, "continues", 1);
}

json_t *call_answer(struct reply *reply) {
    if (reply->error == OK)
        return json_pack("{s:O}", "parameters", reply->document);
    return json_pack("{s:s+, s:{s:s, s:s, s:O*}}", "error", METHOD_PREFIX, err_name(reply->error),
                     "parameters", "text", reply->text, "mend", reply->mend, "details",
                     reply->details);
}
