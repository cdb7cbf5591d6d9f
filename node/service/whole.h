/* Inside the service: whether what is answered is whole. Much of a document is put together without a look at each piece; one that lacks a
 * piece because memory ran out, or names a member by its id because the roster could not be read, must not pass for a whole one: reply_give
 * asks here. */
#ifndef STAFET_NODE_WHOLE_H
#define STAFET_NODE_WHOLE_H

#include "proto/err.h"
#include <stdint.h>

/* Counts what memory Jansson doesn't get from now on; again does nothing. */
void whole_watch(void);
/* A piece is missing, or stands in for another, for this reason. */
void whole_spoil(enum err);
/* How often that was so, and why the last time. */
uint64_t whole_spoilt_n(void);
enum err whole_error(void);

#endif
