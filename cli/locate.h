/* Where a command is carried out: in this process, which then owns the home, or by the node that owns it. */
#ifndef STAFET_CLI_LOCATE_H
#define STAFET_CLI_LOCATE_H

#include "service/service.h"

struct locate;

/* How long a command waits for another short one that owns the home. */
enum { LOCATE_WAIT_MS = 5000 };

/* Takes the home's lock, or finds the node that has it. `create` makes the folder. While the owner answers at no control socket, it
 * is another short command: tries again for `wait_ms`.
 * ERR_NOT_FOUND: no such home; ERR_DENIED: open to others, or not ours; ERR_BUSY: the owner neither answers nor ends. */
MUST_USE enum err locate_new(const char *home, bool create, int64_t wait_ms, struct locate **ret_locate);
void locate_free(struct locate *);

/* Does a running node own the home? */
bool locate_is_remote(const struct locate *);
/* The home in this process, for a node of its own; NULL when remote. A service that has been called here is closed first. */
struct home *locate_home(struct locate *);

typedef void locate_progress(void *context, const json_t *progress);
/* Calls a verb there and waits for its end, jobs too. The reply is final; its error is returned. */
MUST_USE enum err locate_call(struct locate *, const struct asker *, const char *noun, const char *name,
                              const json_t *args, locate_progress *, void *context, struct reply *);

#endif
