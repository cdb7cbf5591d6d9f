/* What has been promised: heads that a machine has called durable, and the one id under each
 * number. */
#ifndef STAFET_SIM_LEDGER_H
#define STAFET_SIM_LEDGER_H

#include "proto/bytes.h"
#include "proto/run.h"

/* Of one machine. Zero-initialised is empty. */
struct ledger;
struct ledger *ledger_new(void);
void ledger_free(struct ledger *);
struct ledger *ledger_copy(const struct ledger *);
/* The machine says that this much is durable. */
void ledger_put(struct ledger *, const struct feed_id *, const struct head *);
size_t ledger_n(const struct ledger *);
void ledger_get(const struct ledger *, size_t index, struct feed_id *ret_feed,
                struct head *ret_head);
void ledger_forget(struct ledger *);

/* Every envelope ever sent, of all machines. */
void registry_clear(void);
/* False: another envelope was sent under that number before. */
bool registry_put(const struct feed_id *, uint64_t seq, const struct envelope_id *);
/* Has another envelope been sent under that number? */
bool registry_has_other(const struct version_name *);
size_t registry_n(void);
/* A second id was sent under a number, by this machine first. */
struct twice {
    struct feed_id feed;
    uint64_t seq;
    unsigned machine;
};
void ledger_double(const struct feed_id *, uint64_t seq, unsigned machine);
size_t ledger_doubles(const struct twice **ret_list);

#endif
