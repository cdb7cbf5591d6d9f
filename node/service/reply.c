#include "service.h"
#include "whole.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reply_init(struct reply *reply) {
    memset(reply, 0, sizeof *reply);
    reply->spoilt_n = whole_spoilt_n();
}

void reply_done(struct reply *reply) {
    json_decref(reply->document);
    json_decref(reply->progress);
    json_decref(reply->details);
    enum language language = reply->language;
    reply_init(reply);
    reply->language = language;
}

/* How many bytes the character at `at` takes; 0: it is none, or a control character. */
static size_t character_size(const unsigned char *at) {
    if (*at < 0x20 || *at == 0x7F)
        return 0;
    if (*at < 0x80)
        return 1;
    size_t size = *at >= 0xF0 ? 4 : *at >= 0xE0 ? 3 : 2;
    if (*at < 0xC2 || *at > 0xF4)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    bool wrong = (*at == 0xC2 && at[1] < 0xA0) || (*at == 0xE0 && at[1] < 0xA0) ||
                 (*at == 0xED && at[1] > 0x9F) || (*at == 0xF0 && at[1] < 0x90) ||
                 (*at == 0xF4 && at[1] > 0x8F);
    return wrong ? 0 : size;
}

void reply_tidy(char *text) {
    while (*text != '\0') {
        size_t size = character_size((const unsigned char *)text);
        if (size == 0) /* a value that is quoted may have lines */
            *text = *text == '\n' || *text == '\t' ? ' ' : '?';
        text += size == 0 ? 1 : size;
    }
}

enum err reply_fail(struct reply *reply, enum err e, struct label mend, const char *en,
                    const char *da, ...) {
    va_list args;
    va_start(args, da);
    vsnprintf(reply->text, sizeof reply->text, say_in(reply->language, en, da), args);
    va_end(args);
    snprintf(reply->mend, sizeof reply->mend, "%s", label_text(reply->language, mend));
    reply_tidy(reply->text);
    reply_tidy(reply->mend);
    reply->error = e;
    json_decref(reply->document);
    reply->document = NULL;
    return e;
}

enum err reply_err(struct reply *reply, enum err e) {
    return reply_fail(reply, e, err_mend(e), "%s", "%s", reply_err_text(reply, e));
}

const char *reply_err_text(const struct reply *reply, enum err e) {
    return label_text(reply->language, err_label(e));
}

enum err reply_store(struct reply *reply, enum err e, const struct store *store) {
    bool of_database = e == ERR_IO || e == ERR_DISK_FULL || e == ERR_CORRUPT || e == ERR_ARGUMENT;
    const char *detail = of_database && store != NULL ? store_failure(store) : "";
    return reply_fail(reply, e, err_mend(e), "%s%s%s%s", "%s%s%s%s", reply_err_text(reply, e),
                      *detail ? " (" : "", detail, *detail ? ")" : "");
}

enum err reply_failure(struct reply *reply, enum err e, const struct failure *failure) {
    return reply_fail(reply, e, COMMAND(failure->mend), "%s", "%s", failure->text);
}

const char *reply_say(const struct reply *reply, const char *en, const char *da) {
    return say_in(reply->language, en, da);
}

enum err reply_give(struct reply *reply, json_t *document) {
    enum err e = document == NULL                      ? ERR_MEMORY
                 : whole_spoilt_n() != reply->spoilt_n ? whole_error()
                                                       : OK;
    if (e != OK) {
        json_decref(document);
        return reply_err(reply, e);
    }
    json_decref(reply->document);
    reply->document = document;
    return OK;
}

void reply_progress(struct reply *reply, uint64_t done, uint64_t of, const char *en,
                    const char *da) {
    json_decref(reply->progress);
    reply->progress = json_pack("{s:I, s:I, s:s}", "done", (json_int_t)done, "of", (json_int_t)of,
                                "what", say_in(reply->language, en, da));
}
