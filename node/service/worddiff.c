#include "worddiff.h"

#include <string.h>

struct words {
    struct bytes *list;
    size_t n;
};

/* Which way the best path leaves a cell of the table. */
enum step { STEP_BOTH, STEP_OLD, STEP_NEW };

size_t worddiff_arena_max(size_t old_size, size_t new_size) {
    size_t words_max = old_size + new_size;
    return words_max * (sizeof(struct bytes) + 2 * sizeof(struct worddiff_piece)) +
           (new_size + 1) * sizeof(uint32_t) * 2 + WORDDIFF_CELLS_MAX + 4096;
}

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\n' || c == '\t';
}

static bool is_punctuation(uint8_t c) {
    return c != 0 && strchr(",.;:!?()\"'", c) != NULL;
}

/* The size of the word that `text` begins with. */
static size_t word_size(struct bytes text) {
    size_t size = 1;
    if (is_space(text.data[0])) {
        while (size < text.size && is_space(text.data[size]))
            size++;
        return size;
    }
    if (is_punctuation(text.data[0]))
        return 1;
    while (size < text.size && !is_space(text.data[size]))
        size++;
    while (is_punctuation(text.data[size - 1]))
        size--;
    return size;
}

static bool words_of(struct bytes text, struct arena *arena, struct words *ret_words) {
    struct bytes *list = arena_array(arena, text.size, sizeof *list);
    size_t n = 0;
    if (list == NULL)
        return false;
    while (text.size > 0) {
        size_t size = word_size(text);
        list[n++] = (struct bytes){text.data, size};
        text = (struct bytes){text.data + size, text.size - size};
    }
    *ret_words = (struct words){list, n};
    return true;
}

/* From `first` up to but not including `end`: words stand side by side in their text. */
static struct bytes span(const struct words *words, size_t first, size_t end) {
    if (first == end)
        return (struct bytes){NULL, 0};
    const struct bytes *last = &words->list[end - 1];
    const uint8_t *start = words->list[first].data;
    return (struct bytes){start, (size_t)(last->data + last->size - start)};
}

static struct bytes joined(struct bytes a, struct bytes b) {
    if (a.size == 0)
        return b;
    return (struct bytes){a.data, a.size + b.size};
}

static bool is_all_space(struct bytes text) {
    for (size_t i = 0; i < text.size; i++)
        if (!is_space(text.data[i]))
            return false;
    return true;
}

struct pieces {
    struct worddiff_piece *list;
    size_t n;
};

static void add(struct pieces *pieces, bool changed, struct bytes old, struct bytes new) {
    struct worddiff_piece *last = pieces->n > 0 ? &pieces->list[pieces->n - 1] : NULL;
    if (old.size == 0 && new.size == 0)
        return;
    if (last != NULL && last->changed == changed) {
        last->old = joined(last->old, old);
        last->new = joined(last->new, new);
    } else {
        pieces->list[pieces->n++] = (struct worddiff_piece){changed, old, new};
    }
}

static bool is_replacement(const struct worddiff_piece *piece) {
    return piece->changed && piece->old.size > 0 && piece->new.size > 0;
}

/* "[12→13] [August→September]" is easier to read as one. */
static void join_replacements(struct pieces *pieces) {
    size_t n = 0;
    for (size_t i = 0; i < pieces->n; i++) {
        struct worddiff_piece piece = pieces->list[i];
        struct worddiff_piece *before = n >= 2 ? &pieces->list[n - 2] : NULL;
        struct worddiff_piece *between = n >= 2 ? &pieces->list[n - 1] : NULL;
        if (before != NULL && is_replacement(&piece) && is_replacement(before) &&
            is_all_space(between->new)) {
            before->old = joined(joined(before->old, between->old), piece.old);
            before->new = joined(joined(before->new, between->new), piece.new);
            n--;
        } else {
            pieces->list[n++] = piece;
        }
    }
    pieces->n = n;
}

/* A word that both have says more than the space beside it. */
static uint32_t weight(struct bytes word) {
    return is_space(word.data[0]) || is_punctuation(word.data[0]) ? 1 : 4;
}

/* The steps of a heaviest common subsequence of old[0..n) and new[0..m), as a table of n rows and m
 * columns: the step to take from (i, j). Weights are kept for two rows only, from the end. */
static bool steps_of(const struct bytes *old, size_t n, const struct bytes *new, size_t m,
                     struct arena *arena, uint8_t **ret_steps) {
    uint8_t *steps = arena_array(arena, n, m);
    uint32_t *below = arena_array(arena, m + 1, sizeof *below);
    uint32_t *row = arena_array(arena, m + 1, sizeof *row);
    if (steps == NULL || below == NULL || row == NULL)
        return false;
    for (size_t i = n; i-- > 0;) {
        for (size_t j = m; j-- > 0;) {
            uint8_t *step = &steps[i * m + j];
            if (bytes_equal(old[i], new[j])) {
                row[j] = below[j + 1] + weight(old[i]);
                *step = STEP_BOTH;
            } else {
                *step = below[j] > row[j + 1] ? STEP_OLD : STEP_NEW;
                row[j] = below[j] > row[j + 1] ? below[j] : row[j + 1];
            }
        }
        uint32_t *swapped = below;
        below = row;
        row = swapped;
        row[m] = 0;
    }
    *ret_steps = steps;
    return true;
}

static enum err compare(const struct words *old, const struct words *new, size_t head, size_t tail,
                        struct arena *arena, struct pieces *pieces) {
    size_t n = old->n - head - tail, m = new->n - head - tail;
    size_t i = 0, j = 0;
    if (n > 0 && m > 0 && m <= WORDDIFF_CELLS_MAX / n) {
        uint8_t *steps;
        if (!steps_of(old->list + head, n, new->list + head, m, arena, &steps))
            return ERR_MEMORY;
        while (i < n && j < m) {
            enum step step = steps[i * m + j];
            size_t i_next = i + (step != STEP_NEW), j_next = j + (step != STEP_OLD);
            add(pieces, step != STEP_BOTH, span(old, head + i, head + i_next),
                span(new, head + j, head + j_next));
            i = i_next;
            j = j_next;
        }
    }
    add(pieces, true, span(old, head + i, head + n), span(new, head + j, head + m));
    return OK;
}

enum err worddiff(struct bytes old, struct bytes new, struct arena *arena,
                  const struct worddiff_piece **ret_pieces, size_t *ret_n) {
    struct words a, b;
    if (!words_of(old, arena, &a) || !words_of(new, arena, &b))
        return ERR_MEMORY;
    struct pieces pieces = {.list = arena_array(arena, a.n + b.n + 1, sizeof *pieces.list)};
    if (pieces.list == NULL)
        return ERR_MEMORY;

    size_t least = a.n < b.n ? a.n : b.n, head = 0, tail = 0;
    while (head < least && bytes_equal(a.list[head], b.list[head]))
        head++;
    while (tail < least - head && bytes_equal(a.list[a.n - 1 - tail], b.list[b.n - 1 - tail]))
        tail++;

    add(&pieces, false, span(&a, 0, head), span(&b, 0, head));
    enum err e = compare(&a, &b, head, tail, arena, &pieces);
    if (e != OK)
        return e;
    add(&pieces, false, span(&a, a.n - tail, a.n), span(&b, b.n - tail, b.n));
    join_replacements(&pieces);
    *ret_pieces = pieces.list;
    *ret_n = pieces.n;
    return OK;
}
