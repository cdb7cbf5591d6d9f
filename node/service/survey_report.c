/* `survey report`: figures of a closed survey, per question, site by site and for all.
 *
 * Which figures may be shown is decided in disclosure.c alone. Here is printed nothing beside them
 * that says how many answered: no count of people, of blank replies or of texts. Free texts are
 * never in a report. */
#include "survey_count.h"

#include "disclosure.h"
#include "slice.h"
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 64 };

/* The answers are counted, then each question's rows written, then who is missing: all of one and
 * the same count. */
struct report {
    struct job job;
    struct store *store;
    struct survey survey;
    struct survey_count count;
    bool counted;
    struct disclosed disclosed; /* of the question at hand */
    json_t *rows;               /* of its sites so far; NULL: it is not begun */
    size_t question, row;
    json_t *questions;
    struct buffer answered, missing_ids; /* struct member_id each */
    size_t missing_at;
    json_t *missing;
};

static json_t *figures_json(const struct figures *figures, const struct scale *scale) {
    if (figures->hidden)
        return json_pack("{s:b, s:n, s:n, s:n}", "hidden", 1, "n", "mean", "counts");
    json_t *counts = json_array();
    for (size_t i = 0; i < scale->choices_n; i++)
        json_array_append_new(counts, figures->scale_only && !scale_counts(scale, i)
                                          ? json_null()
                                          : json_integer((json_int_t)figures->counts[i]));
    return json_pack("{s:b, s:I, s:o, s:o}", "hidden", 0, "n", (json_int_t)figures->n, "mean",
                     figures->has_mean ? json_real((double)figures->mean_tenths / 10) : json_null(),
                     "counts", counts);
}

static json_t *choices_json(const struct scale *scale) {
    json_t *list = json_array();
    for (size_t i = 0; i < scale->choices_n; i++) {
        const struct scale_choice *choice = &scale->choices[i];
        json_array_append_new(
            list, json_pack("{s:s, s:O, s:o, s:b}", "code", choice->code, "label", choice->label,
                            "score", choice->scored ? json_integer(choice->score) : json_null(),
                            "on_scale", scale_counts(scale, i)));
    }
    return list;
}

static enum err begin_question(struct report *report) {
    const struct question *question = &report->survey.questionnaire.questions[report->question];
    const struct scale *scale = question->scale;
    bool on_scale[CHOICES_MAX];
    int scores[CHOICES_MAX];
    for (size_t i = 0; i < scale->choices_n; i++) {
        on_scale[i] = scale_counts(scale, i);
        scores[i] = scale->choices[i].score;
    }
    struct tally tally = {report->count.sites_n, scale->choices_n,
                          report->count.counts[report->question], on_scale,
                          scale->has_scores ? scores : NULL};
    enum err e = disclose(&tally, &report->disclosed);
    if (e != OK)
        return e;
    report->row = 0;
    report->rows = json_array();
    return report->rows == NULL ? ERR_MEMORY : OK;
}

static enum err end_question(struct report *report) {
    const struct question *question = &report->survey.questionnaire.questions[report->question++];
    const struct disclosed *d = &report->disclosed;
    json_t *total = figures_json(&d->total, question->scale);
    json_object_set_new(total, "covers", json_string(d->covers == COVERS_ALL ? "all" : "shown"));
    json_t *item =
        json_pack("{s:s, s:O, s:o, s:o, s:o}", "code", question->code, "label", question->label,
                  "choices", choices_json(question->scale), "sites", report->rows, "total", total);
    report->rows = NULL;
    disclosed_done(&report->disclosed);
    return json_array_append_new(report->questions, item) == 0 ? OK : ERR_MEMORY;
}

static void add_row(struct report *report, const struct scale *scale) {
    const struct survey_site *site = &report->count.sites[report->row++];
    json_t *row =
        json_pack("{s:{s:o, s:s}}", "site", "id",
                  form_id(site->member.bytes, sizeof site->member.bytes), "name", site->name);
    json_object_update_new(row, figures_json(&report->disclosed.units[site->unit], scale));
    json_array_append_new(report->rows, row);
}

static enum err write_rows(struct report *report) {
    const struct scale *scale = report->survey.questionnaire.questions[report->question].scale;
    if (scale == NULL) {
        report->question++;
        return OK;
    }
    enum err e = report->rows == NULL ? begin_question(report) : OK;
    for (int i = 0; e == OK && i < ROWS_AT_ONCE && report->row < report->count.sites_n; i++)
        add_row(report, scale);
    return e == OK && report->row == report->count.sites_n ? end_question(report) : e;
}

static enum err begin_missing(struct report *report) {
    report->missing = json_array();
    return report->missing == NULL
               ? ERR_MEMORY
               : survey_unanswered(report->store, &report->survey,
                                   (const struct member_id *)(const void *)report->answered.data,
                                   report->answered.size / sizeof(struct member_id),
                                   &report->missing_ids);
}

static enum err write_missing(struct report *report) {
    struct member_id member;
    memcpy(&member, report->missing_ids.data + report->missing_at, sizeof member);
    report->missing_at += sizeof member;
    return survey_add_missing(report->store, &member, report->missing);
}

static enum err end_count(struct report *report) {
    struct survey_count *count = &report->count;
    enum err e = OK;
    report->counted = true;
    for (size_t i = 0; e == OK && i < count->sites_n; i++)
        e = buffer_append(&report->answered, &count->sites[i].member, sizeof(struct member_id));
    survey_count_sort_by_name(count);
    return e;
}

static enum err count_some(struct report *report) {
    bool done = false;
    enum err e = survey_count_step(&report->count, &done);
    if (e == ERR_STALE) {
        survey_count_done(&report->count);
        return survey_count_init(&report->count, report->store, &report->survey);
    }
    return e == OK && done ? end_count(report) : e;
}

static enum err work(void *job, bool *ret_done) {
    struct report *report = job;
    if (!report->counted)
        return count_some(report);
    if (report->question < report->survey.questionnaire.questions_n)
        return write_rows(report);
    if (report->missing == NULL)
        return begin_missing(report);
    if (report->missing_at < report->missing_ids.size)
        return write_missing(report);
    *ret_done = true;
    return OK;
}

static json_t *document_of(const struct report *report) {
    return json_pack("{s:o, s:O, s:O, s:i, s:I}", "survey",
                     survey_head(report->store, &report->survey), "questions", report->questions,
                     "missing", report->missing, "hidden_below", DISCLOSURE_N_MIN, "unreadable",
                     (json_int_t)report->count.unreadable_n);
}

/* How far it has come is told in questions: in answers it would say how many there are. */
static enum job_state step(struct job *job, struct reply *reply) {
    struct report *report = (struct report *)job;
    bool done = false;
    enum err e = slice_run(work, report, &done);
    if (e == OK && !done) {
        reply_progress(reply, report->question, report->survey.questionnaire.questions_n,
                       "counting", "tæller");
        return JOB_MORE;
    }
    e = e == OK ? reply_give(reply, document_of(report)) : reply_store(reply, e, report->store);
    (void)e; /* the reply carries it */
    return JOB_DONE;
}

static void report_free(struct job *job) {
    struct report *report = (struct report *)job;
    survey_count_done(&report->count);
    disclosed_done(&report->disclosed);
    json_decref(report->rows);
    json_decref(report->questions);
    json_decref(report->missing);
    buffer_done(&report->answered);
    buffer_done(&report->missing_ids);
    survey_done(&report->survey);
    free(report);
}

enum err survey_report(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply, struct job **ret_job) {
    (void)asker;
    struct store *store = service_store(service);
    struct self self;
    struct report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return ERR_MEMORY;
    report->job = (struct job){.step = step, .free = report_free};
    report->store = store;
    report->questions = json_array();
    enum err e = report->questions == NULL ? ERR_MEMORY : OK;
    if (e == OK)
        e = survey_need_municipality(store, reply, &self);
    if (e == OK)
        e = survey_find(store, service_text(args, "survey"), reply, &report->survey);
    if (e == OK && !report->survey.closed)
        e = reply_fail(
            reply, ERR_STATE,
            MEND(
                "stafet survey close, after the closing day; until then: stafet survey status",
                "stafet survey close, når sidste svardag er gået; indtil da: stafet survey status"),
            "there are no figures of %s before it is closed",
            "der er ingen tal for %s, før den er lukket", report->survey.questionnaire.code);
    if (e == OK)
        e = survey_count_init(&report->count, store, &report->survey);
    if (e != OK) {
        report_free(&report->job);
        return e;
    }
    *ret_job = &report->job;
    return OK;
}
