#include "sorted.h"

#include <stdlib.h>
#include <string.h>

void sorted_done(struct sorted *sorted) {
    free(sorted->list);
    *sorted = (struct sorted){.key_size = sorted->key_size};
}

size_t sorted_place(const struct sorted *sorted, const void *key, bool *ret_found) {
    size_t low = 0, high = sorted->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(sorted->list[middle], key, sorted->key_size);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = false;
    return low;
}

void *sorted_find(const struct sorted *sorted, const void *key) {
    bool found;
    size_t place = sorted_place(sorted, key, &found);
    return found ? sorted->list[place] : NULL;
}

enum err sorted_add(struct sorted *sorted, void *thing) {
    if (sorted->n == sorted->capacity) {
        size_t capacity = sorted->capacity == 0 ? 8 : sorted->capacity * 2;
        void **list = realloc(sorted->list, capacity * sizeof *list);
        if (list == NULL)
            return ERR_MEMORY;
        sorted->list = list;
        sorted->capacity = capacity;
    }
    bool found;
    size_t place = sorted_place(sorted, thing, &found);
    memmove(sorted->list + place + 1, sorted->list + place,
            (sorted->n - place) * sizeof *sorted->list);
    sorted->list[place] = thing;
    sorted->n++;
    return OK;
}

void sorted_remove(struct sorted *sorted, const void *key) {
    bool found;
    size_t place = sorted_place(sorted, key, &found);
    if (!found)
        return;
    sorted->n--;
    memmove(sorted->list + place, sorted->list + place + 1,
            (sorted->n - place) * sizeof *sorted->list);
}
