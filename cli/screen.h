/* Human screens: a noun's render functions get the very document that --json prints, and write text. */
#ifndef STAFET_CLI_SCREEN_H
#define STAFET_CLI_SCREEN_H

#include "proto/language.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct screen {
    FILE *out;
    enum language language; /* of the locale */
    bool colour;            /* a terminal, and NO_COLOR unset */
    int width;              /* columns; 80 when not a terminal */
    bool quiet;
    int64_t now_ms;         /* what "today" is measured from; 0: the clock */
};
/* For `out`, from the environment and the terminal. */
void screen_init(struct screen *, FILE *out);

/* The text in the screen's language; as a format, both are checked. */
const char *say(const struct screen *, const char *en, const char *da)
    __attribute__((format_arg(2), format_arg(3)));

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD, STYLE_WARN };
/* printf with a style (colour only where allowed). */
void put(const struct screen *, enum style, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A table: columns are as wide as their widest cell (UTF-8 aware), two spaces apart, no trailing blanks. */
struct table;
struct table *table_new(const struct screen *, int columns);
void table_align_right(struct table *, int column);
void table_cell(struct table *, enum style, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Prints with `indent` spaces before each row, and frees. */
void table_print(struct table *, int indent);

/* How many columns a UTF-8 text takes. */
int text_width(const char *text);

/* Times for people: "10:12" today, "Tue 14:10" this week, "3 Jun", "3 Jun 2025"; local time zone; in `buffer`. */
const char *time_text(const struct screen *, int64_t unix_ms, char buffer[static 32]);
/* How many calendar days lie between that moment's day here and today: 1 for yesterday, at whatever hour; negative in the future. */
long days_ago(const struct screen *, int64_t unix_ms);
const char *date_text(const struct screen *, const char *iso_date, char buffer[static 32]);

/* A screen for a verb's result; looked up by noun and verb. Without one the document is shown as indented "key: value" lines. */
struct view {
    const char *noun, *verb;
    void (*show)(const struct screen *, const json_t *document);
};
extern const struct view *const cli_views[]; /* NULL-terminated array of pointers to NULL-noun-terminated tables */

/* What a verb does on the CLI's side before and after the call: reading and writing users' files, asking. Optional.
 * `prepare` may change `args` (read files, open an editor, ask for confirmation) and returns an exit code, having said why, or -1 to
 * go on. `finish` may write files from the document; it returns an exit code, and then nothing more is printed, or -1 to have the
 * document shown as usual. */
struct cli_context;
struct side {
    const char *noun, *verb;
    int (*prepare)(struct cli_context *, json_t *args);
    int (*finish)(struct cli_context *, const json_t *args, const json_t *document);
};
extern const struct side *const cli_sides[];
/* For prepare: call another verb (to show a form before asking). NULL on error, which has been printed. Caller owns. */
json_t *cli_call(struct cli_context *, const char *noun, const char *verb, json_t *args);
/* Asks yes/no on the terminal. */
bool cli_ask(struct cli_context *, const char *question);
/* Asks before something that can't be undone; the global option `--yes` answers yes. False: no, or there is no terminal to ask on; that
 * nothing was done has been said. */
bool cli_confirm(struct cli_context *, const char *question);
const struct screen *cli_screen(struct cli_context *);
/* Prints "stafet: TEXT" and the mend, in the user's language, on stderr (or {"error":…} with --json); returns the exit code for usage or
 * failure. Neither language can be left out: proto/language.h. */
int cli_fail(struct cli_context *, const char *name, struct label mend, const json_t *details, const char *en,
                  const char *da, ...) __attribute__((format(printf, 5, 7), format(printf, 6, 7)));
/* With the error's own sentence and mend. */
int cli_err(struct cli_context *, enum err e);
/* With what has been put into words already. */
int cli_failure(struct cli_context *, enum err e, const struct failure *);

#endif
