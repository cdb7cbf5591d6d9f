#include "frames.h"

#include "memory.h"
#include "proto/envelope.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/statement.h"
#include "sometimes.h"
#include "store/feed.h"

enum { JOINS_AT_ONCE_MAX = 40 };

/* Is what a machine says of itself there? */
static void check_statement(struct machine *from, struct bytes bytes) {
    struct arena arena;
    struct statement statement;
    bool sure = from->restores == 0 && !from->damaged && !from->rotten && !from->forges &&
                !from->cloned_from_other && from->swapped_with == NULL &&
                !disk_has_lied(from->disk) && !member_id_is_zero(&from->member);
    /* What a copy of it has stated comes back to it and goes out again. */
    for (unsigned i = 0; i < from->world->machines_n; i++)
        sure = sure && (from->world->machines[i].original != from->number || i == from->number);
    if (!sure)
        return;
    arena_init(&arena, KIB(512));
    memory_pause();
    if (statement_decode(bytes, &arena, &statement) == OK &&
        member_id_equal(&statement.member, &from->member))
        for (size_t i = 0; i < statement.heads_n; i++) {
            struct feed_info info;
            enum err err = feed_find(from->node->store, &statement.heads[i].feed, &info);
            if (err == ERR_NOT_FOUND || (err == OK && info.head.seq < statement.heads[i].seq))
                violation("%s states that it holds entry %llu of a feed, and does not", from->name,
                          (unsigned long long)statement.heads[i].seq);
        }
    memory_resume();
    arena_done(&arena);
}

/* Each number has one id, whoever sends it. */
static void note_envelopes(struct machine *from, struct bytes frame) {
    struct arena arena;
    struct message message;
    arena_init(&arena, KIB(64));
    memory_pause();
    struct bytes rest = {0};
    if (message_decode(frame, &arena, &message) == OK)
        rest = message.run.envelopes;
    size_t size;
    while (rest.size > 0 && envelope_skip(rest, &size) == OK) {
        struct envelope_id id = envelope_id_of(rest.data);
        uint64_t seq = 0;
        for (int i = 0; i < 8; i++)
            seq = seq << 8 | rest.data[40 + i];
        if (!registry_put(&message.run.feed, seq, &id))
            ledger_double(&message.run.feed, seq, from->number);
        rest.data += size;
        rest.size -= size;
    }
    arena_done(&arena);
    memory_resume();
}

void frame_check(struct machine *from, struct bytes frame) {
    if (frame.size == 0 || frame.size > MESSAGE_SIZE_MAX)
        violation("%s sends a frame of %zu bytes", from->name, frame.size);
    if (has_canary(frame.data, frame.size))
        violation("%s sends plaintext in a frame of type %u", from->name, frame.data[0]);
    if (frame.data[0] == MESSAGE_JOIN && from->joins > 0)
        sometimes(SOMETIMES_ticket_repeated);
    from->joins += frame.data[0] == MESSAGE_JOIN;
    from->credited += frame.data[0] == MESSAGE_CREDIT;
    if (from->joins > JOINS_AT_ONCE_MAX + (uint64_t)from->world->now / 500)
        violation("%s asks to join without end", from->name);
    if (frame.data[0] == MESSAGE_STATEMENT) {
        struct message said;
        struct arena none;
        arena_init(&none, KIB(64));
        if (message_decode(frame, &none, &said) == OK)
            check_statement(from, said.statement);
        arena_done(&none);
    }
    if (frame.data[0] == MESSAGE_RUN)
        note_envelopes(from, frame);
}
