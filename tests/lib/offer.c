#include "offer.h"

#include "test.h"

void offer_begin(struct scene *s) {
    scene_open_shared(s);
    s->feed = newest_feed(s->birk->store, &s->channel, &s->birk->member);
    forge_begin(&s->forge, s->birk, &s->feed);
}

enum err offer(struct scene *s, struct site *to, struct admitted *ret_admitted) {
    return admit_run(to->store, &s->town->member, &s->feed.id, buffer_view(&s->run), ret_admitted);
}

static enum err show(void *context, const struct quarantined *thing) {
    struct shown *shown = context;
    if (thing->kind != shown->kind)
        return OK;
    shown->n++;
    shown->reason = thing->reason;
    shown->seq = thing->seq;
    strncpy(shown->text, thing->text, sizeof shown->text - 1);
    return OK;
}

struct shown shown_at(struct site *site, enum quarantine_kind kind) {
    struct shown shown = {.kind = kind};
    MUST(quarantine_each(site->store, show, &shown));
    return shown;
}

void assert_void(struct scene *s, struct site *to, enum err reason) {
    struct admitted admitted;
    forge_sign(&s->forge, NULL, &s->run);
    assert_ok(offer(s, to, &admitted));
    assert_int_equal(admitted.new_n, 1);
    assert_int_equal(admitted.void_n, 1);
    struct shown shown = shown_at(to, QUARANTINE_VOID);
    assert_string_equal(err_name(shown.reason), err_name(reason));
    assert_int_equal(shown.seq, s->forge.head.seq);
    assert_true(strlen(shown.text) > 0);
}
