#include "declaration.h"

#include "hash.h"
#include "limits.h"
#include "protobuf.h"

/* ---- Birth ---- */

static enum err birth_read(const Stafet__V1__Birth *message, struct arena *arena,
                           struct birth *ret_birth) {
    struct birth birth = {.closes_n = message->n_closes};
    struct member_id parties[2] = {0};
    if (fixed_read(message->federation, birth.federation.bytes, sizeof birth.federation.bytes) !=
            OK ||
        fixed_read(message->author, birth.author.bytes, sizeof birth.author.bytes) != OK ||
        fixed_read(message->incarnation, birth.incarnation.bytes, sizeof birth.incarnation.bytes) !=
            OK)
        return ERR_FORMAT;
    size_t parties_n = message->channel_kind == CHANNEL_HANDOVER ? 2 : 0;
    if (message->channel_kind > CHANNEL_HANDOVER || message->n_parties != parties_n)
        return ERR_FORMAT;
    for (size_t i = 0; i < parties_n; i++)
        if (fixed_read(message->parties[i], parties[i].bytes, sizeof parties[i].bytes) != OK)
            return ERR_FORMAT;
    /* channel_make would put them in order; on the wire they are. */
    if (channel_make((enum channel_kind)message->channel_kind, &parties[0], &parties[1],
                     &birth.channel) != OK ||
        (parties_n > 0 && member_id_compare(&parties[0], &parties[1]) > 0))
        return ERR_FORMAT;
    enum err err = versions_read(message->closes, message->n_closes, CLOSES_PER_BIRTH_MAX, false,
                                 arena, &birth.closes);
    if (err == OK)
        *ret_birth = birth;
    return err;
}

static enum err birth_write(const struct birth *birth, struct arena *arena,
                            Stafet__V1__Declaration *message) {
    Stafet__V1__Birth *to = arena_alloc(arena, sizeof *to);
    ProtobufCBinaryData *parties = arena_array(arena, 2, sizeof *parties);
    if (to == NULL || parties == NULL)
        return ERR_MEMORY;
    stafet__v1__birth__init(to);
    to->federation = fixed_write(birth->federation.bytes, sizeof birth->federation.bytes);
    to->channel_kind = (uint32_t)birth->channel.kind;
    to->author = fixed_write(birth->author.bytes, sizeof birth->author.bytes);
    to->incarnation = fixed_write(birth->incarnation.bytes, sizeof birth->incarnation.bytes);
    to->parties = parties;
    to->n_parties = birth->channel.kind == CHANNEL_HANDOVER ? 2 : 0;
    for (size_t i = 0; i < to->n_parties; i++)
        parties[i] =
            fixed_write(birth->channel.parties[i].bytes, sizeof birth->channel.parties[i].bytes);
    to->n_closes = birth->closes_n;
    message->birth = to;
    return versions_write(birth->closes, birth->closes_n, CLOSES_PER_BIRTH_MAX, false, arena,
                          &to->closes);
}

/* ---- Roster entry ---- */

static enum err entry_check(const struct roster_entry *entry) {
    enum role role;
    if (entry->counter == 0 || member_id_is_zero(&entry->member) || entry->status < MEMBER_ACTIVE ||
        entry->status > MEMBER_REMOVED)
        return ERR_FORMAT;
    enum err err = role_read((uint32_t)entry->role, &role);
    return err != OK ? err : name_check(entry->name);
}

static enum err entry_read(const Stafet__V1__RosterEntry *message, struct arena *arena,
                           struct roster_entry *ret_entry) {
    struct roster_entry entry = {
        .counter = message->counter,
        .name = message->name,
        .status = (enum member_status)message->status,
        .endpoints_n = message->n_endpoints,
    };
    enum err err = fixed_read(message->member, entry.member.bytes, sizeof entry.member.bytes);
    if (err == OK)
        err = fixed_read_optional(message->ticket, entry.ticket.bytes, sizeof entry.ticket.bytes);
    if (err == OK)
        err = keys_read(message->sign, message->seal, message->transport, &entry.keys);
    if (err == OK)
        err = role_read(message->role, &entry.role);
    if (err == OK)
        err = entry_check(&entry);
    if (err == OK)
        err = endpoints_read(message->endpoints, message->n_endpoints, arena, &entry.endpoints);
    if (err == OK)
        *ret_entry = entry;
    return err;
}

static enum err entry_write(const struct roster_entry *entry, struct arena *arena,
                            Stafet__V1__Declaration *message) {
    enum err err = entry_check(entry);
    if (err != OK)
        return err;
    Stafet__V1__RosterEntry *to = arena_alloc(arena, sizeof *to);
    if (to == NULL)
        return ERR_MEMORY;
    stafet__v1__roster_entry__init(to);
    to->member = fixed_write(entry->member.bytes, sizeof entry->member.bytes);
    to->counter = entry->counter;
    to->role = (uint32_t)entry->role;
    to->name = text_write(entry->name);
    to->status = (uint32_t)entry->status;
    to->sign = fixed_write(entry->keys.sign.bytes, sizeof entry->keys.sign.bytes);
    to->seal = fixed_write(entry->keys.seal.bytes, sizeof entry->keys.seal.bytes);
    to->transport = fixed_write(entry->keys.transport.bytes, sizeof entry->keys.transport.bytes);
    to->ticket = fixed_write_optional(entry->ticket.bytes, sizeof entry->ticket.bytes);
    to->n_endpoints = entry->endpoints_n;
    message->entry = to;
    return endpoints_write(entry->endpoints, entry->endpoints_n, arena, &to->endpoints);
}

/* ---- Epoch ---- */

static enum err epoch_read(const Stafet__V1__Epoch *message, struct arena *arena,
                           struct epoch_declaration *ret_epoch) {
    struct epoch_declaration epoch = {.number = message->number, .grants_n = message->n_grants};
    if (fixed_read(message->channel, epoch.channel.bytes, sizeof epoch.channel.bytes) != OK ||
        fixed_read(message->public_key, epoch.public_key.bytes, sizeof epoch.public_key.bytes) !=
            OK ||
        message->number == 0)
        return ERR_FORMAT;
    if (message->n_grants > GRANTS_PER_EPOCH_MAX)
        return ERR_LIMIT;
    struct grant *grants = arena_array(arena, message->n_grants, sizeof *grants);
    if (grants == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < message->n_grants; i++) {
        const Stafet__V1__Grant *from = message->grants[i];
        if (fixed_read_optional(from->member, grants[i].member.bytes,
                                sizeof grants[i].member.bytes) != OK ||
            fixed_read(from->sealed, grants[i].sealed, sizeof grants[i].sealed) != OK)
            return ERR_FORMAT;
    }
    epoch.grants = grants;
    *ret_epoch = epoch;
    return OK;
}

static enum err epoch_write(const struct epoch_declaration *epoch, struct arena *arena,
                            Stafet__V1__Declaration *message) {
    if (epoch->grants_n > GRANTS_PER_EPOCH_MAX)
        return ERR_LIMIT;
    Stafet__V1__Epoch *to = arena_alloc(arena, sizeof *to);
    Stafet__V1__Grant *grants = arena_array(arena, epoch->grants_n, sizeof *grants);
    Stafet__V1__Grant **pointers = arena_array(arena, epoch->grants_n, sizeof(Stafet__V1__Grant *));
    if (to == NULL || grants == NULL || pointers == NULL)
        return ERR_MEMORY;
    if (epoch->number == 0)
        return ERR_FORMAT;
    stafet__v1__epoch__init(to);
    to->channel = fixed_write(epoch->channel.bytes, sizeof epoch->channel.bytes);
    to->number = epoch->number;
    to->public_key = fixed_write(epoch->public_key.bytes, sizeof epoch->public_key.bytes);
    for (size_t i = 0; i < epoch->grants_n; i++) {
        const struct grant *grant = &epoch->grants[i];
        stafet__v1__grant__init(&grants[i]);
        grants[i].member = fixed_write_optional(grant->member.bytes, sizeof grant->member.bytes);
        grants[i].sealed = fixed_write(grant->sealed, sizeof grant->sealed);
        pointers[i] = &grants[i];
    }
    to->grants = pointers;
    to->n_grants = epoch->grants_n;
    message->epoch = to;
    return OK;
}

/* ---- Erasure order and cut ---- */

static enum err erasure_read(const Stafet__V1__ErasureOrder *message, struct arena *arena,
                             struct declaration *declaration) {
    if (message->n_sections == 0)
        return ERR_FORMAT;
    if (message->n_sections > SECTIONS_PER_ERASURE_MAX)
        return ERR_LIMIT;
    struct section_name *sections = arena_array(arena, message->n_sections, sizeof *sections);
    if (sections == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < message->n_sections; i++) {
        const Stafet__V1__ErasedSection *from = message->sections[i];
        if (fixed_read(from->feed, sections[i].feed.bytes, sizeof sections[i].feed.bytes) != OK ||
            from->seq == 0 || from->seq > INT64_MAX || from->section >= SECTIONS_MAX)
            return ERR_FORMAT;
        sections[i].seq = from->seq;
        sections[i].section = (uint16_t)from->section;
    }
    declaration->erasure.sections = sections;
    declaration->erasure.sections_n = message->n_sections;
    return OK;
}

static enum err erasure_write(const struct section_name *sections, size_t n, struct arena *arena,
                              Stafet__V1__Declaration *message) {
    if (n == 0 || n > SECTIONS_PER_ERASURE_MAX)
        return n == 0 ? ERR_FORMAT : ERR_LIMIT;
    Stafet__V1__ErasureOrder *to = arena_alloc(arena, sizeof *to);
    Stafet__V1__ErasedSection *erased = arena_array(arena, n, sizeof *erased);
    Stafet__V1__ErasedSection **pointers =
        arena_array(arena, n, sizeof(Stafet__V1__ErasedSection *));
    if (to == NULL || erased == NULL || pointers == NULL)
        return ERR_MEMORY;
    stafet__v1__erasure_order__init(to);
    for (size_t i = 0; i < n; i++) {
        if (sections[i].seq == 0 || sections[i].seq > INT64_MAX ||
            sections[i].section >= SECTIONS_MAX)
            return ERR_FORMAT;
        stafet__v1__erased_section__init(&erased[i]);
        erased[i].feed = fixed_write(sections[i].feed.bytes, sizeof sections[i].feed.bytes);
        erased[i].seq = sections[i].seq;
        erased[i].section = sections[i].section;
        pointers[i] = &erased[i];
    }
    to->sections = pointers;
    to->n_sections = n;
    message->erasure = to;
    return OK;
}

static enum err cut_read(const Stafet__V1__Cut *message, struct arena *arena, struct cut *ret_cut) {
    struct cut cut = {.last_n = message->n_last};
    enum err err = fixed_read(message->member, cut.member.bytes, sizeof cut.member.bytes);
    if (err == OK)
        err = versions_read(message->last, message->n_last, FEEDS_PER_CUT_MAX, false, arena,
                            &cut.last);
    if (err == OK)
        *ret_cut = cut;
    return err;
}

static enum err cut_write(const struct cut *cut, struct arena *arena,
                          Stafet__V1__Declaration *message) {
    Stafet__V1__Cut *to = arena_alloc(arena, sizeof *to);
    if (to == NULL)
        return ERR_MEMORY;
    stafet__v1__cut__init(to);
    to->member = fixed_write(cut->member.bytes, sizeof cut->member.bytes);
    to->n_last = cut->last_n;
    message->cut = to;
    return versions_write(cut->last, cut->last_n, FEEDS_PER_CUT_MAX, false, arena, &to->last);
}

/* ---- Any of them ---- */

static enum err fill(const struct declaration *declaration, struct arena *arena,
                     Stafet__V1__Declaration *message) {
    switch (declaration->kind) {
    case DECLARATION_BIRTH:
        return birth_write(&declaration->birth, arena, message);
    case DECLARATION_FOUNDING:
        message->founding = arena_alloc(arena, sizeof *message->founding);
        if (message->founding == NULL)
            return ERR_MEMORY;
        stafet__v1__founding__init(message->founding);
        message->founding->record = binary_write(declaration->founding.record);
        message->founding->signature = fixed_write(declaration->founding.signature.bytes,
                                                   sizeof declaration->founding.signature.bytes);
        return OK;
    case DECLARATION_ENTRY:
        return entry_write(&declaration->entry, arena, message);
    case DECLARATION_EPOCH:
        return epoch_write(&declaration->epoch, arena, message);
    case DECLARATION_ERASURE:
        return erasure_write(declaration->erasure.sections, declaration->erasure.sections_n, arena,
                             message);
    case DECLARATION_CUT:
        return cut_write(&declaration->cut, arena, message);
    }
    return ERR_ARGUMENT;
}

enum err declaration_encode(const struct declaration *declaration, struct buffer *out) {
    Stafet__V1__Declaration message;
    stafet__v1__declaration__init(&message);
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    enum err err = fill(declaration, &arena, &message);
    if (err == OK)
        err = protobuf_pack(&message.base, out);
    arena_done(&arena);
    return err;
}

enum err declaration_decode(struct bytes bytes, struct arena *arena,
                            struct declaration *ret_declaration) {
    const ProtobufCMessage *base;
    enum err err = protobuf_unpack(&stafet__v1__declaration__descriptor, bytes, arena, &base);
    if (err != OK)
        return err;
    const Stafet__V1__Declaration *message = (const Stafet__V1__Declaration *)base;
    int set = (message->birth != NULL) + (message->founding != NULL) + (message->entry != NULL) +
              (message->epoch != NULL) + (message->erasure != NULL) + (message->cut != NULL);
    if (set != 1)
        return ERR_FORMAT;
    struct declaration declaration = {0};
    if (message->birth != NULL) {
        declaration.kind = DECLARATION_BIRTH;
        err = birth_read(message->birth, arena, &declaration.birth);
    } else if (message->founding != NULL) {
        declaration.kind = DECLARATION_FOUNDING;
        err = founding_read(message->founding, arena, &declaration.founding);
    } else if (message->entry != NULL) {
        declaration.kind = DECLARATION_ENTRY;
        err = entry_read(message->entry, arena, &declaration.entry);
    } else if (message->epoch != NULL) {
        declaration.kind = DECLARATION_EPOCH;
        err = epoch_read(message->epoch, arena, &declaration.epoch);
    } else if (message->erasure != NULL) {
        declaration.kind = DECLARATION_ERASURE;
        err = erasure_read(message->erasure, arena, &declaration);
    } else {
        declaration.kind = DECLARATION_CUT;
        err = cut_read(message->cut, arena, &declaration.cut);
    }
    if (err == OK)
        *ret_declaration = declaration;
    return err;
}
