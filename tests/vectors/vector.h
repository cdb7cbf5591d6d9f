/* Test vectors: proto/vectors/FILE.json holds {"about": text, "cases": [case, …]}. A case has a
 * name, a type, the type's inputs, and either "is", what comes out, or "error", the name of the
 * error that refuses it. Bytes are hexadecimal; "2b*10000" repeats a piece; pieces are separated by
 * blanks. The maker writes what vector_check says; the test compares it; verify.py does all of it
 * again on its own. */
#ifndef STAFET_TESTS_VECTOR_H
#define STAFET_TESTS_VECTOR_H

#include "proto/arena.h"
#include "proto/bytes.h"
#include "proto/declaration.h"
#include "proto/message.h"
#include "proto/run.h"
#include <jansson.h>

/* Does what the case's type says with its inputs; `*ret_is` is a new reference, empty unless OK.
 * Aborts on an unknown type or input that is no vector. */
enum err vector_check(const json_t *vector, json_t **ret_is);

/* ---- For the checks of the types ---- */

typedef enum err vector_checker(const json_t *in, json_t *is);
struct vector_type {
    const char *name;
    vector_checker *check;
};
/* Each ends with a NULL name. */
extern const struct vector_type vector_types_keys[], vector_types_log[], vector_types_messages[];

/* Inputs; what they point at lives until the next vector_check. They abort when it is missing. */
struct arena *vector_arena(void);
struct bytes in_bytes(const json_t *in, const char *key);
void in_fixed(const json_t *in, const char *key, void *ret, size_t size);
/* Absent: zero. */
void in_fixed_optional(const json_t *in, const char *key, void *ret, size_t size);
const char *in_text(const json_t *in, const char *key);
uint64_t in_number(const json_t *in, const char *key);
#define IN_ID(in, key, id) in_fixed((in), (key), (id).bytes, sizeof(id).bytes)

/* From now on random bytes are those of input "random", which must suffice. */
void in_random(const json_t *in);

/* Outputs. */
void is_hex(json_t *is, const char *key, const void *data, size_t size);
void is_bytes(json_t *is, const char *key, struct bytes);
void is_text(json_t *is, const char *key, const char *text);
/* From 2^63 as text. */
void is_number(json_t *is, const char *key, uint64_t number);
#define IS_ID(is, key, id) is_hex((is), (key), (id).bytes, sizeof(id).bytes)
json_t *hex_json(const void *data, size_t size);

/* Messages as JSON, with the schema's names; what has its default value is left out. */
json_t *birth_json(const struct birth *);
json_t *declaration_json(const struct declaration *);
json_t *message_json(const struct message *);

/* ---- For the maker ---- */

/* From now on random bytes are a fixed stream that `name` starts. */
void random_from(const char *name);
/* `random_from` was called before libsodium started: this does it. */
void vector_library_init(void);

#endif
