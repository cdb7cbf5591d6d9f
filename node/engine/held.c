#include "held.h"

#include <stdlib.h>
#include <string.h>

static void take_out(struct session *session, size_t i, struct held_statement *ret_held) {
    *ret_held = session->held[i];
    session->held_bytes -= ret_held->bytes.size;
    session->held_n--;
    memmove(&session->held[i], &session->held[i + 1],
            (session->held_n - i) * sizeof *session->held);
    if (session->held_n > 0)
        return;
    free(session->held);
    session->held = NULL;
    session->held_capacity = 0;
}

static bool has_room(struct session *session) {
    if (session->held_n < session->held_capacity)
        return true;
    size_t capacity = session->held_capacity == 0 ? 8 : session->held_capacity * 2;
    struct held_statement *list = realloc(session->held, capacity * sizeof *list);
    if (list == NULL)
        return false;
    session->held = list;
    session->held_capacity = capacity;
    return true;
}

static void drop(struct session *session, size_t i) {
    struct held_statement held;
    take_out(session, i, &held);
    buffer_done(&held.bytes);
}

void held_put(struct session *session, const struct statement *statement, struct bytes bytes,
              time_ms due) {
    struct held_statement held = {.channel = statement->channel,
                                  .member = statement->member,
                                  .counter = statement->counter,
                                  .due = due};
    for (size_t i = 0; i < session->held_n; i++) {
        const struct held_statement *other = &session->held[i];
        if (!member_id_equal(&other->member, &held.member) ||
            !channel_id_equal(&other->channel, &held.channel))
            continue;
        if (other->counter >= held.counter)
            return;
        held.due = other->due;
        drop(session, i);
        break;
    }
    while (session->held_n == HELD_MAX ||
           (session->held_n != 0 && session->held_bytes + bytes.size > HELD_BYTES_MAX))
        drop(session, 0);
    if (buffer_append(&held.bytes, bytes.data, bytes.size) != OK || !has_room(session)) {
        buffer_done(&held.bytes); /* as if it had been dropped */
        return;
    }
    session->held[session->held_n++] = held;
    session->held_bytes += held.bytes.size;
    engine_due(session->engine, held.due);
}

bool held_take(struct session *session, struct held_statement *ret_held) {
    for (size_t i = 0; i < session->held_n; i++) {
        if (session->held[i].due > session->engine->now) {
            engine_due(session->engine, session->held[i].due);
            continue;
        }
        take_out(session, i, ret_held);
        return true;
    }
    return false;
}

void held_done(struct session *session) {
    while (session->held_n != 0)
        drop(session, session->held_n - 1);
}
