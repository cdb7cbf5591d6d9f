/* A handover record of Birk's for the school, in a replica without a log (records.h): the feeds of
 * both, and of the municipality that publishes. */
#ifndef STAFET_TESTS_HANDING_H
#define STAFET_TESTS_HANDING_H

#include "records.h"

struct handing {
    struct records records;
    struct writer birk, skole, nordby;
    struct record_id record;
    /* For what a test does; released by handing_close. */
    struct version_name base, of_birk, of_skole;
    struct arena arena;
};

/* A test's set-up and tear-down: its state is the handing, at the replica of `self`. */
int handing_open(void **state, int self);
int handing_close(void **state);
/* One value of a survey's field, written by the municipality; and what the survey shows. */
struct version_name handing_publish(struct handing *, uint64_t clock, uint16_t field,
                                    const char *value);
const char *handing_survey_text(struct handing *, uint16_t field);
/* At Birk. */
int handing_at_birk(void **state);
#define AT_BIRK(test) cmocka_unit_test_setup_teardown(test, handing_at_birk, handing_close)

#endif
