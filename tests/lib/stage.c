#include "stage.h"

#include "store/feed.h"
#include "store/record.h"

#include <stdio.h>
#include <stdlib.h>

int stage_set_up(void **state) {
    struct stage *stage = calloc(1, sizeof *stage);
    if (stage == NULL)
        return -1;
    federation_found_four(&stage->federation);
    federation_join(&stage->federation, "Egely", ROLE_SCHOOL);
    sync_all(&stage->federation);
    stage->nordby = &stage->federation.sites[0];
    stage->birk = &stage->federation.sites[1];
    stage->skole = &stage->federation.sites[2];
    stage->egely = &stage->federation.sites[4];
    desk_open(&stage->mette, stage->birk, "Mette H.", "leader");
    desk_open(&stage->ole, stage->skole, "Ole R.", "teacher");
    *state = stage;
    return 0;
}

int stage_tear_down(void **state) {
    struct stage *stage = *state;
    desk_close(&stage->mette);
    desk_close(&stage->ole);
    federation_end(&stage->federation);
    free(stage);
    return 0;
}

json_t *only_id(const char *id) {
    return json_pack("{s:s}", "id", id);
}

void edit(struct desk *desk, const char *id, const char *field, const char *value) {
    desk_call(desk, "handover", "edit",
              json_pack("{s:s, s:{s:s}}", "id", id, "fields", field, value));
}

void draft_alma(struct stage *stage, char ret_id[static ID_TEXT_MAX]) {
    const json_t *document = desk_call(
        &stage->mette, "handover", "new",
        json_pack("{s:s, s:{s:s, s:s, s:s}}", "to", "Søndre Skole", "fields", "child_name",
                  "Alma Unika", "likes", "Tog og sæbebobler", "first_day", "12 August, 9.00"));
    snprintf(ret_id, ID_TEXT_MAX, "%s", at_text(document, "id"));
}

void agree(struct desk *desk, const char *id) {
    desk_call(desk, "handover", "agree",
              json_pack("{s:s, s:s, s:s}", "id", id, "by", "two custody holders", "on", STAGE_DAY));
}

void deliver(struct stage *stage, struct desk *desk, const char *id) {
    desk_call(desk, "handover", "send", only_id(id));
    sync_all(&stage->federation);
}

void send_alma(struct stage *stage, char ret_id[static ID_TEXT_MAX]) {
    draft_alma(stage, ret_id);
    agree(&stage->mette, ret_id);
    deliver(stage, &stage->mette, ret_id);
}

static enum err count_record(void *context, const struct record_id *id __attribute__((unused))) {
    ++*(size_t *)context;
    return OK;
}

size_t records_at(struct site *site) {
    size_t n = 0;
    MUST(record_each(site->store, COLLECTION_HANDOVER, count_record, &n));
    return n;
}

static enum err count_handover_feed(void *context, const struct feed_info *feed) {
    *(size_t *)context += feed->channel.kind == CHANNEL_HANDOVER;
    return OK;
}

size_t handover_feeds_at(struct site *site) {
    size_t n = 0;
    MUST(feed_each(site->store, count_handover_feed, &n));
    return n;
}

const json_t *show(struct desk *desk, const char *id) {
    return desk_call(desk, "handover", "show", only_id(id));
}

const json_t *step(const json_t *track, const char *name) {
    const json_t *one;
    size_t i;
    json_array_foreach(at(track, "steps"), i, one) {
        if (strcmp(at_text(one, "step"), name) == 0)
            return one;
    }
    fail_msg("there is no step %s", name);
    return NULL;
}
