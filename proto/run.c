#include "run.h"

#include "declaration.h"
#include "limits.h"

enum err run_count(struct bytes run, size_t *ret_n) {
    size_t n = 0;
    while (run.size > 0) {
        size_t size;
        enum err err = envelope_skip(run, &size);
        if (err != OK)
            return err;
        run.data += size;
        run.size -= size;
        n++;
    }
    *ret_n = n;
    return OK;
}

/* Does the envelope follow `*head`? Then it becomes the head. */
static enum err follow(const struct envelope *envelope, const struct feed_id *feed,
                       struct head *head) {
    const struct header *header = &envelope->header;
    if (!feed_id_equal(&header->feed, feed) || header->seq - 1 != head->seq ||
        !envelope_id_equal(&header->prev, &head->id))
        return ERR_CHAIN;
    *head = (struct head){header->seq, envelope->id};
    return OK;
}

size_t run_memory_for(size_t size) {
    return 16 * (size < RUN_SIZE_MAX ? size : RUN_SIZE_MAX) + KIB(64);
}

enum err run_verify(struct bytes untrusted, const struct feed_id *feed, const struct head *after,
                    const struct sign_public *author, struct arena *arena,
                    struct verified_run *ret_run) {
    if (untrusted.size == 0)
        return ERR_FORMAT;
    if (untrusted.size > RUN_SIZE_MAX)
        return ERR_LIMIT;
    struct verified_run run = {.feed = *feed, .head = *after};
    enum err err = run_count(untrusted, &run.envelopes_n);
    if (err != OK)
        return err;
    run.envelopes = arena_array(arena, run.envelopes_n, sizeof *run.envelopes);
    if (run.envelopes == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < run.envelopes_n; i++) {
        size_t size;
        err = envelope_parse(untrusted, arena, &run.envelopes[i], &size);
        if (err == OK)
            err = follow(&run.envelopes[i], feed, &run.head);
        if (err != OK)
            return err;
        untrusted.data += size;
        untrusted.size -= size;
    }
    const struct envelope *last = &run.envelopes[run.envelopes_n - 1];
    err = key_verify(author, SIGN_ENVELOPE, (struct bytes){last->bytes.data, HEADER_SIZE},
                     &last->signature);
    if (err == OK)
        *ret_run = run;
    return err;
}

bool run_is_whole(const struct verified_run *run) {
    for (size_t i = 0; i < run->envelopes_n; i++)
        if (!envelope_is_whole(&run->envelopes[i]))
            return false;
    return true;
}

enum err run_peek_birth(struct bytes untrusted, struct arena *arena, struct birth *ret_birth) {
    struct envelope first;
    size_t size;
    enum err err = envelope_parse(untrusted, arena, &first, &size);
    if (err != OK)
        return err;
    if (first.header.seq != 1)
        return ERR_CHAIN;
    if (first.header.sections_n == 0 || first.sections[0].kind != SECTION_DECLARATION ||
        first.sections[0].state != SECTION_PRESENT)
        return ERR_FORMAT;
    struct declaration declaration;
    err = declaration_decode(first.sections[0].content, arena, &declaration);
    if (err != OK)
        return err;
    if (declaration.kind != DECLARATION_BIRTH)
        return ERR_FORMAT;
    const struct birth *birth = &declaration.birth;
    struct channel_id channel = channel_id_of(&birth->federation, &birth->channel);
    struct feed_id feed =
        feed_id_of(&birth->federation, &channel, &birth->author, &birth->incarnation);
    if (!feed_id_equal(&feed, &first.header.feed))
        return ERR_HASH;
    *ret_birth = *birth;
    return OK;
}
