#include "inside.h"
#include "scan.h"
#include "slice.h"
#include "store/check.h"
#include "verbs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEARCH_SIZE_MAX = 1024 };

/* First the sections, then the files. */
struct search_job {
    struct job job;
    struct service *service;
    char *text;
    struct node_keys keys; /* of another home; wiped */
    struct search *search;
    struct scan_walk *walk; /* NULL until the sections are done */
    bool sections_done;
    json_t *files;
    uint64_t file_hits;
};

static enum err add_file(void *context, const struct scan_file *file) {
    struct search_job *job = context;
    char name[PATH_MAX];
    job->file_hits += file->hits;
    snprintf(name, sizeof name, "%s", file->name);
    reply_tidy(name); /* a file may be called anything */
    json_t *form = json_pack("{s:s, s:I, s:I}", "name", name, "bytes", (json_int_t)file->size,
                             "hits", (json_int_t)file->hits);
    return json_array_append_new(job->files, form) == 0 ? OK : ERR_MEMORY;
}

/* The keys of another home, from the text of its keys file (store/home.c): a title, then the seed
 * in words. */
static enum err read_keys(const char *text, struct reply *reply, struct node_keys *ret_keys) {
    static const char title[] = "stafet keys 1\n";
    struct seed seed;
    enum err e = ERR_FORMAT;
    if (strncmp(text, title, strlen(title)) == 0)
        e = words_to_seed(text + strlen(title), &seed);
    if (e != OK)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--keys takes the folder of a home in which there are keys",
                               "--keys skal have mappen for et hjem, hvor der er nøgler"),
                          "these are not a home's keys", "det er ikke et hjems nøgler");
    e = node_keys_derive(&seed, ret_keys);
    explicit_bzero(&seed, sizeof seed);
    return e;
}

static enum err begin_files(struct search_job *job) {
    struct service *service = job->service;
    enum err e = OK;
    job->sections_done = true;
    if (service->scan == NULL)
        e = scan_new(service_home(service)->path, &service->scan);
    return e == OK ? scan_walk_new(service->scan, bytes_of_text(job->text), &job->walk) : e;
}

static json_t *document_of(const struct search_job *job) {
    uint64_t opened, hits;
    search_counts(job->search, &opened, &hits);
    return json_pack("{s:I, s:{s:I, s:I}, s:O}", "hits",
                     (json_int_t)hits + (json_int_t)job->file_hits, "sections", "opened",
                     (json_int_t)opened, "hits", (json_int_t)hits, "files", job->files);
}

/* The sections, then the files. */
static enum err work(void *context, bool *ret_done) {
    struct search_job *job = context;
    bool searched = false;
    if (job->sections_done)
        return scan_walk_step(job->walk, add_file, job, ret_done);
    enum err e = search_step(job->search, &searched);
    return e == OK && searched ? begin_files(job) : e;
}

static enum job_state step(struct job *base, struct reply *reply) {
    struct search_job *job = (struct search_job *)base;
    bool done = false;
    enum err e = slice_run(work, job, &done);
    if (e == OK && !done) {
        uint64_t opened, hits;
        search_counts(job->search, &opened, &hits);
        reply_progress(reply, opened, 0, "searching", "søger");
        return JOB_MORE;
    }
    e = e == OK ? reply_give(reply, document_of(job)) : reply_err(reply, e);
    (void)e; /* the reply carries it */
    return JOB_DONE;
}

static void job_free(struct job *base) {
    struct search_job *job = (struct search_job *)base;
    scan_walk_free(job->walk);
    search_free(job->search);
    json_decref(job->files);
    free(job->text);
    explicit_bzero(job, sizeof *job);
    free(job);
}

static enum err begin(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply, struct job **ret_job) {
    (void)asker;
    const char *text = service_text(args, "text"), *file = service_text(args, "keys");
    const struct node_keys *keys = store_keys(service_store(service));
    if (*text == '\0' || strlen(text) > SEARCH_SIZE_MAX)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("search for a shorter text", "søg efter en kortere tekst"),
                          "the text to search for has 1 to %d letters",
                          "den tekst, der søges efter, er på 1 til %d bogstaver", SEARCH_SIZE_MAX);
    struct search_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return ERR_MEMORY;
    job->job = (struct job){.step = step, .free = job_free};
    job->service = service;
    job->text = strdup(text);
    job->files = json_array();
    enum err e = job->text == NULL || job->files == NULL ? ERR_MEMORY : OK;
    if (e == OK && file != NULL) {
        e = read_keys(file, reply, &job->keys);
        keys = &job->keys;
    }
    if (e == OK)
        e = search_new(service_store(service), keys, job->text, &job->search);
    if (e != OK) {
        job_free(&job->job);
        return e;
    }
    *ret_job = &job->job;
    return OK;
}

static const struct param search_params[] = {
    {.name = "text",
     .kind = PARAM_TEXT,
     .positional = true,
     .required = true,
     .summary_da = "hvad der søges efter, tegn for tegn",
     .summary_en = "what to look for, byte for byte"},
    {.name = "keys",
     .kind = PARAM_TEXT,
     .summary_da = "åbn med nøglerne fra denne hjemmemappe i stedet for nodens egne",
     .summary_en = "open with the keys of this home instead of the node's own"},
    {.name = NULL},
};

const struct verb search_verbs[] = {
    {.noun = "search",
     .name = "",
     .summary_da =
         "tæl, hvor ofte en tekst står i det, som nøglerne kan åbne, og i alle hjemmets filer",
     .summary_en = "count a text in what the keys can open and in every file of the home",
     .access = ACCESS_READ,
     .params = search_params,
     .begin = begin},
    {.noun = NULL},
};
