/* How a user's text file is encoded: UTF-8 is taken, and for everything else it is said where it goes wrong and how it is converted.
 * Nothing is converted here: what a file meant to say can be guessed, and a guess must be looked at by whoever knows the text. */
#ifndef STAFET_CLI_ENCODING_H
#define STAFET_CLI_ENCODING_H

#include "problem.h"
#include "proto/bytes.h"

/* A byte that is no part of UTF-8 text, or NUL. All count from 1; a character is one of UTF-8, or such a byte. */
struct encoding_fault {
    uint32_t line, character;
    uint8_t byte;
};

/* The first fault. ERR_FORMAT: there is one. */
MUST_USE enum err encoding_check(struct bytes text, struct encoding_fault *ret_fault);
/* Every fault of a text that has some, as problems of the file `name`; UTF-16 is one problem. Their common mend says how the file becomes
 * UTF-8: by iconv if it reads as UTF-16 or Windows-1252, of which ISO-8859-1's letters are a part; else by whoever made it. */
void encoding_list(const char *name, struct bytes text, struct problems *);

#endif
