#include "language.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *say_in(enum language language, const char *en, const char *da) {
    return language == LANGUAGE_DA ? da : en;
}

const char *label_text(enum language language, struct label label) {
    return language == LANGUAGE_DA ? label.da : label.en;
}

const char *language_code(enum language language) {
    return say_in(language, "en", "da");
}

enum language language_named(const char *name) {
    bool danish = name != NULL && strncmp(name, "da", 2) == 0 &&
                  (name[2] == '\0' || strchr("_.@", name[2]) != NULL);
    return danish ? LANGUAGE_DA : LANGUAGE_EN;
}

enum language language_of_locale(void) {
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && *value != '\0')
            return language_named(value);
    }
    return LANGUAGE_EN;
}

struct label err_label(enum err e) {
    switch (e) {
#define X(name, number, word, text, danish)                                                        \
    case name:                                                                                     \
        return MEND(text, danish);
        ERR_MAP(X)
#undef X
    }
    return MEND("an unknown error", "en ukendt fejl");
}

struct label err_mend(enum err e) {
    switch ((unsigned)e) {
    case ERR_MEMORY:
        return MEND("close other programs and repeat the command",
                    "luk andre programmer, og gentag kommandoen");
    case ERR_DISK_FULL:
        return MEND("make room on the disk and repeat the command",
                    "skaf plads på disken, og gentag kommandoen");
    case ERR_IO:
        return MEND("look at the disk and at who may write there, then repeat the command",
                    "se efter, om disken er i orden, og hvem der må skrive på den, og gentag så "
                    "kommandoen");
    case ERR_CORRUPT:
        return MEND("stafet verify says what is damaged; then restore a backup",
                    "stafet verify siger, hvad der er beskadiget; genskab så en sikkerhedskopi");
    case ERR_VERSION:
    case ERR_SCHEMA:
        return MEND("install the newest version of stafet",
                    "installér den nyeste udgave af stafet");
    case ERR_KEY:
    case ERR_ROSTER:
        return MEND("stafet sync brings what is missing, when the municipality can be reached",
                    "stafet sync henter det, der mangler, når kommunen kan nås");
    case ERR_TICKET_UNKNOWN:
    case ERR_TICKET_USED:
    case ERR_TICKET_EXPIRED:
        return MEND("ask the municipality for a new ticket", "bed kommunen om en ny billet");
    case ERR_BUSY:
    case ERR_TIMEOUT:
    case ERR_CLOSED:
    case ERR_CANCELLED:
    case ERR_STALE:
        return MEND("repeat the command", "gentag kommandoen");
    case ERR_LOCKED:
        return MEND("wait until it has ended and repeat the command",
                    "vent, til det er færdigt, og gentag kommandoen");
    case ERR_DENIED:
        return MEND("ask the one who administers the node", "spørg den, der administrerer noden");
    case ERR_ARGUMENT:
    case ERR_LIMIT:
    case ERR_FORMAT:
    case ERR_NOT_FOUND:
    case ERR_AMBIGUOUS:
    case ERR_EXISTS:
    case ERR_STATE:
        return MEND("stafet NOUN VERB --help says what the command takes",
                    "stafet ORD VERBUM --help siger, hvad kommandoen tager imod");
    default:
        return MEND("stafet verify checks what is stored; if this is said again, report it to "
                    "those who make stafet",
                    "stafet verify kontrollerer det gemte; kommer det igen, så meld det til dem, "
                    "der laver stafet");
    }
}

enum err failure_say(struct failure *failure, enum err e, struct label mend, const char *en,
                     const char *da, ...) {
    va_list args;
    va_start(args, da);
    vsnprintf(failure->text, sizeof failure->text, say_in(failure->language, en, da), args);
    va_end(args);
    snprintf(failure->mend, sizeof failure->mend, "%s", label_text(failure->language, mend));
    return e;
}

enum err failure_err(struct failure *failure, enum err e) {
    struct label label = err_label(e);
    return failure_say(failure, e, err_mend(e), "%s", "%s", label_text(failure->language, label));
}
