/* A home with a service of its own, at which Mette works: no federation until office_found. */
#ifndef STAFET_TESTS_OFFICE_H
#define STAFET_TESTS_OFFICE_H

#include "service/service.h"

struct office {
    char folder[256]; /* the home is "home" in it */
    struct home home;
    struct service *service;
    struct reply reply; /* of the last call */
};

/* A test's set-up and tear-down: its state is the office. */
int office_begin(void **state);
int office_end(void **state);
#define IN_A_HOME(test) cmocka_unit_test_setup_teardown(test, office_begin, office_end)

/* The service again, over the same home; `around` (NULL: no node runs) is kept. */
void office_open(struct office *, const struct surroundings *around);
void office_close(struct office *);

/* Calls a verb that needs no network, to its end; takes over `args`. */
enum err office_call(struct office *, const char *noun, const char *name, json_t *args);
/* A text of the last reply, under keys: "member/role". NULL: it isn't there. */
const char *office_text(const struct office *, const char *path);
/* Founds Nordby, which listens at tcp://127.0.0.1:7450. */
void office_found(struct office *);

#endif
