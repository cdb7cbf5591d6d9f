#include "screen.h"

#include "proto/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>

struct cell {
    char *text;
    enum style style;
};
struct table {
    const struct screen *screen;
    int columns;
    bool *right;
    struct cell *cells;
    size_t n, capacity;
};

static void *must(void *memory) {
    if (memory == NULL) {
        fprintf(stderr, "stafet: %s\n", label_text(language_of_locale(), err_label(ERR_MEMORY)));
        exit(1);
    }
    return memory;
}

int text_width(const char *text) {
    struct bytes rest = bytes_of_text(text);
    int width = 0;
    while (rest.size > 0) {
        uint32_t character = 0;
        size_t size = text_next(rest, &character);
        int columns = size > 0 ? uc_width(character, "UTF-8") : 1; /* a stray byte is one */
        width += columns > 0 ? columns : 0;
        size = size > 0 ? size : 1;
        rest = (struct bytes){rest.data + size, rest.size - size};
    }
    return width;
}

struct table *table_new(const struct screen *screen, int columns) {
    struct table *table = must(calloc(1, sizeof *table));
    table->screen = screen;
    table->columns = columns;
    table->right = must(calloc((size_t)columns, sizeof *table->right));
    return table;
}

void table_align_right(struct table *table, int column) {
    table->right[column] = true;
}

void table_cell(struct table *table, enum style style, const char *format, ...) {
    if (table->n == table->capacity) {
        table->capacity = table->capacity == 0 ? 64 : table->capacity * 2;
        table->cells = must(realloc(table->cells, table->capacity * sizeof *table->cells));
    }
    char *text;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    must(length < 0 ? NULL : text);
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = ' '; /* a row is one line */
    table->cells[table->n++] = (struct cell){.text = text, .style = style};
}

static void spaces(const struct table *table, int n) {
    fprintf(table->screen->out, "%*s", n, "");
}

static void print_row(const struct table *table, const struct cell *row, int columns,
                      const int *widths, int indent) {
    while (columns > 0 && *row[columns - 1].text == '\0')
        columns--;
    if (columns > 0)
        spaces(table, indent);
    for (int i = 0; i < columns; i++) {
        int room = widths[i] - text_width(row[i].text);
        if (table->right[i])
            spaces(table, room);
        put(table->screen, row[i].style, "%s", row[i].text);
        if (i + 1 < columns)
            spaces(table, 2 + (table->right[i] ? 0 : room));
    }
    fputc('\n', table->screen->out);
}

void table_print(struct table *table, int indent) {
    size_t columns = (size_t)table->columns;
    int *widths = must(calloc(columns, sizeof *widths));
    for (size_t i = 0; i < table->n; i++) {
        int width = text_width(table->cells[i].text);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    for (size_t i = 0; i < table->n; i += columns) {
        size_t left = table->n - i < columns ? table->n - i : columns;
        print_row(table, table->cells + i, (int)left, widths, indent);
    }
    for (size_t i = 0; i < table->n; i++)
        free(table->cells[i].text);
    free(widths);
    free(table->cells);
    free(table->right);
    free(table);
}
