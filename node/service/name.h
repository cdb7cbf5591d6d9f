/* Inside the service: members' names as people tell them apart. */
#ifndef STAFET_NODE_NAME_H
#define STAFET_NODE_NAME_H

#include "proto/limits.h"
#include "service.h"
#include "store/roster.h"

/* Enough of a member's id to type. */
enum { NAME_ID_PREFIX_MIN = 6, NAME_TEXT_MAX = NAME_SIZE_MAX + 1 };

/* Would both look alike to somebody who reads them aloud? Capitals, white space and how a letter is put together (Å, or A with a ring) tell
 * nobody apart: Unicode's caseless matching in form NFKC. Only the first NAME_SIZE_MAX bytes are compared. */
bool name_is_like(const char *a, const char *b);
/* Would the name begin like this to such a reader? */
bool name_begins(const char *name, const char *beginning);
/* Does it hold a mark that turns the direction of what follows it (U+202A-202E, U+2066-2069), so that it reads as something else? */
bool name_turns(struct bytes text);
/* Is it fit for a member or a federation: one line, no mark that can't be seen, letters of one alphabet? Else ERR_ARGUMENT, and the
 * reply says why. A name of one alphabet throughout that looks like one of another remains possible: words tell them apart. */
MUST_USE enum err name_judge(const char *name, struct reply *);

/* The member whose name this is, as name_is_like sees it, or whose id begins with these NAME_ID_PREFIX_MIN characters or more.
 * ERR_NOT_FOUND, ERR_AMBIGUOUS. */
MUST_USE enum err name_find_member(struct store *, const char *name, struct arena *, struct roster_entry *ret_entry);
/* Is a present member, or an open invitation, called like this? `ret_other` is its name as it is written. */
enum name_holder { NAME_FREE, NAME_OF_MEMBER, NAME_OF_INVITATION };
MUST_USE enum err name_is_taken(struct store *, const char *name, enum name_holder *ret_holder, char ret_other[static NAME_TEXT_MAX]);

#endif
