/* Inside people: what they remember.
 *
 *   people.c      founding, joining, who does what
 *   surveys.c     publish, import, close; how many answers there must be
 *   handovers.c   hand over, edit, resolve, accept; which values must be there */
#ifndef STAFET_SIM_PEOPLE_INNER_H
#define STAFET_SIM_PEOPLE_INNER_H

#include "people.h"
#include "store/feed.h"
#include "store/record.h"

enum { SURVEYS_MAX = 6, HANDOVERS_MAX = 5, IMPORTS_MAX = 256, RECORD_TEXT_MAX = 32 };

struct survey {
    char code[16];
    enum role role;
    bool closed;
};
struct paper { /* one file of answers at one site */
    size_t survey;
    unsigned machine;
    unsigned answers;
    unsigned number; /* what its digest is made of */
    bool acknowledged;
};
struct handover {
    char id[RECORD_TEXT_MAX];
    struct record_id record;
    unsigned from, to;
    bool sent;
};
/* A version that was written, or may have been. */
struct edit {
    size_t handover;
    uint16_t field;
    unsigned machine;
    bool acknowledged;
    struct version_name name; /* when acknowledged */
    char value[48];
    struct version_name *seen; /* what it replaced, or may have */
    size_t seen_n;
    bool certain; /* it replaced exactly that */
};

struct people {
    struct world *world;
    struct survey surveys[SURVEYS_MAX];
    size_t surveys_n;
    struct paper papers[IMPORTS_MAX];
    size_t papers_n;
    struct handover handovers[HANDOVERS_MAX];
    size_t handovers_n;
    struct edit *edits;
    size_t edits_n, edits_capacity;
    unsigned strangers, words;
};

struct machine *people_somebody(struct people *);
/* A write was acknowledged: what the machine's own feeds hold now is promised. */
void people_acknowledged(struct machine *);
enum err people_promise(void *machine, const struct feed_info *);

void people_survey(struct people *, struct machine *);
void people_import(struct people *, struct machine *);
void people_hand_over(struct people *, struct machine *);
void people_edit(struct people *, struct machine *);
void people_accept(struct people *, struct machine *);
void people_resolve(struct people *, struct machine *);
void people_check_answers(struct people *);
void people_check_edits(struct people *);

#endif
