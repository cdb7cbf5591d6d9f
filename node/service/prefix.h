/* Inside the service: ids shortened to what tells them apart from each other. */
#ifndef STAFET_NODE_PREFIX_H
#define STAFET_NODE_PREFIX_H

#include "proto/id.h"

enum { PREFIX_MIN = 3 };

/* A list of text forms. Zero-initialised is empty. */
struct prefixes {
    char (*texts)[ID_TEXT_MAX];
    size_t n, capacity;
};
MUST_USE enum err prefixes_add(struct prefixes *, const char *text);
/* After the last one was added. */
void prefixes_sort(struct prefixes *);
void prefixes_done(struct prefixes *);
/* The shortest prefix of `text`, of at least PREFIX_MIN characters, that begins no other text of the sorted list. */
void prefixes_shorten(const struct prefixes *, const char *text, char ret_short[static ID_TEXT_MAX]);

#endif
