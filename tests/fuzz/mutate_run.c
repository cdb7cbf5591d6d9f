#include "mutate.h"

#include "proto/hash.h"
#include "proto/run.h"
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 16, PARTS_MAX = 48, SECTION_HEAD = 5 };

struct part {
    uint8_t tag; /* state and kind */
    uint8_t *content;
    size_t size;
};
struct entry {
    struct header header;
    uint8_t signature[SIGNATURE_SIZE];
    bool has_seal;
    uint8_t seal[SEAL_BLOCK_SIZE];
    struct part parts[PARTS_MAX];
    size_t parts_n;
};
struct entries {
    struct entry list[ENTRIES_MAX];
    size_t n;
};

static void free_entry(struct entry *entry) {
    for (size_t i = 0; i < entry->parts_n; i++)
        free(entry->parts[i].content);
    entry->parts_n = 0;
}

/* ---- Reading ---- */

static bool take(struct bytes *bytes, void *ret, size_t size) {
    if (bytes->size < size)
        return false;
    memcpy(ret, bytes->data, size);
    *bytes = (struct bytes){bytes->data + size, bytes->size - size};
    return true;
}

static bool read_part(struct bytes *bytes, struct part *ret_part) {
    uint8_t head[SECTION_HEAD];
    if (!take(bytes, head, sizeof head))
        return false;
    struct part part = {.tag = head[0], .size = get_u32(head + 1)};
    if (part.size > bytes->size)
        return false;
    part.content = fuzz_copy(bytes->data, part.size);
    *bytes = (struct bytes){bytes->data + part.size, bytes->size - part.size};
    *ret_part = part;
    return true;
}

static bool read_entry(struct bytes *bytes, struct entry *entry) {
    uint8_t header[HEADER_SIZE];
    entry->parts_n = 0;
    if (!take(bytes, header, sizeof header) || header_decode(header, &entry->header) != OK ||
        !take(bytes, entry->signature, sizeof entry->signature))
        return false;
    entry->has_seal = entry->header.seal_seq == entry->header.seq;
    if (entry->has_seal && !take(bytes, entry->seal, sizeof entry->seal))
        return false;
    for (; entry->parts_n < entry->header.sections_n && entry->parts_n < PARTS_MAX;
         entry->parts_n++)
        if (!read_part(bytes, &entry->parts[entry->parts_n])) {
            free_entry(entry);
            return false;
        }
    return true;
}

/* ---- Writing ---- */

static struct hash part_hash(const struct part *part) {
    struct hash hash = {{0}};
    if (part->tag >> 4 == SECTION_PRESENT)
        return section_hash((enum section_kind)(part->tag & 15),
                            (struct bytes){part->content, part->size});
    memcpy(hash.bytes, part->content, part->size < 32 ? part->size : 32);
    return hash;
}

static struct hash body_hash(const struct entry *entry) {
    struct hasher hasher;
    hasher_init(&hasher, HASH_BODY);
    if (entry->has_seal)
        hasher_add(&hasher, entry->seal, sizeof entry->seal);
    for (size_t i = 0; i < entry->parts_n; i++) {
        uint8_t kind = entry->parts[i].tag & 15;
        struct hash hash = part_hash(&entry->parts[i]);
        hasher_add(&hasher, &kind, 1);
        hasher_add(&hasher, hash.bytes, sizeof hash.bytes);
    }
    return hasher_final(&hasher);
}

static size_t write_entry(const struct entry *entry, const struct sign_secret *author, uint8_t *to,
                          size_t room) {
    size_t size = SIGNED_HEADER_SIZE + (entry->has_seal ? sizeof entry->seal : 0);
    for (size_t i = 0; i < entry->parts_n; i++)
        size += SECTION_HEAD + entry->parts[i].size;
    if (size > room)
        return 0;
    header_encode(&entry->header, to);
    memcpy(to + HEADER_SIZE, entry->signature, SIGNATURE_SIZE);
    struct signature signature;
    if (author != NULL) {
        HOLDS(key_sign(author, SIGN_ENVELOPE, (struct bytes){to, HEADER_SIZE}, &signature) == OK);
        memcpy(to + HEADER_SIZE, signature.bytes, sizeof signature.bytes);
    }
    uint8_t *at = to + SIGNED_HEADER_SIZE;
    if (entry->has_seal) {
        memcpy(at, entry->seal, sizeof entry->seal);
        at += sizeof entry->seal;
    }
    for (size_t i = 0; i < entry->parts_n; i++) {
        const struct part *part = &entry->parts[i];
        *at = part->tag;
        put_u32(at + 1, (uint32_t)part->size);
        if (part->size > 0)
            memcpy(at + SECTION_HEAD, part->content, part->size);
        at += SECTION_HEAD + part->size;
    }
    return size;
}

/* ---- Changing ---- */

static void change_header(struct header *header, struct dice *dice) {
    uint64_t small = dice_below(dice, 4), any = dice_next(dice) >> dice_below(dice, 64);
    uint64_t value = dice_chance(dice, 60) ? small : any;
    switch (dice_below(dice, 9)) {
    case 0:
        header->schema = (uint16_t)value;
        break;
    case 1:
        header->seq = dice_chance(dice, 50) ? header->seq + 1 : value;
        break;
    case 2:
        header->roster_seq = value;
        break;
    case 3:
        header->clock = value;
        break;
    case 4:
        header->seal_seq = dice_chance(dice, 50) ? header->seq : value;
        break;
    case 5:
        header->prev.bytes[dice_below(dice, 32)] ^= 1;
        break;
    case 6:
        header->feed.bytes[dice_below(dice, 32)] ^= 1;
        break;
    case 7:
        header->roster_id8.bytes[dice_below(dice, 8)] ^= 1;
        break;
    default:
        header->flags = (uint8_t)small;
    }
}

static void change_part(struct part *part, struct dice *dice) {
    static const uint8_t tags[] = {0x01, 0x02, 0x03, 0x11, 0x13, 0x21, 0x23, 0x00, 0x04, 0x31};
    struct hash hash = part_hash(part);
    size_t size_max = part->size * 2 + 64, way = dice_below(dice, 8);
    if (way == 0) {
        part->tag = tags[dice_below(dice, sizeof tags)];
        return;
    }
    part->content = realloc(part->content, size_max);
    HOLDS(part->content != NULL);
    if (way == 1) { /* taken out */
        part->tag = (uint8_t)((part->tag & 15) | (1 + dice_below(dice, 2)) << 4);
        memcpy(part->content, hash.bytes, sizeof hash.bytes);
        part->size = sizeof hash.bytes;
    } else if ((part->tag & 15) == SECTION_SEALED) {
        part->size = LLVMFuzzerMutate(part->content, part->size, size_max);
    } else {
        part->size = mutate_message(part->content, part->size, size_max, dice);
    }
}

static void add_part(struct entry *entry, size_t of, struct dice *dice) {
    if (entry->parts_n == PARTS_MAX)
        return;
    struct part part = entry->parts[of];
    part.content = fuzz_copy(part.content, part.size);
    change_part(&part, dice);
    entry->parts[entry->parts_n++] = part;
}

static void drop_part(struct entry *entry, size_t at) {
    free(entry->parts[at].content);
    entry->parts_n--;
    memmove(&entry->parts[at], &entry->parts[at + 1],
            (entry->parts_n - at) * sizeof entry->parts[0]);
}

static void change_entry(struct entry *entry, struct dice *dice) {
    size_t way = dice_below(dice, 10);
    if (entry->parts_n == 0 || way < 2) {
        change_header(&entry->header, dice);
        return;
    }
    size_t at = dice_below(dice, entry->parts_n);
    if (way == 2)
        drop_part(entry, at);
    else if (way == 3)
        add_part(entry, at, dice);
    else if (way == 4)
        entry->seal[dice_below(dice, sizeof entry->seal)] ^= 1;
    else
        change_part(&entry->parts[at], dice);
}

static void change_list(struct entries *entries, struct dice *dice) {
    size_t at = dice_below(dice, entries->n);
    if (dice_chance(dice, 50) && entries->n > 1) {
        free_entry(&entries->list[at]);
        entries->n--;
        memmove(&entries->list[at], &entries->list[at + 1],
                (entries->n - at) * sizeof entries->list[0]);
    } else if (entries->n < ENTRIES_MAX) {
        struct entry *copy = &entries->list[entries->n++];
        *copy = entries->list[at];
        for (size_t i = 0; i < copy->parts_n; i++)
            copy->parts[i].content = fuzz_copy(copy->parts[i].content, copy->parts[i].size);
    }
}

/* Now and then one thing stays broken. */
static size_t write_entries(struct entries *entries, uint8_t *data, size_t size_max,
                            const struct sign_secret *author, struct dice *dice) {
    size_t size = 0, broken = dice_below(dice, 12);
    struct envelope_id id;
    for (size_t i = 0; i < entries->n; i++) {
        struct entry *entry = &entries->list[i];
        entry->has_seal = entry->header.seal_seq == entry->header.seq;
        if (i > 0 && broken != 0) {
            entry->header.seal_seq += entries->list[i - 1].header.seq + 1 - entry->header.seq;
            entry->header.seq = entries->list[i - 1].header.seq + 1;
            entry->header.prev = id;
        }
        entry->header.sections_n = (uint16_t)entry->parts_n;
        if (broken != 1)
            entry->header.body = body_hash(entry);
        bool signs = i + 1 == entries->n && broken != 2;
        size_t took = write_entry(entry, signs ? author : NULL, data + size, size_max - size);
        if (took == 0)
            break;
        id = envelope_id_of(data + size);
        size += took;
    }
    return size;
}

size_t mutate_run(uint8_t *data, size_t size, size_t size_max, const struct sign_secret *author,
                  struct dice *dice) {
    struct entries *entries = calloc(1, sizeof *entries);
    uint8_t *copy = fuzz_copy(data, size);
    struct bytes rest = {copy, size};
    size_t new_size = 0;
    HOLDS(entries != NULL);
    while (entries->n < ENTRIES_MAX && read_entry(&rest, &entries->list[entries->n]))
        entries->n++;
    if (entries->n > 0 && !dice_chance(dice, 5)) {
        for (size_t i = dice_below(dice, 3) + 1; i > 0; i--)
            if (dice_chance(dice, 10))
                change_list(entries, dice);
            else
                change_entry(&entries->list[dice_below(dice, entries->n)], dice);
        new_size = write_entries(entries, data, size_max, author, dice);
    }
    for (size_t i = 0; i < entries->n; i++)
        free_entry(&entries->list[i]);
    if (new_size == 0) {
        memcpy(data, copy, size);
        new_size = LLVMFuzzerMutate(data, size, size_max);
    }
    free(entries);
    free(copy);
    return new_size;
}
