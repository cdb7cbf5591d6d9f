#include "epoch.h"
#include "hearing.h"
#include "member.h"
#include "quarantine_put.h"
#include "replica.h"

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

enum err judge_declarations(struct hearing *hearing) {
    const struct envelope *envelope = hearing->envelope;
    size_t sections_n = envelope->header.sections_n;
    hearing->declarations = arena_array(hearing->arena, sections_n, sizeof *hearing->declarations);
    if (hearing->declarations == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < sections_n && !hearing_is_settled(hearing); i++) {
        const struct section *section = &envelope->sections[i];
        if (section->kind != SECTION_DECLARATION)
            continue;
        struct declaration *declaration = &hearing->declarations[hearing->declarations_n];
        enum err e = declaration_decode(section->content, hearing->arena, declaration);
        if (e != OK)
            return hearing_not_decoded(hearing, e, "a declaration can't be read");
        hearing->declarations_n++;
        if (!hearing->reopening && (e = check_declaration(hearing, i, declaration)) != OK)
            return e;
    }
    if (!hearing_is_settled(hearing) && hearing->founding != NULL &&
        !states_member(hearing, hearing->declarations_n))
        return verdict_void(hearing->verdict, ERR_FORMAT, "it lacks the founder's own entry");
    return OK;
}

static enum err apply_declaration(const struct hearing *hearing,
                                  const struct declaration *declaration) {
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

enum err judge_declarations_apply(const struct hearing *hearing) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < hearing->declarations_n; i++)
        e = apply_declaration(hearing, &hearing->declarations[i]);
    return e;
}
