/* Requests at the control socket: first byte, at whose node (Nordby, Birk, Søndre Skole); then
 * requests as they come over the wire, each ended by a NUL. They go to the real service over a real
 * store, in which a survey is open, a handover has been sent, and a field of it is in conflict.
 * "$H", "$D", "$C" as an argument stand for the handover, one that hasn't been sent, and the
 * conflict. Every request has an answer that is JSON: a document, or an error with its sentence. */
#include "desk.h"
#include "fuzz.h"

#include "node/caller.h"
#include "service/inside.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SITES = 3, REQUESTS_MAX = 8, STEPS_MAX = 200, ANSWER_BYTES_MAX = 16 * 1024 * 1024 };

/* A store's files as they were. */
struct trace {
    struct stat database, log;
};
struct stage {
    struct federation federation;
    struct trace traces[SITES];
    time_ms now;
    char handover[ID_TEXT_MAX], draft[ID_TEXT_MAX], conflict[ID_TEXT_MAX];
};

static struct stage *stage;

/* ---- The stage ---- */

static char home_folder[512];

static void remove_folder(void) {
    temp_remove(stage->federation.folder);
}

static void write_plan(struct desk *desk, const char *value) {
    desk_call(desk, "handover", "edit",
              json_pack("{s:s, s:{s:s}}", "id", stage->handover, "fields", "first_day", value));
    if (strcmp(desk->site->name, "Birk") == 0)
        desk_call(desk, "handover", "agree",
                  json_pack("{s:s, s:s, s:s}", "id", stage->handover, "by", "two custody holders",
                            "on", "2024-06-03"));
    desk_call(desk, "handover", "send", json_pack("{s:s}", "id", stage->handover));
}

static void make_conflict(struct desk *mette, struct desk *ole) {
    json_t *args =
        json_pack("{s:s, s:{s:s}}", "to", "Søndre Skole", "fields", "child_name", "Alma");
    snprintf(stage->handover, sizeof stage->handover, "%s",
             at_text(desk_call(mette, "handover", "new", args), "id"));
    write_plan(mette, "12 August, 9.00");
    sync_all(&stage->federation);
    write_plan(ole, "13 August, 9.00");
    write_plan(mette, "12 August, 8.30");
    sync_all(&stage->federation);
    snprintf(stage->conflict, sizeof stage->conflict, "%s",
             at_text(desk_call(mette, "conflict", "list", NULL), "conflicts.0.id"));
    args = json_pack("{s:s, s:{s:s}}", "to", "Søndre Skole", "fields", "child_name", "Otto");
    snprintf(stage->draft, sizeof stage->draft, "%s",
             at_text(desk_call(mette, "handover", "new", args), "id"));
}

static void publish(struct desk *karen) {
    static const char questions[] =
        "{\"questions\":[{\"code\":\"q01\",\"label\":{\"da\":\"Tryg?\"},\"scale\":\"s\"},"
        "{\"code\":\"q02\",\"label\":{\"da\":\"Mere?\"},\"text\":true}],\"scales\":{\"s\":["
        "{\"code\":\"1\",\"label\":{\"da\":\"Nej\"},\"score\":1},"
        "{\"code\":\"2\",\"label\":{\"da\":\"Ja\"},\"score\":2}]}}";
    desk_call(karen, "survey", "publish",
              json_pack("{s:s, s:s, s:s, s:s}", "file", questions, "title", "Trivsel", "closes",
                        "2024-06-30", "code", "trivsel26"));
    sync_all(&stage->federation);
}

static void pristine_path(const struct site *site, char ret_path[static 512]) {
    snprintf(ret_path, 512, "%s-pristine", site->path);
}

static struct trace trace_of(const struct site *site) {
    struct trace trace;
    char log[512];
    memset(&trace, 0, sizeof trace);
    snprintf(log, sizeof log, "%s-wal", site->path);
    HOLDS(stat(site->path, &trace.database) == 0);
    (void)stat(log, &trace.log);
    return trace;
}

static bool is_changed(const struct stat *a, const struct stat *b) {
    return a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
           a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static void make(void) {
    struct desk karen, mette, ole;
    char pristine[512];
    fuzz_begin_fixture();
    stage = calloc(1, sizeof *stage);
    HOLDS(stage != NULL);
    federation_found_four(&stage->federation);
    atexit(remove_folder);
    snprintf(home_folder, sizeof home_folder, "%s/home", stage->federation.folder);
    HOLDS(mkdir(home_folder, 0700) == 0);
    desk_open(&karen, &stage->federation.sites[0], "Karen", "consultant");
    desk_open(&mette, &stage->federation.sites[1], "Mette H.", "leader");
    desk_open(&ole, &stage->federation.sites[2], "Ole R.", "teacher");
    publish(&karen);
    make_conflict(&mette, &ole);
    desk_close(&karen);
    desk_close(&mette);
    desk_close(&ole);
    stage->now = stage->federation.now;
    for (int i = 0; i < SITES; i++) {
        struct site *site = &stage->federation.sites[i];
        site_close(site);
        pristine_path(site, pristine);
        temp_copy(site->path, pristine);
        site_open(site);
        stage->traces[i] = trace_of(site);
    }
    fuzz_begin();
}

/* What an input has written is forgotten. */
static void restore(int which) {
    struct site *site = &stage->federation.sites[which];
    struct trace now = trace_of(site);
    char path[512];
    if (!is_changed(&now.database, &stage->traces[which].database) &&
        !is_changed(&now.log, &stage->traces[which].log))
        return;
    site_close(site);
    snprintf(path, sizeof path, "%s-wal", site->path);
    (void)unlink(path);
    pristine_path(site, path);
    temp_copy(path, site->path);
    site_open(site);
    stage->traces[which] = trace_of(site);
}

/* ---- A request ---- */

/* Arguments that can't be known beforehand; and the one verb that writes to a path writes to one of
 * ours. */
static void translate(const struct call *call, const char *path) {
    json_t *args = (json_t *)(uintptr_t)call->arguments, *value;
    const char *key;
    void *next;
    if (strcmp(call->noun, "export") == 0 && json_is_string(json_object_get(args, "file")) &&
        json_string_value(json_object_get(args, "file"))[0] == '/')
        json_object_set_new(args, "file", json_string(path));
    json_object_foreach_safe(args, next, key, value) {
        const char *text = json_string_value(value);
        if (text == NULL || text[0] != '$')
            continue;
        const char *is = strcmp(text, "$H") == 0   ? stage->handover
                         : strcmp(text, "$D") == 0 ? stage->draft
                         : strcmp(text, "$C") == 0 ? stage->conflict
                                                   : text;
        json_object_set_new(args, key, json_string(is));
    }
}

/* Until it is done, waits for what doesn't come, or is cancelled. */
static void work(struct job *job, struct reply *reply) {
    enum job_state state = JOB_MORE;
    for (int i = 0; i < STEPS_MAX && state != JOB_DONE; i++) {
        state = job->step(job, reply);
        json_t *progress = reply->progress;
        reply->progress = NULL;
        if (progress != NULL) {
            json_t *answer = call_progress(progress);
            HOLDS(answer != NULL);
            json_decref(answer);
        }
        if (state == JOB_WAITING && job->deadline > stage->federation.now)
            stage->federation.now = job->deadline;
    }
    if (state != JOB_DONE)
        (void)reply_err(reply, ERR_CANCELLED);
}

static void check_answer(struct reply *reply) {
    HOLDS((reply->error == OK) == (reply->document != NULL));
    HOLDS(reply->error != ERR_INTERNAL && reply->error != ERR_CORRUPT &&
          reply->error != ERR_MEMORY && reply->error != ERR_IO);
    json_t *answer = call_answer(reply);
    HOLDS(answer != NULL);
    char *text = json_dumps(answer, JSON_COMPACT);
    HOLDS(text != NULL && strlen(text) < ANSWER_BYTES_MAX);
    json_t *again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    HOLDS(json_equal(again, answer));
    if (reply->error != OK) {
        HOLDS(strncmp(at_text(again, "error"), "org.stafet.", 11) == 0);
        HOLDS(*at_text(again, "parameters.text") != '\0');
    }
    json_decref(again);
    json_decref(answer);
    free(text);
}

static void ask(struct service *service, const uint8_t *data, size_t size, const char *path) {
    struct reply reply;
    struct call call;
    struct job *job = NULL;
    reply_init(&reply);
    enum err e = call_parse((const char *)data, size, &reply, &call);
    if (e == OK) {
        translate(&call, path);
        e = service_call(service, &call.asker, call.noun, call.verb, call.arguments, &reply, &job);
        HOLDS((e == OK) == (reply.error == OK));
        if (job != NULL)
            work(job, &reply);
        service_job_free(job);
        call_done(&call);
    }
    check_answer(&reply);
    reply_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (stage == NULL)
        make();
    if (size == 0)
        return 0;
    fuzz_begin();
    stage->federation.now = stage->now;
    int which = data[0] % SITES;
    struct site *site = &stage->federation.sites[which];
    struct home home = {.lock_fd = -1, .keys = &site->keys};
    struct service *service;
    char path[512];
    memcpy(home.path, home_folder, sizeof home_folder);
    snprintf(path, sizeof path, "%s/exported", stage->federation.folder);
    HOLDS(service_new(&home, NULL, &service) == OK);
    service->store = site->store;
    const uint8_t *at = data + 1, *end = data + size;
    for (int i = 0; i < REQUESTS_MAX && at < end; i++) {
        const uint8_t *nul = memchr(at, '\0', (size_t)(end - at));
        const uint8_t *stop = nul != NULL ? nul : end;
        ask(service, at, (size_t)(stop - at), path);
        at = stop + 1;
    }
    service->store = NULL;
    service_free(service);
    (void)unlink(path);
    restore(which);
    return 0;
}
