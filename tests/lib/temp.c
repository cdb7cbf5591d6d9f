#include "temp.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void temp_folder(char ret_path[static 256]) {
    const char *parent = getenv("TMPDIR");
    snprintf(ret_path, 256, "%s/stafet-test-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(ret_path) == NULL)
        abort();
}

static int remove_one(const char *path, const struct stat *status __attribute__((unused)),
                      int kind __attribute__((unused)), struct FTW *at __attribute__((unused))) {
    return remove(path);
}

void temp_remove(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void temp_copy(const char *from, const char *to) {
    char content[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t size;
    if (in == NULL || out == NULL)
        abort();
    while ((size = fread(content, 1, sizeof content, in)) > 0)
        if (fwrite(content, 1, size, out) != size)
            abort();
    if (ferror(in) || fclose(out) != 0)
        abort();
    fclose(in);
}
