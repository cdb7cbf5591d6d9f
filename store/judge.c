#include "judge.h"
#include "apply.h"
#include "backlog.h"
#include "content_key.h"
#include "epoch.h"
#include "judge_rights.h"
#include "member.h"
#include "proto/limits.h"
#include "quarantine_put.h"
#include "replica.h"
#include "row_key.h"

#include <sodium.h>
#include <stdarg.h>
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

/* One envelope before the judge. It is applied unless something settles it otherwise. */
struct hearing {
    struct store *store;
    struct feed_row *feed;
    const struct envelope *envelope;
    struct judge *judge;
    struct arena *arena; /* the judge's */
    struct verdict *verdict;
    enum role role;
    struct federation_id federation;
    const struct founding *founding;
    bool reopening; /* judged long ago: only read */
    struct declaration *declarations;
    size_t declarations_n;
    struct change_set *sets;
    size_t sets_n;
};

static bool settled(const struct hearing *hearing) {
    return hearing->verdict->status != ENTRY_APPLIED;
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

/* What decoding says of the bytes makes them void; what it says of this machine is passed on. */
static enum err not_decoded(struct hearing *hearing, enum err e, const char *why) {
    if (e == ERR_MEMORY && !hearing->arena->capped)
        return e;
    return verdict_void(hearing->verdict, e == ERR_MEMORY ? ERR_LIMIT : e, why);
}

static enum err check_entry(struct hearing *hearing, const struct roster_entry *entry) {
    struct store *store = hearing->store;
    const struct founding *founding = hearing->founding;
    char why[160] = "";
    if (founding != NULL && (!member_id_equal(&entry->member, &founding->municipality) ||
                             memcmp(&entry->keys, &founding->keys, sizeof entry->keys) != 0 ||
                             entry->role != ROLE_MUNICIPALITY))
        return verdict_void(hearing->verdict, ERR_KEY,
                            "the founder's entry differs from the founding record");
    enum err e = member_check(store, entry, why, sizeof why);
    if (e == OK || why[0] == '\0')
        return e;
    verdict_void(hearing->verdict, e, why);
    if (e != ERR_KEY || store->self.role == 0 ||
        !member_id_equal(&entry->member, &store->self.member))
        return OK;
    return quarantine_put(
        store, &(struct quarantine_new){.kind = QUARANTINE_INCIDENT,
                                        .feed = hearing->feed->info.id,
                                        .seq = hearing->envelope->header.seq,
                                        .author = hearing->feed->info.author,
                                        .reason = ERR_KEY,
                                        .text = "the roster states a foreign key for this node"});
}

static bool is_reader(const struct hearing *hearing, const struct member_id *member) {
    const struct channel *channel = &hearing->feed->info.channel;
    if (channel->kind == CHANNEL_HANDOVER)
        return member_id_equal(member, &channel->parties[0]) ||
               member_id_equal(member, &channel->parties[1]);
    const struct founding *founding = hearing->founding;
    return member_id_is_zero(member) ||
           member_id_equal(member, founding != NULL ? &founding->municipality
                                                    : &hearing->store->roster.municipality);
}

/* Two readers at most, so that a declaration costs little, whatever it holds. */
static enum err check_grants(struct hearing *hearing, const struct epoch_declaration *epoch) {
    for (size_t i = 0; i < epoch->grants_n; i++) {
        const struct member_id *member = &epoch->grants[i].member;
        if (!is_reader(hearing, member))
            return verdict_void(hearing->verdict, ERR_DENIED,
                                "an epoch is granted to one who does not read its channel");
        for (size_t k = 0; k < i; k++)
            if (member_id_equal(member, &epoch->grants[k].member))
                return verdict_void(hearing->verdict, ERR_FORMAT,
                                    "an epoch is granted to a reader twice");
    }
    return OK;
}

static enum err check_epoch(struct hearing *hearing, const struct epoch_declaration *epoch) {
    const struct feed_info *info = &hearing->feed->info;
    struct channel_id expected = info->channel_id;
    if (info->channel.kind == CHANNEL_ROSTER)
        expected = channel_id_of(&hearing->federation, &(struct channel){.kind = CHANNEL_ANSWERS});
    else if (info->channel.kind != CHANNEL_HANDOVER)
        return verdict_void(hearing->verdict, ERR_DENIED,
                            "an epoch is declared where none belongs");
    if (!channel_id_equal(&epoch->channel, &expected))
        return verdict_void(hearing->verdict, ERR_DENIED,
                            "an epoch is declared for another channel");
    return check_grants(hearing, epoch);
}

/* Is a member stated by the first `n` declarations? Each is judged by the roster before the
 * envelope, so there is room for one. */
static bool states_member(const struct hearing *hearing, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (hearing->declarations[i].kind == DECLARATION_ENTRY)
            return true;
    return false;
}

static enum err check_declaration(struct hearing *hearing, size_t index,
                                  const struct declaration *declaration) {
    const struct header *header = &hearing->envelope->header;
    bool roster = hearing->feed->info.channel.kind == CHANNEL_ROSTER;
    switch (declaration->kind) {
    case DECLARATION_BIRTH:
        if (header->seq != 1 || index != 0)
            return verdict_void(hearing->verdict, ERR_FORMAT, "a birth stands where none belongs");
        return OK;
    case DECLARATION_FOUNDING:
        if (!roster || header->seq != 1 || index != 1)
            return verdict_void(hearing->verdict, ERR_FORMAT,
                                "a founding stands where none belongs");
        hearing->founding = &declaration->founding;
        hearing->federation = founding_federation(&declaration->founding);
        return OK;
    case DECLARATION_ENTRY:
        if (!roster)
            return verdict_void(hearing->verdict, ERR_DENIED,
                                "a roster entry stands outside the roster");
        if (states_member(hearing, hearing->declarations_n - 1))
            return verdict_void(hearing->verdict, ERR_FORMAT, "it states more than one member");
        return check_entry(hearing, &declaration->entry);
    case DECLARATION_EPOCH:
        return check_epoch(hearing, &declaration->epoch);
    case DECLARATION_CUT:
        if (!roster)
            return verdict_void(hearing->verdict, ERR_DENIED, "a cut stands outside the roster");
        return OK;
    case DECLARATION_ERASURE:
        return OK;
    }
    return verdict_void(hearing->verdict, ERR_FORMAT, "an unknown declaration");
}

static enum err read_declarations(struct hearing *hearing) {
    const struct envelope *envelope = hearing->envelope;
    size_t sections_n = envelope->header.sections_n;
    hearing->declarations = arena_array(hearing->arena, sections_n, sizeof *hearing->declarations);
    if (hearing->declarations == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < sections_n && !settled(hearing); i++) {
        const struct section *section = &envelope->sections[i];
        if (section->kind != SECTION_DECLARATION)
            continue;
        struct declaration *declaration = &hearing->declarations[hearing->declarations_n];
        enum err e = declaration_decode(section->content, hearing->arena, declaration);
        if (e != OK)
            return not_decoded(hearing, e, "a declaration can't be read");
        hearing->declarations_n++;
        if (!hearing->reopening && (e = check_declaration(hearing, i, declaration)) != OK)
            return e;
    }
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
        return not_decoded(hearing, e, "a change set can't be read");
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
    for (size_t i = 0; e == OK && i < envelope->header.sections_n && !settled(hearing); i++)
        if (envelope->sections[i].kind != SECTION_DECLARATION)
            e = read_set(hearing, i);
    return e;
}

static enum err apply_declaration(struct hearing *hearing, const struct declaration *declaration) {
    struct feed_row *feed = hearing->feed;
    uint64_t seq = hearing->envelope->header.seq;
    switch (declaration->kind) {
    case DECLARATION_FOUNDING:
        return founding_put(hearing->store, feed->row, &feed->info.id, &declaration->founding);
    case DECLARATION_ENTRY:
        return member_put(hearing->store, seq, &declaration->entry);
    case DECLARATION_EPOCH:
        return epoch_put(hearing->store,
                         feed->info.channel.kind == CHANNEL_ROSTER
                             ? &(struct channel){.kind = CHANNEL_ANSWERS}
                             : &feed->info.channel,
                         &declaration->epoch, &feed->info.id, seq, &feed->info.author);
    case DECLARATION_BIRTH:
    case DECLARATION_ERASURE:
    case DECLARATION_CUT:
        break;
    }
    return OK;
}

static enum err apply(struct hearing *hearing, const struct origin *origin) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < hearing->declarations_n; i++)
        e = apply_declaration(hearing, &hearing->declarations[i]);
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
    if (e != OK || settled(hearing))
        return e;
    if (header->schema > SCHEMA_CURRENT)
        return verdict_wait(hearing->verdict, ERR_SCHEMA);
    if ((e = check_sections(hearing)) != OK || settled(hearing))
        return e;
    if ((e = read_declarations(hearing)) != OK || settled(hearing))
        return e;
    if (hearing->founding != NULL && !states_member(hearing, hearing->declarations_n))
        return verdict_void(hearing->verdict, ERR_FORMAT, "it lacks the founder's own entry");
    if ((e = read_sets(hearing)) != OK || settled(hearing))
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

enum err judge_entry(struct store *store, struct feed_row *feed, const struct envelope *envelope,
                     time_ms stored, struct verdict *ret_verdict) {
    struct verdict verdict = {.status = ENTRY_APPLIED};
    struct judge *judge = store->judge;
    struct hearing hearing = {.store = store,
                              .feed = feed,
                              .envelope = envelope,
                              .judge = judge,
                              .arena = &judge->arena,
                              .verdict = &verdict,
                              .federation = store->roster.federation};
    arena_reset(&judge->arena);
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
    struct verdict verdict = {.status = ENTRY_APPLIED};
    struct hearing hearing = {.store = store,
                              .feed = feed,
                              .envelope = envelope,
                              .judge = judge,
                              .arena = &judge->arena,
                              .verdict = &verdict,
                              .reopening = true};
    arena_reset(&judge->arena);
    enum err e = read_declarations(&hearing);
    if (e == OK && !settled(&hearing))
        e = read_sets(&hearing);
    if (e == OK && settled(&hearing))
        e = verdict.reason;
    if (e != OK)
        return e;
    *ret_origin = origin_of(&hearing, stored);
    *ret_sets = hearing.sets;
    *ret_sets_n = hearing.sets_n;
    return OK;
}
