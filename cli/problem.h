/* What is wrong in a user's file, place by place, so that all of it can be mended in one go; and what is worth knowing though
 * nothing is wrong. Kept as JSON: the very entries that --json prints. */
#ifndef STAFET_CLI_PROBLEM_H
#define STAFET_CLI_PROBLEM_H

#include "proto/language.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROBLEMS_LISTED_MAX = 50, PROBLEMS_MEND_MAX = 512 };

struct problems {
    enum language language; /* of every sentence in it */
    const char *file; /* the one being read, for messages; borrowed */
    json_t *list;     /* [{"file","line","column","heading","what","mend","text"}, …], the first PROBLEMS_LISTED_MAX of them */
    size_t n;         /* all of them */
    char mend[PROBLEMS_MEND_MAX]; /* of them all; empty: each has its own */
    json_t *notices;  /* ["…", …] */
};

/* False when out of memory. */
bool problems_init(struct problems *, enum language);
void problems_done(struct problems *);

/* A place in a file: lines and columns count from 1, columns as cells of the row; 0: the file or row as a whole. */
struct place {
    uint32_t line, column;
    const char *heading; /* of the column; NULL: none */
};
/* `mend` says what to do, as a sentence without a full stop; PROBLEMS_MEND where they all have the same. No language can be left out:
 * proto/language.h. */
#define PROBLEMS_MEND COMMAND("")
void problem_add(struct problems *, struct place, struct label mend, const char *en, const char *da, ...)
    __attribute__((format(printf, 4, 6), format(printf, 5, 6)));
void notice_add(struct problems *, const char *en, const char *da, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

/* Them all as the details of an error: {"problems": [… , "and 3 more"], "count": n}; NULL when out of memory. Caller owns. */
json_t *problems_details(const struct problems *);

#endif
