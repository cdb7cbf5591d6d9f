#include "outgoing.h"
#include "apply.h"
#include "burnt.h"
#include "judge.h"
#include "proto/limits.h"
#include "replica.h"

static enum err add_declaration(struct draft *draft, const struct declaration *declaration) {
    struct buffer content = {0};
    enum err e = declaration_encode(declaration, &content);
    if (e == OK)
        e = draft_add_plain(draft, SECTION_DECLARATION, buffer_view(&content));
    buffer_done(&content);
    return e;
}

static enum err add_set(struct draft *draft, bool sealed, const struct change_set *set) {
    struct buffer content = {0};
    enum err e = change_set_encode(set, &content);
    if (e == OK)
        e = sealed ? draft_add_sealed(draft, buffer_view(&content), true)
                   : draft_add_plain(draft, SECTION_OPEN, buffer_view(&content));
    buffer_wipe(&content);
    return e;
}

static enum err add_sections(struct draft *draft, bool sealed, const struct outgoing *out) {
    enum err e = OK;
    if (out->birth != NULL)
        e = add_declaration(draft, out->birth);
    if (e == OK && out->epoch != NULL)
        e = add_declaration(draft, out->epoch);
    for (size_t i = 0; e == OK && i < out->declarations_n; i++)
        e = add_declaration(draft, &out->declarations[i]);
    for (size_t i = 0; e == OK && i < out->sets_n; i++)
        e = add_set(draft, sealed, &out->sets[i]);
    return e;
}

/* A content key serves up to SEAL_REUSE_MAX envelopes where its writer may read them anyway;
 * elsewhere it is forgotten at once. */
static enum err choose_key(struct draft *draft, struct feed_row *feed, const struct outgoing *out) {
    bool reads = channel_writer_reads(feed->info.channel.kind);
    bool same = feed->has_key &&
                memcmp(feed->key_epoch.bytes, out->seal_to.bytes, sizeof out->seal_to.bytes) == 0;
    if (reads && same && draft->header.seq - feed->key_seq < SEAL_REUSE_MAX) {
        draft->header.seal_seq = feed->key_seq;
        draft->key = feed->key;
        return OK;
    }
    enum err e = seal_block_new(&out->seal_to, &draft->key, &draft->seal);
    if (e != OK)
        return e;
    draft->has_seal = true;
    draft->header.seal_seq = draft->header.seq;
    if (reads) {
        feed->has_key = true;
        feed->key = draft->key;
        feed->key_seq = draft->header.seq;
        feed->key_epoch = out->seal_to;
    }
    return OK;
}

static void fill_header(struct store *store, const struct feed_row *feed, struct header *header) {
    const struct feed_info *info = &feed->info;
    bool roster = info->channel.kind == CHANNEL_ROSTER;
    time_ms now = store_now(store);
    header->schema = SCHEMA_CURRENT;
    header->feed = info->id;
    header->seq = info->head.seq + 1;
    header->prev = info->head.id;
    header->roster_seq = roster ? info->head.seq : store->roster.seq;
    header->roster_id8 = roster ? envelope_id8(&info->head.id) : store->roster.id8;
    if (channel_writer_reads(info->channel.kind))
        header->clock = store->clock =
            clock_next(store->clock > feed->clock ? store->clock : feed->clock, now);
    else
        header->clock = clock_next_day(feed->clock, now);
}

/* What is sealed away from its writer can't be judged by the writer's store: it is looked at
 * before. */
static enum err check_unreadable(struct store *store, const struct feed_row *feed,
                                 const struct outgoing *out) {
    if (out->sets_n == 0 || channel_writer_reads(feed->info.channel.kind))
        return OK;
    struct origin origin = {.feed_row = feed->row,
                            .feed = feed->info.id,
                            .seq = feed->info.head.seq + 1,
                            .author = store->self.member,
                            .role = store->self.role,
                            .channel = feed->info.channel,
                            .channel_id = feed->info.channel_id};
    return apply_check(&origin, out->sets, out->sets_n, store->failure, sizeof store->failure);
}

static enum err put_in(struct store *store, struct feed_row *feed, struct bytes bytes,
                       struct arena *arena) {
    struct envelope envelope;
    struct verdict verdict;
    size_t size;
    time_ms now = store_now(store);
    enum err e = envelope_parse(bytes, arena, &envelope, &size);
    if (e == OK)
        e = judge_entry(store, feed, &envelope, now, &verdict);
    if (e != OK)
        return e;
    if (verdict.status != ENTRY_APPLIED) {
        bool named = verdict.reason == ERR_DENIED || verdict.reason == ERR_LIMIT ||
                     verdict.reason == ERR_KEY || verdict.reason == ERR_EXISTS ||
                     verdict.reason == ERR_ROSTER;
        return store_fail(store, named ? verdict.reason : ERR_ARGUMENT, "%s",
                          verdict.why[0] != '\0' ? verdict.why : err_text(verdict.reason));
    }
    store->own_grew = true;
    if (feed->info.channel.kind != CHANNEL_ROSTER)
        e = burnt_note(store->burnt, feed->row);
    if (e == OK)
        e = entry_insert(
            store, feed, &envelope,
            &(struct entry_new){.status = ENTRY_APPLIED, .checked = true, .stored = now});
    if (e == OK)
        e = feed_row_save(store, feed);
    return e == OK ? news_put_feed(store, &feed->info.id) : e;
}

enum err outgoing_write(struct store *store, struct feed_row *feed, const struct outgoing *out,
                        struct version_name *ret_written) {
    struct draft draft;
    struct buffer bytes = {0};
    struct envelope_id id;
    struct arena arena;
    bool sealed = channel_is_sealed(feed->info.channel.kind);
    draft_init(&draft);
    arena_init(&arena, DECODE_MEMORY_MAX);
    enum err e = check_unreadable(store, feed, out);
    if (e == OK && !store->place.settled) /* a copy of what is signed now could not be told */
        e = store_fail(store, ERR_DISK_FULL, "the disk is full");
    if (e != OK)
        goto done;
    fill_header(store, feed, &draft.header);
    if (draft.header.seq > (uint64_t)ENTRY_SEQ_MAX)
        e = ERR_LIMIT;
    if (e == OK && sealed && out->sets_n > 0)
        e = choose_key(&draft, feed, out);
    if (e == OK)
        e = add_sections(&draft, sealed, out);
    if (e == OK)
        e = draft_sign(&draft, &store->config.keys->sign, &bytes, &id);
    if (e == OK)
        e = put_in(store, feed, buffer_view(&bytes), &arena);
    if (e == OK)
        *ret_written = (struct version_name){feed->info.id, draft.header.seq, envelope_id8(&id)};
done:
    arena_done(&arena);
    buffer_done(&bytes);
    draft_done(&draft);
    return e;
}
