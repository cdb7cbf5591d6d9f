/* A fault sweep: an operation of a site's store is done again and again, with its first, second,
 * third … call of one kind failing, until it gets by untouched. Whatever has failed: what the
 * operation returns is true. Where it returned what it returns untouched, all of it is there and
 * what it told is the same; else nothing in the database has changed. Afterwards the same operation
 * succeeds in the same store, with the same digest as where nothing had failed (or, of what makes
 * ids, in another incarnation), and a check of the whole replica finds nothing. */
#ifndef STAFET_TESTS_SWEEP_H
#define STAFET_TESTS_SWEEP_H

#include "fault.h"
#include "federation.h"
#include "proto/hash.h"

/* Adds what it was told to `out`. */
typedef enum err sweep_work(struct site *, void *context, struct hasher *out);

struct sweep {
    struct site *site;
    sweep_work *work;
    void *context;
    enum err expected; /* what it returns untouched */
    bool is_new;       /* makes ids or keys: another digest each time */
    bool unsound;      /* leaves what a check objects to */
    unsigned *unread;  /* where it counts what can't be read of the database, and goes on */
    bool nests;        /* can't run in a transaction of its caller's */
};
/* Every kind of fault that meets an open store. The site is left as it was. */
void sweep(const char *what, const struct sweep *);

/* A hash of every row of every table. */
struct hash sweep_rows(struct site *);
/* The next `n` of a sweep: one after another at first, then in longer strides. */
unsigned sweep_next(unsigned n);

#endif
