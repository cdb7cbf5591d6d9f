#include "form.h"
#include "slice.h"
#include "store/check.h"
#include "verbs.h"

#include <stdlib.h>

enum { FINDINGS_MAX = 1000 };

struct verify {
    struct job job;
    struct store *store;
    struct check *check;
    json_t *findings;
    uint64_t findings_n; /* the list itself is bounded */
};

static void found(void *context, const struct check_finding *finding) {
    struct verify *verify = context;
    if (verify->findings_n++ >= FINDINGS_MAX)
        return;
    bool placed = !feed_id_is_zero(&finding->feed);
    json_t *form =
        json_pack("{s:o, s:o, s:I, s:o, s:s}", "author",
                  placed ? form_member(verify->store, &finding->author) : json_null(), "feed",
                  placed ? form_id(finding->feed.bytes, sizeof finding->feed.bytes) : json_null(),
                  "seq", (json_int_t)finding->seq, "reason", form_error(finding->error), "text",
                  finding->text != NULL ? finding->text : err_text(finding->error));
    json_array_append_new(verify->findings, form);
}

static enum err count_forked(void *context, const struct feed_info *feed) {
    uint64_t *forked = context;
    *forked += feed->forked;
    return OK;
}

/* A forked log is whole in itself, so that it is no damage; its other branch is not among what was
 * checked. */
static enum err give_result(struct verify *verify, struct reply *reply, uint64_t checked) {
    struct hash digest;
    uint64_t forked = 0;
    enum err e = store_digest(verify->store, &digest);
    if (e == OK)
        e = feed_each(verify->store, count_forked, &forked);
    if (e != OK) {
        reply_store(reply, e, verify->store);
        return e;
    }
    return reply_give(reply, json_pack("{s:b, s:I, s:I, s:I, s:O, s:o}", "sound",
                                       verify->findings_n == 0, "envelopes", (json_int_t)checked,
                                       "forked", (json_int_t)forked, "findings_n",
                                       (json_int_t)verify->findings_n, "findings", verify->findings,
                                       "digest", form_id(digest.bytes, sizeof digest.bytes)));
}

static enum job_state step(struct job *job, struct reply *reply) {
    struct verify *verify = (struct verify *)job;
    bool done = false;
    uint64_t checked = 0, total = 0;
    enum err e = check_step(verify->check, SLICE_MS, found, verify, &done, &checked, &total);
    if (e != OK) {
        reply_store(reply, e, verify->store);
        return JOB_DONE;
    }
    reply_progress(reply, checked, total, "verifying", "kontrollerer");
    if (!done)
        return JOB_MORE;
    e = give_result(verify, reply, checked);
    (void)e; /* the reply carries it */
    return JOB_DONE;
}

static void verify_free(struct job *job) {
    struct verify *verify = (struct verify *)job;
    check_free(verify->check);
    json_decref(verify->findings);
    free(verify);
}

static enum err begin(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply, struct job **ret_job) {
    (void)asker, (void)args, (void)reply;
    struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        return ERR_MEMORY;
    verify->job = (struct job){.step = step, .free = verify_free};
    verify->store = service_store(service);
    verify->findings = json_array();
    bool whole = !service_surroundings(service)->running;
    enum err e =
        verify->findings == NULL ? ERR_MEMORY : check_new(verify->store, whole, &verify->check);
    if (e != OK) {
        verify_free(&verify->job);
        return e;
    }
    *ret_job = &verify->job;
    return OK;
}

const struct verb verify_verbs[] = {
    {.noun = "verify",
     .name = "",
     .summary_da = "kontrollér kæder, underskrifter og databasen igen",
     .summary_en = "check chains, signatures and the database again",
     .access = ACCESS_READ,
     .begin = begin},
    {.noun = NULL},
};
