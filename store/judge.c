#include "judge.h"
#include "apply.h"
#include "content_key.h"
#include "hearing.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"
#include "row_key.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

/* More than any envelope within the limits takes: each section is held to its own cap as it is
 * decoded. */
enum { JUDGE_MEMORY_MAX = 16 * 1024 * 1024 };

struct judge {
    struct arena arena;
    struct buffer plain; /* of all sealed sections; wiped after each envelope */
};

struct judge *judge_new(void) {
    struct judge *judge = calloc(1, sizeof *judge);
    if (judge != NULL)
        arena_init(&judge->arena, JUDGE_MEMORY_MAX);
    return judge;
}

void judge_free(struct judge *judge) {
    if (judge == NULL)
        return;
    arena_done(&judge->arena);
    buffer_wipe(&judge->plain);
    free(judge);
}

enum err hearing_not_decoded(struct hearing *hearing, enum err e, const char *why) {
    if (e == ERR_MEMORY && !hearing->arena->capped)
        return e;
    return verdict_void(hearing->verdict, e == ERR_MEMORY ? ERR_LIMIT : e, why);
}

enum err verdict_void(struct verdict *verdict, enum err reason, const char *why) {
    verdict->status = ENTRY_VOID;
    verdict->reason = reason;
    snprintf(verdict->why, sizeof verdict->why, "%s", why);
    return OK;
}

enum err verdict_wait(struct verdict *verdict, enum err reason) {
    verdict->status = ENTRY_WAITING;
    verdict->reason = reason;
    return OK;
}

/* Are there only sections that belong in this channel? */
static enum err check_sections(struct hearing *hearing) {
    const struct envelope *envelope = hearing->envelope;
    enum channel_kind kind = hearing->feed->info.channel.kind;
    for (size_t i = 0; i < envelope->header.sections_n; i++) {
        const struct section *section = &envelope->sections[i];
        bool belongs = section->kind == SECTION_DECLARATION ||
                       (section->kind == SECTION_OPEN && kind == CHANNEL_NOTICE) ||
                       (section->kind == SECTION_SEALED && channel_is_sealed(kind));
        if (!belongs)
            return verdict_void(hearing->verdict, ERR_FORMAT,
                                "a section is of a kind that its channel does not carry");
    }
    return OK;
}

static enum err read_set(struct hearing *hearing, size_t index) {
    const struct section *section = &hearing->envelope->sections[index];
    struct buffer *plain = &hearing->judge->plain;
    struct bytes content = section->content;
    if (section->kind == SECTION_SEALED) {
        struct section_place place = {hearing->feed->info.id, hearing->envelope->header.seq,
                                      (uint16_t)index};
        size_t start = plain->size;
        enum err e = section_open(&hearing->feed->key, &place, section->content, plain);
        if (e == ERR_MEMORY)
            return e;
        if (e != OK)
            return verdict_void(hearing->verdict, e, "a section can't be opened with its key");
        content = (struct bytes){plain->data + start, plain->size - start};
    }
    enum err e = change_set_decode(content, hearing->arena, &hearing->sets[hearing->sets_n]);
    if (e != OK)
        return hearing_not_decoded(hearing, e, "a change set can't be read");
    hearing->sets_n++;
    return OK;
}

/* Decoded values point into the plaintext, so all of it must fit before the first is opened. */
static enum err make_room(struct hearing *hearing) {
    struct buffer *plain = &hearing->judge->plain;
    uint8_t *start;
    buffer_clear(plain);
    enum err e = buffer_extend(plain, hearing->envelope->bytes.size, &start);
    buffer_clear(plain);
    return e;
}

static enum err read_sets(struct hearing *hearing) {
    const struct envelope *envelope = hearing->envelope;
    const struct self *self = &hearing->store->self;
    size_t content_n = envelope->header.sections_n - hearing->declarations_n;
    if (content_n == 0 ||
        !channel_may_read(&hearing->feed->info.channel, &self->member, self->role))
        return OK;
    hearing->sets = arena_array(hearing->arena, content_n, sizeof *hearing->sets);
    if (hearing->sets == NULL)
        return ERR_MEMORY;
    enum err e = make_room(hearing);
    /* A seal block that nothing here is sealed with decides nothing. */
    if (e == OK && envelope->header.seal_seq != 0 &&
        channel_is_sealed(hearing->feed->info.channel.kind)) {
        struct declared declared = {hearing->declarations, hearing->declarations_n};
        e = content_key_find(hearing->store, hearing->feed, envelope->header.seal_seq,
                             envelope->has_seal ? &envelope->seal : NULL, &declared);
        if (e == ERR_KEY)
            return verdict_wait(hearing->verdict, ERR_KEY);
        if (e == ERR_SEAL)
            return verdict_void(hearing->verdict, ERR_SEAL, "its seal block does not open");
    }
    for (size_t i = 0; e == OK && i < envelope->header.sections_n && !hearing_is_settled(hearing);
         i++)
        if (envelope->sections[i].kind != SECTION_DECLARATION)
            e = read_set(hearing, i);
    return e;
}

static enum err apply(struct hearing *hearing, const struct origin *origin) {
    enum err e = judge_declarations_apply(hearing);
    if (e == OK && hearing->sets_n > 0)
        e = apply_sets(hearing->store, origin, hearing->sets, hearing->sets_n);
    return e;
}

static struct origin origin_of(const struct hearing *hearing, time_ms stored) {
    const struct feed_info *info = &hearing->feed->info;
    const struct envelope *envelope = hearing->envelope;
    return (struct origin){.feed_row = hearing->feed->row,
                           .feed = info->id,
                           .seq = envelope->header.seq,
                           .id8 = envelope_id8(&envelope->id),
                           .clock = envelope->header.clock,
                           .author = info->author,
                           .role = hearing->role,
                           .channel = info->channel,
                           .channel_id = info->channel_id,
                           .stored = stored};
}

static enum err hear(struct hearing *hearing, time_ms stored) {
    const struct header *header = &hearing->envelope->header;
    enum err e = judge_rights(hearing->store, hearing->feed, hearing->envelope, hearing->verdict,
                              &hearing->role);
    if (e != OK || hearing_is_settled(hearing))
        return e;
    if (header->schema > SCHEMA_CURRENT)
        return verdict_wait(hearing->verdict, ERR_SCHEMA);
    if ((e = check_sections(hearing)) != OK || hearing_is_settled(hearing))
        return e;
    if ((e = judge_declarations(hearing)) != OK || hearing_is_settled(hearing))
        return e;
    if ((e = read_sets(hearing)) != OK || hearing_is_settled(hearing))
        return e;
    struct origin origin = origin_of(hearing, stored);
    int64_t key;
    if (hearing->sets_n > 0 &&
        row_key_make(hearing->feed->row, header->seq, 0, &key) != OK) /* no fault of its author's */
        return verdict_wait(hearing->verdict, ERR_LIMIT);
    if (hearing->sets_n > 0) {
        e = apply_check(&origin, hearing->sets, hearing->sets_n, hearing->verdict->why,
                        sizeof hearing->verdict->why);
        if (e == ERR_MEMORY)
            return e;
        if (e != OK) {
            hearing->verdict->status = ENTRY_VOID;
            hearing->verdict->reason = e;
            return OK;
        }
    }
    return apply(hearing, &origin);
}

static struct hearing hearing_of(struct store *store, struct judge *judge, struct feed_row *feed,
                                 const struct envelope *envelope, struct verdict *verdict) {
    arena_reset(&judge->arena);
    *verdict = (struct verdict){.status = ENTRY_APPLIED};
    return (struct hearing){.store = store,
                            .feed = feed,
                            .envelope = envelope,
                            .judge = judge,
                            .arena = &judge->arena,
                            .verdict = verdict,
                            .federation = store->roster.federation};
}

enum err judge_entry(struct store *store, struct feed_row *feed, const struct envelope *envelope,
                     time_ms stored, struct verdict *ret_verdict) {
    struct verdict verdict;
    struct judge *judge = store->judge;
    struct hearing hearing = hearing_of(store, judge, feed, envelope, &verdict);
    enum err e = hear(&hearing, stored);
    if (judge->plain.size > 0)
        sodium_memzero(judge->plain.data, judge->plain.size);
    /* It may have been opened by a declaration that does not count. */
    if (verdict.status != ENTRY_APPLIED)
        feed_key_forget(feed);
    if (e == OK && feed->info.channel.kind == CHANNEL_ROSTER && verdict.status != ENTRY_WAITING &&
        store->roster.feed_row == feed->row)
        e = roster_advance(store, envelope->header.seq, &envelope->id);
    if (e == OK)
        *ret_verdict = verdict;
    return e;
}

enum err judge_reopen(struct store *store, struct judge *judge, struct feed_row *feed,
                      const struct envelope *envelope, time_ms stored, struct origin *ret_origin,
                      const struct change_set **ret_sets, size_t *ret_sets_n) {
    struct verdict verdict;
    struct hearing hearing = hearing_of(store, judge, feed, envelope, &verdict);
    hearing.reopening = true;
    enum err e = judge_declarations(&hearing);
    if (e == OK && !hearing_is_settled(&hearing))
        e = read_sets(&hearing);
    if (e == OK && hearing_is_settled(&hearing))
        e = verdict.reason;
    if (e != OK)
        return e;
    *ret_origin = origin_of(&hearing, stored);
    *ret_sets = hearing.sets;
    *ret_sets_n = hearing.sets_n;
    return OK;
}
