/* The scene of a handover: Nordby (municipality), Birk (kindergarten), Søndre Skole, Relæ, and
 * Egely, a school that has nothing to do with it; Mette at Birk and Ole at Søndre Skole. A test is
 * a SCENE that names its STAGE, and is registered with PLAY. */
#ifndef STAFET_TESTS_STAGE_H
#define STAFET_TESTS_STAGE_H

#include "desk.h"
#include "test.h"

struct stage {
    struct federation federation;
    struct site *nordby, *birk, *skole, *egely;
    struct desk mette, ole;
};

int stage_set_up(void **state);
int stage_tear_down(void **state);
#define SCENE(sentence) static void sentence(void **state)
#define STAGE(stage) struct stage *stage = *state
#define PLAY(scene) cmocka_unit_test_setup_teardown(scene, stage_set_up, stage_tear_down)

/* Arguments of a verb: {"id": id}. */
json_t *only_id(const char *id);
void edit(struct desk *, const char *id, const char *field, const char *value);
/* On STAGE_DAY, by two custody holders. */
#define STAGE_DAY "2024-06-03"
void agree(struct desk *, const char *id);
const json_t *show(struct desk *, const char *id);
/* Sends what is written of the form, and it arrives wherever it may. */
void deliver(struct stage *, struct desk *, const char *id);
/* A form about Alma at Birk, for Søndre Skole; its whole id in `ret_id`. */
void draft_alma(struct stage *, char ret_id[static ID_TEXT_MAX]);
/* The same, agreed to, sent and arrived. */
void send_alma(struct stage *, char ret_id[static ID_TEXT_MAX]);

/* A step of a `handover track` document; the test fails when there is none. */
const json_t *step(const json_t *track, const char *name);
/* How many handovers, and how many feeds of handovers, a site holds. */
size_t records_at(struct site *);
size_t handover_feeds_at(struct site *);

#endif
