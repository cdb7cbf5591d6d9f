#include "changeset.h"

#include "limits.h"
#include "protobuf.h"
#include "text.h"

/* ---- Writing ---- */

static enum err write_write(const struct write *write, struct arena *arena,
                            Stafet__V1__Write *ret_message) {
    if (write->value.size > VALUE_SIZE_MAX)
        return ERR_LIMIT;
    if (!text_is_clean(write->value, true) || record_id_is_zero(&write->record))
        return ERR_FORMAT;
    stafet__v1__write__init(ret_message);
    ret_message->record = fixed_write(write->record.bytes, sizeof write->record.bytes);
    ret_message->collection = write->collection;
    ret_message->field = write->field;
    ret_message->value = binary_write(write->value);
    ret_message->n_replaces = write->replaces_n;
    return versions_write(write->replaces, write->replaces_n, REPLACES_PER_WRITE_MAX, true, arena,
                          &ret_message->replaces);
}

static enum err write_writes(const struct change_set *set, struct arena *arena,
                             Stafet__V1__ChangeSet *message) {
    if (set->writes_n > WRITES_PER_CHANGE_SET_MAX)
        return ERR_LIMIT;
    Stafet__V1__Write *writes = arena_array(arena, set->writes_n, sizeof *writes);
    message->writes = arena_array(arena, set->writes_n, sizeof(Stafet__V1__Write *));
    if (writes == NULL || message->writes == NULL)
        return ERR_MEMORY;
    message->n_writes = set->writes_n;
    for (size_t i = 0; i < set->writes_n; i++) {
        enum err err = write_write(&set->writes[i], arena, &writes[i]);
        if (err != OK)
            return err;
        message->writes[i] = &writes[i];
    }
    return OK;
}

/* What protobuf_check finds wrong comes first, then what it can't know; `ret_later` is the first of
 * the latter, if it is OK so far. */
static enum err reply_bytes_check(struct bytes bytes, size_t *unknown, enum err *ret_later) {
    uint64_t question = 0, choice = 0;
    bool has_question = false, has_value = false, is_text = false, is_long = false;
    while (bytes.size > 0) {
        struct wire_field field;
        enum err err = wire_next(&bytes, &field);
        if (err != OK)
            return err;
        bool is_number = field.wire == WIRE_VARINT && field.value <= UINT32_MAX;
        if (field.number == 1) {
            if (!is_number || has_question)
                return ERR_FORMAT;
            question = field.value;
            has_question = true;
        } else if (field.number == 2) {
            if (!is_number || has_value)
                return ERR_FORMAT;
            choice = field.value;
            has_value = true;
        } else if (field.number == 3) {
            if (field.wire != WIRE_SIZED || !text_is_clean(field.content, true) || has_value)
                return ERR_FORMAT;
            is_long = field.content.size > VALUE_SIZE_MAX;
            has_value = is_text = true;
        } else if (++*unknown > UNKNOWN_FIELDS_MAX) {
            return ERR_LIMIT;
        }
    }
    if (*ret_later == OK && is_long)
        *ret_later = ERR_LIMIT;
    if (*ret_later == OK && (question == 0 || is_text != (choice == 0)))
        *ret_later = ERR_FORMAT;
    return OK;
}

/* One walk over the bytes, without memory for what they say: a batch has thousands. */
enum err answer_check(struct bytes bytes) {
    size_t replies_n = 0, unknown = 0;
    enum err later = OK;
    while (bytes.size > 0) {
        struct wire_field field;
        enum err err = wire_next(&bytes, &field);
        if (err != OK)
            return err;
        if (field.number != 1) {
            if (++unknown > UNKNOWN_FIELDS_MAX)
                return ERR_LIMIT;
            continue;
        }
        replies_n++;
        if (field.wire != WIRE_SIZED)
            return ERR_FORMAT;
        if ((err = reply_bytes_check(field.content, &unknown, &later)) != OK)
            return err;
    }
    if (later == OK && (replies_n == 0 || replies_n > REPLIES_PER_ANSWER_MAX))
        later = replies_n == 0 ? ERR_FORMAT : ERR_LIMIT;
    return later;
}

static enum err batch_check(const struct answer_batch *batch) {
    if (batch->answers_n > ANSWERS_PER_BATCH_MAX)
        return ERR_LIMIT;
    if (batch->part >= batch->parts || record_id_is_zero(&batch->survey))
        return ERR_FORMAT;
    for (size_t i = 0; i < batch->answers_n; i++) {
        enum err err = answer_check(batch->answers[i]);
        if (err != OK)
            return err;
    }
    return OK;
}

static enum err write_answers(const struct answer_batch *batch, struct arena *arena,
                              Stafet__V1__AnswerBatch *ret_message) {
    enum err err = batch_check(batch);
    if (err != OK)
        return err;
    ProtobufCBinaryData *answers = arena_array(arena, batch->answers_n, sizeof *answers);
    if (answers == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < batch->answers_n; i++)
        answers[i] = binary_write(batch->answers[i]);
    stafet__v1__answer_batch__init(ret_message);
    ret_message->survey = fixed_write(batch->survey.bytes, sizeof batch->survey.bytes);
    ret_message->mark = fixed_write(batch->mark.bytes, sizeof batch->mark.bytes);
    ret_message->part = batch->part;
    ret_message->parts = batch->parts;
    ret_message->answers = answers;
    ret_message->n_answers = batch->answers_n;
    return OK;
}

enum err change_set_encode(const struct change_set *set, struct buffer *out) {
    Stafet__V1__ChangeSet message;
    stafet__v1__change_set__init(&message);
    Stafet__V1__AnswerBatch answers;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    enum err err = name_check_optional(set->actor_name);
    if (err == OK)
        err = name_check_optional(set->actor_function);
    if (err == OK)
        err = write_writes(set, &arena, &message);
    if (err == OK && set->has_answers) {
        err = write_answers(&set->answers, &arena, &answers);
        message.answers = &answers;
    }
    if (err == OK) {
        message.actor_name = text_write(set->actor_name);
        message.actor_function = text_write(set->actor_function);
        err = protobuf_pack(&message.base, out);
    }
    arena_done(&arena);
    return err;
}

/* ---- Reading ---- */

static enum err read_write(const Stafet__V1__Write *message, struct arena *arena,
                           struct write *ret_write) {
    if (message->value.len > VALUE_SIZE_MAX)
        return ERR_LIMIT;
    struct write write = {
        .collection = (uint16_t)message->collection,
        .field = (uint16_t)message->field,
        .value = binary_read(message->value),
        .replaces_n = message->n_replaces,
    };
    if (message->collection > UINT16_MAX || message->field > UINT16_MAX ||
        !text_is_clean(write.value, true))
        return ERR_FORMAT;
    enum err err = fixed_read(message->record, write.record.bytes, sizeof write.record.bytes);
    if (err == OK && record_id_is_zero(&write.record))
        err = ERR_FORMAT;
    if (err == OK)
        err = versions_read(message->replaces, message->n_replaces, REPLACES_PER_WRITE_MAX, true,
                            arena, &write.replaces);
    if (err == OK)
        *ret_write = write;
    return err;
}

static enum err read_writes(const Stafet__V1__ChangeSet *message, struct arena *arena,
                            struct change_set *set) {
    if (message->n_writes > WRITES_PER_CHANGE_SET_MAX)
        return ERR_LIMIT;
    struct write *writes = arena_array(arena, message->n_writes, sizeof *writes);
    if (writes == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < message->n_writes; i++) {
        enum err err = read_write(message->writes[i], arena, &writes[i]);
        if (err != OK)
            return err;
    }
    set->writes = writes;
    set->writes_n = message->n_writes;
    return OK;
}

static enum err read_answers(const Stafet__V1__AnswerBatch *message, struct arena *arena,
                             struct answer_batch *ret_batch) {
    struct answer_batch batch = {.part = message->part, .parts = message->parts};
    enum err err = fixed_read(message->survey, batch.survey.bytes, sizeof batch.survey.bytes);
    if (err == OK)
        err = fixed_read(message->mark, batch.mark.bytes, sizeof batch.mark.bytes);
    if (err != OK)
        return err;
    struct bytes *answers = arena_array(arena, message->n_answers, sizeof *answers);
    if (answers == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < message->n_answers; i++)
        answers[i] = binary_read(message->answers[i]);
    batch.answers = answers;
    batch.answers_n = message->n_answers;
    err = batch_check(&batch);
    if (err == OK)
        *ret_batch = batch;
    return err;
}

enum err change_set_decode(struct bytes bytes, struct arena *arena, struct change_set *ret_set) {
    const ProtobufCMessage *base;
    enum err err = protobuf_unpack(&stafet__v1__change_set__descriptor, bytes, arena, &base);
    if (err != OK)
        return err;
    const Stafet__V1__ChangeSet *message = (const Stafet__V1__ChangeSet *)base;
    struct change_set set = {
        .actor_name = message->actor_name,
        .actor_function = message->actor_function,
        .has_answers = message->answers != NULL,
    };
    err = name_check_optional(set.actor_name);
    if (err == OK)
        err = name_check_optional(set.actor_function);
    if (err == OK)
        err = read_writes(message, arena, &set);
    if (err == OK && message->answers != NULL)
        err = read_answers(message->answers, arena, &set.answers);
    if (err == OK)
        *ret_set = set;
    return err;
}

/* ---- Answers ---- */

static enum err reply_check(const struct answer_reply *reply) {
    bool is_text = reply->text != NULL;
    if (reply->question == 0 || is_text == (reply->choice != 0))
        return ERR_FORMAT;
    if (!is_text)
        return OK;
    struct bytes text = bytes_of_text(reply->text);
    if (text.size > VALUE_SIZE_MAX)
        return ERR_LIMIT;
    return text_is_clean(text, true) ? OK : ERR_FORMAT;
}

enum err answer_encode(const struct answer_reply *replies, size_t replies_n, struct buffer *out) {
    if (replies_n == 0 || replies_n > REPLIES_PER_ANSWER_MAX)
        return replies_n == 0 ? ERR_FORMAT : ERR_LIMIT;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    enum err err = ERR_MEMORY;
    Stafet__V1__Answer answer;
    stafet__v1__answer__init(&answer);
    Stafet__V1__Reply *messages = arena_array(&arena, replies_n, sizeof *messages);
    answer.n_replies = replies_n;
    answer.replies = arena_array(&arena, replies_n, sizeof(Stafet__V1__Reply *));
    if (messages == NULL || answer.replies == NULL)
        goto done;
    for (size_t i = 0; i < replies_n; i++) {
        const struct answer_reply *reply = &replies[i];
        err = reply_check(reply);
        if (err != OK)
            goto done;
        stafet__v1__reply__init(&messages[i]);
        messages[i].question = reply->question;
        if (reply->text != NULL) {
            messages[i].value_case = STAFET__V1__REPLY__VALUE_TEXT;
            messages[i].text = text_write(reply->text);
        } else {
            messages[i].value_case = STAFET__V1__REPLY__VALUE_CHOICE;
            messages[i].choice = reply->choice;
        }
        answer.replies[i] = &messages[i];
    }
    err = protobuf_pack(&answer.base, out);
done:
    arena_done(&arena);
    return err;
}

enum err answer_decode(struct bytes bytes, struct arena *arena,
                       const struct answer_reply **ret_replies, size_t *ret_replies_n) {
    const ProtobufCMessage *base;
    enum err err = protobuf_unpack(&stafet__v1__answer__descriptor, bytes, arena, &base);
    if (err != OK)
        return err;
    const Stafet__V1__Answer *answer = (const Stafet__V1__Answer *)base;
    if (answer->n_replies == 0 || answer->n_replies > REPLIES_PER_ANSWER_MAX)
        return answer->n_replies == 0 ? ERR_FORMAT : ERR_LIMIT;
    struct answer_reply *replies = arena_array(arena, answer->n_replies, sizeof *replies);
    if (replies == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < answer->n_replies; i++) {
        const Stafet__V1__Reply *message = answer->replies[i];
        replies[i].question = message->question;
        if (message->value_case == STAFET__V1__REPLY__VALUE_TEXT)
            replies[i].text = message->text;
        else if (message->value_case == STAFET__V1__REPLY__VALUE_CHOICE)
            replies[i].choice = message->choice;
        err = reply_check(&replies[i]);
        if (err != OK)
            return err;
    }
    *ret_replies = replies;
    *ret_replies_n = answer->n_replies;
    return OK;
}
