#include "handing.h"

#include "proto/limits.h"
#include "proto/owner.h"

#include <stdlib.h>

int handing_open(void **state, int self) {
    struct handing *h = calloc(1, sizeof *h);
    if (h == NULL)
        return -1;
    records_open(&h->records, self);
    h->birk = records_writer(&h->records, BIRK, CHANNEL_HANDOVER, SKOLE);
    h->skole = records_writer(&h->records, SKOLE, CHANNEL_HANDOVER, BIRK);
    h->nordby = records_writer(&h->records, NORDBY, CHANNEL_NOTICE, 0);
    h->record = record_id_new(1000, &h->records.members[BIRK]);
    arena_init(&h->arena, KIB(1024));
    *state = h;
    return 0;
}

int handing_at_birk(void **state) {
    return handing_open(state, BIRK);
}

int handing_close(void **state) {
    struct handing *h = *state;
    arena_done(&h->arena);
    records_close(&h->records);
    free(h);
    return 0;
}
