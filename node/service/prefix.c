#include "prefix.h"

#include <stdio.h>
#include <stdlib.h>

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

void prefixes_shorten(const struct prefixes *prefixes, const char *text,
                      char ret_short[static ID_TEXT_MAX]) {
    size_t length = PREFIX_MIN;
    for (size_t i = 0; i < prefixes->n; i++) {
        const char *other = prefixes->texts[i];
        size_t same = 0;
        while (other[same] != '\0' && other[same] == text[same])
            same++;
        if (text[same] != '\0' && same + 1 > length)
            length = same + 1;
    }
    snprintf(ret_short, ID_TEXT_MAX, "%.*s", (int)length, text);
}
