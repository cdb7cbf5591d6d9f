/* The languages in which people are spoken to, and what is said to them when something fails.
 *
 * A text stands in the code in all languages side by side, one argument each; both formats are checked by the compiler against the
 * values, and a text that lacks a language does not compile. A third language is one more member of `struct label` and one more
 * argument of the functions below; the compiler then lists every place that needs it.
 *
 * Why not gettext, which glibc has: it translates only when the locale in question is installed (a plain Debian server has none but
 * C.UTF-8); its language is one of the process, while a node answers callers of several; a translation that is missing, or whose
 * English has since changed, is found by readers, not by the compiler; and forms, help and records have their pairs in place anyway. */
#ifndef STAFET_PROTO_LANGUAGE_H
#define STAFET_PROTO_LANGUAGE_H

#include "err.h"

enum language { LANGUAGE_EN, LANGUAGE_DA };

/* One text in each language. */
struct label { const char *da, *en; };
const char *label_text(enum language, struct label);
/* The text of the language; as a format, all are checked. */
const char *say_in(enum language, const char *en, const char *da) __attribute__((format_arg(2), format_arg(3)));

/* What to do about a failure: an instruction, or a command, which is the same in all languages. */
#define MEND(english, danish) ((struct label){.en = (english), .da = (danish)})
#define COMMAND(text) ((struct label){.en = (text), .da = (text)})

/* "en", "da": on the control socket. Static. */
const char *language_code(enum language);
/* The language of a code or a locale's name ("da", "da_DK.UTF-8"); English for NULL and those that are not spoken here. */
enum language language_named(const char *name);

/* What LC_ALL, LC_MESSAGES or LANG says, whether that locale is installed or not. */
enum language language_of_locale(void);

/* The sentence of an error in each language, without a full stop, and what one can do about it when nothing more is known. */
struct label err_label(enum err);
struct label err_mend(enum err);

/* Why something failed, in a person's language: one sentence without a full stop, and the mend. The caller sets `language` first. */
struct failure {
    enum language language;
    char text[512], mend[512];
};
/* Writes both; returns `e`, so that a function can `return failure_say(…)`. */
enum err failure_say(struct failure *, enum err e, struct label mend, const char *en, const char *da, ...)
    __attribute__((format(printf, 4, 6), format(printf, 5, 6)));
/* For an error that needs no more words than its own. */
enum err failure_err(struct failure *, enum err e);

#endif
