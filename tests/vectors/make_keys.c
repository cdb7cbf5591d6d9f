#include "make.h"

#include "proto/hash.h"
#include <stdlib.h>
#include <string.h>

static void from_seed(json_t *cases, const char *name, const char *type, const char *key,
                      const struct seed *seed) {
    json_t *v = vector_new(name, type);
    is_hex(v, key, seed->bytes, sizeof seed->bytes);
    accept(cases, v);
}

static void hash_case(json_t *cases, const char *purpose) {
    json_t *v = vector_new(purpose, "hash");
    is_text(v, "purpose", purpose);
    is_hex(v, "message", "abc", 3);
    accept(cases, v);
}

static void sign_case(json_t *cases, const char *name, const struct world *world,
                      const char *prefix, struct bytes message) {
    json_t *v = vector_new(name, "sign");
    is_hex(v, "seed", world->birk.seed.bytes, 32);
    is_text(v, "prefix", prefix);
    is_bytes(v, "message", message);
    accept(cases, v);
    char verify_name[64] = "verify: ";
    strcat(verify_name, name);
    const json_t *is = accepted(cases, name);
    json_t *check = vector_new(verify_name, "signature");
    IS_ID(check, "sign_public", world->birk.keys.public.sign);
    is_text(check, "prefix", prefix);
    is_bytes(check, "message", message);
    json_object_set(check, "signature", json_object_get(is, "signature"));
    accept(cases, check);
}

void make_keys(const struct world *world, json_t *cases) {
    from_seed(cases, "keys of Nordby", "node_keys", "seed", &world->nordby.seed);
    from_seed(cases, "keys of Birk", "node_keys", "seed", &world->birk.seed);
    from_seed(cases, "keys of Søndre Skole", "node_keys", "seed", &world->skole.seed);
    from_seed(cases, "keys and words of the root", "root_keys", "seed", &world->root_seed);
    from_seed(cases, "one-time pair of a ticket", "ticket_keys", "secret", &world->ticket_secret);
    char words[WORDS_TEXT_MAX];
    words_of_seed(&world->root_seed, words);
    json_t *v = vector_new("the root's words", "words");
    is_text(v, "words", words);
    accept(cases, v);
    for (char *c = words; *c != '\0'; c++)
        *c = *c == '-' ? '\n' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    v = vector_new("the same in upper case, a line each", "words");
    is_text(v, "words", words);
    accept(cases, v);
#define X(name, text) hash_case(cases, text);
    HASH_PURPOSES(X)
#undef X
    sign_case(cases, "an envelope's prefix", world, SIGN_ENVELOPE, bytes_of_text("message"));
    sign_case(cases, "a founding's prefix", world, SIGN_FOUNDING, bytes_of_text("message"));
    sign_case(cases, "a statement's prefix", world, SIGN_STATEMENT, bytes_of_text("message"));
    sign_case(cases, "a join's prefix", world, SIGN_JOIN, bytes_of_text("message"));
    sign_case(cases, "an empty message", world, SIGN_JOIN, (struct bytes){0});
}
