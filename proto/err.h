/* Every way in which an operation can fail, each with a sentence for people. Functions return
 * `enum err`; outputs come last, are called `ret_x`, and are written only on OK. */
#ifndef STAFET_PROTO_ERR_H
#define STAFET_PROTO_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

/* X(name, number on the wire, name in JSON and logs, sentence in English and in Danish). Numbers are for ever: PROTOCOL.md, "Error
 * codes". */
#define ERR_MAP(X)                                                                                                                                               \
    X(OK, 0, "ok", "no error", "ingen fejl")                                                                                                                     \
    X(ERR_INTERNAL, 1, "internal", "one of the program's own rules was broken", "en af programmets egne regler er brudt")                                        \
    X(ERR_MEMORY, 2, "memory", "out of memory", "der er ikke mere hukommelse")                                                                                   \
    X(ERR_IO, 3, "io", "the disk or file could not be read or written", "disken eller filen kunne ikke læses eller skrives")                                     \
    X(ERR_DISK_FULL, 4, "disk_full", "the disk is full", "disken er fuld")                                                                                       \
    X(ERR_CORRUPT, 5, "corrupt", "stored data is damaged", "noget af det gemte er beskadiget")                                                                   \
    X(ERR_ARGUMENT, 6, "argument", "an argument is not valid", "en af oplysningerne til kommandoen er ikke gyldig")                                              \
    X(ERR_LIMIT, 7, "limit", "a limit was exceeded", "en grænse er overskredet")                                                                                 \
    X(ERR_FORMAT, 8, "format", "the bytes do not have the expected form", "indholdet har ikke den form, det skal have")                                          \
    X(ERR_VERSION, 9, "version", "no common protocol version", "de to noder har ingen fælles version af protokollen")                                            \
    X(ERR_SCHEMA, 10, "schema", "written by a newer schema than this node knows", "det er skrevet af en nyere udgave af programmet, end denne node har")         \
    X(ERR_CHAIN, 11, "chain", "the envelope does not follow the one before it", "kuverten følger ikke efter den forrige")                                        \
    X(ERR_SIGNATURE, 12, "signature", "the signature does not match", "underskriften passer ikke")                                                               \
    X(ERR_HASH, 13, "hash", "the content does not match its hash", "indholdet passer ikke til sit fingeraftryk")                                                 \
    X(ERR_KEY, 14, "key", "the key for it is missing", "nøglen til det mangler")                                                                                 \
    X(ERR_SEAL, 15, "seal", "the seal could not be opened", "forseglingen kunne ikke åbnes")                                                                     \
    X(ERR_ROSTER, 16, "roster", "the roster it refers to is not known here yet", "den udgave af medlemslisten, som det henviser til, er ikke nået hertil endnu") \
    X(ERR_DENIED, 17, "denied", "the member has no right to do that", "medlemmet har ikke ret til det")                                                          \
    X(ERR_NOT_FOUND, 18, "not_found", "not found", "det findes ikke")                                                                                            \
    X(ERR_AMBIGUOUS, 19, "ambiguous", "the name fits more than one", "navnet passer på mere end én")                                                             \
    X(ERR_EXISTS, 20, "exists", "it exists already", "det findes allerede")                                                                                      \
    X(ERR_STALE, 21, "stale", "it has changed meanwhile", "det er blevet ændret imens")                                                                          \
    X(ERR_FORK, 22, "fork", "two different envelopes carry the same number", "to forskellige kuverter har samme nummer")                                         \
    X(ERR_TICKET_UNKNOWN, 23, "ticket_unknown", "the ticket is not known", "billetten er ikke kendt")                                                            \
    X(ERR_TICKET_USED, 24, "ticket_used", "the ticket has been used already", "billetten er allerede brugt")                                                     \
    X(ERR_TICKET_EXPIRED, 25, "ticket_expired", "the ticket has expired", "billetten er udløbet")                                                                \
    X(ERR_BUSY, 26, "busy", "the node is busy", "noden er optaget")                                                                                              \
    X(ERR_TIMEOUT, 27, "timeout", "no answer in time", "der kom intet svar i tide")                                                                              \
    X(ERR_CLOSED, 28, "closed", "the connection or operation was closed", "forbindelsen blev lukket")                                                            \
    X(ERR_CANCELLED, 29, "cancelled", "cancelled", "det blev afbrudt")                                                                                           \
    X(ERR_STATE, 30, "state", "not possible in the present state", "det kan ikke lade sig gøre, som det står nu")                                                \
    X(ERR_QUOTA, 31, "quota", "the quota is used up", "kvoten er brugt op")                                                                                      \
    X(ERR_FEDERATION, 32, "federation", "it belongs to another federation", "det hører til en anden føderation")                                                 \
    X(ERR_LOCKED, 33, "locked", "another process owns this home", "et andet program bruger dette hjem")

enum err {
#define X(name, number, word, text, danish) name = number,
    ERR_MAP(X)
#undef X
};

/* The English sentence of `e`, without a full stop, for logs; for people: err_label (language.h). Static. */
const char *err_text(enum err e);

/* Its name in JSON and logs, "ticket_used"; static. */
const char *err_name(enum err e);

/* The error of a name from JSON; one that is not known is ERR_INTERNAL. */
enum err err_from_name(const char *name);

/* A number from the wire; one that is not known is ERR_INTERNAL. */
enum err err_from_number(unsigned number);

#endif
