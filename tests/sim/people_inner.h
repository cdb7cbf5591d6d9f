/* Inside people: what they remember.
 *
 *   people.c      founding, joining, who does what
 *   surveys.c     publish, import, close; how many answers there must be
 *   handovers.c   hand over, edit, resolve, accept
 *   edits.c       which values must be there in the end */
#ifndef STAFET_SIM_PEOPLE_INNER_H
#define STAFET_SIM_PEOPLE_INNER_H

#include "people.h"
#include "store/feed.h"
#include "store/record.h"

enum { SURVEYS_MAX = 6, HANDOVERS_MAX = 5, IMPORTS_MAX = 256, RECORD_TEXT_MAX = 32 };

enum { EDITED_FIRST = 50, EDITED_SECOND = 52 }; /* the fields that are edited */

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
    struct survey surveys[SURVEYS_MAX + 2];
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

enum err people_publish_last(struct people *, struct machine *town);
enum err people_import_last(struct people *, struct machine *);
enum err people_hand_over_last(struct people *, struct machine *, const struct machine *to);

void people_survey(struct people *, struct machine *);
void people_import(struct people *, struct machine *);
void people_hand_over(struct people *, struct machine *);
void people_edit(struct people *, struct machine *);
void people_accept(struct people *, struct machine *);
void people_resolve(struct people *, struct machine *);
void people_check_answers(struct people *);
void people_check_edits(struct people *);
/* Did who wrote it see that version? */
bool people_saw(const struct edit *, const struct version_name *);
/* What stands in the field at this machine. False: nothing is known of the record. */
bool people_look(struct machine *, const struct record_id *, uint16_t field, struct arena *,
                 const struct field_state **ret_state);

#endif
