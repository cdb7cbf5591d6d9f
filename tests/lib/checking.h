/* A replica that is changed behind its node's back, and what verify finds then. */
#ifndef STAFET_TESTS_CHECKING_H
#define STAFET_TESTS_CHECKING_H

#include "federation.h"
#include "store/check.h"
#include <sqlite3.h>

struct findings {
    size_t n;
    struct check_finding first;
    char text[200]; /* of the first */
};

/* Verifies to the end, which must come: `whole` as in check_new. */
struct findings check_as(struct site *, bool whole, uint64_t *ret_checked);
/* Table by table, as beside a running node. */
struct findings check_all(struct site *, uint64_t *ret_checked);
/* A `found` for a `struct findings`. */
void findings_add(void *context, const struct check_finding *);

/* Closes the site and changes its database, as damage or an intruder would. */
void change(struct site *, const char *sql);
/* The first number that the question gives. */
int count(sqlite3 *, const char *sql);

#endif
