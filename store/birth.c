#include "birth.h"
#include "member.h"
#include "replica.h"

/* The founding record stands beside the birth of the roster's first feed. It proves itself: its
 * hash is the federation's id, and the root signed it. */
static enum err founding_key(struct bytes run, const struct federation_id *federation,
                             const struct birth *birth, struct arena *arena,
                             struct sign_public *ret_key) {
    struct envelope first;
    struct declaration declaration;
    size_t size;
    enum err e = envelope_parse(run, arena, &first, &size);
    if (e != OK)
        return e;
    if (first.header.sections_n < 2 || first.sections[1].kind != SECTION_DECLARATION ||
        first.sections[1].state != SECTION_PRESENT)
        return ERR_FORMAT;
    e = declaration_decode(first.sections[1].content, arena, &declaration);
    if (e != OK)
        return e;
    if (declaration.kind != DECLARATION_FOUNDING)
        return ERR_FORMAT;
    const struct founding *founding = &declaration.founding;
    struct federation_id id = founding_federation(founding);
    if (!federation_id_equal(&id, federation) ||
        !member_id_equal(&founding->municipality, &birth->author))
        return ERR_FEDERATION;
    e = founding_verify(founding);
    if (e == OK)
        *ret_key = founding->keys.sign;
    return e;
}

/* While joining, and before, there is room for one feed: the roster that the ticket speaks of. */
static enum err first_roster(struct store *store, struct bytes run, const struct birth *birth,
                             struct arena *arena, struct sign_public *ret_key) {
    struct federation_id federation;
    struct member_id municipality;
    enum err e = join_expected(store, &federation, &municipality);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_DENIED : e;
    if (!federation_id_equal(&birth->federation, &federation))
        return ERR_FEDERATION;
    if (birth->channel.kind != CHANNEL_ROSTER || store->roster.feed_row != 0)
        return ERR_DENIED;
    if (!member_id_equal(&birth->author, &municipality))
        return ERR_FEDERATION;
    return founding_key(run, &federation, birth, arena, ret_key);
}

/* Ids cost nothing: without this, whoever writes could open as many channels as it likes. */
static enum err known_parties(struct store *store, const struct birth *birth) {
    for (int i = 0; birth->channel.kind == CHANNEL_HANDOVER && i < 2; i++) {
        struct rights party;
        enum err e = member_rights(store, &birth->channel.parties[i], UINT64_MAX, &party);
        if (e != OK)
            return e;
        if (!party.known)
            return ERR_ROSTER;
    }
    return OK;
}

static enum err known_author(struct store *store, const struct birth *birth,
                             struct sign_public *ret_key) {
    const struct self *self = &store->self;
    struct rights author, here;
    if (!federation_id_equal(&birth->federation, &self->federation))
        return ERR_FEDERATION;
    if (birth->channel.kind == CHANNEL_ROSTER)
        return ERR_DENIED; /* there is one roster, and it is here */
    enum err e = member_rights(store, &birth->author, UINT64_MAX, &author);
    if (e == OK)
        e = member_rights(store, &self->member, UINT64_MAX, &here);
    if (e != OK)
        return e;
    if (!author.known)
        return ERR_ROSTER;
    if (!author.active || !here.active ||
        !channel_may_write(&birth->channel, &birth->author, author.role) ||
        !channel_may_hold(&birth->channel, &birth->author, &self->member, here.role))
        return ERR_DENIED;
    e = known_parties(store, birth);
    return e == OK ? member_sign_key(store, &birth->author, ret_key) : e;
}

enum err birth_admit(struct store *store, const struct feed_id *id, struct bytes run,
                     struct arena *arena, struct feed_row **ret_feed,
                     struct sign_public *ret_author) {
    struct birth birth;
    enum err e = run_peek_birth(run, arena, &birth);
    if (e != OK)
        return e;
    struct channel_id channel_id = channel_id_of(&birth.federation, &birth.channel);
    struct feed_id born =
        feed_id_of(&birth.federation, &channel_id, &birth.author, &birth.incarnation);
    if (!feed_id_equal(&born, id))
        return ERR_HASH;
    e = store->self.role == 0 ? first_roster(store, run, &birth, arena, ret_author)
                              : known_author(store, &birth, ret_author);
    return e == OK ? feed_row_create(store, id, &birth, ret_feed) : e;
}
