#include "handover_draft.h"

#include "name.h"

#include "form.h"
#include "handover_note.h"

#include "proto/limits.h"

#include <stdio.h>
#include <string.h>

const struct handover_draft *draft_of(const struct handover *handover, const struct field *field) {
    const struct handover_draft *draft = &handover->drafts[field - handover->collection->fields];
    return draft->field != NULL ? draft : NULL;
}

bool draft_is_overtaken(const struct handover *handover, const struct handover_draft *draft) {
    size_t live_n;
    const struct version *live = handover_live(handover, draft->field->number, &live_n);
    for (size_t i = 0; i < live_n; i++) {
        size_t j = 0;
        while (j < draft->based_n && version_name_compare(&draft->based[j], &live[i].name) != 0)
            j++;
        if (j == draft->based_n)
            return true;
    }
    return false;
}

/* Editing. */

bool draft_has_line(struct bytes text, struct bytes line) {
    for (size_t at = 0; at < text.size;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        size_t size = end != NULL ? (size_t)(end - text.data) - at : text.size - at;
        if (bytes_equal((struct bytes){text.data + at, size}, line))
            return true;
        at += size + 1;
    }
    return false;
}

static struct bytes trimmed(struct bytes line) {
    while (line.size > 0 && line.data[0] == ' ')
        line = (struct bytes){line.data + 1, line.size - 1};
    while (line.size > 0 && line.data[line.size - 1] == ' ')
        line.size--;
    return line;
}

/* Do two lists of lines name the same values, in whatever order? Both are tidy, so that none stands
 * twice. */
static bool has_same_lines(struct bytes a, struct bytes b) {
    for (size_t at = 0; at < a.size;) {
        const uint8_t *end = memchr(a.data + at, '\n', a.size - at);
        size_t size = end != NULL ? (size_t)(end - a.data) - at : a.size - at;
        if (!draft_has_line(b, (struct bytes){a.data + at, size}))
            return false;
        at += size + 1;
    }
    return a.size == b.size;
}

static size_t tidy_lines(struct bytes text, uint8_t *out) {
    size_t size = 0;
    for (size_t at = 0; at < text.size;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        size_t line_size = end != NULL ? (size_t)(end - text.data) - at : text.size - at;
        struct bytes line = trimmed((struct bytes){text.data + at, line_size});
        at += line_size + 1;
        if (line.size == 0 || draft_has_line((struct bytes){out, size}, line))
            continue;
        if (size > 0)
            out[size++] = '\n';
        memcpy(out + size, line.data, line.size);
        size += line.size;
    }
    return size;
}

enum err draft_tidy(const struct field *field, struct bytes value, struct arena *arena,
                    struct bytes *ret_value) {
    uint8_t *plain = arena_alloc(arena, value.size + 1),
            *lines = arena_alloc(arena, value.size + 1);
    size_t size = 0;
    if (plain == NULL || lines == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] == '\r' && i + 1 < value.size && value.data[i + 1] == '\n')
            continue;
        plain[size++] = value.data[i] == '\t' ? ' ' : value.data[i];
    }
    while (size > 0 && plain[size - 1] == '\n')
        size--;
    *ret_value = (struct bytes){plain, size};
    if (field->kind == KIND_LINE)
        *ret_value = trimmed(*ret_value);
    if (field->policy == POLICY_UNION)
        *ret_value = (struct bytes){lines, tidy_lines(*ret_value, lines)};
    return OK;
}

enum err draft_check(const struct field *field, struct bytes value, struct label *ret_why) {
    if (name_turns(value)) {
        *ret_why = MEND("it holds a character that turns the direction of writing; type it anew",
                        "det indeholder et tegn, der vender skriveretningen; skriv det på ny");
        return ERR_ARGUMENT;
    }
    if (field->policy != POLICY_UNION)
        return field_check(field, value, ret_why);
    enum err e = OK;
    for (size_t at = 0; e == OK && at < value.size;) {
        const uint8_t *end = memchr(value.data + at, '\n', value.size - at);
        size_t size = end != NULL ? (size_t)(end - value.data) - at : value.size - at;
        e = field_check(field, (struct bytes){value.data + at, size}, ret_why);
        at += size + 1;
    }
    return e;
}

static enum err check_edit(const struct handover *handover, const struct field *field,
                           struct bytes value, struct reply *reply) {
    const struct field_state *state = record_field(&handover->record, field->number);
    const char *label = label_text(reply->language, field->label);
    struct label why = {"", ""};
    enum err e;
    if (!handover_may_edit(handover, field)) {
        if (field->part == PART_TRACK || field->writers == END_ANY)
            e = reply_fail(reply, ERR_DENIED,
                           MEND("leave it out: the program writes it itself",
                                "udelad det: programmet skriver det selv"),
                           "%s (%s) is not written by hand", "%s (%s) skrives ikke i hånden",
                           field->name, label);
        else
            e = reply_fail(reply, ERR_DENIED,
                           MEND("leave it out, or ask the other site to write it",
                                "udelad det, eller bed det andet sted om at skrive det"),
                           field->writers == END_OWNER
                               ? "%s (%s) is written by the sender of the handover alone"
                               : "%s (%s) is written by the receiver of the handover alone",
                           field->writers == END_OWNER
                               ? "%s (%s) skrives kun af overleveringens afsender"
                               : "%s (%s) skrives kun af overleveringens modtager",
                           field->name, label);
    } else if (handover->stored && state != NULL && state->conflicted) {
        e = reply_fail(reply, ERR_STATE, COMMAND("stafet conflict list"),
                       "%s (%s) is in conflict; settle that first",
                       "%s (%s) er i konflikt; afgør den først", field->name, label);
    } else {
        e = draft_check(field, value, &why);
        if (e == OK)
            return OK;
        reply_fail(
            reply, e,
            MEND("mend the value, or leave the field out", "ret værdien, eller udelad feltet"),
            "%s (%s): %s", "%s (%s): %s", field->name, label, label_text(reply->language, why));
    }
    json_decref(reply->details);
    reply->details = json_pack("{s:s}", "field", field->name);
    return e;
}

/* Which versions an edit was typed over. What a form was filled in from, if it comes from one; what
 * a draft was, unless this node has displayed the record since; otherwise what is live. */
static enum err based_on(const struct handover *handover, const struct field *field, bool from_form,
                         struct arena *arena, const struct version_name **ret_based,
                         size_t *ret_n) {
    const struct handover_draft *form = &handover->forms[field - handover->collection->fields];
    const struct handover_draft *draft = draft_of(handover, field);
    char revision[HEX_TEXT_MAX];
    size_t live_n;
    revision_text(&handover->record.revision, revision);
    bool has_seen = strcmp(revision, handover->shown) == 0;
    if (from_form && form->field != NULL)
        draft = form;
    else if (has_seen)
        draft = NULL;
    if (draft != NULL) {
        *ret_based = draft->based;
        *ret_n = draft->based_n;
        return OK;
    }
    const struct version *live = handover_live(handover, field->number, &live_n);
    if (live_n > REPLACES_PER_WRITE_MAX)
        live_n = REPLACES_PER_WRITE_MAX;
    struct version_name *names = arena_array(arena, live_n, sizeof *names);
    if (names == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < live_n; i++)
        names[i] = live[i].name;
    *ret_based = names;
    *ret_n = live_n;
    return OK;
}

/* A form's mark is BEFORE-ID: what had last been typed when it was written out ("0": nothing), and
 * its own. */

static void random_id(time_ms now, char ret_id[static ID_TEXT_MAX]) {
    struct incarnation incarnation = incarnation_new(now);
    id_text(incarnation.bytes, sizeof incarnation.bytes, ret_id);
}

void draft_form_mark(const struct handover *handover, time_ms now,
                     char ret_mark[static HANDOVER_FORM_MARK_MAX]) {
    char id[ID_TEXT_MAX];
    random_id(now, id);
    snprintf(ret_mark, HANDOVER_FORM_MARK_MAX, "%s-%s",
             *handover->typed_by ? handover->typed_by : "0", id);
}

struct draft_source draft_source_of(const struct handover *handover, const char *mark,
                                    time_ms now) {
    struct draft_source source = {.form = mark != NULL};
    const char *before = *handover->typed_by ? handover->typed_by : "0";
    const char *dash = mark != NULL ? strchr(mark, '-') : NULL;
    random_id(now, source.id);
    if (dash != NULL && strlen(dash + 1) < sizeof source.id)
        snprintf(source.id, sizeof source.id, "%s", dash + 1);
    bool first = dash != NULL && strlen(before) == (size_t)(dash - mark) &&
                 memcmp(before, mark, strlen(before)) == 0;
    source.outdated = dash != NULL && !first && strcmp(handover->typed_by, source.id) != 0;
    return source;
}

/* What another has typed and not sent is nowhere else. */
static enum err refuse_outdated(const struct handover *handover, const struct field *field,
                                const struct handover_draft *draft, struct reply *reply) {
    char mend[256], mend_da[256];
    snprintf(mend, sizeof mend,
             "write it out anew and take yours over into it: stafet handover template %s >FILE",
             handover->short_id);
    snprintf(mend_da, sizeof mend_da,
             "skriv det ud på ny, og før dit over i det: stafet handover template %s >FIL",
             handover->short_id);
    const char *rest;
    int size = form_quoted(draft->value, &rest);
    reply_fail(
        reply, ERR_STALE, MEND(mend, mend_da),
        "%s (%s) has been changed here since this form was written out; it is \"%.*s%s\" now",
        "%s (%s) er ændret her, siden skemaet blev skrevet ud; der står nu \"%.*s%s\"", field->name,
        label_text(reply->language, field->label), size,
        draft->value.size > 0 ? (const char *)draft->value.data : "", rest);
    json_decref(reply->details);
    reply->details = json_pack("{s:s}", "field", field->name);
    return ERR_STALE;
}

/* Something here says something else from now on. */
static enum err note_typed(struct store *store, const struct handover *handover,
                           const struct draft_source *source) {
    char now[sizeof handover->typed];
    snprintf(now, sizeof now, "%lld", (long long)store_now(store));
    enum err e = local_put(store, &handover->id, "typed", bytes_of_text(now));
    return e == OK ? local_put(store, &handover->id, "typed_by", bytes_of_text(source->id)) : e;
}

/* What one edit makes of the draft. */
static enum err put_draft(struct store *store, const struct handover *handover,
                          const struct field *field, struct bytes value,
                          const struct draft_source *source, struct arena *arena) {
    const struct handover_draft *draft = draft_of(handover, field);
    const struct version_name *based;
    size_t based_n;
    const char *sent = handover_sent_text(handover, field, arena);
    if (sent == NULL)
        return ERR_MEMORY;
    enum err e = based_on(handover, field, source->form, arena, &based, &based_n);
    bool same = field->policy == POLICY_UNION ? has_same_lines(bytes_of_text(sent), value)
                                              : bytes_equal(bytes_of_text(sent), value);
    if (e == OK && same)
        e = note_remove(store, handover, "draft", field);
    else if (e == OK)
        e = note_put(store, handover, "draft", field, value, based, based_n);
    if (e == OK && !(draft != NULL ? bytes_equal(draft->value, value) : same))
        e = note_typed(store, handover, source);
    return e;
}

enum err draft_edit(struct store *store, const struct handover *handover, const struct field *field,
                    struct bytes value, const struct draft_source *source, struct arena *arena,
                    struct reply *reply) {
    const struct handover_draft *form = &handover->forms[field - handover->collection->fields];
    const struct handover_draft *draft = draft_of(handover, field);
    if (source->form && form->field != NULL && bytes_equal(form->value, value))
        return OK;
    /* A blank of an empty form says nothing; emptying what was written out clears it. */
    if (source->form && form->field == NULL && value.size == 0)
        return OK;
    enum err e = draft_tidy(field, value, arena, &value);
    if (e != OK)
        return handover_fail(store, reply, e);
    e = check_edit(handover, field, value, reply);
    if (e != OK)
        return e;
    if (source->outdated && draft != NULL && !bytes_equal(draft->value, value))
        return refuse_outdated(handover, field, draft, reply);
    e = put_draft(store, handover, field, value, source, arena);
    return e == OK ? OK : handover_fail(store, reply, e);
}

enum err draft_note_form(struct store *store, const struct handover *handover,
                         const struct field *field, const char *text) {
    const struct handover_draft *draft = draft_of(handover, field);
    struct version_name based[REPLACES_PER_WRITE_MAX];
    size_t live_n;
    if (draft != NULL)
        return note_put(store, handover, "form", field, bytes_of_text(text), draft->based,
                        draft->based_n);
    const struct version *live = handover_live(handover, field->number, &live_n);
    if (live_n > REPLACES_PER_WRITE_MAX)
        live_n = REPLACES_PER_WRITE_MAX;
    for (size_t i = 0; i < live_n; i++)
        based[i] = live[i].name;
    return note_put(store, handover, "form", field, bytes_of_text(text), based, live_n);
}

enum err draft_forget(struct store *store, const struct handover *handover) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < handover->collection->fields_n; i++) {
        if (handover->drafts[i].field != NULL)
            e = note_remove(store, handover, "draft", handover->drafts[i].field);
        if (e == OK && handover->forms[i].field != NULL)
            e = note_remove(store, handover, "form", handover->forms[i].field);
    }
    if (e == OK && handover->agreement.revision != NULL)
        e = note_remove(store, handover, "agreed",
                        collection_field(handover->collection, HANDOVER_CONSENT));
    if (e == OK)
        e = local_put(store, &handover->id, "typed", (struct bytes){NULL, 0});
    if (e == OK)
        e = local_put(store, &handover->id, "typed_by", (struct bytes){NULL, 0});
    return e == OK ? local_put(store, &handover->id, "to", (struct bytes){NULL, 0}) : e;
}
