/* Many engines, each with a log in memory, on a network in memory: seeded, so that a schedule can
 * be repeated. Node 0 is the municipality. Every step is checked against what the protocol
 * promises, whatever the schedule:
 *
 *   nothing is sent to a member that may not hold it, or is not active;
 *   nothing is acknowledged or announced that is not durable;
 *   never more is under way to one peer than 4 MiB;
 *   no peer is called equal that lacks something which it may hold.
 *
 * Set STAFET_TRACE to read a schedule as a story on standard error. A broken promise prints the
 * seed and aborts. */
#ifndef STAFET_TESTS_CLUSTER_H
#define STAFET_TESTS_CLUSTER_H

#include "engine/engine.h"
#include "fakelog.h"

enum { CLUSTER_NODES_MAX = 12 };

struct cluster;
struct cluster *cluster_new(uint64_t seed);
void cluster_free(struct cluster *);

/* A new member, entered in the roster by the municipality, started and knowing only the
 * municipality. The first is the municipality itself. `reachable`: it has an endpoint. Returns its
 * number. */
unsigned cluster_add(struct cluster *, enum role role, bool reachable);
/* The municipality makes it inactive. */
void cluster_expel(struct cluster *, unsigned node);
/* `node` writes `n` envelopes of about `size` bytes to its feed in the channel; `other` is the
 * other party of a handover. */
void cluster_write(struct cluster *, unsigned node, enum channel_kind, unsigned other, unsigned n,
                   size_t size);

/* A crash: what was not committed is gone, links break. */
void cluster_stop(struct cluster *, unsigned node);
void cluster_start(struct cluster *, unsigned node);
/* Its copy of `author`'s feed loses what comes after `seq`; it must be stopped. */
void cluster_roll_back(struct cluster *, unsigned node, unsigned author, enum channel_kind,
                       unsigned other, uint64_t seq);
/* Nothing passes between the two until mended; links break in the heartbeat's time. */
void cluster_cut(struct cluster *, unsigned a, unsigned b);
void cluster_mend(struct cluster *, unsigned a, unsigned b);
/* The node takes frames in, and answers none: as if stopped by SIGSTOP. */
void cluster_freeze(struct cluster *, unsigned node, bool frozen);
/* So many bytes a millisecond to and from it; 0: no bound. */
void cluster_slow(struct cluster *, unsigned node, size_t bytes_per_ms);
/* The node's disk fails (ADMIT ends in `error`) until OK is set. */
void cluster_disk(struct cluster *, unsigned node, enum err error);

void cluster_run(struct cluster *, time_ms ms);
/* Runs until every running active node holds all that it may hold and nothing is under way; false
 * when `ms_max` passes first. */
bool cluster_converges(struct cluster *, time_ms ms_max);
/* Writes to standard error who stands how with whom. */
void cluster_explain(struct cluster *);
time_ms cluster_now(const struct cluster *);

uint64_t cluster_head(struct cluster *, unsigned node, unsigned author, enum channel_kind,
                      unsigned other);
/* What `node` says of `peer`; state NONE when nothing. */
struct peer_info cluster_peer(const struct cluster *, unsigned node, unsigned peer);
/* Frames that went over the network, all or of one kind (0: all), and their bytes; counted from the
 * last call of cluster_count_from. */
void cluster_count_from(struct cluster *);
size_t cluster_frames(const struct cluster *, unsigned message_kind);
size_t cluster_bytes(const struct cluster *);
/* REPORTED effects at `node`, so far. */
size_t cluster_reports(const struct cluster *, unsigned node);
/* Does `node` know that `author` has forked its feed? */
bool cluster_knows_fork(struct cluster *, unsigned node, unsigned author, enum channel_kind,
                        unsigned other);
/* Has `node` got `member`'s statement about the channel? */
bool cluster_has_statement(struct cluster *, unsigned node, unsigned member, enum channel_kind,
                           unsigned other);

#endif
