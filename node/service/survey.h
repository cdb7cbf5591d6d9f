/* Inside the service: surveys as their verbs need them. A survey is a record of the municipality's, published to every member and immutable but
 * for its closing; the answers to it are sealed to the municipality. */
#ifndef STAFET_NODE_SURVEY_H
#define STAFET_NODE_SURVEY_H

#include "proto/arena.h"
#include "proto/limits.h"
#include "questionnaire.h"
#include "service.h"
#include "store/collection.h"
#include "store/roster.h"

struct survey {
    struct record_id id;
    const char *title, *closes_on;
    struct questionnaire questionnaire;
    bool closed;
    const struct version_name *heads; /* of the answers channel when it was closed; not NULL then */
    size_t heads_n;
    struct arena arena; /* what the above lives in */
};
void survey_done(struct survey *);

/* By code, or a unique prefix of the record's id; NULL: the only one there is. Failures are put into words in the reply. */
MUST_USE enum err survey_find(struct store *, const char *reference, struct reply *, struct survey *ret_survey);
typedef enum err survey_visit(void *context, struct survey *);
/* Every survey that can be read, oldest first; `*ret_unreadable_n` counts the others. */
MUST_USE enum err survey_each(struct store *, survey_visit *, void *context, size_t *ret_unreadable_n);

/* {"id","code","title","closes_on","state","for"}: state is "open", "due" (the closing day is over) or "closed". */
json_t *survey_head(struct store *, const struct survey *);
/* Today by this node's clock, in local time: "2026-06-03". */
void survey_today(const struct store *, char ret_date[static 11]);
/* Is a member with this role asked? */
bool survey_asks(const struct survey *, enum role);

/* ERR_DENIED in words unless this node is the municipality's. */
MUST_USE enum err survey_need_municipality(struct store *, struct reply *, struct self *ret_self);

/* Asked sites that are active and of whose answers none is here: [{"site": {"id","name"}, "reached"}, …]. */
MUST_USE enum err survey_missing(struct store *, const struct survey *, json_t **ret_missing);
/* The same in two parts: the ids (struct member_id each) of those that are not among `answered`, which are in order of id; and one of
 * them, into the list. */
MUST_USE enum err survey_unanswered(struct store *, const struct survey *, const struct member_id *answered, size_t answered_n,
                                    struct buffer *ret_ids);
MUST_USE enum err survey_add_missing(struct store *, const struct member_id *, json_t *list);
/* The heads up to which answers count, for answers_counts: NULL while the survey is open. */
const struct version_name *survey_until(const struct survey *);

enum err survey_check(struct service *, const struct asker *, const json_t *args, struct reply *);
enum err survey_publish(struct service *, const struct asker *, const json_t *args, struct reply *);
enum err survey_close(struct service *, const struct asker *, const json_t *args, struct reply *);
enum err survey_status(struct service *, const struct asker *, const json_t *args, struct reply *);
enum err survey_report(struct service *, const struct asker *, const json_t *args, struct reply *, struct job **ret_job);
enum err survey_import(struct service *, const struct asker *, const json_t *args, struct reply *, struct job **ret_job);

#endif
