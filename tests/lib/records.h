/* A replica with feeds but without a log, for tests of what is merged from accepted envelopes: it
 * says which member wrote what under which number, as admission would. Answers alone stand in real
 * envelopes, since they are read there. */
#ifndef STAFET_TESTS_RECORDS_H
#define STAFET_TESTS_RECORDS_H

#include "proto/seal.h"
#include "store/apply.h"
#include "store/replica.h"

enum { BIRK, SOLSIKKEN, SKOLE, NORDBY, RECORDS_MEMBERS };

struct records {
    char folder[256];
    struct node_keys keys;
    struct store *store;
    struct federation_id federation;
    struct member_id members[RECORDS_MEMBERS]; /* two kindergartens, a school, the municipality */
    bool has_epoch;                            /* of the answers channel */
    struct epoch_public epoch;
};
/* A replica of `self`. Aborts when anything fails, as all of this does. */
void records_open(struct records *, int self);
void records_close(struct records *);
/* Closes and opens the database again. */
void records_reopen(struct records *, int self);
enum role records_role(int member);

/* One author's feed in a channel. */
struct writer {
    struct origin origin; /* of the last envelope */
};
/* `with` is the other party of a handover channel, else any member. */
struct writer records_writer(struct records *, int author, enum channel_kind, int with);

/* The next envelope's place: a new number and id. */
void writer_next(struct writer *, uint64_t clock);
struct version_name writer_name(const struct writer *);
/* Checks and merges one envelope with one change set, in a transaction of its own. */
struct version_name records_write(struct records *, struct writer *, uint64_t clock,
                                  const struct change_set *);
struct version_name records_write_sets(struct records *, struct writer *, uint64_t clock,
                                       const struct change_set *, size_t sets_n);
/* The same for one value of one field of a handover. */
struct version_name records_set(struct records *, struct writer *, uint64_t clock,
                                const struct record_id *, const char *field, const char *value,
                                const struct version_name *replaces, size_t replaces_n);
struct write write_of(const struct record_id *, const char *field, const char *value,
                      const struct version_name *replaces, size_t replaces_n);

#endif
