/* Admission to a real store: declarations for the roster, and whatever else members write, signed
 * with their own keys. First byte: who is looked at (Nordby, Skole); then chunks, which make
 * envelopes in several feeds. A replica takes each feed's run whole, its twin takes the feeds in
 * the opposite order, envelope by envelope: what both hold they hold for the same. */
#include "twins.h"

#include "proto/hash.h"
#include "store/admit.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENVELOPES_MAX = 24,
    SECTIONS_IN_ENVELOPE_MAX = 12,
    CONTENT_SIZE_MAX = 32000,
    NAMES_MAX = 16,
    MEMBERS_MAX_SEEN = 64
};

enum op { OP_FEED, OP_DECLARE, OP_OPEN, OP_SEALED, OP_HEADER, OP_SIGN, OP_FIELD, OPS };

struct line {
    struct forge forge;
    struct buffer run;
    struct birth birth;
    bool drafting, sealed, forged; /* forged: an envelope has another's signature */
    size_t sections_n, envelopes_n;
};
struct play {
    struct twins *t;
    struct site *self;
    struct site *twin;
    struct line lines[TWIN_FEEDS_MAX];
    size_t lines_n;
    struct line *at;
    struct hash digests[2];               /* as it stands: self, twin */
    struct version_name names[NAMES_MAX]; /* written so far, to be replaced */
    size_t names_n;
};

static struct site *author_of(const struct play *play, unsigned n) {
    struct site *authors[] = {play->t->nordby, play->t->birk, play->t->skole};
    return authors[n % 3];
}

/* ---- Writing envelopes ---- */

static void sign(struct play *play, unsigned way) {
    struct line *line = play->at;
    if (!line->drafting)
        return;
    struct forge *forge = &line->forge;
    const struct sign_secret *secret = &forge->author->keys.sign;
    struct envelope_id id;
    if (way % 16 == 15) {
        secret = &fuzz_keys(SKOLE)->sign; /* nobody's here */
        line->forged = true;
    }
    /* What has no form can't be signed; then the envelope is dropped. */
    if (draft_sign(&forge->draft, secret, &line->run, &id) == OK) {
        forge->head = (struct head){forge->draft.header.seq, id};
        if (play->names_n < NAMES_MAX)
            play->names[play->names_n++] =
                (struct version_name){forge->feed, forge->head.seq, envelope_id8(&id)};
    }
    line->drafting = false;
    line->envelopes_n++;
}

static void open_draft(struct play *play) {
    struct line *line = play->at;
    if (line->drafting)
        return;
    forge_next(&line->forge);
    line->forge.draft.header.clock += line->envelopes_n;
    line->drafting = true;
    line->sealed = false;
    line->sections_n = 0;
    if (line->forge.head.seq > 0)
        return;
    struct declaration birth = {.kind = DECLARATION_BIRTH, .birth = line->birth};
    forge_declaration(&line->forge, &birth);
    line->sections_n++;
}

/* Room for one more section in the envelope being written? */
static bool has_room(struct play *play) {
    if (play->at->envelopes_n >= ENVELOPES_MAX)
        return false;
    open_draft(play);
    return play->at->sections_n++ < SECTIONS_IN_ENVELOPE_MAX;
}

static struct channel channel_of(const struct play *play, unsigned n) {
    struct channel channel;
    const struct member_id *a = &play->t->birk->member, *b = &play->t->skole->member;
    enum channel_kind kind = (enum channel_kind)(1 + n % 4);
    bool parties = kind == CHANNEL_HANDOVER;
    MUST(channel_make(kind, parties ? a : NULL, parties ? b : NULL, &channel));
    return channel;
}

struct finding {
    const struct channel *channel;
    const struct member_id *author;
    struct feed_info *ret_feed;
    bool found;
};

static enum err find_visit(void *context, const struct feed_info *feed) {
    struct finding *finding = context;
    if (memcmp(&feed->channel, finding->channel, sizeof feed->channel) == 0 &&
        member_id_equal(&feed->author, finding->author)) {
        *finding->ret_feed = *feed;
        finding->found = true;
    }
    return OK;
}

/* argument: author, channel, and whether an existing feed is continued. The same again is a fork.
 */
static void feed(struct play *play, uint8_t argument) {
    if (play->lines_n == TWIN_FEEDS_MAX)
        return;
    struct line *line = &play->lines[play->lines_n++];
    struct site *author = author_of(play, argument);
    struct channel channel = channel_of(play, argument / 4);
    struct feed_info info = {0};
    struct finding finding = {&channel, &author->member, &info, false};
    play->at = line;
    if (argument < 128)
        MUST(feed_each(play->self->store, find_visit, &finding));
    line->birth = (struct birth){.federation = play->t->federation.id,
                                 .channel = channel,
                                 .author = author->member,
                                 .incarnation = {{argument}}};
    if (!finding.found) {
        struct channel_id id = channel_id_of(&line->birth.federation, &channel);
        info.id =
            feed_id_of(&line->birth.federation, &id, &author->member, &line->birth.incarnation);
    }
    forge_begin(&line->forge, author, &info);
}

static void plain(struct play *play, enum section_kind kind, struct bytes content) {
    if (content.size > CONTENT_SIZE_MAX || !has_room(play))
        return;
    uint8_t *copy = fuzz_copy(content.data, content.size);
    twins_translate(play->t, copy, content.size);
    forge_plain(&play->at->forge, kind, (struct bytes){copy, content.size});
    free(copy);
}

static void begin_sealed(struct play *play) {
    struct line *line = play->at;
    if (line->sealed)
        return;
    forge_seal(&line->forge, line->birth.channel.kind == CHANNEL_ANSWERS ? &play->t->answers
                                                                         : &play->t->handover);
    line->sealed = true;
}

static void sealed(struct play *play, struct bytes content) {
    if (content.size > CONTENT_SIZE_MAX || !has_room(play))
        return;
    uint8_t *copy = fuzz_copy(content.data, content.size);
    twins_translate(play->t, copy, content.size);
    begin_sealed(play);
    forge_sealed(&play->at->forge, (struct bytes){copy, content.size});
    free(copy);
}

/* A change of one field that is well formed: argument is the field; the content is how many
 * versions it replaces, which, and its value. */
static void field(struct play *play, uint8_t argument, struct bytes content) {
    struct version_name replaces[NAMES_MAX];
    size_t replaces_n = content.size > 0 ? content.data[0] % 4 : 0;
    char value[64];
    if (content.size < 1 + replaces_n || !has_room(play))
        return;
    for (size_t i = 0; i < replaces_n; i++)
        replaces[i] = play->names[content.data[1 + i] % play->names_n];
    size_t size = content.size - 1 - replaces_n;
    size = size < sizeof value - 1 ? size : sizeof value - 1;
    memcpy(value, content.data + 1 + replaces_n, size);
    value[size] = '\0';
    struct write write = {.record = play->t->record,
                          .collection = argument >= 128 ? 1 : 2,
                          .field = argument & 127,
                          .value = bytes_of_text(value),
                          .replaces = replaces,
                          .replaces_n = replaces_n};
    struct change_set set = {
        .actor_name = "X", .actor_function = "", .writes = &write, .writes_n = 1};
    struct buffer bytes = {0};
    if (change_set_encode(&set, &bytes) == OK) {
        begin_sealed(play);
        forge_sealed(&play->at->forge, buffer_view(&bytes));
    }
    buffer_done(&bytes);
}

static void change_header(struct play *play, uint8_t argument, struct bytes content) {
    if (play->at->envelopes_n >= ENVELOPES_MAX || play->at->drafting)
        return;
    open_draft(play);
    struct header *header = &play->at->forge.draft.header;
    uint64_t value = content.size >= 8 ? get_u64(content.data) >> 1 : argument / 8;
    switch (argument % 8) {
    case 0:
        header->schema = (uint16_t)(value % UINT16_MAX + 1);
        break;
    case 1:
        header->roster_seq = value;
        if (value == 0)
            header->roster_id8 = (struct id8){{0}};
        break;
    case 2:
        header->clock = value;
        break;
    case 3:
        header->roster_seq += value % 4;
        break;
    case 4:
        header->prev.bytes[1] ^= 1;
        break;
    case 5:
        header->seal_seq = header->seq > value ? header->seq - value : header->seq;
        break;
    default:
        header->roster_id8.bytes[7] ^= 1;
    }
}

static void do_chunk(struct play *play, const struct chunk *chunk) {
    switch ((enum op)(chunk->op % OPS)) {
    case OP_FEED:
        feed(play, chunk->argument);
        break;
    case OP_DECLARE:
        plain(play, SECTION_DECLARATION, chunk->content);
        break;
    case OP_OPEN:
        plain(play, SECTION_OPEN, chunk->content);
        break;
    case OP_SEALED:
        sealed(play, chunk->content);
        break;
    case OP_HEADER:
        change_header(play, chunk->argument, chunk->content);
        break;
    case OP_SIGN:
        sign(play, chunk->argument);
        break;
    case OP_FIELD:
        field(play, chunk->argument, chunk->content);
        break;
    case OPS:
        break;
    }
}

/* ---- Admitting them ---- */

static void check_outcome(enum err e) {
    HOLDS(e != ERR_INTERNAL && e != ERR_MEMORY && e != ERR_IO && e != ERR_CORRUPT &&
          e != ERR_DISK_FULL);
}

/* Refused means that nothing has changed since the digest, which is made again after what was
 * taken. */
static enum err admit(struct site *site, struct hash *digest, const struct line *line,
                      const struct site *from, struct bytes run) {
    struct hash after;
    struct admitted admitted;
    enum err e = admit_run(site->store, &from->member, &line->forge.feed, run, &admitted);
    check_outcome(e);
    MUST(store_digest(site->store, &after));
    HOLDS(e == OK || hash_equal(digest, &after));
    *digest = after;
    if (e != OK)
        return e;
    HOLDS(feed_id_equal(&admitted.feed.id, &line->forge.feed));
    HOLDS(admitted.applied_n + admitted.waiting_n + admitted.void_n <= line->envelopes_n);
    return OK;
}

static void admit_whole(struct play *play) {
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < play->lines_n; i++) {
            struct line *line = &play->lines[i];
            if (line->run.size == 0)
                continue;
            enum err e =
                admit(play->self, &play->digests[0], line, play->t->birk, buffer_view(&line->run));
            if (e == OK && !line->forged) {
                struct feed_info info;
                MUST(feed_find(play->self->store, &line->forge.feed, &info));
                HOLDS(info.head.seq >= line->forge.head.seq);
            }
        }
}

static bool admit_one_by_one(struct play *play, const struct line *line) {
    struct bytes rest = buffer_view(&line->run);
    size_t size;
    bool moved = false;
    while (rest.size > 0 && envelope_skip(rest, &size) == OK) {
        struct feed_info before = {0}, after = {0};
        enum err found = feed_find(play->twin->store, &line->forge.feed, &before);
        HOLDS(found == OK || found == ERR_NOT_FOUND);
        if (admit(play->twin, &play->digests[1], line, play->t->birk,
                  (struct bytes){rest.data, size}) == OK) {
            MUST(feed_find(play->twin->store, &line->forge.feed, &after));
            moved = moved || after.head.seq > before.head.seq;
        }
        rest = (struct bytes){rest.data + size, rest.size - size};
    }
    return moved;
}

static void admit_backwards(struct play *play) {
    bool moved = true;
    for (size_t pass = 0; moved && pass <= play->lines_n; pass++) {
        moved = false;
        for (size_t i = play->lines_n; i-- > 0;)
            moved = admit_one_by_one(play, &play->lines[i]) || moved;
    }
}

/* ---- What must hold ---- */

static enum err count_feed(void *context, const struct feed_info *feed) {
    struct hasher *hasher = context;
    if (feed->head.seq > 0) {
        hasher_add(hasher, feed->id.bytes, sizeof feed->id.bytes);
        hasher_add_u64(hasher, feed->head.seq);
        hasher_add(hasher, feed->head.id.bytes, sizeof feed->head.id.bytes);
    }
    return OK;
}

static struct hash heads_of(struct site *site) {
    struct hasher hasher;
    hasher_init(&hasher, HASH_HEADS);
    MUST(feed_each(site->store, count_feed, &hasher));
    return hasher_final(&hasher);
}

static void check_twins(struct play *play) {
    struct hash a = heads_of(play->self), b = heads_of(play->twin);
    bool more;
    if (!hash_equal(&a, &b))
        return;
    do {
        MUST(admit_waiting(play->self->store, 1000, &more));
    } while (more);
    do {
        MUST(admit_waiting(play->twin->store, 1000, &more));
    } while (more);
    MUST(store_digest(play->self->store, &a));
    MUST(store_digest(play->twin->store, &b));
    HOLDS(hash_equal(&a, &b));
}

struct seen {
    struct member_id members[MEMBERS_MAX_SEEN];
    uint32_t counters[MEMBERS_MAX_SEEN];
    enum member_status statuses[MEMBERS_MAX_SEEN];
    size_t n;
};

static enum err see(void *context, const struct roster_entry *entry) {
    struct seen *seen = context;
    if (seen->n == MEMBERS_MAX_SEEN)
        return OK;
    seen->members[seen->n] = entry->member;
    seen->counters[seen->n] = entry->counter;
    seen->statuses[seen->n++] = entry->status;
    return OK;
}

/* Nobody leaves the roster; counters rise; removed is for ever. */
static void check_roster(const struct seen *before, const struct seen *after) {
    HOLDS(after->n >= before->n);
    for (size_t i = 0; i < before->n; i++) {
        bool found = false;
        for (size_t k = 0; k < after->n; k++) {
            if (!member_id_equal(&before->members[i], &after->members[k]))
                continue;
            found = true;
            HOLDS(after->counters[k] >= before->counters[i] ||
                  after->statuses[k] == MEMBER_REMOVED);
            HOLDS(before->statuses[i] != MEMBER_REMOVED || after->statuses[k] == MEMBER_REMOVED);
        }
        HOLDS(found);
    }
}

static void roll_back(struct play *play, int which) {
    struct site *sites[] = {play->self, play->twin};
    for (int i = 0; i < 2; i++) {
        struct hash digest;
        store_rollback(sites[i]->store);
        MUST(store_digest(sites[i]->store, &digest));
        HOLDS(hash_equal(&digest, &play->t->digests[which]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct play play = {.t = twins()};
    struct bytes rest = {data + 1, size - 1};
    struct chunk chunk;
    struct seen before = {.n = 0}, after = {.n = 0};
    if (size == 0)
        return 0;
    fuzz_begin();
    int which = data[0] % 2;
    play.self = which == 0 ? play.t->nordby : play.t->skole;
    play.twin = &play.t->copies[which];
    play.digests[0] = play.digests[1] = play.t->digests[which];
    play.t->federation.now = 1717500000000;
    MUST(store_begin(play.self->store));
    MUST(store_begin(play.twin->store));
    MUST(roster_each(play.self->store, see, &before));
    play.names[play.names_n++] = play.t->version;
    feed(&play, 0);
    while (chunk_next(&rest, &chunk))
        do_chunk(&play, &chunk);
    for (size_t i = 0; i < play.lines_n; i++) {
        play.at = &play.lines[i];
        sign(&play, 0);
    }
    admit_whole(&play);
    MUST(roster_each(play.self->store, see, &after));
    check_roster(&before, &after);
    admit_backwards(&play);
    check_twins(&play);
    roll_back(&play, which);
    for (size_t i = 0; i < play.lines_n; i++) {
        forge_end(&play.lines[i].forge);
        buffer_done(&play.lines[i].run);
    }
    return 0;
}

static size_t mutate_content(uint8_t op, uint8_t *data, size_t size, size_t size_max,
                             struct dice *dice) {
    if (op % OPS == OP_FIELD || op % OPS == OP_HEADER)
        return LLVMFuzzerMutate(data, size, size_max);
    return mutate_message(data, size, size_max, dice);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    fuzz_begin();
    if (size < 2 || dice_chance(&dice, 3))
        return LLVMFuzzerMutate(data, size, size_max);
    return 1 + mutate_chunks(data + 1, size - 1, size_max - 1, mutate_content, &dice);
}
