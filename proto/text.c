#include "text.h"

#include "limits.h"
#include <string.h>

size_t text_next(struct bytes text, uint32_t *ret_character) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = text.data[0];
    size_t size = lead < 0x80   ? 1
                  : lead < 0xc0 ? 0
                  : lead < 0xe0 ? 2
                  : lead < 0xf0 ? 3
                  : lead < 0xf8 ? 4
                                : 0;
    if (size == 0 || size > text.size)
        return 0;
    uint32_t character = size == 1 ? lead : lead & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (text.data[i] & 0x3f);
    }
    if (character < least[size] || character > 0x10ffff ||
        (character >= 0xd800 && character < 0xe000))
        return 0;
    *ret_character = character;
    return size;
}

/* How much of the beginning is ASCII without control characters, in steps of eight: of most text
 * almost all, and every value that comes in is looked at more than once. */
static size_t plain_prefix(struct bytes text) {
    const uint64_t ones = 0x0101010101010101, tops = ones << 7;
    size_t size = 0;
    for (uint64_t eight; text.size - size >= sizeof eight; size += sizeof eight) {
        memcpy(&eight, text.data + size, sizeof eight);
        uint64_t del = eight ^ (ones * 0x7f); /* 0 where there is a DEL */
        /* Exact as long as no byte has its top bit set, and then it is no ASCII. */
        if (((eight | (eight - ones * 0x20) | (del - ones)) & tops) != 0)
            break;
    }
    return size;
}

size_t text_fit(struct bytes text, size_t size_max) {
    size_t size = text.size < size_max ? text.size : size_max;
    if (size == text.size)
        return size;
    while (size > 0 && (text.data[size] & 0xc0) == 0x80)
        size--;
    return size;
}

bool text_is_clean(struct bytes text, bool lines) {
    while (text.size > 0) {
        size_t plain = plain_prefix(text);
        text.data += plain;
        text.size -= plain;
        if (text.size == 0)
            break;
        uint32_t character;
        size_t size = text_next(text, &character);
        if (size == 0)
            return false;
        bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
        if (control && !(lines && character == '\n'))
            return false;
        text.data += size;
        text.size -= size;
    }
    return true;
}

bool text_is_name(const char *text, size_t size_max) {
    struct bytes bytes = bytes_of_text(text);
    return bytes.size <= size_max && text_is_clean(bytes, false);
}

static bool port_is_valid(const char *text) {
    unsigned port = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0' || text[0] == '0')
        return false;
    for (const char *digit = text; *digit != '\0'; digit++)
        port = port * 10 + (unsigned)(*digit - '0');
    return port <= 65535;
}

bool text_is_endpoint(const char *text) {
    static const char scheme[] = "tcp://";
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (strlen(text) > ENDPOINT_SIZE_MAX || strncmp(text, scheme, strlen(scheme)) != 0)
        return false;
    const char *host = text + strlen(scheme);
    bool bracket = *host == '[';
    host += bracket;
    size_t size = strspn(host, bracket ? "0123456789abcdefABCDEF:." : name);
    const char *rest = host + size;
    if (size == 0 || (bracket && *rest++ != ']'))
        return false;
    return *rest == ':' && port_is_valid(rest + 1);
}
