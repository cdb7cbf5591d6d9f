/* The receiver's words: read_by and accept. */
#include "handover_track.h"

#include <string.h>

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
    const struct version *sent = track_version(handover, HANDOVER_SENT_BY);
    char note[TRACK_SENDING_MAX];
    if (handover->end != END_RECEIVER || sent == NULL)
        return OK;
    track_sending_text(&sent->name, note);
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
    snprintf(mend, sizeof mend, "stafet handover %s %s",
             handover->end == END_RECEIVER ? "show" : "track", handover->short_id);
    revision_text(&handover->record.revision, revision);
    if (handover->end != END_RECEIVER)
        return reply_fail(reply, ERR_DENIED, COMMAND(mend), "only the receiver accepts a handover",
                          "det er kun modtageren, der kvitterer for en overlevering");
    if (wanted == NULL && *handover->shown == '\0')
        return reply_fail(reply, ERR_STATE, COMMAND(mend),
                          "it has not been shown here yet, so there is nothing to accept",
                          "den er ikke vist her endnu, så der er intet at kvittere for");
    if (track_revision_is(&handover->record.revision, wanted != NULL ? wanted : handover->shown))
        return OK;
    enum err e = reply_fail(reply, ERR_STALE, COMMAND(mend),
                            "it has changed meanwhile: it is revision %.4s now, not %.4s",
                            "den er ændret imens: den er nu udgave %.4s, ikke %.4s", revision,
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
