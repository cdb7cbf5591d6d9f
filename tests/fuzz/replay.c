/* Runs a target without libFuzzer: every file of the folders and files that are named, then each of
 * them changed by the target's own mutator a few times, the same each time.
 *
 *   replay_TARGET [--changes N] PATH... */
#include "dice.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_SIZE_MAX = 1024 * 1024, CHANGED_SIZE_MAX = 16 * 1024, PATH_SIZE = 4096 };

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *, size_t, size_t, unsigned);

static struct dice dice;
static size_t files, inputs;
static unsigned changes = 8;

/* In place of libFuzzer's: bytes changed, put in, taken out. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max) {
    for (size_t n = 1 + dice_below(&dice, 3); n > 0; n--) {
        size_t way = dice_below(&dice, 4), at = size > 0 ? dice_below(&dice, size) : 0;
        if ((way == 0 || size == 0) && size < size_max) {
            memmove(data + at + 1, data + at, size - at);
            data[at] = (uint8_t)dice_next(&dice);
            size++;
        } else if (way == 1 && size > 1) {
            memmove(data + at, data + at + 1, size - at - 1);
            size--;
        } else if (size > 0) {
            unsigned change = way == 2 ? 1 + (unsigned)dice_below(&dice, 255) : 1u << n;
            data[at] = (uint8_t)(data[at] ^ change);
        }
    }
    return size;
}

/* In memory of its own size, so that a read beyond the end is seen. */
static void run(const uint8_t *data, size_t size) {
    uint8_t *copy = fuzz_copy(data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static void run_changed(const uint8_t *data, size_t size) {
    uint8_t *changed = calloc(1, CHANGED_SIZE_MAX);
    HOLDS(changed != NULL);
    size = size < CHANGED_SIZE_MAX ? size : CHANGED_SIZE_MAX;
    memcpy(changed, data, size);
    for (unsigned i = 0; i < changes; i++) {
        size = LLVMFuzzerCustomMutator != NULL
                   ? LLVMFuzzerCustomMutator(changed, size, CHANGED_SIZE_MAX, i)
                   : LLVMFuzzerMutate(changed, size, CHANGED_SIZE_MAX);
        run(changed, size);
    }
    free(changed);
}

static void run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(FILE_SIZE_MAX);
    if (file == NULL || data == NULL) {
        perror(path);
        exit(2);
    }
    size_t size = fread(data, 1, FILE_SIZE_MAX, file);
    fclose(file);
    run(data, size);
    run_changed(data, size);
    free(data);
    files++;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void run_path(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) {
        perror(path);
        exit(2);
    }
    if (!S_ISDIR(status.st_mode)) {
        run_file(path);
        return;
    }
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, by_name);
    for (int i = 0; i < n; i++) {
        char below[PATH_SIZE];
        snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            run_path(below);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

int main(int argc, char **argv) {
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--changes") == 0) {
        changes = (unsigned)strtoul(argv[2], NULL, 10);
        first = 3;
    }
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    run((const uint8_t *)"", 0);
    for (int i = first; i < argc; i++)
        run_path(argv[i]);
    printf("%zu files, %zu inputs\n", files, inputs);
    return files > 0 ? 0 : 1;
}
