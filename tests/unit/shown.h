/* What a command shows of a document, on Wednesday, 3 June 2026, 12:00 UTC. */
#ifndef STAFET_TESTS_SHOWN_H
#define STAFET_TESTS_SHOWN_H

#include "cli/views.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOON_MS INT64_C(1780488000000)

/* A group's set-up. */
static inline int use_utc(void **state) {
    (void)state;
    setenv("TZ", "UTC0", 1);
    tzset();
    return 0;
}

/* Takes the document; the caller frees. Not inline: gcc 12 takes what the stream has put into
 * `text` for its address. */
__attribute__((noinline, unused)) static char *shown(const char *noun, const char *verb,
                                                     enum language language, json_t *document) {
    char *text = NULL;
    size_t size;
    struct screen screen = {
        .out = open_memstream(&text, &size), .language = language, .width = 80, .now_ms = NOON_MS};
    const struct view *view = view_find(noun, verb);
    assert_non_null(document);
    assert_non_null(screen.out);
    assert_non_null(view);
    view->show(&screen, document);
    fclose(screen.out);
    json_decref(document);
    return text;
}

#endif
