#include "err.h"

#include <string.h>

const char *err_text(enum err e) {
    switch (e) {
#define X(name, number, word, text, danish)                                                        \
    case name:                                                                                     \
        return text;
        ERR_MAP(X)
#undef X
    }
    return "an unknown error";
}

const char *err_name(enum err e) {
    switch (e) {
#define X(name, number, word, text, danish)                                                        \
    case name:                                                                                     \
        return word;
        ERR_MAP(X)
#undef X
    }
    return "unknown";
}

enum err err_from_name(const char *name) {
#define X(symbol, number, word, text, danish)                                                      \
    if (strcmp(name, word) == 0)                                                                   \
        return symbol;
    ERR_MAP(X)
#undef X
    return ERR_INTERNAL;
}

enum err err_from_number(unsigned number) {
    switch (number) {
#define X(name, number_, word, text, danish)                                                       \
    case number_:                                                                                  \
        return name;
        ERR_MAP(X)
#undef X
    default:
        return ERR_INTERNAL;
    }
}
