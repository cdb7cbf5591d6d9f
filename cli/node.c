#include "cli.h"
#include "progress.h"

#include "node/node.h"

#include <string.h>

/* "node run", as stafetd does it. */
int cli_node_run(struct cli_context *cli, const json_t *args) {
    int code = cli_locate(cli, false);
    if (code >= 0)
        return code;
    if (locate_is_remote(cli->locate))
        return cli_fail(cli, err_name(ERR_LOCKED), COMMAND("stafet status"), NULL,
                        "a node is running in this home already",
                        "der kører allerede en node i dette hjem");
    struct node_options options = {
        .listen = service_text(args, "listen"), .control = true, .quiet = cli->args->quiet};
    struct failure why = {.language = cli->screen.language};
    struct node *node = NULL;
    enum err e = node_new(locate_home(cli->locate), &options, &why, &node);
    if (e != OK)
        return cli_failure(cli, e, &why);
    const char *where = node_listens_on(node);
    fprintf(stderr,
            *where != '\0' ? say(&cli->screen, "stafet node ready in %s, listening on %s\n",
                                 "stafet-noden er klar i %s og kan kaldes op på %s\n")
                           : say(&cli->screen, "stafet node ready in %s, dialling out only%s\n",
                                 "stafet-noden er klar i %s og kalder kun selv op%s\n"),
            cli->args->home, where);
    e = node_run(node, NULL, NULL, INT64_MAX);
    node_free(node);
    if (e != OK && e != ERR_CANCELLED)
        return cli_fail(cli, err_name(e), err_mend(e), NULL, "the node stopped: %s",
                        "noden stoppede: %s", label_text(cli->screen.language, err_label(e)));
    return EXIT_DONE;
}

/* A job that a node's turns carry to its end. */
struct errand {
    struct node *node;
    struct job *job;
    struct reply *reply;
    struct progress progress;
};

static bool errand_over(void *context) {
    struct errand *errand = context;
    enum job_state state = errand->job->step(errand->job, errand->reply);
    if (errand->reply->progress != NULL) {
        progress_show(&errand->progress, errand->reply->progress);
        json_decref(errand->reply->progress);
        errand->reply->progress = NULL;
    }
    return state == JOB_DONE || errand->reply->error != OK;
}

static enum err run_errand(struct errand *errand, struct cli_context *cli, const struct verb *verb,
                           const json_t *args) {
    enum err e = service_call(node_service(errand->node), &cli->asker, verb->noun, verb->name, args,
                              errand->reply, &errand->job);
    if (e != OK || errand->job == NULL)
        return e;
    progress_init(&errand->progress, &cli->screen);
    e = node_run(errand->node, errand_over, errand, INT64_MAX); /* the job has its own deadline */
    progress_done(&errand->progress);
    if (e == OK)
        e = errand->reply->error;
    else if (errand->reply->error == OK)
        reply_err(errand->reply, e);
    return e;
}

static enum err run_own_node(struct cli_context *cli, const struct verb *verb, const json_t *args,
                             struct reply *reply) {
    reply->language = cli->asker.language;
    /* Others who want something of the home meanwhile are served, too. */
    struct node_options options = {.quiet = true, .control = true};
    struct failure why = {.language = reply->language};
    struct errand errand = {.reply = reply};
    enum err e = node_new(locate_home(cli->locate), &options, &why, &errand.node);
    if (e != OK)
        return reply_failure(reply, e, &why);
    e = run_errand(&errand, cli, verb, args);
    service_job_free(errand.job);
    node_free(errand.node);
    return e;
}

enum err cli_call_with_node(struct cli_context *cli, const struct verb *verb, const json_t *args,
                            struct reply *reply) {
    bool joins = strcmp(verb->noun, "join") == 0;
    if (!locate_is_remote(cli->locate) && !joins)
        return run_own_node(cli, verb, args, reply);
    struct progress progress;
    progress_init(&progress, &cli->screen);
    enum err e = locate_call(cli->locate, &cli->asker, verb->noun, verb->name, args, progress_show,
                             &progress, reply);
    progress_done(&progress);
    const char *state = json_string_value(json_object_get(reply->document, "state"));
    if (e != OK || !joins || state == NULL || strcmp(state, "pending") != 0)
        return e;
    /* The keys are made and the ticket is noted: what is left takes the network. */
    reply_done(reply);
    return run_own_node(cli, verb, args, reply);
}
