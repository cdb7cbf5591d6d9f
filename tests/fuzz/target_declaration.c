/* A declaration: what relays read too. What is read can be written, and is read back as the same; a
 * founding holds only under the key that it names. */
#include "mutate.h"

#include "proto/declaration.h"
#include <string.h>

static void check_founding(const struct founding *founding) {
    if (founding_verify(founding) != OK)
        return;
    HOLDS(fuzz_secret_of(founding->root_sign.bytes) != NULL); /* else nobody could have signed it */
    struct federation_id id = founding_federation(founding);
    HOLDS(!federation_id_is_zero(&id));
    struct founding other = *founding;
    other.signature.bytes[3] ^= 1;
    HOLDS(founding_verify(&other) == ERR_SIGNATURE);
}

static bool has_zero(const struct version_name *names, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (feed_id_is_zero(&names[i].feed))
            return true;
    return false;
}

/* A feed's id of nothing but zeroes has the form of one, is read, and is nothing that anybody would
 * write. */
static bool is_writable(const struct declaration *declaration) {
    if (declaration->kind == DECLARATION_BIRTH)
        return !has_zero(declaration->birth.closes, declaration->birth.closes_n);
    if (declaration->kind == DECLARATION_CUT)
        return !has_zero(declaration->cut.last, declaration->cut.last_n);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    struct arena arena;
    struct declaration declaration, again;
    struct buffer once = {0}, twice = {0};
    struct bytes bytes = {data, size < SECTION_PLAIN_MAX ? size : SECTION_PLAIN_MAX};
    arena_init(&arena, DECODE_MEMORY_MAX);
    if (DECODES(declaration_decode(bytes, &arena, &declaration)) == OK) {
        if (declaration.kind == DECLARATION_FOUNDING)
            check_founding(&declaration.founding);
        if (!is_writable(&declaration))
            goto done;
        HOLDS(declaration_encode(&declaration, &once) == OK);
        arena.bytes_max = 2 * (size_t)DECODE_MEMORY_MAX;
        HOLDS(declaration_decode(buffer_view(&once), &arena, &again) == OK);
        HOLDS(declaration_encode(&again, &twice) == OK);
        HOLDS(bytes_equal(buffer_view(&once), buffer_view(&twice)));
    }
done:
    arena_done(&arena);
    buffer_done(&once);
    buffer_done(&twice);
    return 0;
}

/* A founding is signed again by the root. */
static size_t sign_founding(uint8_t *data, size_t size, size_t size_max) {
    struct arena arena;
    struct declaration declaration;
    struct buffer out = {0};
    arena_init(&arena, DECODE_MEMORY_MAX);
    if (declaration_decode((struct bytes){data, size}, &arena, &declaration) == OK &&
        declaration.kind == DECLARATION_FOUNDING &&
        key_sign(&fuzz_root()->sign, SIGN_FOUNDING, declaration.founding.record,
                 &declaration.founding.signature) == OK &&
        declaration_encode(&declaration, &out) == OK && out.size <= size_max) {
        memcpy(data, out.data, out.size);
        size = out.size;
    }
    arena_done(&arena);
    buffer_done(&out);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    fuzz_begin();
    size = mutate_message(data, size, size_max, &dice);
    return dice_chance(&dice, 80) ? sign_founding(data, size, size_max) : size;
}
