/* Inside the service: ids, times and members in the form that the JSON documents give them (cli/JSON.md). */
#ifndef STAFET_NODE_FORM_H
#define STAFET_NODE_FORM_H

#include "service.h"
#include "store/roster.h"

enum { FORM_NAME_MAX = 256 };

json_t *form_id(const uint8_t *bytes, size_t size); /* base32 */
json_t *form_time(time_ms);                         /* null when 0 */
json_t *form_error(enum err);                       /* its name; null when OK */
json_t *form_words(const struct public_keys *);     /* the fingerprint for the telephone */
/* How much of a value a sentence quotes, for a precision; `ret_rest` stands after it: "…" if that is not all. */
int form_quoted(struct bytes value, const char **ret_rest);
/* The name in the roster, or the beginning of the id of a member that isn't there; also when the roster can't be read: then the document
 * is not whole (whole.h). */
const char *form_name(struct store *, const struct member_id *, char ret_name[static FORM_NAME_MAX]);
/* {"id", "name"}. */
json_t *form_member(struct store *, const struct member_id *);
/* {"id", "name", "role", "status", "fingerprint", "endpoints"}. */
json_t *form_entry(const struct roster_entry *);
/* {"id", "name"} of the federation. */
json_t *form_federation(struct store *);
const char *form_status(enum member_status);
const char *form_channel(enum channel_kind);
/* What the surroundings say of a peer, without its name: {"state", "equal", "since", "last_heard", "last_error", "sent", "received"}. */
json_t *form_session(const json_t *peer);
/* A member's text form as other parts of the node write it: base32 or hexadecimal. ERR_FORMAT. */
MUST_USE enum err form_read_member(const char *text, struct member_id *ret_member);

#endif
