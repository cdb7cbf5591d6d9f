#include "full_disk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct rlimit before;

void full_disk_begin(size_t size_max) {
    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &before) != 0)
        abort();
    struct rlimit full = {(rlim_t)size_max, before.rlim_max};
    if (setrlimit(RLIMIT_FSIZE, &full) != 0)
        abort();
}

void full_disk_begin_log(const char *database, size_t more) {
    char log[400];
    struct stat status;
    snprintf(log, sizeof log, "%s-wal", database);
    if (stat(log, &status) != 0)
        abort();
    full_disk_begin((size_t)status.st_size + more);
}

void full_disk_end(void) {
    if (setrlimit(RLIMIT_FSIZE, &before) != 0)
        abort();
}
