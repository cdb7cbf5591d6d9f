/* template, new, edit: all local, until `send`. */
#include "handover_draft.h"
#include "handover_form.h"
#include "handover_track.h"
#include "name.h"

#include "proto/owner.h"
#include "store/roster.h"

#include <stdio.h>
#include <string.h>

/* The JSON's own text, with its length: fields are never NULL here. */
static struct bytes text_bytes(const json_t *text) {
    return (struct bytes){(const uint8_t *)json_string_value(text), json_string_length(text)};
}

static enum err apply_fields(struct store *store, const struct handover *handover,
                             const json_t *fields, struct arena *arena, struct reply *reply) {
    const char *name;
    json_t *value;
    struct draft_source source = draft_source_of(handover, NULL, store_now(store));
    json_object_foreach((json_t *)(uintptr_t)fields, name, value) {
        const struct field *field = collection_field_named(handover->collection, name);
        if (field == NULL) {
            enum err e =
                reply_fail(reply, ERR_ARGUMENT,
                           MEND("stafet handover template shows the fields",
                                "stafet handover template viser felterne"),
                           "there is no field \"%s\"", "der er ikke noget felt \"%s\"", name);
            reply->details = json_pack("{s:s}", "field", name);
            return e;
        }
        enum err e = draft_edit(store, handover, field, text_bytes(value), &source, arena, reply);
        if (e != OK)
            return e;
    }
    return OK;
}

static void place_in_form(struct reply *reply, const json_t *args, size_t line) {
    const char *path = service_text(args, "form_path");
    if (reply->details == NULL)
        reply->details = json_object();
    if (path != NULL)
        json_object_set_new(reply->details, "file", json_string(path));
    if (line > 0)
        json_object_set_new(reply->details, "line", json_integer((json_int_t)line));
}

static enum err apply_form(struct store *store, const struct handover *handover, const json_t *args,
                           struct arena *arena, struct reply *reply) {
    const json_t *text = json_object_get(args, "form");
    const struct handover_form_entry *entries;
    size_t entries_n;
    struct handover_form_error error;
    if (!json_is_string(text))
        return OK;
    enum err e = handover_form_parse(text_bytes(text), handover->collection, arena, &entries,
                                     &entries_n, &error);
    if (e == ERR_MEMORY)
        return handover_fail(store, reply, e);
    if (e != OK) {
        reply_fail(reply, e,
                   MEND("stafet handover template shows a form as it shall be",
                        "stafet handover template viser et skema, som det skal være"),
                   "line %zu of the form: %s%s%s", "linje %zu i skemaet: %s%s%s", error.line,
                   error.name, *error.name ? ": " : "", label_text(reply->language, error.what));
        place_in_form(reply, args, error.line);
        return e;
    }
    char mark[HANDOVER_FORM_MARK_MAX];
    handover_form_mark(text_bytes(text), mark);
    struct draft_source source = draft_source_of(handover, mark, store_now(store));
    for (size_t i = 0; i < entries_n; i++) {
        e = draft_edit(store, handover, entries[i].field, entries[i].value, &source, arena, reply);
        if (e != OK) {
            char why[sizeof reply->text];
            memcpy(why, reply->text, sizeof why);
            snprintf(
                reply->text, sizeof reply->text,
                reply_say(reply, "line %zu of the form: %.480s", "linje %zu i skemaet: %.480s"),
                entries[i].line, why);
            reply_tidy(reply->text);
            place_in_form(reply, args, entries[i].line);
            return e;
        }
    }
    return OK;
}

/* The document of new and edit: what is drafted now. */
static enum err give_drafts(struct service *service, const struct record_id *id,
                            struct arena *arena, struct reply *reply) {
    struct handover handover;
    char text[ID_TEXT_MAX];
    record_text(id, text);
    enum err e = handover_open(service, text, arena, reply, &handover);
    if (e != OK)
        return e;
    json_t *document = handover_head_json(service_store(service), &handover, arena);
    json_t *drafts = json_array();
    for (size_t i = 0; i < handover.collection->fields_n; i++)
        if (handover.drafts[i].field != NULL)
            json_array_append_new(drafts, json_string(handover.drafts[i].field->name));
    bool has_agreed = handover.agreement.revision != NULL,
         stands = track_agreement_stands(&handover);
    if (document != NULL && (json_object_set_new(document, "drafts", drafts) != 0 ||
                             json_object_set_new(document, "agreed", json_boolean(stands)) != 0 ||
                             json_object_set_new(document, "agreement_void",
                                                 json_boolean(has_agreed && !stands)) != 0)) {
        json_decref(document);
        document = NULL;
    } else if (document == NULL) {
        json_decref(drafts);
    }
    return reply_give(reply, document);
}

/* All of an edit or nothing. */
static enum err write_drafts(struct store *store, const struct handover *handover,
                             const json_t *args, struct arena *arena, struct reply *reply) {
    enum err e = store_begin(store);
    if (e != OK)
        return handover_fail(store, reply, e);
    if (!handover->stored) {
        char to[HEX_TEXT_MAX];
        member_text(&handover->receiver, to);
        e = local_put(store, &handover->id, "to", bytes_of_text(to));
        if (e != OK)
            handover_fail(store, reply, e);
    }
    if (e == OK)
        e = apply_form(store, handover, args, arena, reply);
    const json_t *fields = json_object_get(args, "fields");
    if (e == OK && fields != NULL)
        e = apply_fields(store, handover, fields, arena, reply);
    if (e != OK) {
        store_rollback(store);
        return e;
    }
    e = store_commit(store);
    return e == OK ? OK : handover_fail(store, reply, e);
}

static bool is_site(enum role role) {
    return role == ROLE_KINDERGARTEN || role == ROLE_SCHOOL;
}

static enum err find_receiver(struct store *store, const char *name, struct arena *arena,
                              struct reply *reply, struct member_id *ret_member) {
    struct roster_entry entry;
    struct self self;
    enum err e = store_self(store, &self);
    if (e != OK)
        return handover_fail(store, reply, e);
    if (!is_site(self.role))
        return reply_fail(reply, ERR_DENIED,
                          MEND("run it at the kindergarten's or the school's node",
                               "kør kommandoen på børnehavens eller skolens node"),
                          "only a kindergarten or a school hands a child over",
                          "det er kun børnehaver og skoler, der overleverer et barn");
    e = name_find_member(store, name, arena, &entry);
    if (e == ERR_AMBIGUOUS)
        return reply_fail(
            reply, e,
            MEND("give more of it: stafet member list", "skriv mere af det: stafet member list"),
            "\"%s\" fits more than one member", "\"%s\" passer på mere end ét medlem", name);
    if (e == ERR_NOT_FOUND)
        return reply_fail(reply, e,
                          MEND("--to takes the whole name, or six characters or more of the id: "
                               "stafet member list; stafet sync brings those who joined lately",
                               "--to skal have hele navnet eller mindst seks tegn af id'et: stafet "
                               "member list; stafet sync henter dem, der er kommet til for nylig"),
                          "there is no member \"%s\" in the roster here",
                          "der er intet medlem \"%s\" på medlemslisten her", name);
    if (e != OK)
        return handover_fail(store, reply, e);
    if (member_id_equal(&entry.member, &self.member))
        return reply_fail(reply, ERR_ARGUMENT, COMMAND("stafet member list"),
                          "%s is this site itself", "%s er stedet selv", entry.name);
    if (!is_site(entry.role))
        return reply_fail(reply, ERR_ARGUMENT, COMMAND("stafet member list"),
                          "%s is neither a kindergarten nor a school",
                          "%s er hverken en børnehave eller en skole", entry.name);
    if (entry.status != MEMBER_ACTIVE)
        return reply_fail(reply, ERR_ARGUMENT, COMMAND("stafet member list"),
                          "%s is no active member", "%s er ikke et aktivt medlem", entry.name);
    *ret_member = entry.member;
    return OK;
}

enum err handover_new(struct service *service, const struct asker *asker __attribute__((unused)),
                      const json_t *args, struct reply *reply) {
    struct store *store = service_store(service);
    struct arena arena;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    struct handover handover = {.collection = collection_find(COLLECTION_HANDOVER),
                                .end = END_OWNER};
    struct self self = {0};
    enum err e = find_receiver(store, service_text(args, "to"), &arena, reply, &handover.receiver);
    if (e != OK)
        goto done;
    e = store_self(store, &self);
    handover.drafts = arena_array(&arena, handover.collection->fields_n, sizeof *handover.drafts);
    handover.forms = arena_array(&arena, handover.collection->fields_n, sizeof *handover.forms);
    if (e == OK && (handover.drafts == NULL || handover.forms == NULL))
        e = ERR_MEMORY;
    if (e != OK) {
        handover_fail(store, reply, e);
        goto done;
    }
    handover.self = handover.owner = self.member;
    handover.id = handover.record.id = record_id_new(store_now(store), &self.member);
    e = write_drafts(store, &handover, args, &arena, reply);
    if (e == OK)
        e = give_drafts(service, &handover.id, &arena, reply);
done:
    arena_done(&arena);
    return e;
}

static enum err discard(struct service *service, const struct handover *handover,
                        struct arena *arena, struct reply *reply) {
    struct store *store = service_store(service);
    json_t *document = handover_head_json(store, handover, arena);
    enum err e = store_begin(store);
    if (e == OK) {
        e = draft_forget(store, handover);
        if (e == OK)
            e = store_commit(store);
        else
            store_rollback(store);
    }
    if (e != OK || document == NULL) {
        json_decref(document);
        return handover_fail(store, reply, e != OK ? e : ERR_MEMORY);
    }
    json_object_set_new(document, "unsent", json_integer(0));
    json_object_set_new(document, "drafts", json_array());
    json_object_set_new(document, "discarded", json_integer((json_int_t)handover->drafts_n));
    json_object_set_new(document, "agreed", json_false());
    json_object_set_new(document, "agreement_void", json_false());
    return reply_give(reply, document);
}

enum err handover_edit(struct service *service, const struct asker *asker __attribute__((unused)),
                       const json_t *args, struct reply *reply) {
    struct arena arena;
    struct handover handover;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = handover_open(service, service_text(args, "id"), &arena, reply, &handover);
    if (e != OK)
        goto done;
    bool has_edits = json_object_get(args, "form") != NULL ||
                     json_object_size(json_object_get(args, "fields")) > 0;
    if (service_flag(args, "discard") && has_edits)
        e = reply_fail(reply, ERR_ARGUMENT,
                       MEND("first --discard, then write anew", "først --discard, skriv så på ny"),
                       "either discard or edit, not both", "enten glem eller ret, ikke begge dele");
    else if (service_flag(args, "discard"))
        e = discard(service, &handover, &arena, reply);
    else if (!has_edits)
        e = reply_fail(reply, ERR_ARGUMENT,
                       MEND("stafet handover edit ID FIELD=VALUE, or --form FILE",
                            "stafet handover edit ID FELT=VÆRDI, eller --form FIL"),
                       "nothing was given to write", "der er ikke angivet noget at skrive");
    else if ((e = write_drafts(service_store(service), &handover, args, &arena, reply)) == OK)
        e = give_drafts(service, &handover.id, &arena, reply);
done:
    arena_done(&arena);
    return e;
}

/* template */

static enum err write_forms(struct store *store, const struct handover *handover,
                            const struct handover_form_entry *entries, size_t entries_n,
                            struct arena *arena, json_t **ret_forms) {
    static const char *const names[] = {[FORM_EN] = "en", [FORM_DA] = "da"};
    char mark[HANDOVER_FORM_MARK_MAX];
    json_t *forms = json_object();
    enum err e = forms != NULL ? OK : ERR_MEMORY;
    draft_form_mark(handover, store_now(store), mark);
    for (size_t language = FORM_EN; e == OK && language <= FORM_DA; language++) {
        struct buffer text = {0};
        char title[512];
        const struct field *child_name =
            collection_field(handover->collection, HANDOVER_CHILD_NAME);
        const char *child = *handover->short_id ? handover_text(handover, child_name, arena) : "";
        snprintf(title, sizeof title, "%s%s%s%s%s",
                 language == FORM_DA ? "Overlevering" : "Handover", *handover->short_id ? " " : "",
                 handover->short_id, child != NULL && *child ? ": " : "",
                 child != NULL ? child : "");
        e = handover_form_write((enum handover_form_language)language, title, entries, entries_n,
                                &text);
        if (e == OK && *handover->short_id)
            e = handover_form_write_mark(mark, &text);
        if (e == OK && json_object_set_new(forms, names[language],
                                           json_stringn((const char *)text.data, text.size)) != 0)
            e = ERR_MEMORY;
        buffer_wipe(&text);
    }
    if (e != OK) {
        json_decref(forms);
        return e;
    }
    *ret_forms = forms;
    return OK;
}

/* The fields that this end may write and that are not in conflict, with their values; each is noted
 * as written out. */
static enum err form_entries(struct store *store, const struct handover *handover, bool note,
                             struct arena *arena, struct handover_form_entry *ret_entries,
                             size_t *ret_n) {
    size_t n = 0;
    enum err e = OK;
    for (size_t i = 0; e == OK && i < handover->collection->fields_n; i++) {
        const struct field *field = &handover->collection->fields[i];
        const struct field_state *state =
            handover->stored ? record_field(&handover->record, field->number) : NULL;
        if (!handover_may_edit(handover, field) || (state != NULL && state->conflicted))
            continue;
        const char *text = handover_text(handover, field, arena);
        if (text == NULL)
            return ERR_MEMORY;
        ret_entries[n++] =
            (struct handover_form_entry){.field = field, .value = bytes_of_text(text)};
        if (note)
            e = draft_note_form(store, handover, field, text);
    }
    *ret_n = n;
    return e;
}

enum err handover_template(struct service *service,
                           const struct asker *asker __attribute__((unused)), const json_t *args,
                           struct reply *reply) {
    struct store *store = service_store(service);
    const char *id = service_text(args, "id");
    struct arena arena;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    struct handover handover = {.collection = collection_find(COLLECTION_HANDOVER),
                                .end = END_OWNER};
    size_t fields_n = handover.collection->fields_n, entries_n;
    json_t *forms = NULL;
    enum err e = OK;
    if (id != NULL)
        e = handover_open(service, id, &arena, reply, &handover);
    if (e != OK)
        goto done;
    struct handover_form_entry *entries = arena_array(&arena, fields_n, sizeof *entries);
    if (id == NULL)
        handover.drafts = arena_array(&arena, fields_n, sizeof *handover.drafts);
    if (entries == NULL || handover.drafts == NULL)
        e = ERR_MEMORY;
    if (e == OK)
        e = store_begin(store);
    if (e == OK) {
        e = form_entries(store, &handover, id != NULL, &arena, entries, &entries_n);
        if (e == OK)
            e = store_commit(store);
        else
            store_rollback(store);
    }
    if (e == OK)
        e = write_forms(store, &handover, entries, entries_n, &arena, &forms);
    e = e == OK ? reply_give(reply, json_pack("{s:o}", "form", forms))
                : handover_fail(store, reply, e);
done:
    arena_done(&arena);
    return e;
}
