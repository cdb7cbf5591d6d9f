/* Making a store's surroundings fail, at one chosen place. A program that links `testfault` has
 * SQLite's calls, the memory and the files of our own code behind a counter, and SQLite's memory
 * and database files as well; until a fault is armed all of it works as ever. For one thread. */
#ifndef STAFET_TESTS_FAULT_H
#define STAFET_TESTS_FAULT_H

#include <stdbool.h>

enum fault {
    FAULT_STATEMENT = 1, /* a statement that we step or execute: an I/O error, and nothing done */
    FAULT_PREPARE,       /* a statement that we prepare: no memory */
    FAULT_BIND,          /* a value that we bind: no memory */
    FAULT_MEMORY,        /* our own allocations */
    FAULT_SQLITE_MEMORY, /* SQLite's allocations */
    FAULT_DATABASE,      /* opening, reading, writing, cutting or syncing a file of SQLite's: an I/O
                            error */
    FAULT_READING,       /* reading one: an I/O error from there on */
    FAULT_DISK_FULL,     /* writing one: the disk is full from there on */
    FAULT_FILE,          /* what our own code does with files: an I/O error */
    FAULT_FILE_FULL,     /* the same: no space, from there on */
    FAULT_DAMAGE,        /* a blob that we read from a row: its last byte is missing */
    FAULT_KINDS
};

/* Before the first use of SQLite in the program: its allocator and its default VFS are ours from
 * then on. */
void fault_install(void);
/* The n-th (from 1) call that `fault` means fails from now on. */
void fault_arm(enum fault, unsigned n);
/* Nothing fails any more. Has something failed since fault_arm? */
bool fault_disarm(void);
const char *fault_name(enum fault);

#endif
