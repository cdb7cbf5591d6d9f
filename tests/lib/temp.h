/* A folder of a test's own. */
#ifndef STAFET_TESTS_TEMP_H
#define STAFET_TESTS_TEMP_H

/* Makes a fresh folder below $TMPDIR or /tmp and writes its path. Aborts when it can't. */
void temp_folder(char ret_path[static 256]);
/* Removes it and all that is in it. */
void temp_remove(const char *path);
/* A file, over what is there. */
void temp_copy(const char *from, const char *to);

#endif
