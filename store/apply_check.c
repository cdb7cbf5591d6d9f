/* apply.h's apply_check: what makes an envelope void that only its change sets can tell.
 * PROTOCOL.md, "Admission". Pure. */
#include "apply.h"

#include "collection.h"
#include "proto/limits.h"
#include "proto/owner.h"
#include "proto/text.h"

#include <stdio.h>
#include <stdlib.h>

/* Where the sentence goes. */
struct why {
    char *text;
    size_t size;
};

static enum err refuse(const struct why *why, enum err e, const char *subject,
                       const char *sentence) {
    snprintf(why->text, why->size, "%s%s%s", subject, *subject == '\0' ? "" : ": ", sentence);
    return e;
}

static bool is_party(const struct channel *channel, const struct member_id *member) {
    return member_id_equal(&channel->parties[0], member) ||
           member_id_equal(&channel->parties[1], member);
}

/* `owns`: the record is its author's. */
static bool may_write(const struct origin *origin, const struct field *field, bool owns) {
    switch (field->writers) {
    case END_ANY:
        return true;
    case END_MUNICIPALITY:
        return origin->role == ROLE_MUNICIPALITY;
    case END_OWNER:
        return owns;
    case END_RECEIVER:
        return !owns && is_party(&origin->channel, &origin->author);
    }
    return false;
}

static enum err check_field(const struct origin *origin, const struct field *field,
                            const struct write *write, bool owns, const struct why *why) {
    struct label form;
    if (!may_write(origin, field, owns))
        return refuse(why, ERR_DENIED, field->name, "its author may not write this field");
    if (field->fixed && write->replaces_n > 0)
        return refuse(why, ERR_ARGUMENT, field->name, "it is written once and never changed");
    if (field_check(field, write->value, &form) != OK)
        return refuse(why, ERR_ARGUMENT, field->name, form.en);
    return OK;
}

static enum err check_write(const struct origin *origin, const struct write *write,
                            const struct why *why) {
    const struct channel *channel = &origin->channel;
    if (write->collection == 0 || write->field == 0 || write->field > FIELDS_PER_RECORD_MAX)
        return refuse(why, ERR_ARGUMENT, "", "a collection or field number is out of range");
    if (record_id_is_zero(&write->record))
        return refuse(why, ERR_ARGUMENT, "", "a record has no id");
    if (write->value.size > VALUE_SIZE_MAX || write->replaces_n > REPLACES_PER_WRITE_MAX)
        return refuse(why, ERR_ARGUMENT, "", "a value is too large or replaces too many versions");
    bool owns = record_id_owned_by(&write->record, &origin->author);
    if (channel->kind == CHANNEL_HANDOVER && !(owns && is_party(channel, &origin->author)) &&
        !record_id_owned_by(&write->record, &channel->parties[0]) &&
        !record_id_owned_by(&write->record, &channel->parties[1]))
        return refuse(why, ERR_DENIED, "", "the record belongs to neither party of the channel");
    const struct collection *collection = collection_find(write->collection);
    if (collection == NULL)
        return OK;
    if (collection->channel != channel->kind)
        return refuse(why, ERR_DENIED, collection->name, "this channel does not carry it");
    const struct field *field = collection_field(collection, write->field);
    return field == NULL ? OK : check_field(origin, field, write, owns, why);
}

static enum err check_answers(const struct origin *origin, const struct answer_batch *batch,
                              const struct why *why) {
    if (origin->channel.kind != CHANNEL_ANSWERS)
        return refuse(why, ERR_DENIED, "", "answers stand in a channel that does not carry them");
    if (batch->parts == 0 || batch->part >= batch->parts ||
        batch->answers_n > ANSWERS_PER_BATCH_MAX)
        return refuse(why, ERR_ARGUMENT, "", "a part of an import is out of range");
    enum err e = OK;
    for (size_t i = 0; e == OK && i < batch->answers_n; i++)
        e = answer_check(batch->answers[i]);
    if (e == OK)
        return OK;
    return refuse(why, ERR_ARGUMENT, "", "an answer cannot be read");
}

static enum err check_set(const struct origin *origin, const struct change_set *set,
                          const struct why *why) {
    if (!text_is_name(set->actor_name, NAME_SIZE_MAX) ||
        !text_is_name(set->actor_function, NAME_SIZE_MAX))
        return refuse(why, ERR_ARGUMENT, "", "the actor's name is not one line of text");
    enum err e = OK;
    for (size_t i = 0; e == OK && i < set->writes_n; i++)
        e = check_write(origin, &set->writes[i], why);
    if (e == OK && set->has_answers)
        e = check_answers(origin, &set->answers, why);
    return e;
}

static int by_record_and_field(const void *a, const void *b) {
    const struct write *first = *(const struct write *const *)a;
    const struct write *second = *(const struct write *const *)b;
    int order = record_id_compare(&first->record, &second->record);
    return order != 0 ? order : (int)first->field - (int)second->field;
}

static enum err check_twice(const struct change_set *sets, size_t sets_n, const struct why *why) {
    size_t n = 0, at = 0;
    for (size_t i = 0; i < sets_n; i++)
        n += sets[i].writes_n;
    if (n < 2)
        return OK;
    const struct write **writes = calloc(n, sizeof(const struct write *));
    if (writes == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < sets_n; i++)
        for (size_t k = 0; k < sets[i].writes_n; k++)
            writes[at++] = &sets[i].writes[k];
    qsort(writes, n, sizeof(const struct write *), by_record_and_field);
    bool twice = false;
    for (size_t i = 1; !twice && i < n; i++)
        twice = by_record_and_field(&writes[i - 1], &writes[i]) == 0;
    free(writes);
    return twice ? refuse(why, ERR_ARGUMENT, "", "a field is written twice") : OK;
}

enum err apply_check(const struct origin *origin, const struct change_set *sets, size_t sets_n,
                     char *ret_why, size_t size) {
    struct why why = {ret_why, size};
    if (origin->channel.kind == CHANNEL_ROSTER && sets_n > 0)
        return refuse(&why, ERR_DENIED, "", "the roster's channel carries declarations alone");
    for (size_t i = 0; i < sets_n; i++) {
        enum err e = check_set(origin, &sets[i], &why);
        if (e != OK)
            return e;
    }
    return check_twice(sets, sets_n, &why);
}
