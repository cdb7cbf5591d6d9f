/* What a node can do for people, verb by verb, whoever asks: the CLI in its own process when no node runs, or over the control
 * socket. Arguments and results are JSON documents; the human screens are rendered from the very same documents.
 * The service never opens a user's path and knows no network: who serves the network plugs in through `struct surroundings`. */
#ifndef STAFET_NODE_SERVICE_H
#define STAFET_NODE_SERVICE_H

#include "proto/clock.h"
#include "proto/err.h"
#include "proto/language.h"
#include "store/home.h"
#include "store/store.h"
#include <jansson.h>

struct service;
struct job;

/* Who asks: for the actor of what is written, never NULL, "" when not given; and in which language to answer. */
struct asker {
    const char *name, *function;
    enum language language;
};

/* Where a verb puts its result. Exactly one of result or error in the end. */
struct reply {
    json_t *document; /* the result; owned */
    json_t *progress; /* {"done": n, "of": m, "what": "..."}: sent on when set, and taken; owned */
    enum language language; /* of text, mend and progress: the asker's, set by service_call */
    enum err error;
    char text[512];   /* one sentence, what is wrong; ends without a full stop */
    char mend[512];   /* what to do: a command or an instruction */
    json_t *details;  /* structured place: {"file","line","column","field",…} or {"candidates":[…]}; may be NULL; owned */
    uint64_t spoilt_n; /* whole_spoilt_n when the call began */
};
void reply_init(struct reply *);
void reply_done(struct reply *); /* the language stays */
/* Sets error, text and mend in the reply's language and drops the document; returns `e`, so that a verb can `return reply_fail(…)`. Both
 * formats are checked by the compiler, and neither language can be left out: language.h. */
enum err reply_fail(struct reply *, enum err e, struct label mend, const char *en, const char *da, ...)
    __attribute__((format(printf, 4, 6), format(printf, 5, 6)));
/* With the error's own sentence and mend. */
enum err reply_err(struct reply *, enum err e);
/* The same; what the database said about it stands behind it in brackets. NULL: no database. */
enum err reply_store(struct reply *, enum err e, const struct store *);
/* The error's sentence, for a value in another. */
const char *reply_err_text(const struct reply *, enum err e);
/* What has been put into words already, in the reply's language. */
enum err reply_failure(struct reply *, enum err e, const struct failure *);
/* One of two texts, for a value in a sentence. */
const char *reply_say(const struct reply *, const char *en, const char *da) __attribute__((format_arg(2), format_arg(3)));
/* Replaces ends of lines by blanks, and by '?' what is not UTF-8 or would steer a terminal: a sentence may quote what somebody typed, and be cut anywhere. reply_fail
 * does so itself. */
void reply_tidy(char *text);
/* Takes `document` as the result; NULL (Jansson was out of memory), and one that is not whole (whole.h), is an error. So a verb can `return reply_give(reply,
 * json_pack(…))`. */
enum err reply_give(struct reply *, json_t *document);
/* The job in a short phrase, "verifying"; `of` 0: not known. */
void reply_progress(struct reply *, uint64_t done, uint64_t of, const char *en, const char *da);

enum param_kind {
    PARAM_TEXT = 1,
    PARAM_NUMBER,
    PARAM_FLAG,
    PARAM_DATE,
    PARAM_DURATION, /* "7d", "12h", "30s"; in the JSON: milliseconds */
    PARAM_FIELDS,   /* the rest: FIELD=VALUE, FIELD=@FILE, FIELD=-; in the JSON: an object */
    PARAM_CONTENT,  /* a path on the command line, - for standard input; in the JSON: the file's text, and NAME_path beside it for
                     * messages */
    PARAM_PATH,     /* of a file that the command line writes, - for standard output; in the JSON: as given */
    PARAM_LIST      /* may be given several times; in the JSON: an array of texts */
};
struct param {
    const char *name;    /* in JSON, and --name unless positional */
    enum param_kind kind;
    bool positional, required;
    const char *summary_da, *summary_en;
};

enum { PARAM_NAME_MAX = 64 };
/* As it stands on the command line: "ID", "--root-file". */
const char *param_name(const struct param *, char ret_name[static PARAM_NAME_MAX]);

enum access { ACCESS_READ = 1, ACCESS_WRITE, ACCESS_FOUND /* works before this home is a member */ };

/* A verb, declared once: help, completion, argument checks and dispatch come from here. Exactly one of `run` and `begin`.
 * A command of one word (`stafet status`) has that word as noun and "" as name. */
struct verb {
    const char *noun, *name;
    const char *summary_da, *summary_en;
    enum access access;
    const struct param *params; /* ends with a NULL name */
    enum err (*run)(struct service *, const struct asker *, const json_t *args, struct reply *);
    enum err (*begin)(struct service *, const struct asker *, const json_t *args, struct reply *, struct job **ret_job);
};
/* All nouns' verbs; NULL-terminated array of pointers to NULL-noun-terminated tables. */
extern const struct verb *const service_verbs[];
const struct verb *service_verb(const char *noun, const char *name);

/* Work that lasts: sliced, so that the node goes on meanwhile; no transaction is held across steps. */
enum job_state { JOB_MORE = 1, JOB_WAITING /* nothing to do before news or the deadline */, JOB_DONE };
struct job {
    enum job_state (*step)(struct job *, struct reply *); /* works at most about 10 ms */
    void (*free)(struct job *);                           /* also when cancelled half-way: nothing is half applied */
    time_ms deadline;                                     /* JOB_WAITING: wake at; on the store's clock */
};

/* What serving the network adds; all may be NULL when no node runs. */
struct surroundings {
    void *context;
    bool running; /* a node serves the network in this process */
    /* An array of {member, state, equal, since_ms, last_heard_ms, last_error, sent, received}; times are Unix ms. */
    json_t *(*peers)(void *context);
    /* Endpoints actually bound. */
    json_t *(*endpoints)(void *context);
    /* Listens on another address ("": on none), or goes on as before and says why in a sentence. */
    enum err (*listen)(void *context, const char *listen, struct failure *ret_why);
    /* HOME/config has been written. */
    void (*configured)(void *context);
    /* Asks for a prompt try to reach everybody (sync), or for another one to join. */
    void (*hurry)(void *context);
    /* How the municipality has refused the ticket since then; OK: it has not. */
    enum err (*refused)(void *context);
    /* Why something that came can't be kept here, a matter of disk or memory, and since when; OK: all that came has been. */
    enum err (*unkept)(void *context, time_ms *ret_since);
};

/* Borrows the home and the surroundings (NULL: none) for its life, owns the store. The verbs `federation create` and `join` make the
 * keys through the home and open the store through service_make_store; everybody else calls service_open_store first. */
MUST_USE enum err service_new(struct home *, const struct surroundings *, struct service **ret_service);
void service_free(struct service *);
/* Opens the store if the home has keys and a replica. Idempotent. ERR_NOT_FOUND: one of them is not there; else as store_open. */
MUST_USE enum err service_open_store(struct service *);
/* For the verbs that make a node: makes the replica as well. The home has keys. */
MUST_USE enum err service_make_store(struct service *);
/* Takes back the keys and the store of a verb that made them and then failed (home_discard). */
void service_discard_store(struct service *);
/* ERR_KEY, ERR_CORRUPT: keys or replica are lost while the other is here; ERR_STATE: the log beside the replica is of another. Says
 * `ret_why`. Nothing may be done or made before that is mended. */
MUST_USE enum err service_check_home(const struct home *, struct failure *ret_why);
/* What makes a home a member. */
#define SERVICE_FOUND_MEND \
    MEND("stafet federation create …, or stafet join TICKET", "stafet federation create …, eller stafet join BILLET")
struct store *service_store(struct service *); /* NULL: no replica yet */
struct home *service_home(struct service *);
const struct surroundings *service_surroundings(const struct service *);

/* Checks the arguments (NULL: none) against the verb's declaration and runs it. For a verb with `begin` that succeeds, `*ret_job` is set,
 * and the caller steps it with the same reply until JOB_DONE and frees it with service_job_free; otherwise it is NULL and the reply is
 * final: document or error, never both.
 * ERR_NOT_FOUND: no such verb; ERR_ARGUMENT; ERR_STATE: this home is no member of a federation yet. */
MUST_USE enum err service_call(struct service *, const struct asker *, const char *noun, const char *name,
                               const json_t *args, struct reply *, struct job **ret_job);
void service_job_free(struct job *); /* NULL is accepted */

/* For verbs. */
const char *service_text(const json_t *args, const char *name);                        /* NULL when not given */
int64_t service_number(const json_t *args, const char *name, int64_t otherwise); /* durations too, in ms */
bool service_flag(const json_t *args, const char *name);
/* Sets "running" in the document of a verb whose result is to be sent: does a node serve the network here? False when out of memory. */
bool service_add_running(const struct service *, json_t *document);

#endif
