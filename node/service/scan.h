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
    const char *name; /* below the home */
    uint64_t size, hits;
};
typedef enum err scan_visit(void *context, const struct scan_file *);

MUST_USE enum err scan_new(const char *home, struct scan **ret_scan);
void scan_free(struct scan *);
/* Counts `text` in every regular file below the home, byte for byte. ERR_IO when one can't be read. */
MUST_USE enum err scan_home(struct scan *, struct bytes text, scan_visit *, void *context);

#endif
