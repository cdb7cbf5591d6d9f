/* A replica for tests of what is merged from accepted envelopes: it says which member wrote what
 * under which number, as admission would. What is sealed stands in real envelopes, since it is read
 * there; nobody follows the chain or checks a signature. */
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
};
/* A replica of `self`. Aborts when anything fails, as all of this does. */
void records_open(struct records *, int self);
void records_close(struct records *);
/* The number that an SQL query answers. */
size_t records_number(struct records *, const char *sql);
/* Closes and opens the database again. */
void records_reopen(struct records *, int self);
enum role records_role(int member);

/* One author's feed in a channel. */
struct writer {
    struct origin origin;      /* of the last envelope */
    struct epoch_public epoch; /* where its sets are sealed, if its channel is */
    uint64_t key_seq;          /* the entry that brought `key`, in `seal`; 0: none yet */
    struct content_key key;
    struct seal_block seal;
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
/* Puts the envelope of `sets` into the log where the writer is, without merging it: once, or again
 * at once. Its id8 goes to the origin unless `keeps_id`. */
void records_log(struct records *, struct writer *, const struct change_set *sets, size_t sets_n,
                 bool keeps_id);
/* Writes and merges one value of one field of a handover. */
struct version_name records_set(struct records *, struct writer *, uint64_t clock,
                                const struct record_id *, const char *field, const char *value,
                                const struct version_name *replaces, size_t replaces_n);
struct write write_of(const struct record_id *, const char *field, const char *value,
                      const struct version_name *replaces, size_t replaces_n);

#endif
