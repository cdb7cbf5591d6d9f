#include "fakelog.h"

#include "proto/limits.h"
#include <stdlib.h>

static void *must(void *made) {
    if (made == NULL)
        abort();
    return made;
}

static void must_ok(enum err e) {
    if (e != OK)
        abort();
}

void fakelog_done(struct fakelog *log) {
    for (size_t i = 0; i < log->n; i++) {
        fakelog_truncate(log, &log->feeds[i].origin->id, 0);
        free(log->feeds[i].entries);
    }
    free(log->feeds);
    *log = (struct fakelog){0};
}

struct fakelog_feed *fakelog_find(const struct fakelog *log, const struct feed_id *id) {
    for (size_t i = 0; i < log->n; i++)
        if (feed_id_equal(&log->feeds[i].origin->id, id))
            return &log->feeds[i];
    return NULL;
}

struct head fakelog_head(const struct fakelog *log, const struct feed_id *id) {
    const struct fakelog_feed *feed = fakelog_find(log, id);
    if (feed == NULL || feed->n == 0)
        return (struct head){0};
    return (struct head){feed->n, feed->entries[feed->n - 1].id};
}

static struct fakelog_feed *feed_of(struct fakelog *log, const struct origin *origin) {
    struct fakelog_feed *feed = fakelog_find(log, &origin->id);
    if (feed != NULL)
        return feed;
    log->feeds = must(realloc(log->feeds, (log->n + 1) * sizeof *log->feeds));
    log->feeds[log->n] = (struct fakelog_feed){.origin = origin};
    return &log->feeds[log->n++];
}

static void add(struct fakelog_feed *feed, struct bytes bytes, const struct envelope_id *id) {
    if (feed->n == feed->capacity) {
        feed->capacity = feed->capacity == 0 ? 8 : feed->capacity * 2;
        feed->entries = must(realloc(feed->entries, feed->capacity * sizeof *feed->entries));
    }
    uint8_t *copy = must(malloc(bytes.size));
    memcpy(copy, bytes.data, bytes.size);
    feed->entries[feed->n++] = (struct fakelog_entry){{copy, bytes.size}, *id};
}

void fakelog_append(struct fakelog *log, const struct origin *origin, struct bytes content) {
    struct fakelog_feed *feed = feed_of(log, origin);
    struct head head = fakelog_head(log, &origin->id);
    struct draft draft;
    struct buffer out = {0};
    struct envelope_id id;
    draft_init(&draft);
    draft.header.feed = origin->id;
    draft.header.seq = head.seq + 1;
    draft.header.prev = head.id;
    draft.header.clock = head.seq + 1;
    must_ok(draft_add_plain(&draft, SECTION_OPEN, content));
    must_ok(draft_sign(&draft, &origin->keys->sign, &out, &id));
    add(feed, buffer_view(&out), &id);
    buffer_done(&out);
    draft_done(&draft);
}

struct bytes fakelog_content(const struct fakelog_feed *feed, uint64_t seq) {
    struct arena arena;
    struct envelope envelope;
    size_t size;
    arena_init(&arena, DECODE_MEMORY_MAX);
    must_ok(envelope_parse(feed->entries[seq - 1].bytes, &arena, &envelope, &size));
    struct bytes content = envelope.sections[0].content;
    arena_done(&arena);
    return content;
}

enum err fakelog_load(const struct fakelog *log, const struct feed_id *id, uint64_t after,
                      const struct id8 *id8, size_t bytes_max, struct buffer *out,
                      uint64_t *ret_last) {
    const struct fakelog_feed *feed = fakelog_find(log, id);
    if (feed == NULL || feed->n <= after)
        return ERR_NOT_FOUND;
    if (after != 0) {
        struct id8 own = envelope_id8(&feed->entries[after - 1].id);
        if (!id8_equal(&own, id8))
            return ERR_CHAIN;
    }
    uint64_t last = after;
    while (last < feed->n) {
        struct bytes next = feed->entries[last].bytes;
        if (last != after && out->size + next.size > bytes_max)
            break;
        must_ok(buffer_append(out, next.data, next.size));
        last++;
    }
    *ret_last = last;
    return OK;
}

/* Does the entry stand here already? ERR_FORK: another does, under its number. */
static enum err compare(const struct fakelog_feed *feed, const struct envelope *envelope) {
    if (envelope->header.seq > feed->n)
        return ERR_NOT_FOUND;
    return envelope_id_equal(&feed->entries[envelope->header.seq - 1].id, &envelope->id) ? OK
                                                                                         : ERR_FORK;
}

enum err fakelog_admit(struct fakelog *log, const struct origin *origin, struct bytes run) {
    struct fakelog_feed *feed = feed_of(log, origin);
    struct arena arena;
    struct verified_run verified;
    enum err e = OK;
    arena_init(&arena, 16 * DECODE_MEMORY_MAX);
    while (run.size != 0) {
        struct envelope envelope;
        size_t size;
        e = envelope_parse(run, &arena, &envelope, &size);
        if (e == OK && feed_id_equal(&envelope.header.feed, &origin->id))
            e = compare(feed, &envelope);
        else if (e == OK)
            e = ERR_CHAIN;
        if (e != OK)
            break;
        run = (struct bytes){run.data + size, run.size - size};
    }
    if (e == ERR_NOT_FOUND) {
        struct head head = fakelog_head(log, &origin->id);
        e = run_verify(run, &origin->id, &head, &origin->keys->public.sign, &arena, &verified);
        for (size_t i = 0; e == OK && i < verified.envelopes_n; i++)
            add(feed, verified.envelopes[i].bytes, &verified.envelopes[i].id);
    }
    arena_done(&arena);
    return e;
}

void fakelog_truncate(struct fakelog *log, const struct feed_id *id, uint64_t seq) {
    struct fakelog_feed *feed = fakelog_find(log, id);
    while (feed != NULL && feed->n > seq) {
        union {
            const uint8_t *borrowed;
            void *owned;
        } bytes = {feed->entries[--feed->n].bytes.data};
        free(bytes.owned);
    }
}
