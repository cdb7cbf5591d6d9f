/* The kinds of record and their fields, declared once: this table serves validation (local and remote alike), merge, forms,
 * help, JSON and SQL views. Numbers are on the wire for ever; a published field's kind, policy and writers never change.
 * proto/vectors/collections.json is its golden dump. */
#ifndef STAFET_STORE_COLLECTION_H
#define STAFET_STORE_COLLECTION_H

#include "proto/bytes.h"
#include "proto/channel.h"
#include "proto/language.h"

enum kind { KIND_TEXT = 1, KIND_LINE, KIND_DATE, KIND_CHOICE, KIND_FLAG, KIND_MEMBER, KIND_JSON, KIND_REVISION };
enum policy { POLICY_KEEP_BOTH = 1, POLICY_UNION, POLICY_LATEST, POLICY_WITHDRAWN_WINS, POLICY_OWNER };
/* Who of a channel's writers may write a field. The owner is the member that the record's id names (proto/owner.h): for a
 * handover, the sending site; the receiver is the channel's other party. */
enum end { END_ANY = 1, END_MUNICIPALITY, END_OWNER, END_RECEIVER };
enum rest { REST_PLAIN = 1, REST_SEALED };
enum part { PART_NONE = 0, PART_HEAD, PART_CHILD_VOICE, PART_PARENTS, PART_PROFESSIONAL, PART_SCHOOL, PART_START_PLAN,
            PART_TRACK };

struct choice { const char *name; struct label label; };

struct field {
    uint16_t number;
    const char *name; /* FIELD=VALUE, form, JSON, SQL */
    struct label label;
    enum kind kind;
    enum policy policy;
    enum end writers;
    enum part part;
    uint32_t size_max; /* bytes */
    bool fixed;        /* written once: a version that replaces another is void, and the first of several counts */
    const struct choice *choices; /* ends with a NULL name */
};
struct collection {
    uint16_t number;
    const char *name;
    struct label label;
    enum channel_kind channel;
    enum rest rest;
    const struct field *fields;
    size_t fields_n;
};

/* The collections of schema 1, and those fields' numbers that code elsewhere speaks of. */
enum { COLLECTION_SURVEY = 1, COLLECTION_HANDOVER = 2 };
enum { SURVEY_TITLE = 1, SURVEY_QUESTIONNAIRE = 2, SURVEY_CLOSES_ON = 3, SURVEY_CLOSED = 4 };
enum {
    HANDOVER_CHILD_NAME = 1, HANDOVER_SETTLED = 55, HANDOVER_CONSENT = 60, HANDOVER_AGREED_BY = 61, HANDOVER_AGREED_ON = 62,
    HANDOVER_AGREED_REVISION = 63, HANDOVER_SENT_BY = 64, HANDOVER_READ_BY = 65,
    HANDOVER_ACCEPTED_REVISION = 66, HANDOVER_ACCEPTED_BY = 67
};

const struct collection *collection_all(size_t *ret_n);
const struct collection *collection_find(uint16_t number);             /* NULL: not known here */
const struct field *collection_field(const struct collection *, uint16_t number); /* NULL: not known here */
const struct field *collection_field_named(const struct collection *, const char *name);
const struct label *part_label(enum part); /* NULL for PART_NONE */
/* Names in forms, JSON and the golden dump: "start_plan", "keep-both", "text", …; static. */
const char *part_name(enum part);
const char *policy_name(enum policy);
const char *kind_name(enum kind);
const char *end_name(enum end);
const char *rest_name(enum rest);

/* Is `value` in the canonical form of the field's kind (PROTOCOL.md, "Change sets"), and small enough? The empty value, which
 * clears a field, always is. ERR_ARGUMENT, ERR_LIMIT (too large); then `*ret_why` is a sentence. */
MUST_USE enum err field_check(const struct field *, struct bytes value, struct label *ret_why);

#endif
