#include "twins.h"

#include "proto/limits.h"
#include "store/admit.h"
#include "store/collection.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static char folder[256];

static void remove_folder(void) {
    temp_remove(folder);
}

/* Same keys, same place, same disk: to the store it is the same. */
static void make_twin(struct site *site, struct site *ret_twin) {
    site_close(site);
    *ret_twin = *site;
    HOLDS(strlen(site->path) + 6 < sizeof ret_twin->path);
    strcat(ret_twin->path, "-twin");
    temp_copy(site->path, ret_twin->path);
    site_open(site);
    site_open(ret_twin);
}

static struct epoch_public newest_epoch(struct site *author, const struct channel *channel) {
    struct feed_info feed = newest_feed(author->store, channel, &author->member);
    return forge_epoch(author->store, &feed.id);
}

/* A survey's answers, of no survey that anybody knows. */
static void write_answers(struct site *site) {
    struct answer_reply reply = {.question = 1, .choice = 2};
    struct buffer bytes = {0};
    MUST(answer_encode(&reply, 1, &bytes));
    struct bytes answer = buffer_view(&bytes);
    struct change_set set = {.actor_name = "", .actor_function = "", .has_answers = true};
    set.answers = (struct answer_batch){
        .survey = record_of(site), .parts = 1, .answers = &answer, .answers_n = 1};
    struct change change = {.sets = &set, .sets_n = 1};
    struct version_name written;
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &change.channel));
    MUST(append_change(site->store, &change, &written));
    buffer_done(&bytes);
}

static void make(struct twins *t) {
    struct channel channel, answers;
    fuzz_begin_fixture();
    federation_found(&t->federation);
    memcpy(folder, t->federation.folder, sizeof folder);
    atexit(remove_folder);
    t->nordby = &t->federation.sites[0];
    t->birk = federation_join(&t->federation, "Birk", ROLE_KINDERGARTEN);
    t->skole = federation_join(&t->federation, "Søndre Skole", ROLE_SCHOOL);
    sync_all(&t->federation);
    channel = channel_between(t->birk, t->skole);
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &answers));
    t->record = record_of(t->birk);
    t->version = write_field(t->birk, &channel, &t->record, 50, "Trains", NULL);
    write_answers(t->birk);
    sync_all(&t->federation);
    t->handover = newest_epoch(t->birk, &channel);
    t->answers = newest_epoch(t->birk, &answers);
    make_twin(t->nordby, &t->copies[0]);
    make_twin(t->skole, &t->copies[1]);
    struct site *observed[] = {t->nordby, t->skole};
    for (int i = 0; i < 2; i++) {
        struct hash digest;
        MUST(store_digest(observed[i]->store, &t->digests[i]));
        MUST(store_digest(t->copies[i].store, &digest));
        HOLDS(hash_equal(&digest, &t->digests[i]));
    }
    fuzz_begin();
}

struct twins *twins(void) {
    static struct twins *made;
    if (made == NULL) {
        made = calloc(1, sizeof *made);
        HOLDS(made != NULL);
        make(made);
    }
    return made;
}

/* ---- Names of the vectors ---- */

static void replace(uint8_t *data, size_t size, const void *from, const void *to, size_t length) {
    for (uint8_t *at = data; (at = memmem(at, size - (size_t)(at - data), from, length)) != NULL;) {
        memcpy(at, to, length);
        at += length;
    }
}

void twins_translate(const struct twins *t, uint8_t *data, size_t size) {
    static const char federation_text[] =
        "6ac6e304c8dd8beede16a4f2f6b2f3db95762bc945816ecdaf7be9a50151abc2";
    const struct site *members[] = {t->nordby, t->birk, t->skole};
    static const char letters[] = {NORDBY, BIRK, SKOLE};
    struct federation_id federation;
    struct member_id ids[3];
    HOLDS(hex_parse(federation_text, federation.bytes, sizeof federation.bytes) == OK);
    for (int i = 0; i < 3; i++)
        memset(ids[i].bytes, letters[i], sizeof ids[i].bytes);
    for (int kind = CHANNEL_ROSTER; kind <= CHANNEL_HANDOVER; kind++) {
        bool parties = kind == CHANNEL_HANDOVER;
        struct channel there, here;
        MUST(channel_make((enum channel_kind)kind, parties ? &ids[1] : NULL,
                          parties ? &ids[2] : NULL, &there));
        MUST(channel_make((enum channel_kind)kind, parties ? &members[1]->member : NULL,
                          parties ? &members[2]->member : NULL, &here));
        struct channel_id from = channel_id_of(&federation, &there),
                          to = channel_id_of(&t->federation.id, &here);
        replace(data, size, from.bytes, to.bytes, sizeof to.bytes);
    }
    replace(data, size, federation.bytes, t->federation.id.bytes, sizeof federation.bytes);
    for (int i = 0; i < 3; i++) {
        struct public_keys theirs = fuzz_keys((enum fuzz_letter)letters[i])->public;
        const struct public_keys *ours = &members[i]->keys.public;
        replace(data, size, ids[i].bytes, members[i]->member.bytes, sizeof ids[i].bytes);
        replace(data, size, theirs.sign.bytes, ours->sign.bytes, sizeof ours->sign.bytes);
        replace(data, size, theirs.seal.bytes, ours->seal.bytes, sizeof ours->seal.bytes);
        replace(data, size, theirs.transport.bytes, ours->transport.bytes,
                sizeof ours->transport.bytes);
    }
}
