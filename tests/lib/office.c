#include "office.h"

#include "proto/key.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static const struct asker mette = {.name = "Mette H.", .function = "leader"};

void office_open(struct office *office, const struct surroundings *around) {
    char path[300];
    snprintf(path, sizeof path, "%s/home", office->folder);
    assert_ok(home_open(path, true, &office->home));
    assert_ok(service_new(&office->home, around, &office->service));
    enum err e = service_open_store(office->service);
    assert_true(e == OK || e == ERR_NOT_FOUND);
}

void office_close(struct office *office) {
    service_free(office->service);
    home_close(&office->home);
}

int office_begin(void **state) {
    assert_ok(key_library_init());
    struct office *office = calloc(1, sizeof *office);
    temp_folder(office->folder);
    reply_init(&office->reply);
    office_open(office, NULL);
    *state = office;
    return 0;
}

int office_end(void **state) {
    struct office *office = *state;
    reply_done(&office->reply);
    office_close(office);
    temp_remove(office->folder);
    free(office);
    return 0;
}

enum err office_call(struct office *office, const char *noun, const char *name, json_t *args) {
    struct job *job;
    reply_done(&office->reply);
    enum err e = service_call(office->service, &mette, noun, name, args, &office->reply, &job);
    json_decref(args);
    while (e == OK && job != NULL && job->step(job, &office->reply) == JOB_MORE)
        ;
    service_job_free(job);
    return e != OK ? e : office->reply.error;
}

const char *office_text(const struct office *office, const char *path) {
    const json_t *at = office->reply.document;
    char copy[128], *rest = copy;
    snprintf(copy, sizeof copy, "%s", path);
    for (const char *key; (key = strsep(&rest, "/")) != NULL;)
        at = json_object_get(at, key);
    return json_string_value(at);
}

void office_found(struct office *office) {
    assert_ok(
        office_call(office, "federation", "create",
                    json_pack("{s:s, s:s}", "name", "Nordby", "listen", "tcp://127.0.0.1:7450")));
}
