/* HOME/keys: a node opens its home with it, or says that it is damaged. The first byte says what
 * its mode is. */
#include "fuzz.h"
#include "mutate.h"

#include "store/home.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char title[] = "stafet keys 1\n";

static void put_file(const char *path, const uint8_t *data, size_t size, mode_t mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size && fchmod(fd, mode) == 0);
    close(fd);
}

static void check(const uint8_t *data, size_t size, const struct home *home) {
    struct seed seed;
    struct node_keys keys;
    char *text = calloc(1, size + 1);
    HOLDS(text != NULL);
    memcpy(text, data, size);
    HOLDS(strlen(text) == size); /* nothing behind a NUL is passed over */
    HOLDS(strncmp(text, title, sizeof title - 1) == 0);
    HOLDS(words_to_seed(text + sizeof title - 1, &seed) == OK);
    HOLDS(node_keys_derive(&seed, &keys) == OK && memcmp(&keys, home->keys, sizeof keys) == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct home home;
    char path[HOME_PATH_MAX];
    fuzz_begin();
    if (size == 0)
        return 0;
    mode_t mode = data[0] == 1 ? 0644 : data[0] == 2 ? 0400 : 0600;
    snprintf(path, sizeof path, "%s/keys", fuzz_folder());
    put_file(path, data + 1, size - 1, mode);
    enum err e = home_open(fuzz_folder(), false, &home);
    HOLDS(e == OK || e == ERR_CORRUPT || (e == ERR_DENIED && mode == 0644));
    HOLDS(e != OK || mode != 0644);
    if (e == OK) {
        HOLDS(home.keys != NULL); /* never taken for a home without keys */
        check(data + 1, size - 1, &home);
        home_close(&home);
    }
    HOLDS(unlink(path) == 0);
    return 0;
}

/* Words with a checksum that holds, in other letters and spaces. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    struct seed secret;
    char words[WORDS_TEXT_MAX];
    fuzz_begin();
    if (dice_chance(&dice, 60) || size_max < 256)
        return LLVMFuzzerMutate(data, size, size_max);
    for (size_t i = 0; i < sizeof secret.bytes; i++)
        secret.bytes[i] = (uint8_t)dice_next(&dice);
    words_of_seed(&secret, words);
    for (char *at = words; *at != '\0'; at++) {
        if (*at == '-' && dice_chance(&dice, 20))
            *at = " \n\t"[dice_below(&dice, 3)];
        else if (*at != '-' && dice_chance(&dice, 20))
            *at = (char)(*at - 'a' + 'A');
    }
    int length = snprintf((char *)data, size_max, "%c%s%s%s", 0, title, words,
                          dice_chance(&dice, 50) ? "\n" : " \n\n");
    return (size_t)length;
}
