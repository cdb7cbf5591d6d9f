/* Writing the vectors: each subject adds its cases to a file. */
#ifndef STAFET_TESTS_MAKE_H
#define STAFET_TESTS_MAKE_H

#include "vector.h"
#include "world.h"

/* A case to which inputs are added with is_hex, is_text and the like. */
json_t *vector_new(const char *name, const char *type);
/* Takes the case, adds what vector_check says of it. Aborts when it is refused. */
void accept(json_t *cases, json_t *vector);
/* Takes the case, which must be refused for this reason. Aborts when it is not. */
void refuse(json_t *cases, json_t *vector, enum err reason);
/* What an accepted case gave; borrowed. */
const json_t *accepted(const json_t *cases, const char *name);
/* Adds a fixed stream of `size` bytes as input "random". */
void add_random(json_t *vector, size_t size);

#define MUST(call)                                                                                 \
    do {                                                                                           \
        enum err must = (call);                                                                    \
        if (must != OK)                                                                            \
            make_failed(#call, must);                                                              \
    } while (0)
void make_failed(const char *what, enum err err) __attribute__((noreturn));

/* Encodes; returned bytes are the caller's to buffer_done. */
struct buffer encoded_declaration(const struct declaration *);
struct buffer encoded_message(const struct message *);

void make_keys(const struct world *, json_t *cases);
void make_channels(const struct world *, json_t *cases);
void make_log(const struct world *, json_t *cases);
void make_declarations(const struct world *, json_t *cases);
void make_content(const struct world *, json_t *cases);
void make_tickets(const struct world *, json_t *cases);
void make_hashes(const struct world *, json_t *cases);
void make_frames(const struct world *, json_t *cases);
void make_exchange(const struct world *, json_t *cases);
void make_hostile_log(const struct world *, json_t *cases);
void make_hostile_seals(const struct world *, json_t *cases);
void make_hostile_content(const struct world *, json_t *cases);
void make_hostile_messages(const struct world *, json_t *cases);

#endif
