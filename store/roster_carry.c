#include "admit.h"
#include "proto/envelope.h"
#include "proto/limits.h"
#include "replica.h"
#include "roster.h"

enum err roster_export(struct store *store, struct buffer *out) {
    struct roster_tip tip;
    struct feed_info feed;
    uint64_t after = 0;
    struct id8 id8 = {{0}};
    enum err e = roster_tip(store, &tip);
    if (e == OK && feed_id_is_zero(&tip.feed))
        e = ERR_NOT_FOUND;
    if (e == OK)
        e = feed_find(store, &tip.feed, &feed);
    while (e == OK && after < feed.head.seq) {
        size_t before = out->size;
        e = feed_load(store, &tip.feed, after, &id8, RUN_SIZE_MAX, out);
        struct bytes run = {out->data + before, out->size - before};
        while (e == OK && run.size > 0) {
            size_t size = 0;
            struct envelope_id id = envelope_id_of(run.data);
            e = envelope_skip(run, &size);
            run.data += size;
            run.size -= size;
            id8 = envelope_id8(&id);
            after++;
        }
    }
    return e;
}

/* As much of `bytes` as one run may hold: whole envelopes. */
static enum err first_run(struct bytes bytes, struct bytes *ret_run) {
    size_t taken = 0;
    while (taken < bytes.size) {
        size_t size = 0;
        enum err e = envelope_skip((struct bytes){bytes.data + taken, bytes.size - taken}, &size);
        if (e != OK)
            return e;
        if (taken > 0 && taken + size > RUN_SIZE_MAX)
            break;
        taken += size;
    }
    *ret_run = (struct bytes){bytes.data, taken};
    return OK;
}

enum err roster_import(struct store *store, struct bytes bytes, size_t *ret_new) {
    const struct member_id nobody = {{0}};
    struct roster_tip tip;
    size_t new_n = 0;
    enum err e = roster_tip(store, &tip);
    if (e == OK && feed_id_is_zero(&tip.feed))
        e = ERR_NOT_FOUND;
    if (e == OK && bytes.size == 0)
        e = ERR_FORMAT;
    while (e == OK && bytes.size > 0) {
        struct admitted admitted = {0};
        struct bytes run;
        e = first_run(bytes, &run);
        if (e == OK)
            e = admit_run(store, &nobody, &tip.feed, run, &admitted);
        if (e != OK)
            break;
        new_n += admitted.new_n;
        bytes.data += run.size;
        bytes.size -= run.size;
    }
    if (e == OK)
        *ret_new = new_n;
    return e;
}
