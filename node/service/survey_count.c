#include "survey_count.h"

#include <stdlib.h>
#include <string.h>

enum err survey_count_init(struct survey_count *c, struct store *store,
                           const struct survey *survey) {
    *c = (struct survey_count){.store = store, .survey = survey};
    /* Whatever an answer of this size holds can be decoded in it, so one that can't is no lack of
     * memory. */
    arena_init(&c->scratch, DECODE_MEMORY_MAX);
    return answers_walk_new(store, &survey->id, survey->heads, survey->heads_n, &c->walk);
}

void survey_count_done(struct survey_count *c) {
    answers_walk_free(c->walk);
    for (size_t i = 0; i < QUESTIONS_MAX; i++)
        free(c->counts[i]);
    free(c->sites);
    arena_done(&c->scratch);
    *c = (struct survey_count){0};
}

static enum err make_room(struct survey_count *c) {
    const struct questionnaire *q = &c->survey->questionnaire;
    size_t room = c->sites_room == 0 ? 64 : c->sites_room * 2;
    struct survey_site *sites = realloc(c->sites, room * sizeof *sites);
    if (sites == NULL)
        return ERR_MEMORY;
    c->sites = sites;
    for (size_t i = 0; i < q->questions_n; i++) {
        if (q->questions[i].scale == NULL)
            continue;
        size_t choices_n = q->questions[i].scale->choices_n, used = c->sites_room * choices_n;
        uint64_t *counts = realloc(c->counts[i], room * choices_n * sizeof *counts);
        if (counts == NULL)
            return ERR_MEMORY;
        memset(counts + used, 0, (room * choices_n - used) * sizeof *counts);
        c->counts[i] = counts;
    }
    c->sites_room = room;
    return OK;
}

/* Answers come site by site. */
static enum err come_to_site(struct survey_count *c, const struct member_id *member) {
    if (c->sites_n > 0 && member_id_equal(&c->sites[c->sites_n - 1].member, member))
        return OK;
    enum err e = c->sites_n == c->sites_room ? make_room(c) : OK;
    if (e != OK)
        return e;
    struct survey_site *site = &c->sites[c->sites_n];
    site->member = *member;
    site->unit = c->sites_n++;
    form_name(c->store, member, site->name);
    return OK;
}

/* An answer that does not fit the survey counts nowhere: its site's node did not keep to the rules.
 */
static enum err count_answer(void *context, const struct member_id *member, struct bytes answer) {
    struct survey_count *c = context;
    const struct questionnaire *q = &c->survey->questionnaire;
    const struct answer_reply *replies;
    size_t replies_n, wrong;
    struct label why;
    enum err e = come_to_site(c, member);
    if (e != OK)
        return e;
    arena_reset(&c->scratch);
    e = answer.size > ANSWER_SIZE_MAX ? ERR_LIMIT
                                      : answer_decode(answer, &c->scratch, &replies, &replies_n);
    if (e == OK)
        e = questionnaire_check(q, replies, replies_n, &why, &wrong);
    if (e == ERR_FORMAT || e == ERR_LIMIT || e == ERR_ARGUMENT) {
        c->unreadable_n++;
        return OK;
    }
    size_t unit = c->sites_n - 1;
    for (size_t i = 0; i < replies_n && e == OK; i++) {
        const struct scale *scale = q->questions[replies[i].question - 1].scale;
        if (scale != NULL)
            c->counts[replies[i].question - 1][unit * scale->choices_n + replies[i].choice - 1]++;
    }
    return e;
}

enum err survey_count_step(struct survey_count *c, bool *ret_done) {
    return answers_walk_step(c->walk, count_answer, c, ret_done);
}

static int by_name(const void *a, const void *b) {
    const struct survey_site *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : member_id_compare(&left->member, &right->member);
}

void survey_count_sort_by_name(struct survey_count *c) {
    if (c->sites_n > 1)
        qsort(c->sites, c->sites_n, sizeof *c->sites, by_name);
}
