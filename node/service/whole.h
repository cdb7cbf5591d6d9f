/* Inside the service: whether what is read and answered is whole. Much of a document is put together without a look at each piece; one that lacks a
 * piece because memory ran out, or names a member by its id because the roster could not be read, must not pass for a whole one: reply_give
 * asks here. */
#ifndef STAFET_NODE_WHOLE_H
#define STAFET_NODE_WHOLE_H

#include "proto/bytes.h"
#include "proto/err.h"
#include <jansson.h>
#include <stdint.h>

/* Counts what memory Jansson doesn't get from now on; again does nothing. */
void whole_watch(void);
/* A piece is missing, or stands in for another, for this reason. */
void whole_spoil(enum err);
/* How often that was so, and why the last time. */
uint64_t whole_spoilt_n(void);
enum err whole_error(void);

/* Reads JSON. Jansson leaves out a character where it has no memory for it, and goes on, even beyond the end of what it has: here
 * it stops at once. ERR_MEMORY; ERR_FORMAT, and then `*ret_where` says why (it may be NULL). Once memory is watched; not from
 * within itself. */
MUST_USE enum err whole_load(struct bytes text, size_t flags, json_error_t *ret_where, json_t **ret_json);

#endif
