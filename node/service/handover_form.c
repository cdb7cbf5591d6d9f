#include "handover_form.h"

#include "handover_help.h"

#include <stdio.h>
#include <string.h>

static const char *const heads[] = {
    [FORM_EN] = "# Write below each [field]. Leave out what shall stay as it is; leave empty what "
                "shall be cleared.\n"
                "# Lines that begin with # are comments. Put \\ before a line of yours that begins "
                "with #, [ or \\.\n",
    [FORM_DA] = "# Skriv under hvert [felt]. Udelad det, der skal blive stående; lad det stå tomt, "
                "der skal slettes.\n"
                "# Linjer, der begynder med #, er bemærkninger. Sæt \\ foran en linje, der selv "
                "begynder med #, [ eller "
                "\\.\n",
};

static const char *in(enum handover_form_language language, const struct label *label) {
    return language == FORM_DA ? label->da : label->en;
}

static bool is_blank(struct bytes line) {
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t')
            return false;
    return true;
}

/* Takes the first line off `*text`, without its end. */
static struct bytes take_line(struct bytes *text) {
    const uint8_t *end = text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;
    size_t size = end != NULL ? (size_t)(end - text->data) : text->size;
    struct bytes line = {text->data, size};
    size_t taken = end != NULL ? size + 1 : size;
    *text = (struct bytes){text->data + taken, text->size - taken};
    return line;
}

static enum err append_text(struct buffer *out, const char *text) {
    return buffer_append(out, text, strlen(text));
}

static enum err write_value(struct bytes value, struct buffer *out) {
    bool first = true, last = value.size == 0;
    enum err e = OK;
    while (e == OK && !last) {
        bool ends = memchr(value.data, '\n', value.size) == NULL;
        struct bytes line = take_line(&value);
        /* A line feed at the very end is followed by one more line, which is empty. */
        last = ends;
        bool escape = line.size > 0 && strchr("#[\\", line.data[0]) != NULL && line.data[0] != 0;
        if (is_blank(line) && (line.size > 0 || first || last))
            escape = true;
        if (escape)
            e = append_text(out, "\\");
        if (e == OK)
            e = buffer_append(out, line.data, line.size);
        if (e == OK)
            e = append_text(out, "\n");
        first = false;
        if (!last && value.size == 0) {
            last = true;
            if (e == OK)
                e = append_text(out, "\\\n");
        }
    }
    return e;
}

static enum err write_part(enum handover_form_language language, enum part part,
                           struct buffer *out) {
    char line[256];
    const struct label *label = part_label(part);
    if (label == NULL)
        return OK;
    snprintf(line, sizeof line, "\n# == %s ==\n", in(language, label));
    return append_text(out, line);
}

static enum err write_entry(enum handover_form_language language,
                            const struct handover_form_entry *entry, struct buffer *out) {
    const struct label *help = handover_help(entry->field);
    char line[512];
    snprintf(line, sizeof line, "\n[%s] %s\n", entry->field->name,
             in(language, &entry->field->label));
    enum err e = append_text(out, line);
    if (e == OK && help != NULL) {
        snprintf(line, sizeof line, "# %s\n", in(language, help));
        e = append_text(out, line);
    }
    if (e == OK)
        e = write_value(entry->value, out);
    return e;
}

enum err handover_form_write(enum handover_form_language language, const char *title,
                             const struct handover_form_entry *entries, size_t entries_n,
                             struct buffer *out) {
    enum part part = PART_NONE;
    enum err e = append_text(out, "# ");
    if (e == OK)
        e = append_text(out, title);
    if (e == OK)
        e = append_text(out, "\n");
    if (e == OK)
        e = append_text(out, heads[language]);
    for (size_t i = 0; e == OK && i < entries_n; i++) {
        if (entries[i].field->part != part)
            e = write_part(language, part = entries[i].field->part, out);
        if (e == OK)
            e = write_entry(language, &entries[i], out);
    }
    return e;
}

/* Reading. */

struct reading {
    const struct collection *collection;
    struct handover_form_entry *entries;
    size_t entries_n;
    uint8_t *values; /* where values go, one after the other */
    size_t values_size;
    size_t blank_n; /* blank lines seen since the value's last line: part of it only if another
                       follows */
    bool has_lines; /* the value has begun */
    size_t line;
    struct handover_form_error *error;
};

static enum err refuse(struct reading *reading, enum err e, struct label what, struct bytes name) {
    *reading->error = (struct handover_form_error){.line = reading->line, .what = what};
    snprintf(reading->error->name, sizeof reading->error->name, "%.*s",
             (int)(name.size < 60 ? name.size : 60), name.size > 0 ? (const char *)name.data : "");
    return e;
}

static const struct field *find(const struct reading *reading, struct bytes name) {
    for (size_t i = 0; i < reading->collection->fields_n; i++)
        if (bytes_equal(bytes_of_text(reading->collection->fields[i].name), name))
            return &reading->collection->fields[i];
    return NULL;
}

static enum err begin_field(struct reading *reading, struct bytes line) {
    const uint8_t *end = memchr(line.data, ']', line.size);
    if (end == NULL)
        return refuse(
            reading, ERR_FORMAT,
            MEND("a field begins with [NAME]; put \\ before a line of text that begins with [",
                 "et felt begynder med [NAVN]; sæt \\ foran en tekstlinje, der begynder med ["),
            (struct bytes){0});
    struct bytes name = {line.data + 1, (size_t)(end - line.data) - 1};
    const struct field *field = find(reading, name);
    if (field == NULL)
        return refuse(
            reading, ERR_FORMAT,
            MEND("there is no such field; put \\ before a line of text that begins with [",
                 "det felt findes ikke; sæt \\ foran en tekstlinje, der begynder med ["),
            name);
    for (size_t i = 0; i < reading->entries_n; i++)
        if (reading->entries[i].field == field)
            return refuse(reading, ERR_FORMAT,
                          MEND("the field stands there twice", "feltet står der to gange"), name);
    reading->entries[reading->entries_n++] =
        (struct handover_form_entry){.field = field,
                                     .value = {reading->values + reading->values_size, 0},
                                     .line = reading->line};
    reading->blank_n = 0;
    reading->has_lines = false;
    return OK;
}

static void put_byte(struct reading *reading, uint8_t byte) {
    reading->values[reading->values_size++] = byte;
    reading->entries[reading->entries_n - 1].value.size++;
}

static void add_line(struct reading *reading, struct bytes line) {
    for (size_t i = 0; reading->has_lines && i < reading->blank_n + 1; i++)
        put_byte(reading, '\n');
    for (size_t i = 0; i < line.size; i++)
        put_byte(reading, line.data[i] == '\t' ? ' ' : line.data[i]);
    reading->has_lines = true;
    reading->blank_n = 0;
}

static enum err read_line(struct reading *reading, struct bytes line) {
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    if (line.size > 0 && line.data[0] == '#')
        return OK;
    if (line.size > 0 && line.data[0] == '[')
        return begin_field(reading, line);
    if (is_blank(line)) {
        reading->blank_n++;
        return OK;
    }
    if (reading->entries_n == 0)
        return refuse(
            reading, ERR_FORMAT,
            MEND("there is text before the first [field]", "der står tekst før det første [felt]"),
            (struct bytes){0});
    if (line.data[0] == '\\')
        line = (struct bytes){line.data + 1, line.size - 1};
    add_line(reading, line);
    return OK;
}

static const char mark_begin[] = "# form: ";

enum err handover_form_write_mark(const char *mark, struct buffer *out) {
    char line[HANDOVER_FORM_MARK_MAX + sizeof mark_begin + 2];
    snprintf(line, sizeof line, "\n%s%s\n", mark_begin, mark);
    return append_text(out, line);
}

void handover_form_mark(struct bytes text, char ret_mark[static HANDOVER_FORM_MARK_MAX]) {
    size_t begin = strlen(mark_begin);
    ret_mark[0] = '\0';
    while (text.size > 0) {
        struct bytes line = take_line(&text);
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        size_t size = line.size > begin ? line.size - begin : 0;
        if (size == 0 || size >= HANDOVER_FORM_MARK_MAX ||
            memcmp(line.data, mark_begin, begin) != 0)
            continue;
        memcpy(ret_mark, line.data + begin, size);
        ret_mark[size] = '\0';
    }
}

enum err handover_form_parse(struct bytes text, const struct collection *collection,
                             struct arena *arena, const struct handover_form_entry **ret_entries,
                             size_t *ret_n, struct handover_form_error *ret_error) {
    struct reading reading = {.collection = collection, .error = ret_error};
    if (text.size > HANDOVER_FORM_SIZE_MAX)
        return refuse(&reading, ERR_LIMIT, MEND("the form is too long", "skemaet er for langt"),
                      (struct bytes){0});
    if (text.size > 0 && memchr(text.data, 0, text.size) != NULL)
        return refuse(&reading, ERR_FORMAT,
                      MEND("this is not a text file", "det er ikke en tekstfil"),
                      (struct bytes){0});
    reading.entries = arena_array(arena, collection->fields_n, sizeof *reading.entries);
    reading.values = arena_alloc(arena, text.size);
    if (reading.entries == NULL || reading.values == NULL)
        return ERR_MEMORY;
    if (text.size >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
        text = (struct bytes){text.data + 3, text.size - 3};
    while (text.size > 0) {
        reading.line++;
        enum err e = read_line(&reading, take_line(&text));
        if (e != OK)
            return e;
    }
    *ret_entries = reading.entries;
    *ret_n = reading.entries_n;
    return OK;
}
