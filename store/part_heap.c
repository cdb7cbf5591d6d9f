#include "part_heap.h"

static int compare_numbers(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

int part_compare(const struct tally_part *a, const struct tally_part *b) {
    int order = member_id_compare(&a->author, &b->author);
    if (order == 0)
        order = hash_compare(&a->mark, &b->mark);
    if (order == 0)
        order = compare_numbers(a->parts, b->parts);
    if (order == 0)
        order = feed_id_compare(&a->feed, &b->feed);
    if (order == 0)
        order = compare_numbers(a->part, b->part);
    if (order == 0)
        order = compare_numbers(a->seq, b->seq);
    return order != 0 ? order : compare_numbers(a->set_index, b->set_index);
}

static struct tally_part *parts_of(const struct part_heap *heap, size_t *ret_n) {
    *ret_n = heap->bytes.size / sizeof(struct tally_part);
    return (struct tally_part *)(void *)heap->bytes.data;
}

enum err part_heap_push(struct part_heap *heap, const struct tally_part *part) {
    size_t n;
    enum err e = buffer_append(&heap->bytes, part, sizeof *part);
    if (e != OK)
        return e;
    struct tally_part *parts = parts_of(heap, &n);
    size_t at = n - 1;
    for (; at > 0 && part_compare(part, &parts[(at - 1) / 2]) < 0; at = (at - 1) / 2)
        parts[at] = parts[(at - 1) / 2];
    parts[at] = *part;
    return OK;
}

bool part_heap_first(const struct part_heap *heap, struct tally_part *ret_first) {
    size_t n;
    const struct tally_part *parts = parts_of(heap, &n);
    if (n == 0)
        return false;
    *ret_first = parts[0];
    return true;
}

void part_heap_pop(struct part_heap *heap) {
    size_t n, at = 0, child;
    struct tally_part *parts = parts_of(heap, &n);
    const struct tally_part last = parts[--n];
    heap->bytes.size -= sizeof last;
    while ((child = 2 * at + 1) < n) {
        if (child + 1 < n && part_compare(&parts[child + 1], &parts[child]) < 0)
            child++;
        if (part_compare(&last, &parts[child]) <= 0)
            break;
        parts[at] = parts[child];
        at = child;
    }
    if (n > 0)
        parts[at] = last;
}

void part_heap_done(struct part_heap *heap) {
    buffer_done(&heap->bytes);
}
