#include "locate.h"

#include "control_client/client.h"

#include <stdlib.h>
#include <time.h>

struct locate {
    struct client *client; /* NULL: this process owns the home */
    struct home home;
    struct service *service; /* made with the first call */
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(int64_t ms) {
    struct timespec span = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&span, NULL);
}

/* Locks the home or connects to its owner. ERR_BUSY: owned by somebody who serves no socket (yet).
 */
static enum err try_once(const char *home, bool create, struct locate *locate) {
    enum err e = home_open(home, create, &locate->home);
    if (e != ERR_LOCKED)
        return e;
    e = client_open(home, CLIENT_SILENCE_MS_MAX, &locate->client);
    return e == ERR_NOT_FOUND ? ERR_BUSY : e;
}

enum err locate_new(const char *home, bool create, int64_t wait_ms, struct locate **ret_locate) {
    struct locate *locate = calloc(1, sizeof *locate);
    if (locate == NULL)
        return ERR_MEMORY;
    int64_t until = now_ms() + wait_ms;
    enum err e;
    while ((e = try_once(home, create, locate)) == ERR_BUSY && now_ms() < until)
        pause_ms(20);
    if (e != OK) {
        free(locate);
        return e;
    }
    *ret_locate = locate;
    return OK;
}

void locate_free(struct locate *locate) {
    if (locate == NULL)
        return;
    if (locate->client != NULL) {
        client_close(locate->client);
    } else {
        service_free(locate->service);
        home_close(&locate->home);
    }
    free(locate);
}

bool locate_is_remote(const struct locate *locate) {
    return locate->client != NULL;
}

struct home *locate_home(struct locate *locate) {
    service_free(locate->service);
    locate->service = NULL;
    return locate->client != NULL ? NULL : &locate->home;
}

static enum err open_service(struct locate *locate, struct reply *reply) {
    struct failure why = {.language = reply->language};
    enum err e = service_check_home(&locate->home, &why);
    if (e != OK)
        return reply_failure(reply, e, &why);
    e = service_new(&locate->home, NULL, &locate->service);
    if (e == OK && (e = service_open_store(locate->service)) == ERR_NOT_FOUND)
        e = OK; /* no keys yet: the verb says what that means to it */
    if (e == OK)
        return OK;
    service_free(locate->service);
    locate->service = NULL;
    struct label mend = err_mend(e);
    if (e == ERR_SCHEMA)
        mend = MEND("install the newer version of stafet again",
                    "installér den nyere udgave af stafet igen");
    else if (e == ERR_KEY)
        mend = MEND(
            "keys and replica.db are of different nodes; restore the pair that belongs together",
            "keys og replica.db er fra forskellige noder; genskab det par, der hører sammen");
    else if (e == ERR_CORRUPT)
        mend = MEND("restore a backup, or start a new home and join again",
                    "genskab en sikkerhedskopi, eller begynd på et nyt hjem, og slut det til igen");
    return reply_fail(reply, e, mend, "the database in %s cannot be opened: %s",
                      "databasen i %s kan ikke åbnes: %s", locate->home.path,
                      reply_err_text(reply, e));
}

static enum err finish_job(struct job *job, locate_progress *progress, void *context,
                           struct reply *reply) {
    for (;;) {
        enum job_state state = job->step(job, reply);
        if (reply->progress != NULL) {
            if (progress != NULL)
                progress(context, reply->progress);
            json_decref(reply->progress);
            reply->progress = NULL;
        }
        if (state == JOB_DONE || reply->error != OK)
            return reply->error;
        if (state == JOB_WAITING)
            pause_ms(20);
    }
}

enum err locate_call(struct locate *locate, const struct asker *asker, const char *noun,
                     const char *name, const json_t *args, locate_progress *progress, void *context,
                     struct reply *reply) {
    reply->language = asker->language;
    if (locate->client != NULL)
        return client_call(locate->client, asker, noun, name, args, progress, context, reply);
    if (locate->service == NULL) {
        enum err e = open_service(locate, reply);
        if (e != OK)
            return e;
    }
    struct job *job = NULL;
    enum err e = service_call(locate->service, asker, noun, name, args, reply, &job);
    if (e == OK && job != NULL)
        e = finish_job(job, progress, context, reply);
    service_job_free(job);
    return e;
}
