/* Every way in which an operation can fail, each with a sentence for people. Functions return
 * `enum err`; outputs come last, are called `ret_x`, and are written only on OK. */
#ifndef STAFET_PROTO_ERR_H
#define STAFET_PROTO_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

/* X(name, number on the wire, name in JSON and logs, sentence). Numbers are for ever: PROTOCOL.md, "Error
 * codes". */
#define ERR_MAP(X)                                                                                     \
    X(OK, 0, "ok", "no error")                                                                         \
    X(ERR_INTERNAL, 1, "internal", "an internal rule was broken; please report it")                    \
    X(ERR_MEMORY, 2, "memory", "out of memory")                                                        \
    X(ERR_IO, 3, "io", "the disk or file could not be read or written")                                \
    X(ERR_DISK_FULL, 4, "disk_full", "the disk is full")                                               \
    X(ERR_CORRUPT, 5, "corrupt", "stored data is damaged")                                             \
    X(ERR_ARGUMENT, 6, "argument", "an argument is not valid")                                         \
    X(ERR_LIMIT, 7, "limit", "a limit was exceeded")                                                   \
    X(ERR_FORMAT, 8, "format", "the bytes do not have the expected form")                              \
    X(ERR_VERSION, 9, "version", "no common protocol version")                                         \
    X(ERR_SCHEMA, 10, "schema", "written by a newer schema than this node knows")                      \
    X(ERR_CHAIN, 11, "chain", "the envelope does not follow the one before it")                        \
    X(ERR_SIGNATURE, 12, "signature", "the signature does not match")                                  \
    X(ERR_HASH, 13, "hash", "the content does not match its hash")                                     \
    X(ERR_KEY, 14, "key", "the key for it is missing")                                                 \
    X(ERR_SEAL, 15, "seal", "the seal could not be opened")                                            \
    X(ERR_ROSTER, 16, "roster", "the roster it refers to is not known here yet")                       \
    X(ERR_DENIED, 17, "denied", "the member has no right to do that")                                  \
    X(ERR_NOT_FOUND, 18, "not_found", "not found")                                                     \
    X(ERR_AMBIGUOUS, 19, "ambiguous", "the name fits more than one")                                   \
    X(ERR_EXISTS, 20, "exists", "it exists already")                                                   \
    X(ERR_STALE, 21, "stale", "it has changed meanwhile")                                              \
    X(ERR_FORK, 22, "fork", "two different envelopes carry the same number")                           \
    X(ERR_TICKET_UNKNOWN, 23, "ticket_unknown", "the ticket is not known")                             \
    X(ERR_TICKET_USED, 24, "ticket_used", "the ticket has been used already")                          \
    X(ERR_TICKET_EXPIRED, 25, "ticket_expired", "the ticket has expired")                              \
    X(ERR_BUSY, 26, "busy", "busy; try again")                                                         \
    X(ERR_TIMEOUT, 27, "timeout", "no answer in time")                                                 \
    X(ERR_CLOSED, 28, "closed", "the connection or operation was closed")                              \
    X(ERR_CANCELLED, 29, "cancelled", "cancelled")                                                     \
    X(ERR_STATE, 30, "state", "not possible in the present state")                                     \
    X(ERR_QUOTA, 31, "quota", "the quota is used up")                                                  \
    X(ERR_FEDERATION, 32, "federation", "it belongs to another federation")                            \
    X(ERR_LOCKED, 33, "locked", "another process owns this home")

enum err {
#define X(name, number, word, text) name = number,
    ERR_MAP(X)
#undef X
};

/* The sentence of `e`, without a full stop; static. */
const char *err_text(enum err e);

/* Its name in JSON and logs, "ticket_used"; static. */
const char *err_name(enum err e);

/* A number from the wire; one that is not known is ERR_INTERNAL. */
enum err err_from_number(unsigned number);

#endif
