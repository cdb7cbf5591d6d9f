/* cmocka in one include, with what every test needs. A test's name is a sentence: TEST(a_late_joiner_gets_all). */
#ifndef STAFET_TESTS_TEST_H
#define STAFET_TESTS_TEST_H

/* cmocka wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "temp.h"
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#define TEST(sentence) static void sentence(void **state __attribute__((unused)))

#define assert_ok(call) assert_int_equal((call), 0)
#define assert_err(expected, call) assert_int_equal((call), (expected))

#endif
