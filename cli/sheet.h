/* A CSV file as rows of cells, each with its place, so that whoever refuses a cell can point at it.
 *
 * Comma or semicolon, whichever the first line has more of; quotes strictly as in RFC 4180, line feeds inside them allowed; LF, CRLF
 * or CR; a byte-order mark and blank lines are passed over. Cells come trimmed, as clean UTF-8, with LF as the only control character. */
#ifndef STAFET_CLI_SHEET_H
#define STAFET_CLI_SHEET_H

#include "problem.h"
#include "proto/arena.h"
#include "proto/bytes.h"

#define SHEET_SIZE_MAX ((size_t)64 * 1024 * 1024)
enum { SHEET_ROWS_MAX = 200000, SHEET_COLUMNS_MAX = 1000, SHEET_CELL_SIZE_MAX = 64 * 1024 };

struct sheet_cell {
    const char *text;
    uint32_t line; /* on which it begins */
};
struct sheet_row {
    const struct sheet_cell *cells;
    uint32_t cells_n, line;
};
struct sheet {
    struct sheet_row *rows; /* the first holds the headings */
    size_t rows_n, capacity;
    char delimiter;
    struct arena arena;
};

/* Reads `content`. What is not well formed is added to `problems`; reading stops at the first such place, since quotes can't be
 * trusted after it. ERR_ARGUMENT: there was a problem; ERR_MEMORY. `sheet_done` in any case. */
MUST_USE enum err sheet_read(struct bytes content, struct problems *, struct sheet *ret_sheet);
void sheet_done(struct sheet *);

/* The cell of a row, "" beyond its end. */
const char *sheet_text(const struct sheet_row *, size_t column);

#endif
