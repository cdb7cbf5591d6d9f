/* agree, send: what has been typed leaves this node here, and nowhere else.
 *
 * A send is one transaction of one or more envelopes in the handover's channel. The first holds
 * every changed field, and of the owner's sends also who agreed, when, and who sends. A union field
 * takes one value an envelope, so each further value has one of its own. The owner's last one holds
 * agreed_revision: the revision that the record has got by this very send. It can't stand beside
 * what it hashes, and so it is comparable with the revision that every reader computes. */
#include "handover_draft.h"
#include "handover_track.h"

#include "proto/limits.h"
#include "store/append.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static enum err check_day(struct store *store, const char *on, struct reply *reply) {
    char today[16];
    const char *why = "";
    const struct collection *collection = collection_find(COLLECTION_HANDOVER);
    time_t now = (time_t)(store_now(store) / 1000);
    struct tm at;
    if (*on == '\0' || field_check(collection_field(collection, HANDOVER_AGREED_ON),
                                   bytes_of_text(on), &why) != OK)
        return reply_fail(reply, ERR_ARGUMENT, "give it as YYYY-MM-DD", "\"%s\" is no date", on);
    if (localtime_r(&now, &at) == NULL || strftime(today, sizeof today, "%Y-%m-%d", &at) == 0)
        return reply_fail(reply, ERR_INTERNAL, NULL, "%s", err_text(ERR_INTERNAL));
    /* Dates in this form are in order as texts. */
    if (strcmp(on, today) > 0)
        return reply_fail(reply, ERR_ARGUMENT, NULL, "%s is in the future", on);
    return OK;
}

static enum err check_agree(struct store *store, const struct handover *handover, const char *by,
                            const char *on, struct reply *reply) {
    const struct collection *collection = handover->collection;
    const char *why = "";
    if (handover->end != END_OWNER)
        return reply_fail(
            reply, ERR_DENIED, NULL,
            "only the site that hands the child over records what the parents have agreed to");
    if (handover->drafts_n == 0)
        return reply_fail(reply, ERR_STATE, "stafet handover edit ID FIELD=VALUE",
                          "nothing waits to be sent");
    if (*by == '\0' || field_check(collection_field(collection, HANDOVER_AGREED_BY),
                                   bytes_of_text(by), &why) != OK)
        return reply_fail(reply, ERR_ARGUMENT, "--by \"both custody holders\"",
                          "who has agreed must be one line%s%s", *why ? ": " : "", why);
    return check_day(store, on, reply);
}

enum err handover_agree(struct service *service, const struct asker *asker __attribute__((unused)),
                        const json_t *args, struct reply *reply) {
    struct store *store = service_store(service);
    const char *by = service_text(args, "by"), *on = service_text(args, "on");
    struct arena arena;
    struct handover handover;
    char revision[HEX_TEXT_MAX], *note = NULL;
    json_t *json = NULL;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = handover_open(service, service_text(args, "id"), &arena, reply, &handover);
    if (e == OK)
        e = check_agree(store, &handover, by, on, reply);
    if (e != OK)
        goto done;
    revision_text(&handover.revision, revision);
    json = json_pack("{s:s, s:s, s:s}", "by", by, "on", on, "revision", revision);
    note = json_dumps(json, JSON_COMPACT);
    e = note != NULL ? local_put(store, &handover.id, "agreed", bytes_of_text(note)) : ERR_MEMORY;
    json_t *document = e == OK ? handover_head_json(store, &handover, &arena) : NULL;
    if (e == OK && (document == NULL || json_object_set(document, "agreement", json) != 0)) {
        json_decref(document);
        e = ERR_MEMORY;
    }
    e = e == OK ? reply_give(reply, document) : handover_fail(store, reply, e);
done:
    free(note);
    json_decref(json);
    arena_done(&arena);
    return e;
}

/* What a send writes. */

struct sending {
    struct store *store;
    const struct handover *handover;
    const struct asker *asker;
    struct arena *arena;
    struct write *writes; /* of the first envelope */
    size_t writes_n;
};

static enum err add_write(struct sending *sending, uint16_t field, struct bytes value,
                          const struct version_name *replaces, size_t replaces_n) {
    sending->writes[sending->writes_n++] = (struct write){.record = sending->handover->id,
                                                          .collection = COLLECTION_HANDOVER,
                                                          .field = field,
                                                          .value = value,
                                                          .replaces = replaces,
                                                          .replaces_n = replaces_n};
    return OK;
}

/* A field of part track replaces whatever stands there. */
static enum err add_track(struct sending *sending, uint16_t field, const char *text) {
    const struct version_name *names;
    size_t names_n;
    enum err e =
        track_replaces(&sending->handover->record, field, sending->arena, &names, &names_n);
    return e == OK ? add_write(sending, field, bytes_of_text(text), names, names_n) : e;
}

static enum err append(struct sending *sending, const struct write *writes, size_t writes_n) {
    return track_append(sending->store, sending->handover, sending->asker, writes, writes_n);
}

/* The versions of a union field that the draft was typed over and whose value it no longer has. */
static enum err union_replaces(struct sending *sending, const struct handover_draft *draft,
                               const struct version_name **ret_names, size_t *ret_n) {
    size_t live_n, n = 0;
    const struct version *live = handover_live(sending->handover, draft->field->number, &live_n);
    struct version_name *names = arena_array(sending->arena, live_n, sizeof *names);
    if (names == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < live_n && n < REPLACES_PER_WRITE_MAX; i++) {
        bool was_seen = false;
        for (size_t j = 0; j < draft->based_n; j++)
            was_seen = was_seen || version_name_compare(&draft->based[j], &live[i].name) == 0;
        if (was_seen && (live[i].value.size == 0 || !draft_has_line(draft->value, live[i].value)))
            names[n++] = live[i].name;
    }
    *ret_names = names;
    *ret_n = n;
    return OK;
}

static bool is_live_value(const struct sending *sending, const struct field *field,
                          struct bytes value) {
    size_t live_n;
    const struct version *live = handover_live(sending->handover, field->number, &live_n);
    for (size_t i = 0; i < live_n; i++)
        if (bytes_equal(live[i].value, value))
            return true;
    return false;
}

/* The n-th line of the draft (from 0) that is no live value yet; false: there are fewer. */
static bool new_line(const struct sending *sending, const struct handover_draft *draft, size_t n,
                     struct bytes *ret_line) {
    for (size_t at = 0; at < draft->value.size;) {
        const uint8_t *start = draft->value.data + at,
                      *end = memchr(start, '\n', draft->value.size - at);
        struct bytes line = {start, end != NULL ? (size_t)(end - start) : draft->value.size - at};
        at += line.size + 1;
        if (is_live_value(sending, draft->field, line))
            continue;
        if (n-- == 0) {
            *ret_line = line;
            return true;
        }
    }
    return false;
}

static enum err add_draft(struct sending *sending, const struct handover_draft *draft) {
    const struct version_name *names = draft->based;
    size_t names_n = draft->based_n;
    struct bytes value = draft->value;
    if (draft->field->policy == POLICY_UNION) {
        enum err e = union_replaces(sending, draft, &names, &names_n);
        if (e != OK)
            return e;
        if (!new_line(sending, draft, 0, &value)) {
            value = (struct bytes){NULL, 0};
            if (names_n == 0)
                return OK;
        }
    }
    return add_write(sending, draft->field->number, value, names, names_n);
}

static enum err append_further_lines(struct sending *sending, const struct handover_draft *draft) {
    struct bytes line;
    enum err e = OK;
    for (size_t n = 1;
         e == OK && draft->field->policy == POLICY_UNION && new_line(sending, draft, n, &line);
         n++) {
        struct write write = {.record = sending->handover->id,
                              .collection = COLLECTION_HANDOVER,
                              .field = draft->field->number,
                              .value = line};
        e = append(sending, &write, 1);
    }
    return e;
}

static enum err append_agreed_revision(struct sending *sending, struct revision *ret_revision) {
    struct record record;
    char text[HEX_TEXT_MAX];
    const struct version_name *names;
    size_t names_n;
    enum err e = record_load(sending->store, &sending->handover->id, sending->arena, &record);
    if (e != OK)
        return e;
    *ret_revision = record.revision;
    if (sending->handover->end != END_OWNER)
        return OK;
    revision_text(&record.revision, text);
    e = track_replaces(&record, HANDOVER_AGREED_REVISION, sending->arena, &names, &names_n);
    if (e != OK)
        return e;
    struct write write = {.record = record.id,
                          .collection = COLLECTION_HANDOVER,
                          .field = HANDOVER_AGREED_REVISION,
                          .value = bytes_of_text(text),
                          .replaces = names,
                          .replaces_n = names_n};
    return append(sending, &write, 1);
}

/* In the caller's transaction. */
static enum err send_all(struct sending *sending, struct revision *ret_revision) {
    const struct handover *handover = sending->handover;
    size_t fields_n = handover->collection->fields_n;
    sending->writes = arena_array(sending->arena, fields_n, sizeof *sending->writes);
    enum err e = sending->writes != NULL ? OK : ERR_MEMORY;
    for (size_t i = 0; e == OK && i < fields_n; i++)
        if (handover->drafts[i].field != NULL)
            e = add_draft(sending, &handover->drafts[i]);
    if (e == OK && handover->end == END_OWNER) {
        e = add_track(sending, HANDOVER_CONSENT, "given");
        if (e == OK)
            e = add_track(sending, HANDOVER_AGREED_BY, handover->agreement.by);
        if (e == OK)
            e = add_track(sending, HANDOVER_AGREED_ON, handover->agreement.on);
        if (e == OK)
            e = add_track(sending, HANDOVER_SENT_BY,
                          handover_person(sending->store, sending->asker, sending->arena));
    }
    if (e == OK && sending->writes_n > 0)
        e = append(sending, sending->writes, sending->writes_n);
    for (size_t i = 0; e == OK && i < fields_n; i++)
        if (handover->drafts[i].field != NULL)
            e = append_further_lines(sending, &handover->drafts[i]);
    if (e == OK)
        e = append_agreed_revision(sending, ret_revision);
    return e == OK ? draft_forget(sending->store, handover) : e;
}

/* Whether it may be sent. */

static enum err check_send(const struct handover *handover, const char *wanted, struct arena *arena,
                           struct reply *reply) {
    char revision[HEX_TEXT_MAX], mend[128];
    revision_text(&handover->revision, revision);
    snprintf(mend, sizeof mend, "stafet handover agree %s --by WHO --on DATE", handover->short_id);
    if (handover->drafts_n == 0)
        return reply_fail(reply, ERR_STATE, "stafet handover edit ID FIELD=VALUE",
                          "nothing waits to be sent");
    if (wanted != NULL && !track_revision_is(&handover->revision, wanted))
        return reply_fail(reply, ERR_STALE, "look at it again and repeat the command",
                          "what waits to be sent is now revision %.4s", revision);
    if (handover->end != END_OWNER)
        return OK;
    const struct field *child_name = collection_field(handover->collection, HANDOVER_CHILD_NAME);
    const char *child = handover_text(handover, child_name, arena);
    if (child == NULL || *child == '\0')
        return reply_fail(reply, ERR_STATE, "stafet handover edit ID child_name=@FILE",
                          "the form does not say whom it is about");
    if (handover->agreement.revision == NULL)
        return reply_fail(reply, ERR_STATE, mend,
                          "the parents' agreement to revision %.4s is not recorded", revision);
    if (strcmp(handover->agreement.revision, revision) != 0)
        return reply_fail(
            reply, ERR_STATE, mend,
            "changed since the parents agreed: they agreed to revision %.4s, this is %.4s",
            handover->agreement.revision, revision);
    return OK;
}

static json_t *changes_json(const struct handover *handover, struct arena *arena) {
    json_t *changes = json_array();
    for (size_t i = 0; changes != NULL && i < handover->collection->fields_n; i++) {
        const struct handover_draft *draft = &handover->drafts[i];
        if (draft->field == NULL)
            continue;
        const char *old = handover_sent_text(handover, draft->field, arena);
        json_array_append_new(
            changes, json_pack("{s:s, s:o, s:s, s:s, s:s, s:b}", "field", draft->field->name,
                               "label", handover_label_json(&draft->field->label), "part",
                               part_name(draft->field->part), "old", old != NULL ? old : "", "new",
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
    struct store *store = sending->store;
    struct revision revision;
    char text[HEX_TEXT_MAX];
    enum err e = store_begin(store);
    if (e != OK)
        return e;
    e = send_all(sending, &revision);
    if (e != OK) {
        store_rollback(store);
        return e;
    }
    revision_text(&revision, text);
    if (json_object_set_new(document, "revision", json_string(text)) != 0 ||
        json_object_set_new(document, "unsent", json_integer(0)) != 0) {
        store_rollback(store);
        return ERR_MEMORY;
    }
    return store_commit(store);
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
    if (e == OK && json_object_set_new(document, "sent", json_boolean(!preview)) != 0)
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
