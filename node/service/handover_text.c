/* What a handover's fields say, and its parties' names, as text and JSON. */
#include "form.h"
#include "handover_draft.h"

#include <stdio.h>
#include <string.h>

const struct version *handover_live(const struct handover *handover, uint16_t number,
                                    size_t *ret_n) {
    const struct field_state *state =
        handover->stored ? record_field(&handover->record, number) : NULL;
    *ret_n = state != NULL ? state->live_n : 0;
    return state != NULL ? state->live : NULL;
}

bool handover_may_edit(const struct handover *handover, const struct field *field) {
    if (field->part == PART_TRACK || field->number == HANDOVER_SETTLED)
        return false;
    return field->writers == END_ANY || field->writers == handover->end;
}

struct channel handover_channel(const struct handover *handover) {
    struct channel channel = {0};
    if (handover->stored)
        return handover->record.channel;
    /* Both parties were checked when the form was begun: a draft's owner is this node, and its
     * receiver another. */
    if (channel_make(CHANNEL_HANDOVER, &handover->owner, &handover->receiver, &channel) != OK)
        return (struct channel){0};
    return channel;
}

const char *handover_sent_text(const struct handover *handover, const struct field *field,
                               struct arena *arena) {
    return handover->stored ? record_text_of(&handover->record, field->number, arena) : "";
}

const char *handover_text(const struct handover *handover, const struct field *field,
                          struct arena *arena) {
    const struct handover_draft *draft = draft_of(handover, field);
    /* A draft's value was loaded with a NUL after it. */
    return draft != NULL ? (const char *)draft->value.data
                         : handover_sent_text(handover, field, arena);
}

const char *handover_person(struct store *store, const struct asker *asker, struct arena *arena) {
    struct self self;
    char *name = arena_alloc(arena, FORM_NAME_MAX);
    if (*asker->name != '\0')
        return asker->name;
    if (name == NULL || store_self(store, &self) != OK)
        return "?";
    form_name(store, &self.member, name);
    return name;
}

json_t *handover_label_json(const struct label *label) {
    return json_pack("{s:s, s:s}", "da", label->da, "en", label->en);
}

json_t *handover_head_json(struct store *store, const struct handover *handover,
                           struct arena *arena) {
    const struct field *child_name = collection_field(handover->collection, HANDOVER_CHILD_NAME);
    const char *child = handover_text(handover, child_name, arena);
    char revision[HEX_TEXT_MAX];
    revision_text(&handover->revision, revision);
    if (child == NULL)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:i}", "id", handover->text, "short",
                     handover->short_id, "child", child, "from",
                     form_member(store, &handover->owner), "to",
                     form_member(store, &handover->receiver), "end",
                     handover->end == END_OWNER ? "sender" : "receiver", "revision", revision,
                     "unsent", (int)handover->drafts_n);
}
