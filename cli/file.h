/* Users' files, which the CLI alone opens. */
#ifndef STAFET_CLI_FILE_H
#define STAFET_CLI_FILE_H

#include "problem.h"
#include "proto/bytes.h"
#include "proto/language.h"

/* The largest file that a command takes. */
#define FILE_SIZE_MAX ((size_t)64 * 1024 * 1024)

/* All of a file, or of standard input when `path` is "-". ERR_NOT_FOUND, ERR_DENIED, ERR_LIMIT, ERR_IO, ERR_MEMORY; `ret_why`,
 * whose language is set, then says why. */
MUST_USE enum err file_read(const char *path, struct buffer *ret_content, struct failure *ret_why);
/* The same, as text: UTF-8 without NUL, with a NUL after it that is not counted. ERR_FORMAT when it isn't: all bad places are then added to
 * `problems`, unless that is NULL. */
MUST_USE enum err file_read_text(const char *path, struct problems *problems, struct buffer *ret_text,
                                 struct failure *ret_why);
/* Writes a new file, durably, with `mode`. ERR_EXISTS: never over one that is there. */
MUST_USE enum err file_write_new(const char *path, unsigned mode, struct bytes content,
                                 struct failure *ret_why);

#endif
