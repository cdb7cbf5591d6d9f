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
