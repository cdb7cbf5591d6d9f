/* send: what has been typed leaves this node here, and nowhere else.
 *
 * A send is one change set in one envelope: every changed field and, of the owner's sends, who
 * agreed, when, to which revision, and who sends. Only a union field may need more: it takes one
 * value an envelope, so each further value has one of its own, in the same transaction, and what
 * speaks about the whole stands in the last. */
#include "handover_draft.h"
#include "handover_note.h"
#include "handover_plan.h"
#include "handover_track.h"

#include "proto/limits.h"
#include "store/append.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a send writes. */

enum { TRACK_WRITES = 5 };

struct sending {
    struct store *store;
    const struct handover *handover;
    const struct asker *asker;
    struct arena *arena;
    struct write *writes; /* of the envelope being put together */
    size_t writes_n;
};

/* A field of part track replaces whatever stands there. */
static enum err add_track(struct sending *sending, uint16_t field, const char *text) {
    struct write write = {.record = sending->handover->id,
                          .collection = COLLECTION_HANDOVER,
                          .field = field,
                          .value = bytes_of_text(text)};
    enum err e = track_replaces(&sending->handover->record, field, sending->arena, &write.replaces,
                                &write.replaces_n);
    if (e == OK)
        sending->writes[sending->writes_n++] = write;
    return e;
}

/* What speaks about the whole. The receiver's sends have none. */
static enum err add_whole(struct sending *sending) {
    const struct handover_agreement *agreement = &sending->handover->agreement;
    if (sending->handover->end != END_OWNER)
        return OK;
    const struct {
        uint16_t field;
        const char *text;
    } track[TRACK_WRITES] = {
        {HANDOVER_CONSENT, "given"},
        {HANDOVER_AGREED_BY, agreement->by},
        {HANDOVER_AGREED_ON, agreement->on},
        {HANDOVER_AGREED_REVISION, agreement->revision},
        {HANDOVER_SENT_BY, handover_person(sending->store, sending->asker, sending->arena)},
    };
    enum err e = OK;
    for (size_t i = 0; e == OK && i < TRACK_WRITES; i++)
        e = add_track(sending, track[i].field, track[i].text);
    return e;
}

/* In the caller's transaction. */
static enum err send_all(struct sending *sending) {
    struct plan plan;
    enum err e = plan_make(sending->handover, sending->arena, &plan);
    if (e != OK)
        return e;
    sending->writes =
        arena_array(sending->arena, plan.first_n + TRACK_WRITES, sizeof *sending->writes);
    if (sending->writes == NULL)
        return ERR_MEMORY;
    size_t at = 0, n = plan.first_n;
    do {
        memcpy(sending->writes, plan.writes + at, n * sizeof *plan.writes);
        sending->writes_n = n;
        at += n;
        n = 1;
        if (at == plan.writes_n)
            e = add_whole(sending);
        if (e == OK && sending->writes_n > 0)
            e = track_append(sending->store, sending->handover, sending->asker, sending->writes,
                             sending->writes_n);
    } while (e == OK && at < plan.writes_n);
    return e == OK ? draft_forget(sending->store, sending->handover) : e;
}

/* Whether it may be sent. */

static enum err check_send(const struct handover *handover, const char *wanted, struct arena *arena,
                           struct reply *reply) {
    char revision[HEX_TEXT_MAX], mend[128];
    revision_text(&handover->revision, revision);
    snprintf(mend, sizeof mend,
             reply_say(reply, "stafet handover agree %s --by WHO --on DATE",
                       "stafet handover agree %s --by HVEM --on DATO"),
             handover->short_id);
    if (handover->drafts_n == 0)
        return handover_refuse_unchanged(handover, reply);
    if (wanted != NULL && !track_revision_is(&handover->revision, wanted))
        return reply_fail(
            reply, ERR_STALE,
            MEND("look at it again and repeat the command", "se på den igen, og gentag kommandoen"),
            "what waits to be sent is now revision %.4s",
            "det, der venter på at blive sendt, er nu udgave %.4s", revision);
    if (handover->end != END_OWNER)
        return OK;
    const struct field *child_name = collection_field(handover->collection, HANDOVER_CHILD_NAME);
    const char *child = handover_text(handover, child_name, arena);
    if (child == NULL || *child == '\0') {
        snprintf(mend, sizeof mend,
                 reply_say(reply, "stafet handover edit %s child_name=@FILE",
                           "stafet handover edit %s child_name=@FIL"),
                 handover->short_id);
        return reply_fail(reply, ERR_STATE, COMMAND(mend), "the form does not say whom it is about",
                          "skemaet siger ikke, hvem det handler om");
    }
    if (handover->agreement.revision == NULL)
        return reply_fail(reply, ERR_STATE, COMMAND(mend),
                          "the parents' agreement to revision %.4s is not recorded",
                          "det er ikke noteret, at forældrene har sagt ja til udgave %.4s",
                          revision);
    if (strcmp(handover->agreement.revision, revision) != 0)
        return reply_fail(
            reply, ERR_STATE, COMMAND(mend),
            "changed since the parents agreed: they agreed to revision %.4s, this is %.4s",
            "ændret, siden forældrene sagde ja: de sagde ja til udgave %.4s, dette er %.4s",
            handover->agreement.revision, revision);
    if (!track_agreement_stands(handover))
        return reply_fail(reply, ERR_STATE, COMMAND(mend),
                          "consent has changed since the parents agreed to revision %.4s",
                          "samtykket er ændret, siden forældrene sagde ja til udgave %.4s",
                          revision);
    return OK;
}

static json_t *changes_json(const struct handover *handover, struct arena *arena) {
    json_t *changes = json_array();
    for (size_t i = 0; changes != NULL && i < handover->collection->fields_n; i++) {
        const struct handover_draft *draft = &handover->drafts[i];
        if (draft->field == NULL)
            continue;
        const char *old = handover_sent_text(handover, draft->field, arena);
        if (old == NULL) {
            json_decref(changes);
            return NULL;
        }
        json_array_append_new(changes, json_pack("{s:s, s:o, s:s, s:s, s:s, s:b}", "field",
                                                 draft->field->name, "label",
                                                 handover_label_json(&draft->field->label), "part",
                                                 part_name(draft->field->part), "old", old, "new",
                                                 (const char *)draft->value.data, "overtaken",
                                                 draft_is_overtaken(handover, draft)));
    }
    return changes;
}

static json_t *send_json(struct store *store, const struct handover *handover,
                         struct arena *arena) {
    json_t *document = handover_head_json(store, handover, arena);
    if (document == NULL)
        return NULL;
    int failed = json_object_set_new(document, "changes", changes_json(handover, arena));
    if (handover->end == END_OWNER)
        failed |= json_object_set_new(document, "agreement",
                                      json_pack("{s:s, s:s, s:s}", "by", handover->agreement.by,
                                                "on", handover->agreement.on, "revision",
                                                handover->agreement.revision));
    if (failed != 0) {
        json_decref(document);
        return NULL;
    }
    return document;
}

static enum err commit_send(struct sending *sending, json_t *document) {
    enum err e = store_begin(sending->store);
    if (e != OK)
        return e;
    e = send_all(sending);
    if (e == OK && json_object_set_new(document, "unsent", json_integer(0)) != 0)
        e = ERR_MEMORY;
    if (e == OK)
        return store_commit(sending->store);
    store_rollback(sending->store);
    return e;
}

enum err handover_send(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply) {
    struct store *store = service_store(service);
    bool preview = service_flag(args, "preview");
    struct arena arena;
    struct handover handover;
    json_t *document = NULL;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = handover_open(service, service_text(args, "id"), &arena, reply, &handover);
    if (e == OK)
        e = check_send(&handover, service_text(args, "revision"), &arena, reply);
    if (e != OK)
        goto done;
    document = send_json(store, &handover, &arena);
    struct sending sending = {
        .store = store, .handover = &handover, .asker = asker, .arena = &arena};
    e = document == NULL ? ERR_MEMORY : preview ? OK : commit_send(&sending, document);
    if (e == OK && (json_object_set_new(document, "sent", json_boolean(!preview)) != 0 ||
                    !service_add_running(service, document)))
        e = ERR_MEMORY;
    if (e != OK) {
        handover_fail(store, reply, e);
        goto done;
    }
    e = reply_give(reply, json_incref(document));
done:
    json_decref(document);
    arena_done(&arena);
    return e;
}
