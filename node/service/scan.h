/* Inside the service: looks for bytes in every file of the home, whatever stands in them.
 *
 * A file of the database stays open until the scan is freed: closing any descriptor of it would drop the POSIX locks that SQLite
 * holds on it in this process (fcntl(2)). So a scan is freed after the store. */
#ifndef STAFET_NODE_SCAN_H
#define STAFET_NODE_SCAN_H

#include "proto/bytes.h"
#include <stdbool.h>

struct scan;

struct scan_file {
    const char *name; /* its path below the home */
    uint64_t size, hits;
};
typedef enum err scan_visit(void *context, const struct scan_file *);

MUST_USE enum err scan_new(const char *home, struct scan **ret_scan);
void scan_free(struct scan *);
/* Counts `text`, borrowed and not empty, in every regular file below the home, those in folders too, byte for byte, a piece of a file at a
 * time. A walk is freed before its scan. */
struct scan_walk;
MUST_USE enum err scan_walk_new(struct scan *, struct bytes text, struct scan_walk **ret_walk);
void scan_walk_free(struct scan_walk *);
/* ERR_IO when a file or folder can't be read; ERR_LIMIT: folders lie too deep. Files go to `visit` when they are done with. */
MUST_USE enum err scan_walk_step(struct scan_walk *, scan_visit *visit, void *context, bool *ret_done);

#endif
