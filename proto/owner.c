#include "owner.h"
#include "hash.h"

enum { FREE_BYTES = 12, TAG_BYTES = 4 };

static void owner_tag(const struct record_id *id, const struct member_id *owner,
                      uint8_t ret_tag[static TAG_BYTES]) {
    struct hasher hasher;
    hasher_init(&hasher, HASH_OWNER);
    hasher_add(&hasher, id->bytes, FREE_BYTES);
    hasher_add(&hasher, owner->bytes, sizeof owner->bytes);
    struct hash hash = hasher_final(&hasher);
    memcpy(ret_tag, hash.bytes, TAG_BYTES);
}

struct record_id record_id_new(int64_t now_ms, const struct member_id *owner) {
    struct record_id id;
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)((uint64_t)now_ms >> (8 * (5 - i)));
    randombytes_buf(id.bytes + 6, FREE_BYTES - 6);
    owner_tag(&id, owner, id.bytes + FREE_BYTES);
    return id;
}

bool record_id_owned_by(const struct record_id *id, const struct member_id *owner) {
    uint8_t tag[TAG_BYTES];
    owner_tag(id, owner, tag);
    return memcmp(id->bytes + FREE_BYTES, tag, TAG_BYTES) == 0;
}
