#include "encoding.h"

#include "proto/text.h"

#include <stdio.h>
#include <string.h>

struct scan {
    struct bytes rest;
    uint32_t line, character;
    bool letters; /* a character of several bytes has been passed: the text is UTF-8 there */
};

/* The next fault; false: none is left. */
static bool find_fault(struct scan *scan, struct encoding_fault *ret_fault) {
    while (scan->rest.size > 0) {
        uint32_t character = 0;
        uint8_t byte = *scan->rest.data;
        size_t size = text_next(scan->rest, &character);
        bool is_fault = size == 0 || character == 0;
        if (is_fault)
            *ret_fault = (struct encoding_fault){scan->line, scan->character, byte};
        size = size == 0 ? 1 : size;
        scan->letters = scan->letters || size > 1;
        scan->line += byte == '\n';
        scan->character = byte == '\n' ? 1 : scan->character + 1;
        scan->rest = (struct bytes){scan->rest.data + size, scan->rest.size - size};
        if (is_fault)
            return true;
    }
    return false;
}

static struct scan begin(struct bytes text) {
    return (struct scan){.rest = text, .line = 1, .character = 1};
}

enum err encoding_check(struct bytes text, struct encoding_fault *ret_fault) {
    struct scan scan = begin(text);
    return find_fault(&scan, ret_fault) ? ERR_FORMAT : OK;
}

static bool is_utf16(struct bytes text) {
    return text.size >= 2 &&
           (memcmp(text.data, "\xff\xfe", 2) == 0 || memcmp(text.data, "\xfe\xff", 2) == 0);
}

/* Bytes that Windows-1252 leaves open, and what no text holds, belong to something else; a letter
 * in UTF-8 between them to a file put together from two. */
static bool is_windows_1252(struct bytes text) {
    static const uint8_t open[] = {0x81, 0x8d, 0x8f, 0x90, 0x9d};
    struct scan scan = begin(text);
    struct encoding_fault fault;
    while (find_fault(&scan, &fault))
        if (fault.byte == 0 || memchr(open, fault.byte, sizeof open) != NULL)
            return false;
    return !scan.letters;
}

static void say_mend(enum language language, const char *name, struct bytes text,
                     char ret_mend[static PROBLEMS_MEND_MAX]) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
    bool is_plain = *name != '-' && strspn(name, plain) == strlen(name) && strlen(name) < 300;
    const char *from = is_utf16(text) ? "UTF-16" : is_windows_1252(text) ? "WINDOWS-1252" : NULL;
    if (from == NULL)
        snprintf(ret_mend, PROBLEMS_MEND_MAX,
                 say_in(language,
                        "save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\"), where it was made",
                        "gem den som UTF-8 (i et regneark: \"CSV UTF-8\") der, hvor den er lavet"));
    else
        snprintf(ret_mend, PROBLEMS_MEND_MAX,
                 say_in(language,
                        "save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\"), or: "
                        "iconv -f %s -t UTF-8 %s > NEW-FILE, and see that its letters are right",
                        "gem den som UTF-8 (i et regneark: \"CSV UTF-8\"), eller: "
                        "iconv -f %s -t UTF-8 %s > NY-FIL, og se efter, at bogstaverne er rigtige"),
                 from, is_plain ? name : say_in(language, "FILE", "FIL"));
}

void encoding_list(const char *name, struct bytes text, struct problems *problems) {
    struct scan scan = begin(text);
    struct encoding_fault fault;
    problems->file = name;
    say_mend(problems->language, name, text, problems->mend);
    if (is_utf16(text)) {
        problem_add(problems, (struct place){0}, PROBLEMS_MEND, "the file is UTF-16",
                    "filen er UTF-16");
        return;
    }
    while (find_fault(&scan, &fault))
        problem_add(problems, (struct place){.line = fault.line}, PROBLEMS_MEND,
                    "character %u is the byte %02X, which is not UTF-8",
                    "tegn nummer %u er byten %02X, som ikke er UTF-8", fault.character, fault.byte);
}
