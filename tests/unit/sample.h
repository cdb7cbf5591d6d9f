/* A file of deploy/samples. */
#ifndef STAFET_TESTS_SAMPLE_H
#define STAFET_TESTS_SAMPLE_H

#include "proto/bytes.h"
#include "test.h"
#include <stdio.h>

static inline void read_sample(const char *name, struct buffer *out) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", SAMPLES, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *start;
    assert_ok(buffer_extend(out, 1 << 20, &start));
    out->size = fread(start, 1, 1 << 20, file);
    fclose(file);
}

#endif
