#include "lack.h"

#include "proto/limits.h"
#include "store/claim.h"
#include "store/roster.h"

#include <stdlib.h>
#include <string.h>

/* A head that somebody stated. */
struct stated {
    struct member_id member;
    struct feed_id feed;
    uint64_t seq; /* 0: another branch than here */
    bool doubted; /* says more than can be */
    bool held;    /* this node may hold all feeds of that channel */
};
struct relay {
    struct member_id id;
    uint64_t entries; /* in lack_of: of what the member asked about lacks */
};
/* Nobody is this far ahead of another in one feed: whoever states it is mistaken or lies. */
enum { LEAD_MAX = 1000000 };

struct lacks {
    struct store *store;
    struct self self;
    struct buffer active; /* ids of active members, in order */
    struct claim *claims; /* what one member states alone, in order of feed */
    size_t claims_n, claims_capacity;
    struct feed_info *feeds; /* in order of id */
    size_t feeds_n, feeds_capacity;
    struct stated *stated; /* in order of feed, member */
    size_t stated_n, stated_capacity;
    struct relay *relays;
    size_t relays_n, relays_capacity;
    uint64_t here;
};

/* Room for one more at the end of a growing list. */
static enum err grow(void **list, size_t n, size_t *capacity, size_t size) {
    if (n < *capacity)
        return OK;
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *moved = realloc(*list, wanted * size);
    if (moved == NULL)
        return ERR_MEMORY;
    *list = moved;
    *capacity = wanted;
    return OK;
}

static enum err add_feed(void *context, const struct feed_info *feed) {
    struct lacks *lacks = context;
    void *list = lacks->feeds;
    enum err e = grow(&list, lacks->feeds_n, &lacks->feeds_capacity, sizeof *lacks->feeds);
    lacks->feeds = list;
    if (e == OK)
        lacks->feeds[lacks->feeds_n++] = *feed;
    return e;
}

static enum err add_member(void *context, const struct roster_entry *entry) {
    struct lacks *lacks = context;
    return entry->status == MEMBER_ACTIVE
               ? buffer_append(&lacks->active, entry->member.bytes, sizeof entry->member.bytes)
               : OK;
}

static int by_id(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct member_id));
}

static bool is_active(const struct lacks *lacks, const struct member_id *member) {
    size_t n = lacks->active.size / sizeof *member;
    return n > 0 && bsearch(member, lacks->active.data, n, sizeof *member, by_id) != NULL;
}

static enum err add_relay(void *context, const struct roster_entry *entry) {
    struct lacks *lacks = context;
    bool relays = entry->role == ROLE_MUNICIPALITY || entry->role == ROLE_RELAY;
    if (!relays || entry->status != MEMBER_ACTIVE ||
        member_id_equal(&entry->member, &lacks->self.member))
        return OK;
    void *list = lacks->relays;
    enum err e = grow(&list, lacks->relays_n, &lacks->relays_capacity, sizeof *lacks->relays);
    lacks->relays = list;
    if (e == OK)
        lacks->relays[lacks->relays_n++] = (struct relay){.id = entry->member};
    return e;
}

static int by_feed(const void *a, const void *b) {
    return feed_id_compare(&((const struct feed_info *)a)->id, &((const struct feed_info *)b)->id);
}

static int by_feed_and_member(const void *a, const void *b) {
    const struct stated *x = a, *y = b;
    int order = feed_id_compare(&x->feed, &y->feed);
    return order != 0 ? order : member_id_compare(&x->member, &y->member);
}

static bool holds_channel(const struct lacks *lacks, const struct channel *channel) {
    return channel_may_read(channel, &lacks->self.member, lacks->self.role) ||
           lacks->self.role == ROLE_MUNICIPALITY || lacks->self.role == ROLE_RELAY;
}

static const struct feed_info *feed_here(const struct lacks *lacks, const struct feed_id *id) {
    struct feed_info key = {.id = *id};
    return lacks->feeds_n == 0 ? NULL
                               : bsearch(&key, lacks->feeds, lacks->feeds_n, sizeof key, by_feed);
}

static enum err add_head(struct lacks *lacks, const struct ack_info *ack,
                         const struct version_name *head) {
    struct stated stated = {.member = ack->member,
                            .feed = head->feed,
                            .seq = head->seq,
                            .held = holds_channel(lacks, &ack->channel)};
    const struct feed_info *feed = feed_here(lacks, &head->feed);
    uint64_t have = feed != NULL ? feed->head.seq : 0;
    bool agrees = true;
    enum err e = feed != NULL ? acks_agrees(lacks->store, feed, head, &agrees) : OK;
    if (!agrees)
        stated.seq = 0;
    stated.doubted = stated.seq > have && stated.seq - have > LEAD_MAX;
    if (e == OK)
        lacks->stated[lacks->stated_n++] = stated;
    return e;
}

static enum err add_statement(void *context, const struct ack_info *ack) {
    struct lacks *lacks = context;
    if (member_id_equal(&ack->member, &lacks->self.member) || !is_active(lacks, &ack->member))
        return OK;
    struct arena arena;
    arena_init(&arena, DECODE_MEMORY_MAX);
    struct statement statement;
    enum err e = statement_decode(ack->statement, &arena, &statement);
    for (size_t i = 0; e == OK && i < statement.heads_n; i++) {
        void *list = lacks->stated;
        e = grow(&list, lacks->stated_n, &lacks->stated_capacity, sizeof *lacks->stated);
        lacks->stated = list;
        if (e == OK)
            e = add_head(lacks, ack, &statement.heads[i]);
    }
    arena_done(&arena);
    return e;
}

/* The head of a feed that the member has stated; 0: none. */
static uint64_t stated_head(const struct lacks *lacks, const struct feed_id *feed,
                            const struct member_id *member) {
    struct stated key = {.member = *member, .feed = *feed};
    const struct stated *found =
        lacks->stated_n == 0
            ? NULL
            : bsearch(&key, lacks->stated, lacks->stated_n, sizeof key, by_feed_and_member);
    return found != NULL ? found->seq : 0;
}

/* What is stated of one feed: the highest number, who states it, and the highest that anybody else
 * states. */
struct height {
    uint64_t highest, second;
    const struct stated *by;
};

static struct height height_of(const struct stated *stated, size_t n, uint64_t have) {
    struct height height = {.highest = have, .second = have};
    for (size_t i = 0; i < n; i++) {
        uint64_t seq = stated[i].doubted ? have + 1 : stated[i].seq;
        bool same = height.by != NULL && member_id_equal(&height.by->member, &stated[i].member);
        if (seq > height.highest) {
            height.second = same ? height.second : height.highest;
            height.highest = seq;
            height.by = &stated[i];
        } else if (!same && seq > height.second) {
            height.second = seq;
        }
    }
    return height;
}

static enum err add_claim(struct lacks *lacks, const struct height *height) {
    void *list = lacks->claims;
    enum err e = grow(&list, lacks->claims_n, &lacks->claims_capacity, sizeof *lacks->claims);
    lacks->claims = list;
    if (e == OK)
        lacks->claims[lacks->claims_n++] =
            (struct claim){.from = height->by->member,
                           .feed = height->by->feed,
                           .seq = height->by->seq,
                           .entries = height->highest - height->second};
    return e;
}

/* What others have stated beyond what is here; what is doubted counts as one entry, and what one
 * member alone states counts while it may still be delivered. Of a feed that isn't here at all it
 * counts only where this node holds the whole channel. */
static enum err count_here(struct lacks *lacks) {
    enum err e = OK;
    for (size_t i = 0, n; e == OK && i < lacks->stated_n; i += n) {
        const struct stated *first = &lacks->stated[i];
        const struct feed_info *feed = feed_here(lacks, &first->feed);
        uint64_t have = feed != NULL ? feed->head.seq : 0;
        for (n = 1; i + n < lacks->stated_n && feed_id_equal(&first[n].feed, &first->feed);)
            n++;
        if (feed == NULL && !first->held)
            continue;
        struct height height = height_of(first, n, have);
        lacks->here += height.second - have;
        if (height.highest > height.second)
            e = add_claim(lacks, &height);
    }
    if (e == OK)
        e = claims_weigh(lacks->store, lacks->claims, lacks->claims_n);
    for (size_t i = 0; e == OK && i < lacks->claims_n; i++)
        lacks->here += lacks->claims[i].awaited ? lacks->claims[i].entries : 0;
    return e;
}

enum err lacks_new(struct store *store, struct lacks **ret_lacks) {
    struct lacks *lacks = calloc(1, sizeof *lacks);
    if (lacks == NULL)
        return ERR_MEMORY;
    lacks->store = store;
    enum err e = store_self(store, &lacks->self);
    if (e == OK)
        e = feed_each(store, add_feed, lacks);
    if (e == OK)
        e = roster_each(store, add_relay, lacks);
    if (e == OK)
        e = roster_each(store, add_member, lacks);
    if (e == OK && lacks->active.size > 0)
        qsort(lacks->active.data, lacks->active.size / sizeof(struct member_id),
              sizeof(struct member_id), by_id);
    if (e == OK && lacks->feeds_n > 0)
        qsort(lacks->feeds, lacks->feeds_n, sizeof *lacks->feeds, by_feed);
    if (e == OK)
        e = acks_each(store, add_statement, lacks);
    if (e == OK && lacks->stated_n > 0)
        qsort(lacks->stated, lacks->stated_n, sizeof *lacks->stated, by_feed_and_member);
    if (e == OK)
        e = count_here(lacks);
    if (e == OK)
        *ret_lacks = lacks;
    else
        lacks_free(lacks);
    return e;
}

void lacks_free(struct lacks *lacks) {
    if (lacks == NULL)
        return;
    free(lacks->feeds);
    free(lacks->stated);
    free(lacks->relays);
    free(lacks->claims);
    buffer_done(&lacks->active);
    free(lacks);
}

static enum err take_stored(void *context, const struct feed_info *feed,
                            const struct entry_info *entry) {
    (void)feed;
    *(time_ms *)context = entry->stored;
    return ERR_CANCELLED; /* the first is enough */
}

static enum err stored_at(struct store *store, const struct feed_id *feed, uint64_t seq,
                          time_ms *ret_at) {
    *ret_at = 0;
    enum err e = feed_entries(store, feed, seq, take_stored, ret_at);
    return e == ERR_CANCELLED ? OK : e;
}

/* One feed's share in what the member lacks. */
static enum err count_feed(struct lacks *lacks, const struct feed_info *feed,
                           const struct member_id *member, struct lack *lack) {
    uint64_t has = stated_head(lacks, &feed->id, member);
    if (has >= feed->head.seq)
        return OK;
    time_ms stored;
    enum err e = stored_at(lacks->store, &feed->id, has + 1, &stored);
    if (e != OK)
        return e;
    lack->entries += feed->head.seq - has;
    if (lack->since == 0 || stored < lack->since)
        lack->since = stored;
    for (size_t i = 0; i < lacks->relays_n; i++) {
        uint64_t at = stated_head(lacks, &feed->id, &lacks->relays[i].id);
        if (at > feed->head.seq)
            at = feed->head.seq;
        if (at > has)
            lacks->relays[i].entries += at - has;
    }
    return OK;
}

enum err lack_of(struct lacks *lacks, const struct member_id *member, enum role role,
                 struct lack *ret_lack) {
    struct lack lack = {0};
    for (size_t i = 0; i < lacks->relays_n; i++)
        lacks->relays[i].entries = 0;
    for (size_t i = 0; i < lacks->feeds_n; i++) {
        const struct feed_info *feed = &lacks->feeds[i];
        if (!channel_may_hold(&feed->channel, &feed->author, member, role))
            continue;
        enum err e = count_feed(lacks, feed, member, &lack);
        if (e != OK)
            return e;
    }
    for (size_t i = 0; i < lacks->relays_n; i++)
        if (lacks->relays[i].entries > lack.at_entries &&
            !member_id_equal(&lacks->relays[i].id, member)) {
            lack.at = lacks->relays[i].id;
            lack.at_entries = lacks->relays[i].entries;
        }
    for (size_t i = 0; i < lacks->stated_n; i++)
        lack.doubted +=
            lacks->stated[i].doubted && member_id_equal(&lacks->stated[i].member, member);
    for (size_t i = 0; i < lacks->claims_n; i++)
        lack.doubted +=
            !lacks->claims[i].awaited && member_id_equal(&lacks->claims[i].from, member);
    *ret_lack = lack;
    return OK;
}

uint64_t lacks_here(const struct lacks *lacks) {
    return lacks->here;
}

bool lacks_share_channel(const struct lacks *lacks, const struct member_id *member) {
    for (size_t i = 0; i < lacks->feeds_n; i++) {
        const struct channel *channel = &lacks->feeds[i].channel;
        if (channel->kind != CHANNEL_HANDOVER)
            continue;
        bool self = false, other = false;
        for (int j = 0; j < 2; j++) {
            self = self || member_id_equal(&channel->parties[j], &lacks->self.member);
            other = other || member_id_equal(&channel->parties[j], member);
        }
        if (self && other)
            return true;
    }
    return false;
}
