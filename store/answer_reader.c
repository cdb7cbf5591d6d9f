/* answer_row.h's reader: answers as they stand in their envelopes. */
#include "answer_row.h"

#include "feed_row.h"
#include "judge.h"
#include "proto/limits.h"

#include <stdlib.h>

struct answer_reader {
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

enum err answer_reader_new(struct store *s, struct answer_reader **ret_reader) {
    struct answer_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return ERR_MEMORY;
    reader->store = s;
    arena_init(&reader->arena, DECODE_MEMORY_MAX);
    if ((reader->judge = judge_new()) == NULL) {
        answer_reader_free(reader);
        return ERR_MEMORY;
    }
    *ret_reader = reader;
    return OK;
}

void answer_reader_free(struct answer_reader *reader) {
    if (reader == NULL)
        return;
    judge_free(reader->judge);
    arena_done(&reader->arena);
    buffer_done(&reader->bytes);
    free(reader);
}

static enum err open_envelope(struct answer_reader *reader, const struct feed_id *feed,
                              uint64_t seq) {
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

enum err answer_reader_part(struct answer_reader *reader, const struct feed_id *feed, uint64_t seq,
                            size_t set_index, const struct answer_batch **ret_batch) {
    enum err e = OK;
    if (!reader->has_envelope || reader->seq != seq || !feed_id_equal(&reader->feed, feed))
        e = open_envelope(reader, feed, seq);
    if (e != OK)
        return e;
    if (set_index >= reader->sets_n || !reader->sets[set_index].has_answers)
        return ERR_CORRUPT;
    *ret_batch = &reader->sets[set_index].answers;
    return OK;
}
