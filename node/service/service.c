#include "args.h"
#include "inside.h"
#include "whole.h"
#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum err service_new(struct home *home, const struct surroundings *surroundings,
                     struct service **ret_service) {
    struct service *service = calloc(1, sizeof *service);
    if (service == NULL)
        return ERR_MEMORY;
    whole_watch();
    service->home = home;
    if (surroundings != NULL)
        service->surroundings = *surroundings;
    *ret_service = service;
    return OK;
}

void service_free(struct service *service) {
    if (service == NULL)
        return;
    store_close(service->store);
    scan_free(service->scan); /* after the store: see scan.h */
    free(service);
}

enum err service_make_store(struct service *service) {
    char path[HOME_PATH_MAX], generation[HOME_PATH_MAX];
    if (service->store != NULL)
        return OK;
    enum err e = home_file(service->home, "replica.db", path);
    if (e == OK)
        e = home_file(service->home, "generation", generation);
    if (e != OK)
        return e;
    struct store_config config = {
        .path = path, .keys = service->home->keys, .generation = generation};
    return store_open(&config, &service->store);
}

enum err service_open_store(struct service *service) {
    char path[HOME_PATH_MAX];
    bool lost = false;
    if (service->store != NULL)
        return OK;
    if (service->home->keys == NULL)
        return ERR_NOT_FOUND;
    enum err e = home_lost_replica(service->home, &lost);
    if (e == OK)
        e = home_file(service->home, "replica.db", path);
    if (e == OK && (lost || access(path, F_OK) != 0))
        e = lost || errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    return e == OK ? service_make_store(service) : e;
}

void service_discard_store(struct service *service) {
    if (!service->home->made_keys)
        return;
    store_close(service->store);
    service->store = NULL;
    home_discard(service->home);
}

/* It tells a copy, and one that can't be read must not pass for one that is missing. */
static enum err check_generation(const struct home *home, struct failure *ret_why) {
    char path[HOME_PATH_MAX];
    if (home_file(home, "generation", path) != OK || access(path, R_OK) == 0 || errno == ENOENT)
        return OK;
    return failure_say(ret_why, ERR_IO,
                       MEND("let it belong to the user who runs the node",
                            "lad den tilhøre den bruger, der kører noden"),
                       "the file generation in %s can't be read: %s",
                       "filen generation i %s kan ikke læses: %s", home->path, strerror(errno));
}

enum err service_check_home(const struct home *home, struct failure *ret_why) {
    bool no_keys = false, no_replica = false, left_log = false;
    enum err e = home_lost_keys(home, &no_keys);
    if (e == OK)
        e = home_lost_replica(home, &no_replica);
    if (e == OK)
        e = home_left_log(home, &left_log);
    if (e != OK)
        return failure_say(ret_why, e, err_mend(ERR_IO), "the files in %s can't be looked at: %s",
                           "der kan ikke ses efter filerne i %s: %s", home->path,
                           label_text(ret_why->language, err_label(ERR_IO)));
    if (no_keys)
        return failure_say(ret_why, ERR_KEY,
                           MEND("restore the file keys of this home from a backup",
                                "hent filen keys i dette hjem fra en sikkerhedskopi"),
                           "the keys are missing beside replica.db",
                           "nøglerne mangler ved siden af replica.db");
    if (no_replica)
        return failure_say(
            ret_why, ERR_CORRUPT,
            MEND(
                "restore replica.db from a backup; a site that has none moves the whole home aside "
                "and joins anew, under another name, with a new ticket: what it has sent is at the "
                "receivers, what it has received must be sent again, and unsent drafts and the "
                "notes of what was imported are gone",
                "hent replica.db fra en sikkerhedskopi; et sted uden kopi flytter hele hjemmet til "
                "side og slutter sig til igen, under et andet navn, med en ny billet: det sendte "
                "er hos modtagerne, det modtagne skal sendes igen, og usendte kladder og noter om "
                "det importerede er væk"),
            "the keys are here, but the replica (replica.db in %s) is lost or empty",
            "nøglerne er her, men databasen (replica.db i %s) er væk eller tom", home->path);
    if (left_log)
        return failure_say(
            ret_why, ERR_STATE,
            MEND("move replica.db-wal away and start again; only if both were put back "
                 "together, or nobody has put back replica.db: touch replica.db-wal",
                 "flyt replica.db-wal væk, og start igen; kun hvis de er lagt tilbage "
                 "sammen, eller ingen har lagt replica.db tilbage: touch replica.db-wal"),
            "replica.db in %s was put there after replica.db-wal was written, which is of another",
            "replica.db i %s er lagt der, efter at replica.db-wal blev skrevet; den hører til en "
            "anden",
            home->path);
    return check_generation(home, ret_why);
}

struct store *service_store(struct service *service) {
    return service->store;
}

struct home *service_home(struct service *service) {
    return service->home;
}

const struct surroundings *service_surroundings(const struct service *service) {
    return &service->surroundings;
}

static enum err check_access(struct service *service, const struct verb *verb,
                             struct reply *reply) {
    if (verb->access == ACCESS_FOUND)
        return OK;
    struct self self = {0};
    if (service->store != NULL) {
        enum err e = store_self(service->store, &self);
        if (e != OK)
            return reply_store(reply, e, service->store);
    }
    if (member_id_is_zero(&self.member))
        return reply_fail(reply, ERR_STATE, SERVICE_FOUND_MEND,
                          "this home is not a member of a federation yet",
                          "dette hjem er ikke med i en føderation endnu");
    return OK;
}

/* Every failure leaves here with a sentence, also one that the verb did not put into words. */
static enum err settle(struct service *service, struct reply *reply, enum err e, bool has_job) {
    if (e == OK && reply->error != OK)
        e = reply->error;
    if (e == OK && !has_job && reply->document == NULL)
        e = ERR_INTERNAL;
    return e != OK && reply->error == OK ? reply_store(reply, e, service->store) : e;
}

enum err service_call(struct service *service, const struct asker *asker, const char *noun,
                      const char *name, const json_t *args, struct reply *reply,
                      struct job **ret_job) {
    *ret_job = NULL;
    reply->language = asker->language;
    reply->spoilt_n = whole_spoilt_n();
    const struct verb *verb = service_verb(noun, name);
    if (verb == NULL)
        return reply_fail(reply, ERR_NOT_FOUND, COMMAND("stafet --help"),
                          "there is no command \"%s%s%s\"", "der er ingen kommando \"%s%s%s\"",
                          noun, *name ? " " : "", name);
    json_t *none = NULL;
    if (args == NULL && (args = none = json_object()) == NULL)
        return reply_err(reply, ERR_MEMORY);
    struct job *job = NULL;
    enum err e = args_check(verb, args, reply);
    struct failure why = {.language = reply->language};
    if (e == OK && service->store == NULL && (e = service_check_home(service->home, &why)) != OK)
        e = reply_failure(reply, e, &why);
    if (e == OK)
        e = check_access(service, verb, reply);
    if (e == OK)
        e = verb->run != NULL ? verb->run(service, asker, args, reply)
                              : verb->begin(service, asker, args, reply, &job);
    json_decref(none);
    e = settle(service, reply, e, job != NULL);
    if (e != OK) {
        service_job_free(job);
        return e;
    }
    *ret_job = job;
    return OK;
}

void service_job_free(struct job *job) {
    if (job != NULL)
        job->free(job);
}
