/* A person at a site's service, over the federation fixture: verbs are called as the CLI calls them, with documents in
 * and out. What should succeed aborts with the verb's own sentence when it doesn't. */
#ifndef STAFET_TESTS_DESK_H
#define STAFET_TESTS_DESK_H

#include "federation.h"
#include "service/service.h"

struct desk {
    struct site *site;
    struct home home;
    struct service *service;
    struct asker asker;
    json_t *last; /* of the last call; the desk's own */
    struct reply refusal; /* of the last call that was refused */
};

void desk_open(struct desk *, struct site *, const char *name, const char *function);
void desk_close(struct desk *);

/* The document, until the next call. Takes `args` (NULL: none). */
const json_t *desk_call(struct desk *, const char *noun, const char *verb, json_t *args);
/* Expects a refusal with `error`, and keeps it in `refusal`. */
const struct reply *desk_refused(struct desk *, enum err error, const char *noun, const char *verb, json_t *args);

/* Reading: a text under keys and array places, "parts.0.label.en"; "" when it isn't there. */
const char *at_text(const json_t *, const char *path);
long long at_number(const json_t *, const char *path);
bool at_flag(const json_t *, const char *path);
const json_t *at(const json_t *, const char *path); /* NULL: not there */
/* The field of a `handover show` document. */
const json_t *shown_field(const json_t *document, const char *field);

#endif
