#include "handing.h"

#include "proto/limits.h"
#include "proto/owner.h"
#include "store/collection.h"
#include "store/record.h"

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

struct version_name handing_publish(struct handing *f, uint64_t clock, uint16_t field,
                                    const char *value) {
    struct write write = {.record = f->record,
                          .collection = COLLECTION_SURVEY,
                          .field = field,
                          .value = bytes_of_text(value)};
    struct change_set set = {
        .actor_name = "Nordby", .actor_function = "", .writes = &write, .writes_n = 1};
    return records_write(&f->records, &f->nordby, clock, &set);
}

const char *handing_survey_text(struct handing *f, uint16_t field) {
    struct record record;
    if (record_load(f->records.store, COLLECTION_SURVEY, &f->record, &f->arena, &record) != OK)
        abort();
    return record_text_of(&record, field, &f->arena);
}
