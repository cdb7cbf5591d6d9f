/* Marks for AddressSanitizer what must not be touched in memory that is handed out in parts:
 * nothing in a build without it. */
#ifndef STAFET_PROTO_POISON_H
#define STAFET_PROTO_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define STAFET_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STAFET_POISONS 1
#endif
#endif
#ifdef STAFET_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define POISON(at, size) ((void)0)
#define UNPOISON(at, size) ((void)0)
#endif

#endif
