#include "trace.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE_LINE_MAX = 512, EXIT_VIOLATION = 3 };

static struct {
    crypto_generichash_state state;
    bool print;
    time_ms now;
    const char *replay;
} all;

void trace_begin(bool print) {
    if (crypto_generichash_init(&all.state, NULL, 0, crypto_generichash_BYTES) != 0)
        abort();
    all.print = print;
    all.now = 0;
}

void trace_at(time_ms now) {
    all.now = now;
}

static void add(const void *data, size_t size) {
    if (crypto_generichash_update(&all.state, data, size) != 0)
        abort();
}

void trace(const char *format, ...) {
    char line[TRACE_LINE_MAX];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    size_t size = length < 0 ? 0 : (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
    add(&all.now, sizeof all.now);
    add(line, size);
    if (all.print)
        printf("%10.3f  %s\n", (double)all.now / 1000, line);
}

void trace_bytes(struct bytes bytes) {
    if (bytes.size > 0)
        add(bytes.data, bytes.size);
}

uint64_t trace_hash(void) {
    crypto_generichash_state copy = all.state;
    uint8_t out[crypto_generichash_BYTES];
    uint64_t hash;
    if (crypto_generichash_final(&copy, out, sizeof out) != 0)
        abort();
    memcpy(&hash, out, sizeof hash);
    return hash;
}

void violation_context(const char *replay) {
    all.replay = replay;
}

void violation(const char *format, ...) {
    va_list args;
    fflush(stdout);
    fprintf(stderr, "BROKEN at %.3f s: ", (double)all.now / 1000);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n  replay: %s\n", all.replay != NULL ? all.replay : "?");
    /* Not abort: sanitizers would add their own pages. */
    _Exit(EXIT_VIOLATION);
}
