#include "json_form.h"

#include "proto/text.h"
#include <string.h>

struct cursor {
    const uint8_t *at, *end;
};

static bool take(struct cursor *c, char wanted) {
    if (c->at == c->end || *c->at != (uint8_t)wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(c->end - c->at) < size || memcmp(c->at, word, size) != 0)
        return false;
    c->at += size;
    return true;
}

static bool take_digits(struct cursor *c) {
    const uint8_t *start = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > start;
}

static bool take_number(struct cursor *c) {
    take(c, '-');
    if (!take(c, '0') && !take_digits(c))
        return false;
    if (take(c, '.') && !take_digits(c))
        return false;
    if (take(c, 'e') || take(c, 'E')) {
        if (!take(c, '+'))
            take(c, '-');
        return take_digits(c);
    }
    return true;
}

static bool take_hex4(struct cursor *c, uint32_t *ret_unit) {
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t digit = c->at < c->end ? *c->at++ : 0;
        if (digit >= '0' && digit <= '9')
            unit = unit << 4 | (uint32_t)(digit - '0');
        else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
            unit = unit << 4 | (uint32_t)((digit | 0x20) - 'a' + 10);
        else
            return false;
    }
    *ret_unit = unit;
    return true;
}

static bool take_escape(struct cursor *c, uint32_t *ret_character) {
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (take(c, 'u')) {
        uint32_t high, low;
        if (!take_hex4(c, &high) || high == 0 || (high >= 0xdc00 && high < 0xe000))
            return false;
        *ret_character = high;
        if (high < 0xd800 || high >= 0xe000)
            return true;
        if (!take_word(c, "\\u") || !take_hex4(c, &low) || low < 0xdc00 || low >= 0xe000)
            return false;
        *ret_character = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
        return true;
    }
    const char *name = c->at < c->end && *c->at != 0 ? strchr(names, *c->at) : NULL;
    if (name == NULL)
        return false;
    c->at++;
    *ret_character = (uint8_t)meant[name - names];
    return true;
}

/* The next character inside a string whose bytes are known to be UTF-8. False at the closing quote
 * or on an error, told apart by `*ret_good`. */
static bool next_character(struct cursor *c, uint32_t *ret_character, bool *ret_good) {
    *ret_good = false;
    if (c->at == c->end)
        return false;
    uint8_t lead = *c->at++;
    if (lead == '"') {
        *ret_good = true;
        return false;
    }
    if (lead == '\\')
        return take_escape(c, ret_character);
    if (lead < 0x80) {
        *ret_character = lead;
        return lead >= 0x20;
    }
    size_t rest = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t character = lead & (0x3fu >> rest);
    for (; rest > 0; rest--)
        character = character << 6 | (*c->at++ & 0x3f);
    *ret_character = character;
    return true;
}

static bool take_string(struct cursor *c) {
    uint32_t character;
    bool good = false;
    if (take(c, '"'))
        while (next_character(c, &character, &good))
            ;
    return good;
}

/* Is the string at `a` before the one at `b`? Both have been checked and stand after their opening
 * quotes. */
static bool string_before(struct cursor a, struct cursor b) {
    bool good;
    for (;;) {
        uint32_t of_a = 0, of_b = 0;
        bool has_a = next_character(&a, &of_a, &good), has_b = next_character(&b, &of_b, &good);
        if (!has_a || !has_b)
            return !has_a && has_b;
        if (of_a != of_b)
            return of_a < of_b;
    }
}

static bool take_value(struct cursor *c, int depth);

static bool take_object(struct cursor *c, int depth) {
    struct cursor last = {NULL, NULL};
    if (take(c, '}'))
        return true;
    do {
        const uint8_t *quote = c->at;
        if (!take_string(c) || !take(c, ':'))
            return false;
        struct cursor key = {quote + 1, c->end};
        if (last.at != NULL && !string_before(last, key))
            return false;
        last = key;
        if (!take_value(c, depth))
            return false;
    } while (take(c, ','));
    return take(c, '}');
}

static bool take_array(struct cursor *c, int depth) {
    if (take(c, ']'))
        return true;
    do {
        if (!take_value(c, depth))
            return false;
    } while (take(c, ','));
    return take(c, ']');
}

static bool take_value(struct cursor *c, int depth) {
    if (c->at == c->end)
        return false;
    switch (*c->at) {
    case '{':
    case '[':
        if (depth == JSON_DEPTH_MAX)
            return false;
        return *c->at++ == '{' ? take_object(c, depth + 1) : take_array(c, depth + 1);
    case '"':
        return take_string(c);
    case 't':
        return take_word(c, "true");
    case 'f':
        return take_word(c, "false");
    case 'n':
        return take_word(c, "null");
    default:
        return take_number(c);
    }
}

bool json_form_is_canonical(struct bytes text) {
    if (text.size == 0 || !text_is_clean(text, false))
        return false;
    struct cursor c = {text.data, text.data + text.size};
    return take_value(&c, 0) && c.at == c.end;
}
