#include "emit.h"

#include "session.h"
#include <stdlib.h>

/* The public struct holds only the blocks; the arena around them is made when needed. */
static struct arena arena_of(const struct effects *effects) {
    return (struct arena){.blocks = effects->bytes, .bytes_max = SIZE_MAX};
}

void effects_clear(struct effects *effects) {
    struct arena arena = arena_of(effects);
    arena_reset(&arena);
    effects->bytes = arena.blocks;
    effects->n = 0;
}

void effects_done(struct effects *effects) {
    struct arena arena = arena_of(effects);
    arena_done(&arena);
    free(effects->list);
    *effects = (struct effects){0};
}

static enum err copied(struct effects *effects, struct bytes bytes, struct bytes *ret_copy) {
    struct arena arena = arena_of(effects);
    uint8_t *copy = arena_alloc(&arena, bytes.size);
    effects->bytes = arena.blocks;
    if (copy == NULL)
        return ERR_MEMORY;
    memcpy(copy, bytes.data, bytes.size);
    *ret_copy = (struct bytes){copy, bytes.size};
    return OK;
}

enum err emit_effect(struct engine *engine, const struct effect *effect) {
    struct effects *effects = engine->effects;
    if (effects->n == effects->capacity) {
        size_t capacity = effects->capacity == 0 ? 16 : effects->capacity * 2;
        struct effect *list = realloc(effects->list, capacity * sizeof *list);
        if (list == NULL)
            return ERR_MEMORY;
        effects->list = list;
        effects->capacity = capacity;
    }
    struct effect made = *effect;
    if (effect->bytes.size != 0) {
        enum err e = copied(effects, effect->bytes, &made.bytes);
        if (e != OK)
            return e;
    }
    effects->list[effects->n++] = made;
    return OK;
}

bool emit_for(struct session *session, const struct effect *effect) {
    struct effect made = *effect;
    made.link = session->link;
    if (session->member != NULL)
        made.member = session->member->id;
    if (emit_effect(session->engine, &made) == OK)
        return true;
    session_fail(session, ERR_MEMORY, false);
    return false;
}

void emit_frame(struct session *session, const struct message *message) {
    if (session->doomed)
        return;
    struct engine *engine = session->engine;
    buffer_clear(&engine->frame);
    if (message_encode(message, &engine->frame) != OK) {
        session_fail(session, ERR_MEMORY, false);
        return;
    }
    struct bytes frame = buffer_view(&engine->frame);
    if (!emit_for(session, &(struct effect){.kind = EFFECT_SEND, .bytes = frame}))
        return;
    if (session->member != NULL)
        session->member->sent += frame.size;
    /* RUNs have their credit, statements their portions. */
    if (message->kind == MESSAGE_RUN || message->kind == MESSAGE_STATEMENT)
        return;
    session->unanswered += frame.size;
    if (session->unanswered > UNANSWERED_MAX)
        session_fail(session, ERR_TIMEOUT, false);
}

void emit_error(struct session *session, enum err e, const struct feed_id *feed) {
    struct message message = {.kind = MESSAGE_ERROR, .error = {.code = e, .text = err_text(e)}};
    if (feed != NULL)
        message.error.feed = *feed;
    emit_frame(session, &message);
}
