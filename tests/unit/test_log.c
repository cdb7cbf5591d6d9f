#include "node/log.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TEST(a_flood_of_lines_is_let_through_drop_by_drop_and_counted) {
    struct log_gate gate = {0};
    uint64_t left_out = 0, passed = 0, told = 0;
    time_ms now = 1000000;
    for (int i = 0; i < LOG_LINES_MAX; i++)
        assert_true(log_gate_pass(&gate, now, &left_out));
    assert_false(log_gate_pass(&gate, now, &left_out));
    /* A thousand a second, for ten minutes. */
    for (int i = 0; i < 600000; i++) {
        passed += log_gate_pass(&gate, ++now, &left_out);
        told += left_out;
        if (left_out > 0)
            assert_true(gate.told_at == now);
    }
    assert_int_equal(passed, 600000 / LOG_LINE_MS);
    assert_int_equal(told + gate.left_out, 600001 - passed);
    assert_true(told > 0);
    /* Quiet for long enough, and all of it passes again; how many are missing is told first. */
    now += LOG_LINES_MAX * (time_ms)LOG_LINE_MS;
    assert_true(log_gate_pass(&gate, now, &left_out));
    assert_int_equal(told + left_out, 600001 - passed);
    for (int i = 1; i < LOG_LINES_MAX; i++)
        assert_true(log_gate_pass(&gate, now, &left_out));
    assert_false(log_gate_pass(&gate, now, &left_out));
}

/* What `say` writes to standard error. */
static void caught(void (*say)(void), char *ret_text, size_t size) {
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_true(file != NULL && kept >= 0);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    say();
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(file);
    ret_text[fread(ret_text, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void say_long(void) {
    char text[1024];
    text[0] = 'x'; /* so that a character of two bytes lies across the end */
    for (size_t i = 1; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "å", 2);
    text[sizeof text - 1] = '\0';
    log_warn("%s\nand a second line", text);
}

TEST(a_line_is_cut_between_characters_and_stays_one) {
    char text[4096];
    setenv("JOURNAL_STREAM", "1:2", 1);
    log_init(false);
    caught(say_long, text, sizeof text);
    size_t size = strlen(text);
    assert_true(size > 500 && size < 600);
    assert_int_equal(text[size - 1], '\n');
    assert_null(memchr(text, '\n', size - 1));
    assert_memory_equal(text + size - 3, "å\n", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_lines_is_let_through_drop_by_drop_and_counted),
        cmocka_unit_test(a_line_is_cut_between_characters_and_stays_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
