/* Putting effects out. A session that memory fails is doomed, not the engine. */
#ifndef STAFET_NODE_ENGINE_EMIT_H
#define STAFET_NODE_ENGINE_EMIT_H

#include "inner.h"

/* Copies `effect` and the bytes it points to. */
MUST_USE enum err emit_effect(struct engine *, const struct effect *);
/* For effects that belong to a session: dooms it when memory runs out. False then. */
bool emit_for(struct session *, const struct effect *);
/* Encodes and sends one frame; nothing for a doomed session. `counted`: RUNs, which need credit,
 * don't count as unanswered. */
void emit_frame(struct session *, const struct message *);
/* ERROR about `feed` (zero: none). */
void emit_error(struct session *, enum err, const struct feed_id *feed);

#endif
