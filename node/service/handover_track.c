/* accept, track, and the receiver's read_by. */
#include "handover_track.h"

#include "form.h"

#include "proto/limits.h"
#include "store/acks.h"
#include "store/append.h"
#include "store/roster.h"

#include <ctype.h>
#include <stdio.h>
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

/* How far it has come. */

/* The version of a track field that counts; NULL: none. */
static const struct version *shown_version(const struct handover *handover, uint16_t number) {
    const struct field_state *state =
        handover->stored ? record_field(&handover->record, number) : NULL;
    if (state == NULL || state->live[state->shown].value.size == 0)
        return NULL;
    return &state->live[state->shown];
}

static const char *shown_text(const struct handover *handover, uint16_t number,
                              struct arena *arena) {
    return shown_version(handover, number) != NULL
               ? record_text_of(&handover->record, number, arena)
               : NULL;
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
        search->step->at = covers ? stored : 0;
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
    if (handover->end == END_RECEIVER) {
        /* It stands here: that is delivery, whatever the last statement says. */
        const struct past_version *past;
        size_t n;
        track->delivered.done = true;
        e = record_history(store, &handover->id, HANDOVER_SENT_BY, arena, &past, &n);
        for (size_t i = 0; e == OK && i < n; i++)
            if (past[i].live)
                track->delivered.at = past[i].stored;
        return e;
    }
    e = acks_covers(store, &handover->receiver, &sent->feed, sent->seq, &track->delivered.done,
                    &track->delivered.at);
    if (e == ERR_NOT_FOUND)
        e = OK;
    else if (e != OK)
        return e;
    if (!track->delivered.done)
        track->delivered.at = 0;
    return e;
}

static void track_agreement(const struct handover *handover, struct arena *arena,
                            struct track_step *agreed) {
    const struct handover_agreement *noted = &handover->agreement;
    char revision[HEX_TEXT_MAX];
    revision_text(&handover->revision, revision);
    /* An agreement that waits to be sent is the news; one that an edit has voided is not. */
    if (noted->revision != NULL && strcmp(noted->revision, revision) == 0) {
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
    const struct version *sent = shown_version(handover, HANDOVER_SENT_BY);
    if (sent == NULL) {
        *ret_track = track;
        return OK;
    }
    const struct past_version *past;
    size_t past_n;
    enum err e = record_history(store, &handover->id, HANDOVER_SENT_BY, arena, &past, &past_n);
    if (e != OK)
        return e;
    track.sends_n = past_n;
    track.sent = (struct track_step){.done = true,
                                     .at = clock_ms(sent->clock),
                                     .by = shown_text(handover, HANDOVER_SENT_BY, arena)};
    track.due = track.sent.at + HANDOVER_READ_DUE_MS;

    /* agreed_revision stands in the last envelope of a send: who holds that one has all of it. */
    const struct version *last = shown_version(handover, HANDOVER_AGREED_REVISION);
    e = track_delivery(store, handover, last != NULL ? &last->name : &sent->name, arena, &track);
    if (e != OK)
        return e;

    const struct version *read = shown_version(handover, HANDOVER_READ_BY);
    if (read != NULL) {
        track.read.at = clock_ms(read->clock);
        track.read.by = shown_text(handover, HANDOVER_READ_BY, arena);
        /* Of a first sending any read_by speaks; of a later one, one that was written after it. */
        track.read.done = past_n == 1 || read->clock > sent->clock;
    }
    const struct version *accepted = shown_version(handover, HANDOVER_ACCEPTED_REVISION);
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
         json_object_set_new(document, "steps", steps_json(store, &handover, &track)) != 0)) {
        json_decref(document);
        e = ERR_MEMORY;
    }
    e = e == OK ? reply_give(reply, document) : handover_fail(store, reply, e);
done:
    arena_done(&arena);
    return e;
}

/* The receiver's words. */

static enum err write_two(struct store *store, const struct handover *handover,
                          const struct asker *asker, const uint16_t *fields,
                          const char *const *texts, size_t n, struct arena *arena) {
    struct write writes[2];
    for (size_t i = 0; i < n; i++) {
        writes[i] = (struct write){.record = handover->id,
                                   .collection = COLLECTION_HANDOVER,
                                   .field = fields[i],
                                   .value = bytes_of_text(texts[i])};
        enum err e = track_replaces(&handover->record, fields[i], arena, &writes[i].replaces,
                                    &writes[i].replaces_n);
        if (e != OK)
            return e;
    }
    return track_append(store, handover, asker, writes, n);
}

enum err track_mark_read(struct store *store, const struct handover *handover,
                         const struct asker *asker, struct arena *arena) {
    static const uint16_t field = HANDOVER_READ_BY;
    const struct version *sent = shown_version(handover, HANDOVER_SENT_BY);
    char text[ID_TEXT_MAX], note[256];
    if (handover->end != END_RECEIVER || sent == NULL)
        return OK;
    id_text(sent->name.id8.bytes, sizeof sent->name.id8.bytes, text);
    snprintf(note, sizeof note, "%llu %s", (unsigned long long)sent->name.seq, text);
    if (strcmp(note, handover->read) == 0)
        return OK;
    const char *person = handover_person(store, asker, arena);
    enum err e = store_begin(store);
    if (e != OK)
        return e;
    e = write_two(store, handover, asker, &field, &person, 1, arena);
    if (e == OK)
        e = local_put(store, &handover->id, "read", bytes_of_text(note));
    if (e == OK)
        return store_commit(store);
    store_rollback(store);
    return e;
}

/* Which revision is to be accepted: the one given, else the one last displayed; refused unless it
 * is what stands here. */
static enum err check_accept(const struct handover *handover, const char *wanted,
                             struct reply *reply) {
    char revision[HEX_TEXT_MAX], mend[128];
    snprintf(mend, sizeof mend, "stafet handover show %s", handover->short_id);
    revision_text(&handover->record.revision, revision);
    if (handover->end != END_RECEIVER)
        return reply_fail(reply, ERR_DENIED, NULL, "only the receiver accepts a handover");
    if (wanted == NULL && *handover->shown == '\0')
        return reply_fail(reply, ERR_STATE, mend,
                          "it has not been shown here yet, so there is nothing to accept");
    if (track_revision_is(&handover->record.revision, wanted != NULL ? wanted : handover->shown))
        return OK;
    enum err e = reply_fail(reply, ERR_STALE, mend,
                            "it has changed meanwhile: it is revision %.4s now, not %.4s", revision,
                            wanted != NULL ? wanted : handover->shown);
    json_decref(reply->details);
    reply->details = json_pack("{s:s}", "revision", revision);
    return e;
}

enum err handover_accept(struct service *service, const struct asker *asker, const json_t *args,
                         struct reply *reply) {
    static const uint16_t fields[] = {HANDOVER_ACCEPTED_REVISION, HANDOVER_ACCEPTED_BY};
    struct store *store = service_store(service);
    struct arena arena;
    struct handover handover;
    char revision[HEX_TEXT_MAX];
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = handover_open(service, service_text(args, "id"), &arena, reply, &handover);
    if (e == OK)
        e = check_accept(&handover, service_text(args, "revision"), reply);
    if (e != OK)
        goto done;
    revision_text(&handover.record.revision, revision);
    const char *texts[] = {revision, handover_person(store, asker, &arena)};
    e = write_two(store, &handover, asker, fields, texts, 2, &arena);
    json_t *document = e == OK ? handover_head_json(store, &handover, &arena) : NULL;
    if (e == OK && (document == NULL ||
                    json_object_set_new(document, "accepted", json_string(revision)) != 0)) {
        json_decref(document);
        e = ERR_MEMORY;
    }
    e = e == OK ? reply_give(reply, document) : handover_fail(store, reply, e);
done:
    arena_done(&arena);
    return e;
}
