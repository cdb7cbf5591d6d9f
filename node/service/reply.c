#include "service.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reply_init(struct reply *reply) {
    memset(reply, 0, sizeof *reply);
}

void reply_done(struct reply *reply) {
    json_decref(reply->document);
    json_decref(reply->progress);
    json_decref(reply->details);
    reply_init(reply);
}

enum err reply_fail(struct reply *reply, enum err e, const char *mend, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(reply->text, sizeof reply->text, format, args);
    va_end(args);
    snprintf(reply->mend, sizeof reply->mend, "%s", mend != NULL ? mend : "");
    reply->error = e;
    json_decref(reply->document);
    reply->document = NULL;
    return e;
}

enum err reply_give(struct reply *reply, json_t *document) {
    if (document == NULL)
        return reply_fail(reply, ERR_MEMORY, "", "%s", err_text(ERR_MEMORY));
    json_decref(reply->document);
    reply->document = document;
    return OK;
}

void reply_progress(struct reply *reply, uint64_t done, uint64_t of, const char *what) {
    json_decref(reply->progress);
    reply->progress =
        json_pack("{s:I, s:I, s:s}", "done", (json_int_t)done, "of", (json_int_t)of, "what", what);
}
