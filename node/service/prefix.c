#include "prefix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err prefixes_add(struct prefixes *prefixes, const char *text) {
    if (prefixes->n == prefixes->capacity) {
        size_t capacity = prefixes->capacity == 0 ? 32 : prefixes->capacity * 2;
        void *moved = realloc(prefixes->texts, capacity * sizeof *prefixes->texts);
        if (moved == NULL)
            return ERR_MEMORY;
        prefixes->texts = moved;
        prefixes->capacity = capacity;
    }
    snprintf(prefixes->texts[prefixes->n++], ID_TEXT_MAX, "%s", text);
    return OK;
}

void prefixes_done(struct prefixes *prefixes) {
    free(prefixes->texts);
    *prefixes = (struct prefixes){0};
}

static int compare(const void *a, const void *b) {
    return strcmp(a, b);
}

void prefixes_sort(struct prefixes *prefixes) {
    if (prefixes->n > 0)
        qsort(prefixes->texts, prefixes->n, sizeof *prefixes->texts, compare);
}

/* How many characters `text` needs to differ from `other`; an equal one is the same id. */
static size_t needed(const char *text, const char *other) {
    size_t same = 0;
    while (other[same] != '\0' && other[same] == text[same])
        same++;
    return text[same] == '\0' ? 0 : same + 1;
}

/* In a sorted list the texts that begin most alike stand next to each other. */
void prefixes_shorten(const struct prefixes *prefixes, const char *text,
                      char ret_short[static ID_TEXT_MAX]) {
    size_t length = PREFIX_MIN, low = 0, high = prefixes->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(prefixes->texts[middle], text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t after = low;
    while (after < prefixes->n && strcmp(prefixes->texts[after], text) == 0)
        after++;
    if (low > 0 && needed(text, prefixes->texts[low - 1]) > length)
        length = needed(text, prefixes->texts[low - 1]);
    if (after < prefixes->n && needed(text, prefixes->texts[after]) > length)
        length = needed(text, prefixes->texts[after]);
    snprintf(ret_short, ID_TEXT_MAX, "%.*s", (int)length, text);
}
