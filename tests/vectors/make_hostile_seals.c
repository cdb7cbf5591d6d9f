#include "make.h"

#include "proto/ticket.h"
#include <sodium.h>

#include <string.h>

/* ---- Signatures ---- */

static void signature_case(json_t *cases, const char *name, const void *public,
                           const void *signature) {
    json_t *v = vector_new(name, "signature");
    is_hex(v, "sign_public", public, 32);
    is_text(v, "prefix", SIGN_STATEMENT);
    is_hex(v, "message", "message", 7);
    is_hex(v, "signature", signature, 64);
    refuse(cases, v, ERR_SIGNATURE);
}

/* R is the neutral element and S = k a: the equation holds, and yet it must be refused. */
static struct signature small_r(const struct node_keys *keys, struct bytes message) {
    struct signature signature = {{1}};
    uint8_t prefix[] = SIGN_STATEMENT, k[64], a[64];
    crypto_hash_sha512_state state;
    crypto_hash_sha512(a, keys->sign.bytes, 32);
    a[0] &= 248;
    a[31] = (uint8_t)((a[31] & 63) | 64);
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, signature.bytes, 32);
    crypto_hash_sha512_update(&state, keys->public.sign.bytes, 32);
    crypto_hash_sha512_update(&state, prefix, sizeof prefix);
    crypto_hash_sha512_update(&state, message.data, message.size);
    crypto_hash_sha512_final(&state, k);
    crypto_core_ed25519_scalar_reduce(k, k);
    crypto_core_ed25519_scalar_mul(signature.bytes + 32, k, a);
    return signature;
}

static void signature_cases(const struct world *world, json_t *cases) {
    static const struct {
        const char *name, *public;
    } small[] = {
        {"small-order A: the neutral element",
         "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
        {"small-order A: order 4",
         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
        {"small-order A: order 2",
         "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
         "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
        {"small-order A: order 8",
         "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6"
         "\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"},
        {"non-canonical A: p + 1",
         "\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
         "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
    };
    uint8_t neutral[64] = {
        1}; /* R neutral, S zero: it holds for such keys in a verifier that takes them */
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
        signature_case(cases, small[i].name, small[i].public, neutral);
    struct signature small_nonce = small_r(&world->birk.keys, bytes_of_text("message"));
    signature_case(cases, "small-order R, although the equation holds",
                   world->birk.keys.public.sign.bytes, small_nonce.bytes);
    struct signature good;
    MUST(key_sign(&world->birk.keys.sign, SIGN_JOIN, bytes_of_text("message"), &good));
    signature_case(cases, "made with another prefix", world->birk.keys.public.sign.bytes,
                   good.bytes);
    MUST(key_sign(&world->birk.keys.sign, SIGN_STATEMENT, bytes_of_text("massage"), &good));
    signature_case(cases, "of another message", world->birk.keys.public.sign.bytes, good.bytes);
    MUST(key_sign(&world->birk.keys.sign, SIGN_STATEMENT, bytes_of_text("message"), &good));
    signature_case(cases, "of another member", world->skole.keys.public.sign.bytes, good.bytes);
    good.bytes[63] |= 0xe0;
    signature_case(cases, "S beyond 2^253", world->birk.keys.public.sign.bytes, good.bytes);
}

/* ---- Seals and grants ---- */

static void seal_case(json_t *cases, const char *name, const struct epoch_of_world *epoch,
                      const uint8_t *block, enum err err) {
    json_t *v = vector_new(name, "seal_block");
    IS_ID(v, "epoch_public", epoch->public);
    IS_ID(v, "epoch_secret", epoch->secret);
    is_hex(v, "bytes", block, SEAL_BLOCK_SIZE);
    refuse(cases, v, err);
}

static void grant_case(const struct world *world, json_t *cases, const char *name,
                       const struct epoch_public *epoch, const struct member_of_world *reader,
                       const uint8_t *sealed) {
    (void)world;
    json_t *v = vector_new(name, "grant");
    IS_ID(v, "seal_public", reader->keys.public.seal);
    IS_ID(v, "seal_secret", reader->keys.seal);
    IS_ID(v, "epoch_public", *epoch);
    is_hex(v, "sealed", sealed, SEALED_KEY_SIZE);
    refuse(cases, v, ERR_SEAL);
}

static void seal_cases(const struct world *world, json_t *cases) {
    uint8_t block[SEAL_BLOCK_SIZE], sealed[SEALED_KEY_SIZE];
    const uint8_t *own = world->handover.bytes.data + SIGNED_HEADER_SIZE;
    seal_case(cases, "a seal block of another epoch", &world->answers_epoch, own, ERR_KEY);
    memcpy(block, own, sizeof block);
    block[SEAL_BLOCK_SIZE - 1] ^= 1;
    seal_case(cases, "a content key against its commitment", &world->handover_epoch, block,
              ERR_SEAL);
    memcpy(block, own, sizeof block);
    block[64] ^= 1;
    seal_case(cases, "a sealed key changed", &world->handover_epoch, block, ERR_SEAL);
    struct epoch_of_world wrong = {world->handover_epoch.public, world->answers_epoch.secret};
    seal_case(cases, "the secret of another epoch", &wrong, own, ERR_SEAL);
    MUST(grant_seal(&world->handover_epoch.secret, &world->skole.keys.public.seal, sealed));
    grant_case(world, cases, "a grant for another reader", &world->handover_epoch.public,
               &world->birk, sealed);
    grant_case(world, cases, "a granted secret that does not yield the epoch",
               &world->answers_epoch.public, &world->skole, sealed);
    sealed[79] ^= 1;
    grant_case(world, cases, "a grant changed", &world->handover_epoch.public, &world->skole,
               sealed);
}

/* ---- Sections ---- */

static void section_case(const struct world *world, json_t *cases, const char *name, uint64_t seq,
                         uint64_t index, struct bytes sealed, enum err err) {
    json_t *v = vector_new(name, "section");
    IS_ID(v, "content_key", world->handover_key);
    IS_ID(v, "feed", world->handover.feed);
    is_number(v, "seq", seq);
    is_number(v, "index", index);
    is_bytes(v, "sealed", sealed);
    refuse(cases, v, err);
}

/* Seals `inside` as it is, at entry 2, section 0. */
static void section_raw(const struct world *world, json_t *cases, const char *name,
                        const char *inside, size_t size) {
    uint8_t place[42], sealed[256];
    memcpy(place, world->handover.feed.bytes, 32);
    put_u64(place + 32, 2);
    put_u16(place + 40, 0);
    memset(sealed, 'n', 24);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + 24, NULL, (const uint8_t *)inside, size,
                                               place, sizeof place, NULL, sealed,
                                               world->handover_key.bytes);
    section_case(world, cases, name, 2, 0, (struct bytes){sealed, 24 + size + 16}, ERR_FORMAT);
}

static void section_cases(const struct world *world, json_t *cases) {
    struct bytes second = feed_part(&world->handover, 2, 2);
    struct bytes sealed = {second.data + SIGNED_HEADER_SIZE + 5,
                           second.size - SIGNED_HEADER_SIZE - 5};
    section_case(world, cases, "section moved to another index", 2, 1, sealed, ERR_SEAL);
    section_case(world, cases, "section moved to another envelope", 3, 0, sealed, ERR_SEAL);
    section_case(world, cases, "section cut", 2, 0, (struct bytes){sealed.data, sealed.size - 1},
                 ERR_SEAL);
    section_case(world, cases, "section shorter than nonce, tag and length", 2, 0,
                 (struct bytes){sealed.data, 43}, ERR_FORMAT);
    section_raw(world, cases, "padding not zero", "\0\0\0\3abc\0\0\1", 10);
    section_raw(world, cases, "a length inside that runs past the end", "\0\0\0\4abc", 7);
    section_raw(world, cases, "a length inside of 2^32 - 1",
                "\xff\xff\xff\xff"
                "abc",
                7);
    json_t *v = vector_new("a section beyond the limit", "section");
    IS_ID(v, "content_key", world->handover_key);
    IS_ID(v, "feed", world->handover.feed);
    is_number(v, "seq", 2);
    is_number(v, "index", 0);
    is_text(v, "sealed", "00*262185");
    refuse(cases, v, ERR_LIMIT);
}

/* ---- Words, ids, tickets ---- */

static void words_case(json_t *cases, const char *name, const char *words, enum err err) {
    json_t *v = vector_new(name, "words");
    is_text(v, "words", words);
    refuse(cases, v, err);
}

static void words_cases(json_t *cases) {
    struct seed seed;
    char words[WORDS_TEXT_MAX], wrong[WORDS_TEXT_MAX + 8];
    for (size_t i = 0; i < sizeof seed.bytes; i++)
        seed.bytes[i] = (uint8_t)(i * 7 + 1);
    words_of_seed(&seed, words);
    memcpy(wrong, words, sizeof words);
    wrong[0] = wrong[0] == 'b' ? 'd' : 'b';
    words_case(cases, "a word mistyped", wrong, ERR_HASH);
    memcpy(wrong, words, sizeof words);
    memcpy(wrong, words + 6, 5);
    memcpy(wrong + 6, words, 5);
    words_case(cases, "two words swapped", wrong, ERR_HASH);
    memcpy(wrong, words, sizeof words);
    wrong[1] = 'e';
    words_case(cases, "a letter that no word has", wrong, ERR_FORMAT);
    words_case(cases, "sixteen words", words + 6, ERR_FORMAT);
    memcpy(wrong, words, sizeof words);
    strcat(wrong, "-babab");
    words_case(cases, "eighteen words", wrong, ERR_FORMAT);
}

static void id_case(json_t *cases, const char *name, const char *text, uint64_t size) {
    json_t *v = vector_new(name, "id_from_text");
    is_text(v, "text", text);
    is_number(v, "size", size);
    refuse(cases, v, ERR_FORMAT);
}

static void ticket_case(json_t *cases, const char *name, const char *text, enum err err) {
    json_t *v = vector_new(name, "ticket");
    is_text(v, "text", text);
    refuse(cases, v, err);
}

static void ticket_cases(const struct world *world, json_t *cases) {
    struct ticket ticket = {world->federation,
                            "Nordby Kommune",
                            world->nordby.id,
                            world->nordby.keys.public,
                            NULL,
                            0,
                            3,
                            envelope_id8(&world->roster.heads[3].id),
                            world->ticket_secret,
                            world->birk.id,
                            ROLE_KINDERGARTEN,
                            "Birk",
                            world_ms};
    struct buffer spelled = {0};
    MUST(ticket_encode(&ticket, &spelled));
    char *text = (char *)spelled.data;
    size_t length = strlen(text);
    char kept = text[100];
    text[100] = kept == 'Z' ? 'Y' : 'Z';
    ticket_case(cases, "ticket one letter wrong", text, ERR_HASH);
    text[100] = 'U';
    ticket_case(cases, "ticket with a letter that base32 lacks", text, ERR_HASH);
    text[100] = kept;
    kept = text[length - 1];
    text[length - 1] = '\0';
    ticket_case(cases, "ticket cut by a letter", text, ERR_HASH);
    text[length - 1] = kept;
    text[50] = '\0';
    ticket_case(cases, "ticket cut at the line's end", text, ERR_HASH);
    ticket_case(cases, "no ticket", "stafet2ABCDEFG", ERR_FORMAT);
    buffer_done(&spelled);
}

void make_hostile_seals(const struct world *world, json_t *cases) {
    signature_cases(world, cases);
    seal_cases(world, cases);
    section_cases(world, cases);
    words_cases(cases);
    id_case(cases, "an id with a letter that base32 lacks", "0123456U", 5);
    id_case(cases, "an id that is too short", "0123456", 5);
    id_case(cases, "an id whose last character has bits to spare", "ZZ", 1);
    ticket_cases(world, cases);
    json_t *v = vector_new("a member written in upper case", "member_value");
    is_text(v, "text", "ABABABABABABABABABABABABABABABAB");
    refuse(cases, v, ERR_FORMAT);
}
