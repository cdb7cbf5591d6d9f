/* Inside the service: one handover as this node sees it: the record merged from what has been sent, and beside it this
 * node's own drafts, which nobody else has seen.
 *
 * Local notes of a record (store/record.h), sealed at rest and never on the wire:
 *   to            the receiving member, in hex, of a form that has never been sent
 *   draft/NUMBER  a value typed but not sent, with the versions that it was typed over (handover_draft.h)
 *   form/NUMBER   what `template ID` last wrote out, in the same form: a value that comes back unchanged is no edit
 *   typed         when a draft was last changed, ms
 *   typed_by      through what: the mark of the form that it came in, or a random text of its own
 *   agreed/60     who agreed, when, to which revision, with the versions of consent that were live then
 *   shown         the revision that `show` last displayed here
 *   read          which sending the read_by of this node answers
 *   at_relay, delivered   which sending, and when a statement that covers it was first seen here: later ones cover it too
 *   conflict/HEX  a conflict that was displayed here, and its field: so that one that changed can be told from a mistyped one */
#ifndef STAFET_NODE_SERVICE_HANDOVER_H
#define STAFET_NODE_SERVICE_HANDOVER_H

#include "prefix.h"
#include "service.h"
#include "store/record.h"

/* Memory for one handover with all its live versions and drafts. */
#define HANDOVER_ARENA_MAX ((size_t)16 * 1024 * 1024)

struct handover_draft {
    const struct field *field; /* NULL: no draft of this field */
    struct bytes value;        /* of a union field: its values, one a line */
    const struct version_name *based;
    size_t based_n;
};

struct handover_agreement {
    const char *by, *on, *revision; /* NULL: none recorded since the last send */
    const struct version_name *consents;
    size_t consents_n;
};

struct handover {
    struct record_id id;
    char text[ID_TEXT_MAX], short_id[ID_TEXT_MAX];
    bool stored; /* it was sent, or has arrived; otherwise it is a draft only, and `record` is empty */
    struct record record;
    struct member_id owner, receiver, self;
    enum end end;                        /* which of the two this node is */
    const struct collection *collection; /* drafts and forms have an entry for each of its fields */
    struct handover_draft *drafts, *forms;
    size_t drafts_n; /* how many fields have a draft */
    struct handover_agreement agreement;
    char typed[32], typed_by[ID_TEXT_MAX], shown[HEX_TEXT_MAX], read[128], at_relay[128], delivered[128];
    struct revision revision; /* of what would stand here after a send (handover_plan.h) */
};

/* By id or unique prefix of it, among sent, received and drafted ones. On failure the reply says why, with the candidates. */
MUST_USE enum err handover_open(struct service *, const char *id, struct arena *, struct reply *,
                                struct handover *ret_handover);
/* The same by its id; `short_id` is then not set. ERR_NOT_FOUND; ERR_LIMIT: it holds more than HANDOVER_ARENA_MAX, which the other site can bring
 * about: what looks at many handovers goes on without it. */
MUST_USE enum err handover_load(struct store *, const struct record_id *, struct arena *, struct handover *ret_handover);

/* All handovers, drafts too, oldest first. In the arena. */
MUST_USE enum err handover_ids(struct store *, struct arena *, const struct record_id **ret_ids, size_t *ret_n);
/* Their text forms, sorted, for shortening many. The caller's to free (prefixes_done), on failure too. */
MUST_USE enum err handover_prefixes(const struct record_id *ids, size_t ids_n, struct prefixes *ret_prefixes);
/* The shortest prefix, of at least three characters, that tells one `id` from the others; all of it when out of memory. */
void handover_short_id(const struct record_id *ids, size_t ids_n, const struct record_id *id,
                       char ret_text[static ID_TEXT_MAX]);

/* The value that this node would show: the draft's if there is one, else the record's. Several values of a union field are
 * one a line. "" when there is none. In the arena or borrowed from the handover; NULL when out of memory. */
const char *handover_text(const struct handover *, const struct field *, struct arena *);
/* The same without drafts. */
const char *handover_sent_text(const struct handover *, const struct field *, struct arena *);
/* May this node's people write the field in a form? Not those of part track, which verbs write. */
bool handover_may_edit(const struct handover *, const struct field *);
struct channel handover_channel(const struct handover *);
/* The live versions of a field; none when it was never written. */
const struct version *handover_live(const struct handover *, uint16_t number, size_t *ret_n);

/* Who writes this for track fields: the asker's name, else the site's. */
const char *handover_person(struct store *, const struct asker *, struct arena *);

/* JSON; NULL when out of memory. */
json_t *handover_label_json(const struct label *);
/* The members that every document about a handover has: id, short, child, from, to, end, revision, unsent. */
json_t *handover_head_json(struct store *, const struct handover *, struct arena *);

/* Verbs, by file. */
typedef enum err handover_run(struct service *, const struct asker *, const json_t *args, struct reply *);
handover_run handover_template, handover_new, handover_edit; /* handover_edit.c */
handover_run handover_list, handover_show, handover_print;   /* handover_show.c */
handover_run handover_agree;                                 /* handover_agree.c */
handover_run handover_send;                                  /* handover_send.c */
handover_run handover_track;                                 /* handover_track.c */
handover_run handover_accept;                                /* handover_accept.c */

/* Where a handover stands, as in `list`: "draft", "sent", "at_relay", "delivered", "read", "accepted", "changed". */
MUST_USE enum err handover_state(struct store *, const struct handover *, struct arena *, const char **ret_state);
/* Fails the reply with the error's own sentence. */
enum err handover_fail(struct store *, struct reply *, enum err);
/* Refuses with ERR_STATE: nothing of this form is unsent. */
enum err handover_refuse_unchanged(const struct handover *, struct reply *);

#endif
