/* The handover's form as a person leaves it. What is read and is clean text comes back the same
 * from a form that is written. */
#include "fuzz.h"

#include "proto/text.h"
#include "service/handover_form.h"

#include <stdlib.h>
#include <string.h>

static bool is_tidy(struct bytes value) {
    return text_is_clean(value, true) &&
           (value.size == 0 || memchr(value.data, '\t', value.size) == NULL);
}

static void check(const struct collection *collection, const struct handover_form_entry *entries,
                  size_t n, enum handover_form_language language) {
    struct buffer out = {0};
    struct arena arena;
    const struct handover_form_entry *again;
    struct handover_form_error error;
    size_t again_n;
    arena_init(&arena, 16 * HANDOVER_FORM_SIZE_MAX);
    HOLDS(handover_form_write(language, "Overlevering", entries, n, &out) == OK);
    if (out.size <= HANDOVER_FORM_SIZE_MAX) {
        HOLDS(handover_form_parse(buffer_view(&out), collection, &arena, &again, &again_n,
                                  &error) == OK);
        HOLDS(again_n == n);
        for (size_t i = 0; i < n; i++) {
            HOLDS(again[i].field == entries[i].field);
            HOLDS(bytes_equal(again[i].value, entries[i].value));
        }
    }
    arena_done(&arena);
    buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct collection *collection = collection_find(COLLECTION_HANDOVER);
    struct arena arena;
    const struct handover_form_entry *entries;
    struct handover_form_error error = {0};
    size_t n;
    fuzz_begin();
    arena_init(&arena, DECODE_MEMORY_MAX);
    enum err e = DECODES(
        handover_form_parse((struct bytes){data, size}, collection, &arena, &entries, &n, &error));
    if (e == OK) {
        bool tidy = true;
        HOLDS(n <= collection->fields_n);
        for (size_t i = 0; i < n; i++) {
            HOLDS(entries[i].line > 0 && entries[i].value.size <= size);
            tidy = tidy && is_tidy(entries[i].value);
        }
        for (int language = FORM_EN; tidy && language <= FORM_DA; language++)
            check(collection, entries, n, (enum handover_form_language)language);
    } else {
        HOLDS((e == ERR_FORMAT || e == ERR_LIMIT) && error.what.en != NULL &&
              error.what.da != NULL);
    }
    arena_done(&arena);
    return 0;
}
