/* Proquints: 16 bits as consonant, vowel, consonant, vowel, consonant. PROTOCOL.md, "Keys". */
#include "hash.h"
#include "key.h"
#include <sodium.h>

enum { WORD_LENGTH = 5, SEED_WORDS = 16, KEYS_WORDS = 5 };
static const char consonants[] = "bdfghjklmnprstvz";
static const char vowels[] = "aiou";

static char *write_word(char *at, uint16_t number) {
    *at++ = consonants[number >> 12 & 15];
    *at++ = vowels[number >> 10 & 3];
    *at++ = consonants[number >> 6 & 15];
    *at++ = vowels[number >> 4 & 3];
    *at++ = consonants[number & 15];
    return at;
}

static void write_words(char *at, const uint8_t *bytes, size_t words_n) {
    for (size_t i = 0; i < words_n; i++) {
        if (i > 0)
            *at++ = '-';
        at = write_word(at, get_u16(bytes + 2 * i));
    }
    *at = '\0';
}

/* Shifts the letter's number into `*number`; false when it is none of `letters`. Any case, no
 * locale. */
static bool read_letter(char letter, const char *letters, unsigned bits, uint16_t *number) {
    if (letter >= 'A' && letter <= 'Z')
        letter = (char)(letter - 'A' + 'a');
    const char *at = letter == '\0' ? NULL : strchr(letters, letter);
    if (at == NULL)
        return false;
    *number = (uint16_t)(*number << bits | (at - letters));
    return true;
}

static bool read_word(const char *at, uint16_t *ret_number) {
    uint16_t number = 0;
    for (int i = 0; i < WORD_LENGTH; i++) {
        bool vowel = i % 2 == 1;
        if (!read_letter(at[i], vowel ? vowels : consonants, vowel ? 2 : 4, &number))
            return false;
    }
    *ret_number = number;
    return true;
}

static void seed_checksum(const struct seed *seed, uint8_t ret_checksum[static 2]) {
    struct hash hash = hash_of(HASH_WORDS, seed->bytes, sizeof seed->bytes);
    memcpy(ret_checksum, hash.bytes, 2);
}

void words_of_seed(const struct seed *seed, char ret_words[static WORDS_TEXT_MAX]) {
    uint8_t bytes[2 * (SEED_WORDS + 1)];
    memcpy(bytes, seed->bytes, sizeof seed->bytes);
    seed_checksum(seed, bytes + sizeof seed->bytes);
    write_words(ret_words, bytes, SEED_WORDS + 1);
    sodium_memzero(bytes, sizeof bytes);
}

enum err words_to_seed(const char *words, struct seed *ret_seed) {
    static const char separators[] = "- \t\r\n";
    uint8_t bytes[2 * (SEED_WORDS + 1)], checksum[2];
    struct seed seed;
    enum err err = ERR_FORMAT;
    for (size_t i = 0; i < SEED_WORDS + 1; i++) {
        uint16_t number;
        words += strspn(words, separators);
        size_t length = strcspn(words, separators);
        if (length != WORD_LENGTH || !read_word(words, &number))
            goto done;
        put_u16(bytes + 2 * i, number);
        words += length;
    }
    if (words[strspn(words, separators)] != '\0')
        goto done;
    memcpy(seed.bytes, bytes, sizeof seed.bytes);
    seed_checksum(&seed, checksum);
    err = memcmp(checksum, bytes + sizeof seed.bytes, sizeof checksum) == 0 ? OK : ERR_HASH;
    if (err == OK)
        *ret_seed = seed;
done:
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(&seed, sizeof seed);
    return err;
}

void words_of_keys(const struct public_keys *keys, char ret_words[static WORDS_TEXT_MAX]) {
    struct hasher h;
    hasher_init(&h, HASH_WORDS);
    hasher_add(&h, keys->sign.bytes, sizeof keys->sign.bytes);
    hasher_add(&h, keys->seal.bytes, sizeof keys->seal.bytes);
    hasher_add(&h, keys->transport.bytes, sizeof keys->transport.bytes);
    struct hash hash = hasher_final(&h);
    write_words(ret_words, hash.bytes, KEYS_WORDS);
}
