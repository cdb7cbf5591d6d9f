#include "channel.h"

#include "hash.h"

static const struct {
    enum role role;
    const char *name;
} roles[] = {
    {ROLE_MUNICIPALITY, "municipality"},
    {ROLE_KINDERGARTEN, "kindergarten"},
    {ROLE_SCHOOL, "school"},
    {ROLE_RELAY, "relay"},
};
enum { ROLES_N = sizeof roles / sizeof roles[0] };

const char *role_name(enum role role) {
    for (size_t i = 0; i < ROLES_N; i++)
        if (roles[i].role == role)
            return roles[i].name;
    return "unknown";
}

enum err role_parse(const char *name, enum role *ret_role) {
    for (size_t i = 0; i < ROLES_N; i++)
        if (strcmp(roles[i].name, name) == 0) {
            *ret_role = roles[i].role;
            return OK;
        }
    return ERR_ARGUMENT;
}

enum err channel_make(enum channel_kind kind, const struct member_id *a, const struct member_id *b,
                      struct channel *ret_channel) {
    bool has_a = a != NULL && !member_id_is_zero(a), has_b = b != NULL && !member_id_is_zero(b);
    switch (kind) {
    case CHANNEL_ROSTER:
    case CHANNEL_NOTICE:
    case CHANNEL_ANSWERS:
        if (has_a || has_b)
            return ERR_ARGUMENT;
        *ret_channel = (struct channel){.kind = kind};
        return OK;
    case CHANNEL_HANDOVER:
        if (!has_a || !has_b || member_id_equal(a, b))
            return ERR_ARGUMENT;
        bool ordered = member_id_compare(a, b) < 0;
        struct member_id low = ordered ? *a : *b, high = ordered ? *b : *a;
        *ret_channel = (struct channel){.kind = kind, .parties = {low, high}};
        return OK;
    }
    return ERR_ARGUMENT;
}

static bool is_party(const struct channel *channel, const struct member_id *member) {
    return channel->kind == CHANNEL_HANDOVER && (member_id_equal(&channel->parties[0], member) ||
                                                 member_id_equal(&channel->parties[1], member));
}

struct channel_id channel_id_of(const struct federation_id *federation,
                                const struct channel *channel) {
    struct hasher h;
    hasher_init(&h, HASH_CHANNEL);
    hasher_add(&h, federation->bytes, sizeof federation->bytes);
    hasher_add_u16(&h, (uint16_t)channel->kind);
    if (channel->kind == CHANNEL_HANDOVER)
        for (int i = 0; i < 2; i++)
            hasher_add(&h, channel->parties[i].bytes, sizeof channel->parties[i].bytes);
    struct hash hash = hasher_final(&h);
    struct channel_id id;
    memcpy(id.bytes, hash.bytes, sizeof id.bytes);
    return id;
}

bool channel_may_write(const struct channel *channel, const struct member_id *member,
                       enum role role) {
    switch (channel->kind) {
    case CHANNEL_ROSTER:
    case CHANNEL_NOTICE:
        return role == ROLE_MUNICIPALITY;
    case CHANNEL_ANSWERS:
        return role == ROLE_KINDERGARTEN || role == ROLE_SCHOOL;
    case CHANNEL_HANDOVER:
        return is_party(channel, member);
    }
    return false;
}

bool channel_may_read(const struct channel *channel, const struct member_id *member,
                      enum role role) {
    switch (channel->kind) {
    case CHANNEL_ROSTER:
    case CHANNEL_NOTICE:
        return true;
    case CHANNEL_ANSWERS:
        return role == ROLE_MUNICIPALITY;
    case CHANNEL_HANDOVER:
        return is_party(channel, member);
    }
    return false;
}

bool channel_may_hold(const struct channel *channel, const struct member_id *author,
                      const struct member_id *member, enum role role) {
    return role == ROLE_MUNICIPALITY || role == ROLE_RELAY || member_id_equal(author, member) ||
           channel_may_read(channel, member, role);
}

bool channel_is_sealed(enum channel_kind kind) {
    return kind == CHANNEL_ANSWERS || kind == CHANNEL_HANDOVER;
}

bool channel_writer_reads(enum channel_kind kind) {
    return kind != CHANNEL_ANSWERS;
}

struct feed_id feed_id_of(const struct federation_id *federation, const struct channel_id *channel,
                          const struct member_id *author, const struct incarnation *incarnation) {
    struct hasher h;
    hasher_init(&h, HASH_FEED);
    hasher_add(&h, federation->bytes, sizeof federation->bytes);
    hasher_add(&h, channel->bytes, sizeof channel->bytes);
    hasher_add(&h, author->bytes, sizeof author->bytes);
    hasher_add(&h, incarnation->bytes, sizeof incarnation->bytes);
    struct hash hash = hasher_final(&h);
    struct feed_id id;
    memcpy(id.bytes, hash.bytes, sizeof id.bytes);
    return id;
}
