/* A federation on paper for the tests of proto: keys from fixed seeds, feeds made with draft_sign.
 */
#ifndef STAFET_TESTS_PAPER_H
#define STAFET_TESTS_PAPER_H

#include "proto/declaration.h"
#include "proto/envelope.h"
#include "proto/limits.h"
#include "proto/run.h"
#include "test.h"
#include <stdlib.h>

static inline int init_library(void **state __attribute__((unused))) {
    return key_library_init() == OK ? 0 : -1;
}

static inline struct node_keys keys_of(uint8_t letter) {
    struct seed seed;
    struct node_keys keys;
    memset(seed.bytes, letter, sizeof seed.bytes);
    assert_ok(node_keys_derive(&seed, &keys));
    return keys;
}

static inline struct member_id member_of(uint8_t letter) {
    struct member_id member;
    memset(member.bytes, letter, sizeof member.bytes);
    return member;
}

static inline struct federation_id federation_of(uint8_t letter) {
    struct federation_id federation;
    memset(federation.bytes, letter, sizeof federation.bytes);
    return federation;
}

static inline struct bytes text(const char *t) {
    return bytes_of_text(t);
}

/* What a feed needs to go on. */
struct author {
    struct node_keys keys;
    struct birth birth;
    struct feed_id feed;
    struct head head;
};

/* Of the handover channel between 'k' and 's', written by 'k'. */
static inline struct author author_new(void) {
    struct author a = {.keys = keys_of('k')};
    struct member_id k = member_of('k'), s = member_of('s');
    a.birth.federation = federation_of('f');
    a.birth.author = k;
    memset(a.birth.incarnation.bytes, 'i', sizeof a.birth.incarnation.bytes);
    assert_ok(channel_make(CHANNEL_HANDOVER, &k, &s, &a.birth.channel));
    struct channel_id channel = channel_id_of(&a.birth.federation, &a.birth.channel);
    a.feed = feed_id_of(&a.birth.federation, &channel, &k, &a.birth.incarnation);
    return a;
}

static inline void author_draft(const struct author *a, struct draft *draft) {
    draft_init(draft);
    draft->header.feed = a->feed;
    draft->header.seq = a->head.seq + 1;
    draft->header.prev = a->head.id;
    draft->header.clock = (a->head.seq + 1) << 16;
}

static inline void author_sign(struct author *a, struct draft *draft, struct buffer *out) {
    struct envelope_id id;
    assert_ok(draft_sign(draft, &a->keys.sign, out, &id));
    a->head = (struct head){draft->header.seq, id};
    draft_done(draft);
}

/* Appends one envelope; the first brings the birth. */
static inline void author_write(struct author *a, const char *open, struct buffer *out) {
    struct draft draft;
    struct buffer birth = {0};
    author_draft(a, &draft);
    if (a->head.seq == 0) {
        struct declaration declaration = {.kind = DECLARATION_BIRTH, .birth = a->birth};
        assert_ok(declaration_encode(&declaration, &birth));
        assert_ok(draft_add_plain(&draft, SECTION_DECLARATION, buffer_view(&birth)));
    }
    if (open != NULL)
        assert_ok(draft_add_plain(&draft, SECTION_OPEN, text(open)));
    author_sign(a, &draft, out);
    buffer_done(&birth);
}

/* A copy of exactly `size` bytes, so that a sanitizer sees a step beyond the end. */
static inline uint8_t *copy_of(struct bytes bytes, size_t size) {
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, bytes.data, size);
    return copy;
}

#define RUN_TESTS(...)                                                                             \
    int main(void) {                                                                               \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, init_library, NULL);                                  \
    }
#define T(sentence) cmocka_unit_test(sentence)

#endif
