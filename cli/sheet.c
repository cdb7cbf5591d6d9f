#include "sheet.h"

#include "proto/text.h"
#include <csv.h>
#include <stdlib.h>
#include <string.h>

/* Cells and texts together; two thirds of it are text in the worst case. */
#define SHEET_MEMORY_MAX (3 * SHEET_SIZE_MAX + (size_t)64 * 1024 * 1024)

struct reading {
    struct sheet *sheet;
    struct problems *problems;
    struct csv_parser parser;
    struct sheet_cell cells[SHEET_COLUMNS_MAX]; /* of the row being read */
    uint32_t cells_n;
    uint32_t line, cell_line, row_line;
    bool in_row, after_cr;
    bool unclean; /* a cell holds what is no text: the rest is read, to name it all */
    enum err error;
};

/* Trims `text` and turns CRLF, CR and tab into what the rest of the program knows. Returns the new
 * size. */
static size_t tidy(char *text, size_t size) {
    size_t to = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n')
            continue;
        text[to++] = (char)(text[i] == '\r' ? '\n' : text[i] == '\t' ? ' ' : text[i]);
    }
    while (to > 0 && (text[to - 1] == ' ' || text[to - 1] == '\n'))
        to--;
    size_t start = 0;
    while (start < to && (text[start] == ' ' || text[start] == '\n'))
        start++;
    memmove(text, text + start, to - start);
    text[to - start] = '\0';
    return to - start;
}

static const char *heading_of(const struct reading *r) {
    return r->sheet->rows_n > 0 ? sheet_text(&r->sheet->rows[0], r->cells_n) : NULL;
}

static void refuse(struct reading *r, struct label mend, const char *en, const char *da) {
    if (r->error != OK)
        return;
    struct place place = {r->cell_line, r->cells_n + 1, heading_of(r)};
    problem_add(r->problems, place, mend, "%s", "%s", say_in(r->problems->language, en, da));
    r->error = ERR_ARGUMENT;
}

/* The first control character of a text; LF is not one. */
static bool find_control(const char *text, size_t size, unsigned *ret_control) {
    for (size_t i = 0; i < size; i++) {
        unsigned byte = (unsigned char)text[i];
        unsigned next = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        bool is_c1 = byte == 0xC2 && next >= 0x80 && next <= 0x9F;
        if (is_c1 || (byte < ' ' && byte != '\n') || byte == 0x7F) {
            *ret_control = is_c1 ? next : byte;
            return true;
        }
    }
    return false;
}

static void name_unclean(struct reading *r, const char *text, size_t size) {
    struct place place = {r->cell_line, r->cells_n + 1, heading_of(r)};
    unsigned control;
    r->unclean = true;
    if (find_control(text, size, &control))
        problem_add(r->problems, place, MEND("remove it", "fjern det"),
                    "the cell holds a control character (U+%04X)",
                    "cellen indeholder et styretegn (U+%04X)", control);
    else
        problem_add(r->problems, place,
                    MEND("save the file as CSV in UTF-8", "gem filen som CSV i UTF-8"),
                    "the cell holds bytes that are not text in UTF-8",
                    "cellen indeholder byte, der ikke er tekst i UTF-8");
}

static void on_cell(void *data, size_t size, void *context) {
    struct reading *r = context;
    if (r->error != OK)
        return;
    if (size > SHEET_CELL_SIZE_MAX) {
        refuse(r, MEND("shorten it", "forkort det"), "the cell is longer than 64 KiB",
               "cellen fylder mere end 64 KiB");
        return;
    }
    if (r->cells_n == SHEET_COLUMNS_MAX) {
        refuse(r,
               MEND("remove the columns that are not needed",
                    "fjern de kolonner, der ikke er brug for"),
               "the row has more than 1000 columns", "rækken har mere end 1.000 kolonner");
        return;
    }
    char *text = arena_alloc(&r->sheet->arena, size + 1);
    if (text == NULL) {
        r->error = ERR_MEMORY;
        return;
    }
    if (size > 0)
        memcpy(text, data, size);
    size = tidy(text, size);
    if (!text_is_clean((struct bytes){(const uint8_t *)text, size}, true)) {
        name_unclean(r, text, size);
        *text = '\0';
    }
    r->cells[r->cells_n++] = (struct sheet_cell){text, r->cell_line};
    r->cell_line = r->line;
}

static void on_row(int terminator, void *context) {
    (void)terminator;
    struct reading *r = context;
    struct sheet *sheet = r->sheet;
    r->in_row = false;
    if (r->error != OK)
        return;
    if (sheet->rows_n == SHEET_ROWS_MAX) {
        refuse(r, MEND("split the file", "del filen i flere"),
               "the file has more than 200,000 rows", "filen har mere end 200.000 rækker");
        return;
    }
    if (sheet->rows_n == sheet->capacity) {
        size_t capacity = sheet->capacity == 0 ? 256 : sheet->capacity * 2;
        struct sheet_row *rows = realloc(sheet->rows, capacity * sizeof *rows);
        if (rows == NULL) {
            r->error = ERR_MEMORY;
            return;
        }
        sheet->rows = rows;
        sheet->capacity = capacity;
    }
    struct sheet_cell *cells = arena_array(&sheet->arena, r->cells_n, sizeof *cells);
    if (cells == NULL) {
        r->error = ERR_MEMORY;
        return;
    }
    memcpy(cells, r->cells, r->cells_n * sizeof *cells);
    sheet->rows[sheet->rows_n++] = (struct sheet_row){cells, r->cells_n, r->row_line};
    r->cells_n = 0;
}

/* libcsv tells no places, so it is fed byte by byte, and what it reports belongs to the byte just
 * fed. */
static void feed(struct reading *r, uint8_t byte) {
    if (!r->in_row && byte != '\r' && byte != '\n' && byte != ' ' && byte != '\t') {
        r->in_row = true;
        r->row_line = r->cell_line = r->line;
    }
    /* LF after CR ends the same line. */
    bool ends_line = byte == '\r' || (byte == '\n' && !r->after_cr);
    r->after_cr = byte == '\r';
    if (csv_parse(&r->parser, &byte, 1, on_cell, on_row, r) != 1) {
        if (csv_error(&r->parser) == CSV_EPARSE)
            refuse(
                r,
                MEND("put the whole cell in quotes, and write a quote inside it twice",
                     "sæt hele cellen i anførselstegn, og skriv et anførselstegn i den to gange"),
                "a quote stands where none may stand",
                "der står et anførselstegn, hvor der ikke må stå et");
        else
            r->error = ERR_MEMORY;
    }
    if (ends_line)
        r->line++;
}

static char delimiter_of(struct bytes content) {
    size_t commas = 0, semicolons = 0;
    bool quoted = false;
    for (size_t i = 0; i < content.size; i++) {
        uint8_t byte = content.data[i];
        if (byte == '"')
            quoted = !quoted;
        else if (!quoted && (byte == '\n' || byte == '\r') && commas + semicolons > 0)
            break;
        commas += byte == ',' && !quoted;
        semicolons += byte == ';' && !quoted;
    }
    return semicolons > commas ? ';' : ',';
}

/* Does the first line have tabs, and nothing that separates cells? */
static bool has_tabs(struct bytes content) {
    bool tabs = false;
    for (size_t i = 0; i < content.size && content.data[i] != '\n' && content.data[i] != '\r';
         i++) {
        if (content.data[i] == ',' || content.data[i] == ';' || content.data[i] == '"')
            return false;
        tabs = tabs || content.data[i] == '\t';
    }
    return tabs;
}

static enum err read_rows(struct bytes content, struct reading *r) {
    if (csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return ERR_MEMORY;
    csv_set_delim(&r->parser, (unsigned char)r->sheet->delimiter);
    for (size_t i = 0; i < content.size && r->error == OK; i++)
        feed(r, content.data[i]);
    if (r->error == OK && csv_fini(&r->parser, on_cell, on_row, r) != 0) {
        if (csv_error(&r->parser) == CSV_EPARSE)
            refuse(r, MEND("close the quotes", "luk anførselstegnene"),
                   "the quotes that begin here are never closed",
                   "anførselstegnene, der begynder her, bliver aldrig lukket");
        else
            r->error = ERR_MEMORY;
    }
    csv_free(&r->parser);
    return r->error == OK && r->unclean ? ERR_ARGUMENT : r->error;
}

enum err sheet_read(struct bytes content, struct problems *problems, struct sheet *ret_sheet) {
    *ret_sheet = (struct sheet){0};
    arena_init(&ret_sheet->arena, SHEET_MEMORY_MAX);
    if (content.size >= 3 && memcmp(content.data, "\xef\xbb\xbf", 3) == 0)
        content = (struct bytes){content.data + 3, content.size - 3};
    struct place whole = {0};
    if (content.size > SHEET_SIZE_MAX) {
        problem_add(problems, whole, MEND("split the file", "del filen i flere"),
                    "the file is larger than 64 MiB", "filen fylder mere end 64 MiB");
        return ERR_ARGUMENT;
    }
    if (has_tabs(content)) {
        whole.line = 1;
        problem_add(problems, whole,
                    MEND("save it as CSV, with commas or semicolons",
                         "gem den som CSV med komma eller semikolon"),
                    "the columns are separated by tabs", "kolonnerne er adskilt af tabulatorer");
        return ERR_ARGUMENT;
    }
    ret_sheet->delimiter = delimiter_of(content);
    struct reading *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_MEMORY;
    *r = (struct reading){.sheet = ret_sheet, .problems = problems, .line = 1, .cell_line = 1};
    enum err e = read_rows(content, r);
    free(r);
    if (e == OK && ret_sheet->rows_n == 0) {
        problem_add(problems, whole,
                    MEND("its first line must hold the headings",
                         "den første linje skal indeholde overskrifterne"),
                    "the file is empty", "filen er tom");
        e = ERR_ARGUMENT;
    }
    return e;
}

void sheet_done(struct sheet *sheet) {
    free(sheet->rows);
    arena_done(&sheet->arena);
    *sheet = (struct sheet){0};
}

const char *sheet_text(const struct sheet_row *row, size_t column) {
    return column < row->cells_n ? row->cells[column].text : "";
}
