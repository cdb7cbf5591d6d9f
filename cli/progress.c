#include "progress.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_init(struct progress *progress, const struct screen *screen) {
    *progress = (struct progress){.screen = screen,
                                  .started_ms = now_ms(),
                                  .wanted = !screen->quiet && isatty(STDERR_FILENO)};
}

void progress_show(void *context, const json_t *piece) {
    struct progress *progress = context;
    int64_t now = now_ms();
    if (!progress->wanted || now - progress->started_ms < 1000 || now - progress->shown_ms < 200)
        return;
    progress->shown_ms = now;
    progress->shown = true;
    const char *what = json_string_value(json_object_get(piece, "what"));
    json_int_t done = json_integer_value(json_object_get(piece, "done"));
    json_int_t of = json_integer_value(json_object_get(piece, "of"));
    what = what != NULL ? what : "";
    if (of > 0)
        fprintf(stderr, "\r\033[K%s: %lld / %lld", what, (long long)done, (long long)of);
    else
        fprintf(stderr, "\r\033[K%s", what);
    fflush(stderr);
}

void progress_done(struct progress *progress) {
    if (progress->shown)
        fputs("\r\033[K", stderr);
}
