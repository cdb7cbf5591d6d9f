#include "set_reader.h"

#include "apply.h"
#include "feed_row.h"
#include "judge.h"
#include "proto/limits.h"

#include <stdlib.h>

struct set_reader {
    struct store *store;
    struct judge *judge;
    struct arena arena; /* for the envelope's sections */
    struct buffer bytes;
    /* the envelope at hand */
    bool has_envelope;
    struct feed_id feed;
    uint64_t seq;
    const struct change_set *sets;
    size_t sets_n;
};

enum err set_reader_new(struct store *s, struct set_reader **ret_reader) {
    struct set_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return ERR_MEMORY;
    reader->store = s;
    arena_init(&reader->arena, DECODE_MEMORY_MAX);
    if ((reader->judge = judge_new()) == NULL) {
        set_reader_free(reader);
        return ERR_MEMORY;
    }
    *ret_reader = reader;
    return OK;
}

void set_reader_free(struct set_reader *reader) {
    if (reader == NULL)
        return;
    judge_free(reader->judge);
    arena_done(&reader->arena);
    buffer_done(&reader->bytes);
    free(reader);
}

static enum err open_envelope(struct set_reader *reader, const struct feed_id *feed, uint64_t seq) {
    struct store *s = reader->store;
    struct feed_row *row;
    struct envelope envelope;
    struct origin origin;
    time_ms stored;
    size_t size;
    reader->has_envelope = false;
    arena_reset(&reader->arena);
    buffer_clear(&reader->bytes);
    enum err e = feed_row_find(s, feed, &row);
    if (e == OK)
        e = entry_bytes(s, row->row, seq, &reader->bytes, &stored);
    if (e == OK)
        e = envelope_parse(buffer_view(&reader->bytes), &reader->arena, &envelope, &size);
    if (e == OK)
        e = judge_reopen(s, reader->judge, row, &envelope, stored, &origin, &reader->sets,
                         &reader->sets_n);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
    reader->has_envelope = true;
    reader->feed = *feed;
    reader->seq = seq;
    return OK;
}

void set_reader_forget(struct set_reader *reader) {
    reader->has_envelope = false;
}

enum err set_reader_open(struct set_reader *reader, const struct feed_id *feed, uint64_t seq,
                         const struct change_set **ret_sets, size_t *ret_sets_n) {
    enum err e = OK;
    if (!reader->has_envelope || reader->seq != seq || !feed_id_equal(&reader->feed, feed))
        e = open_envelope(reader, feed, seq);
    if (e != OK)
        return e;
    *ret_sets = reader->sets;
    *ret_sets_n = reader->sets_n;
    return OK;
}
