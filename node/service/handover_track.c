/* How far a handover has come. */
#include "handover_track.h"

#include "form.h"

#include "proto/limits.h"
#include "store/acks.h"
#include "store/append.h"
#include "store/roster.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err track_replaces(const struct record *record, uint16_t field, struct arena *arena,
                        const struct version_name **ret_names, size_t *ret_n) {
    const struct field_state *state = record->fields_n > 0 ? record_field(record, field) : NULL;
    size_t n = state != NULL ? state->live_n : 0;
    if (n > REPLACES_PER_WRITE_MAX)
        n = REPLACES_PER_WRITE_MAX;
    struct version_name *names = arena_array(arena, n, sizeof *names);
    if (names == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        names[i] = state->live[i].name;
    *ret_names = names;
    *ret_n = n;
    return OK;
}

enum err track_append(struct store *store, const struct handover *handover,
                      const struct asker *asker, const struct write *writes, size_t writes_n) {
    struct change_set set = {.actor_name = asker->name,
                             .actor_function = asker->function,
                             .writes = writes,
                             .writes_n = writes_n};
    struct change change = {.channel = handover_channel(handover), .sets = &set, .sets_n = 1};
    struct version_name written;
    return append_change(store, &change, &written);
}

bool track_revision_is(const struct revision *revision, const char *text) {
    char hex[HEX_TEXT_MAX];
    size_t size = strlen(text);
    revision_text(revision, hex);
    if (size < 4 || size > strlen(hex))
        return false;
    for (size_t i = 0; i < size; i++)
        if (tolower((unsigned char)text[i]) != hex[i])
            return false;
    return true;
}

const struct version *track_version(const struct handover *handover, uint16_t number) {
    const struct field_state *state =
        handover->stored ? record_field(&handover->record, number) : NULL;
    if (state == NULL || state->live[state->shown].value.size == 0)
        return NULL;
    return &state->live[state->shown];
}

bool track_agreement_stands(const struct handover *handover) {
    const struct handover_agreement *agreement = &handover->agreement;
    char revision[HEX_TEXT_MAX];
    size_t n;
    const struct version *consents = handover_live(handover, HANDOVER_CONSENT, &n);
    revision_text(&handover->revision, revision);
    if (n > REPLACES_PER_WRITE_MAX) /* a note names no more */
        n = REPLACES_PER_WRITE_MAX;
    bool stands = agreement->revision != NULL && strcmp(agreement->revision, revision) == 0 &&
                  agreement->consents_n == n;
    for (size_t i = 0; stands && i < n; i++)
        stands = version_name_compare(&agreement->consents[i], &consents[i].name) == 0;
    return stands;
}

static const char *shown_text(const struct handover *handover, uint16_t number,
                              struct arena *arena) {
    return track_version(handover, number) != NULL
               ? record_text_of(&handover->record, number, arena)
               : NULL;
}

void track_sending_text(const struct version_name *sent, char ret_text[static TRACK_SENDING_MAX]) {
    char id8[ID_TEXT_MAX];
    id_text(sent->id8.bytes, sizeof sent->id8.bytes, id8);
    snprintf(ret_text, TRACK_SENDING_MAX, "%llu %s", (unsigned long long)sent->seq, id8);
}

/* A statement is replaced by the next, which covers the sending too: what counts is when the first
 * was seen. */
static void date_first_seen(struct store *store, const struct handover *handover,
                            const struct version_name *sent, const char *key, const char *noted,
                            struct track_step *step, enum err *not_noted) {
    char sending[TRACK_SENDING_MAX], note[TRACK_SENDING_MAX + 32];
    if (!step->done) {
        step->at = 0;
        return;
    }
    track_sending_text(sent, sending);
    size_t size = strlen(sending);
    if (strncmp(noted, sending, size) == 0 && noted[size] == '@') {
        step->at = (time_ms)strtoll(noted + size + 1, NULL, 10);
        return;
    }
    snprintf(note, sizeof note, "%s@%lld", sending, (long long)step->at);
    /* Only a date hangs on it: a full disk must not keep anybody from looking. */
    enum err e = local_put(store, &handover->id, key, bytes_of_text(note));
    if (*not_noted == OK)
        *not_noted = e;
}

struct relay_search {
    struct store *store;
    const struct version_name *sent;
    struct member_id relay;
    struct track_step *step;
    enum role role; /* of `relay` */
};

/* A relay that has stated that it holds the sending, the municipality's word first; else the
 * municipality, for its name. */
static enum err try_relay(void *context, const struct roster_entry *entry) {
    struct relay_search *search = context;
    bool covers = false;
    time_ms stored = 0;
    if (entry->status != MEMBER_ACTIVE ||
        (entry->role != ROLE_MUNICIPALITY && entry->role != ROLE_RELAY))
        return OK;
    enum err e = acks_covers(search->store, &entry->member, &search->sent->feed, search->sent->seq,
                             &covers, &stored);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    covers = covers && e == OK;
    bool is_better = (covers && !search->step->done) || member_id_is_zero(&search->relay) ||
                     (covers == search->step->done && entry->role == ROLE_MUNICIPALITY);
    if (is_better) {
        search->relay = entry->member;
        search->step->done = covers;
        search->step->at = stored;
    }
    return OK;
}

static enum err track_delivery(struct store *store, const struct handover *handover,
                               const struct version_name *sent, struct arena *arena,
                               struct track *track) {
    struct relay_search search = {.store = store, .sent = sent, .step = &track->at_relay};
    enum err e = roster_each(store, try_relay, &search);
    if (e != OK)
        return e;
    track->relay = search.relay;
    date_first_seen(store, handover, sent, "at_relay", handover->at_relay, &track->at_relay,
                    &track->not_noted);
    if (handover->end == END_RECEIVER) {
        /* It stands here: that is delivery, whatever the last statement says. */
        const struct past_version *past;
        size_t n;
        track->delivered.done = true;
        e = record_history(store, COLLECTION_HANDOVER, &handover->id, HANDOVER_SENT_BY, arena,
                           &past, &n);
        for (size_t i = 0; e == OK && i < n; i++)
            if (past[i].live)
                track->delivered.at = past[i].stored;
        return e;
    }
    e = acks_covers(store, &handover->receiver, &sent->feed, sent->seq, &track->delivered.done,
                    &track->delivered.at);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    date_first_seen(store, handover, sent, "delivered", handover->delivered, &track->delivered,
                    &track->not_noted);
    return OK;
}

static void track_agreement(const struct handover *handover, struct arena *arena,
                            struct track_step *agreed) {
    const struct handover_agreement *noted = &handover->agreement;
    /* An agreement that waits to be sent is the news; one that is void is not. */
    if (track_agreement_stands(handover)) {
        *agreed = (struct track_step){
            .done = true, .by = noted->by, .on = noted->on, .revision = noted->revision};
        return;
    }
    const char *consent = shown_text(handover, HANDOVER_CONSENT, arena);
    agreed->by = shown_text(handover, HANDOVER_AGREED_BY, arena);
    agreed->on = shown_text(handover, HANDOVER_AGREED_ON, arena);
    agreed->revision = shown_text(handover, HANDOVER_AGREED_REVISION, arena);
    agreed->done = consent != NULL && strcmp(consent, "given") == 0;
}

enum err track_of(struct store *store, const struct handover *handover, struct arena *arena,
                  struct track *ret_track) {
    struct track track = {0};
    track_agreement(handover, arena, &track.agreed);
    const struct version *sent = track_version(handover, HANDOVER_SENT_BY);
    if (sent == NULL) {
        *ret_track = track;
        return OK;
    }
    const struct past_version *past;
    size_t past_n;
    enum err e = record_history(store, COLLECTION_HANDOVER, &handover->id, HANDOVER_SENT_BY, arena,
                                &past, &past_n);
    if (e != OK)
        return e;
    track.sends_n = past_n;
    track.sent = (struct track_step){.done = true,
                                     .at = clock_ms(sent->clock),
                                     .by = shown_text(handover, HANDOVER_SENT_BY, arena)};
    track.due = track.sent.at + HANDOVER_READ_DUE_MS;

    /* It stands in the last envelope of a send: who holds that one has all of it. */
    e = track_delivery(store, handover, &sent->name, arena, &track);
    if (e != OK)
        return e;

    const struct version *read = track_version(handover, HANDOVER_READ_BY);
    if (read != NULL) {
        track.read.at = clock_ms(read->clock);
        track.read.by = shown_text(handover, HANDOVER_READ_BY, arena);
        /* Of a first sending any read_by speaks; of a later one, one that was written after it. */
        track.read.done = past_n == 1 || read->clock > sent->clock;
    }
    const struct version *accepted = track_version(handover, HANDOVER_ACCEPTED_REVISION);
    if (accepted != NULL) {
        track.accepted.at = clock_ms(accepted->clock);
        track.accepted.by = shown_text(handover, HANDOVER_ACCEPTED_BY, arena);
        track.accepted.revision = shown_text(handover, HANDOVER_ACCEPTED_REVISION, arena);
        track.accepted.done =
            track.accepted.revision != NULL &&
            track_revision_is(&handover->record.revision, track.accepted.revision);
    }
    *ret_track = track;
    return OK;
}

enum err handover_state(struct store *store, const struct handover *handover, struct arena *arena,
                        const char **ret_state) {
    struct track track;
    enum err e = track_of(store, handover, arena, &track);
    if (e != OK)
        return e;
    *ret_state = !handover->stored           ? "draft"
                 : track.accepted.done       ? "accepted"
                 : track.accepted.by != NULL ? "changed"
                 : track.read.done           ? "read"
                 : track.delivered.done      ? "delivered"
                 : track.at_relay.done       ? "at_relay"
                                             : "sent";
    return OK;
}

/* track */

static json_t *step_json(const char *name, const struct track_step *step) {
    return json_pack("{s:s, s:b, s:o, s:s?, s:s?, s:s?}", "step", name, "done", step->done, "at",
                     form_time(step->at), "by", step->by, "on", step->on, "revision",
                     step->revision);
}

static json_t *steps_json(struct store *store, const struct handover *handover,
                          const struct track *track) {
    json_t *steps = json_array();
    json_t *relay = step_json("at_relay", &track->at_relay),
           *delivered = step_json("delivered", &track->delivered);
    json_t *read = step_json("read", &track->read);
    if (relay != NULL && !member_id_is_zero(&track->relay))
        json_object_set_new(relay, "member", form_member(store, &track->relay));
    if (delivered != NULL)
        json_object_set_new(delivered, "member", form_member(store, &handover->receiver));
    if (read != NULL)
        json_object_set_new(read, "due", form_time(track->due));
    int failed = json_array_append_new(steps, step_json("agreed", &track->agreed));
    failed |= json_array_append_new(steps, step_json("sent", &track->sent));
    failed |= json_array_append_new(steps, relay);
    failed |= json_array_append_new(steps, delivered);
    failed |= json_array_append_new(steps, read);
    failed |= json_array_append_new(steps, step_json("accepted", &track->accepted));
    if (failed == 0)
        return steps;
    json_decref(steps);
    return NULL;
}

enum err handover_track(struct service *service, const struct asker *asker __attribute__((unused)),
                        const json_t *args, struct reply *reply) {
    struct store *store = service_store(service);
    struct arena arena;
    struct handover handover;
    struct track track;
    const char *state;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = handover_open(service, service_text(args, "id"), &arena, reply, &handover);
    if (e != OK)
        goto done;
    e = track_of(store, &handover, &arena, &track);
    if (e == OK)
        e = handover_state(store, &handover, &arena, &state);
    json_t *document = e == OK ? handover_head_json(store, &handover, &arena) : NULL;
    if (e == OK &&
        (document == NULL || json_object_set_new(document, "state", json_string(state)) != 0 ||
         json_object_set_new(document, "sends", json_integer((json_int_t)track.sends_n)) != 0 ||
         json_object_set_new(document, "steps", steps_json(store, &handover, &track)) != 0 ||
         json_object_set_new(document, "not_noted", form_error(track.not_noted)) != 0 ||
         !service_add_running(service, document))) {
        json_decref(document);
        e = ERR_MEMORY;
    }
    e = e == OK ? reply_give(reply, document) : handover_fail(store, reply, e);
done:
    arena_done(&arena);
    return e;
}
