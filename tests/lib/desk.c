#include "desk.h"

#include "service/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void desk_open(struct desk *desk, struct site *site, const char *name, const char *function) {
    *desk = (struct desk){
        .site = site, .home = {.lock_fd = -1, .keys = &site->keys}, .asker = {name, function}};
    MUST(service_new(&desk->home, NULL, &desk->service));
    desk->service->store = site->store; /* the fixture's own, with its clock */
    reply_init(&desk->refusal);
}

void desk_close(struct desk *desk) {
    desk->service->store = NULL;
    service_free(desk->service);
    json_decref(desk->last);
    reply_done(&desk->refusal);
}

static enum err call(struct desk *desk, const char *noun, const char *verb, json_t *args,
                     struct reply *reply) {
    struct job *job = NULL;
    desk->service->store = desk->site->store;
    enum err e = service_call(desk->service, &desk->asker, noun, verb, args, reply, &job);
    json_decref(args);
    enum job_state state = JOB_MORE;
    while (job != NULL && state == JOB_MORE)
        state = job->step(job, reply);
    if (state == JOB_WAITING)
        abort(); /* nobody here would wake it */
    service_job_free(job);
    return e == OK ? reply->error : e;
}

const json_t *desk_call(struct desk *desk, const char *noun, const char *verb, json_t *args) {
    struct reply reply;
    reply_init(&reply);
    enum err e = call(desk, noun, verb, args, &reply);
    if (e != OK) {
        fprintf(stderr, "%s %s at %s: %s: %s\n", noun, verb, desk->site->name, err_name(e),
                reply.text);
        abort();
    }
    json_decref(desk->last);
    desk->last = json_incref(reply.document);
    reply_done(&reply);
    return desk->last;
}

const struct reply *desk_refused(struct desk *desk, enum err error, const char *noun,
                                 const char *verb, json_t *args) {
    reply_done(&desk->refusal);
    enum err e = call(desk, noun, verb, args, &desk->refusal);
    if (e != error || *desk->refusal.text == '\0') {
        fprintf(stderr, "%s %s at %s: %s, not %s: %s\n", noun, verb, desk->site->name, err_name(e),
                err_name(error), desk->refusal.text);
        abort();
    }
    return &desk->refusal;
}

const json_t *at(const json_t *json, const char *path) {
    while (json != NULL && *path != '\0') {
        char key[64];
        size_t size = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)size, path);
        path += size + (path[size] == '.');
        json = json_is_array(json) ? json_array_get(json, (size_t)strtoul(key, NULL, 10))
                                   : json_object_get(json, key);
    }
    return json;
}

const char *at_text(const json_t *json, const char *path) {
    const char *text = json_string_value(at(json, path));
    return text != NULL ? text : "";
}

long long at_number(const json_t *json, const char *path) {
    return json_integer_value(at(json, path));
}

bool at_flag(const json_t *json, const char *path) {
    return json_is_true(at(json, path));
}

const json_t *shown_field(const json_t *document, const char *name) {
    const json_t *part, *field;
    size_t i, j;
    json_array_foreach(json_object_get(document, "parts"), i, part) {
        json_array_foreach(json_object_get(part, "fields"), j, field) {
            if (strcmp(at_text(field, "field"), name) == 0)
                return field;
        }
    }
    return NULL;
}
