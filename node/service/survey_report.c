/* `survey report`: figures of a closed survey, per question, site by site and for all.
 *
 * Which figures may be shown is decided in disclosure.c alone. Here is printed nothing beside them
 * that says how many answered: no count of people, of blank replies or of texts. Free texts are
 * never in a report. */
#include "survey.h"

#include "disclosure.h"
#include "form.h"
#include "store/answers.h"
#include <stdlib.h>
#include <string.h>

struct site {
    struct member_id member;
    char name[FORM_NAME_MAX];
};

struct counting {
    struct store *store;
    const struct survey *survey;
    struct arena scratch;
    struct site *sites;
    size_t sites_n, sites_capacity;
    size_t current;                  /* answers come site by site */
    uint64_t *counts[QUESTIONS_MAX]; /* [site * choices + choice]; NULL for texts */
    uint64_t unreadable_n;
};

static enum err add_site(void *context, const struct answers_count *count) {
    struct counting *c = context;
    if (count->answers == 0)
        return OK;
    if (c->sites_n == c->sites_capacity) {
        size_t capacity = c->sites_capacity == 0 ? 64 : c->sites_capacity * 2;
        struct site *sites = realloc(c->sites, capacity * sizeof *sites);
        if (sites == NULL)
            return ERR_MEMORY;
        c->sites = sites;
        c->sites_capacity = capacity;
    }
    struct site *site = &c->sites[c->sites_n];
    site->member = count->member;
    form_name(c->store, &count->member, site->name);
    c->sites_n++;
    return OK;
}

static int by_name(const void *a, const void *b) {
    const struct site *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : member_id_compare(&left->member, &right->member);
}

static enum err make_room(struct counting *c) {
    const struct questionnaire *q = &c->survey->questionnaire;
    for (size_t i = 0; i < q->questions_n; i++) {
        if (q->questions[i].scale == NULL)
            continue;
        c->counts[i] =
            calloc(c->sites_n * q->questions[i].scale->choices_n + 1, sizeof *c->counts[i]);
        if (c->counts[i] == NULL)
            return ERR_MEMORY;
    }
    return OK;
}

static bool find_site(struct counting *c, const struct member_id *member) {
    for (size_t i = 0; i < c->sites_n; i++) {
        size_t at = (c->current + i) % c->sites_n;
        if (member_id_equal(&c->sites[at].member, member)) {
            c->current = at;
            return true;
        }
    }
    return false;
}

/* An answer that does not fit the survey counts nowhere: its site's node did not keep to the rules.
 */
static enum err count_answer(void *context, const struct member_id *member, struct bytes answer) {
    struct counting *c = context;
    const struct questionnaire *q = &c->survey->questionnaire;
    const struct answer_reply *replies;
    size_t replies_n, wrong;
    struct label why;
    arena_reset(&c->scratch);
    enum err e = answer.size > ANSWER_SIZE_MAX
                     ? ERR_LIMIT
                     : answer_decode(answer, &c->scratch, &replies, &replies_n);
    if (e == OK)
        e = questionnaire_check(q, replies, replies_n, &why, &wrong);
    if (e == ERR_FORMAT || e == ERR_LIMIT || e == ERR_ARGUMENT ||
        (e == OK && !find_site(c, member))) {
        c->unreadable_n++;
        return OK;
    }
    for (size_t i = 0; i < replies_n && e == OK; i++) {
        const struct scale *scale = q->questions[replies[i].question - 1].scale;
        if (scale != NULL)
            c->counts[replies[i].question - 1]
                     [c->current * scale->choices_n + replies[i].choice - 1]++;
    }
    return e;
}

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

static json_t *rows_json(const struct counting *c, const struct disclosed *d,
                         const struct scale *scale) {
    json_t *rows = json_array();
    for (size_t i = 0; i < c->sites_n; i++) {
        json_t *row = json_pack("{s:o}", "site", form_member(c->store, &c->sites[i].member));
        json_object_update_new(row, figures_json(&d->units[i], scale));
        json_array_append_new(rows, row);
    }
    return rows;
}

static enum err add_question(const struct counting *c, size_t index, json_t *list) {
    const struct question *question = &c->survey->questionnaire.questions[index];
    const struct scale *scale = question->scale;
    bool on_scale[CHOICES_MAX];
    int scores[CHOICES_MAX];
    struct disclosed d;
    if (scale == NULL)
        return OK;
    for (size_t i = 0; i < scale->choices_n; i++) {
        on_scale[i] = scale_counts(scale, i);
        scores[i] = scale->choices[i].score;
    }
    struct tally tally = {c->sites_n, scale->choices_n, c->counts[index], on_scale,
                          scale->has_scores ? scores : NULL};
    enum err e = disclose(&tally, &d);
    if (e != OK)
        return e;
    json_t *total = figures_json(&d.total, scale);
    json_object_set_new(total, "covers", json_string(d.covers == COVERS_ALL ? "all" : "shown"));
    json_t *item =
        json_pack("{s:s, s:O, s:o, s:o, s:o}", "code", question->code, "label", question->label,
                  "choices", choices_json(scale), "sites", rows_json(c, &d, scale), "total", total);
    disclosed_done(&d);
    return json_array_append_new(list, item) == 0 ? OK : ERR_MEMORY;
}

static enum err count_all(struct counting *c) {
    struct store *store = c->store;
    const struct survey *survey = c->survey;
    enum err e = answers_counts(store, &survey->id, survey->heads, survey->heads_n, add_site, c);
    if (e == OK && c->sites_n > 1)
        qsort(c->sites, c->sites_n, sizeof *c->sites, by_name);
    if (e == OK)
        e = make_room(c);
    return e == OK
               ? answers_each(store, &survey->id, survey->heads, survey->heads_n, count_answer, c)
               : e;
}

static enum err build(struct counting *c, struct reply *reply) {
    json_t *questions = json_array(), *missing = NULL;
    enum err e = questions == NULL ? ERR_MEMORY : count_all(c);
    for (size_t i = 0; e == OK && i < c->survey->questionnaire.questions_n; i++)
        e = add_question(c, i, questions);
    if (e == OK)
        e = survey_missing(c->store, c->survey, &missing);
    if (e != OK) {
        json_decref(questions);
        return e;
    }
    return reply_give(reply, json_pack("{s:o, s:o, s:o, s:i, s:I}", "survey",
                                       survey_head(c->store, c->survey), "questions", questions,
                                       "missing", missing, "hidden_below", DISCLOSURE_N_MIN,
                                       "unreadable", (json_int_t)c->unreadable_n));
}

enum err survey_report(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply) {
    (void)asker;
    struct store *store = service_store(service);
    struct survey survey = {0};
    struct self self;
    enum err e = survey_need_municipality(store, reply, &self);
    if (e == OK)
        e = survey_find(store, service_text(args, "survey"), reply, &survey);
    if (e == OK && !survey.closed)
        e = reply_fail(
            reply, ERR_STATE,
            MEND(
                "stafet survey close, after the closing day; until then: stafet survey status",
                "stafet survey close, når sidste svardag er gået; indtil da: stafet survey status"),
            "there are no figures of %s before it is closed",
            "der er ingen tal for %s, før den er lukket", survey.questionnaire.code);
    if (e == OK) {
        struct counting c = {.store = store, .survey = &survey};
        /* Whatever an answer of this size holds can be decoded in it, so one that can't is no lack
         * of memory. */
        arena_init(&c.scratch, DECODE_MEMORY_MAX);
        e = build(&c, reply);
        for (size_t i = 0; i < QUESTIONS_MAX; i++)
            free(c.counts[i]);
        free(c.sites);
        arena_done(&c.scratch);
    }
    survey_done(&survey);
    return e;
}
