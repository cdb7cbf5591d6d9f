/* Inside the service: a closed survey's answers counted, site by site, question by question, a little at a time. Nothing of it may be
 * printed but by way of disclosure.h. */
#ifndef STAFET_NODE_SURVEY_COUNT_H
#define STAFET_NODE_SURVEY_COUNT_H

#include "form.h"
#include "store/answers.h"
#include "survey.h"

struct survey_site {
    struct member_id member;
    char name[FORM_NAME_MAX]; /* when it was met */
    size_t unit;              /* where it stands in the counts */
};
struct survey_count {
    struct store *store;
    const struct survey *survey; /* borrowed */
    struct answers_walk *walk;
    struct arena scratch;
    struct survey_site *sites; /* that have answered: by id while it is counted, and by name afterwards */
    size_t sites_n, sites_room;
    uint64_t *counts[QUESTIONS_MAX]; /* [unit * choices + choice]; NULL for texts, and without sites */
    uint64_t unreadable_n;           /* answers that do not fit the survey: they count nowhere */
};

/* Done with survey_count_done, on failure too. */
MUST_USE enum err survey_count_init(struct survey_count *, struct store *, const struct survey *);
/* Some milliseconds' work. When it is done, what was counted is what counted at one moment. ERR_STALE: something else counts now, by an
 * erasure or a cut; what was counted is good for nothing, and is to be begun again. */
MUST_USE enum err survey_count_step(struct survey_count *, bool *ret_done);
void survey_count_done(struct survey_count *);
/* Once it is done. */
void survey_count_sort_by_name(struct survey_count *);

#endif
