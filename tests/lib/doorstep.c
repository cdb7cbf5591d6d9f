#include "doorstep.h"

#include "proto/limits.h"

#include <string.h>

void doorstep_open(struct doorstep *d) {
    memset(d, 0, sizeof *d);
    arena_init(&d->arena, KIB(256));
    d->town = federation_found(&d->f);
    d->site = federation_stranger(&d->f, "Birk", ROLE_KINDERGARTEN);
}

void doorstep_invite(struct doorstep *d) {
    MUST(roster_invite(d->town->store, "Birk", ROLE_KINDERGARTEN, d->f.now + 10000, &d->text));
    MUST(roster_join_begin(d->site->store, (const char *)d->text.data, NULL, 0));
    MUST(roster_join_pending(d->site->store, &d->arena, &d->ticket, &d->request));
}

void doorstep_begin(struct doorstep *d) {
    doorstep_open(d);
    doorstep_invite(d);
}

void doorstep_end(struct doorstep *d) {
    arena_done(&d->arena);
    buffer_wipe(&d->text);
    federation_end(&d->f);
}

void doorstep_join(struct doorstep *d) {
    MUST(roster_join(d->town->store, &d->request.ticket, &d->request, &d->tip));
    MUST(roster_join_answered(d->site->store));
    sync_to(d->town, d->site, RUN_SIZE_MAX);
    d->site->member = d->ticket.member;
}
