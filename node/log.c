#include "log.h"

#include "net/monotonic.h"
#include "proto/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINE_SIZE_MAX = 512 };

static bool is_quiet, has_journal;
static struct log_gate infos, warnings;

bool log_gate_pass(struct log_gate *gate, time_ms now, uint64_t *ret_left_out) {
    *ret_left_out = 0;
    gate->spent_ms -= now - gate->at;
    if (gate->spent_ms < 0)
        gate->spent_ms = 0;
    gate->at = now;
    if (gate->spent_ms > (LOG_LINES_MAX - 1) * (int64_t)LOG_LINE_MS) {
        gate->left_out++;
        return false;
    }
    gate->spent_ms += LOG_LINE_MS;
    if (gate->left_out > 0 && now - gate->told_at >= LOG_LEFT_OUT_MS) {
        *ret_left_out = gate->left_out;
        gate->left_out = 0;
        gate->told_at = now;
    }
    return true;
}

void log_init(bool quiet) {
    is_quiet = quiet;
    has_journal = getenv("JOURNAL_STREAM") != NULL;
}

/* In one write, so that lines of several processes don't mix; what others named may not end a line
 * or move the cursor. */
static void write_line(int priority, const char *text) {
    char line[LINE_SIZE_MAX + 48];
    if (has_journal) {
        snprintf(line, sizeof line, "<%d>%s\n", priority, text);
    } else {
        struct tm now;
        time_t seconds = time(NULL);
        char when[32] = "";
        if (localtime_r(&seconds, &now) != NULL)
            strftime(when, sizeof when, "%F %T", &now);
        snprintf(line, sizeof line, "%s %s%s\n", when, priority <= 4 ? "warning: " : "", text);
    }
    (void)fputs(line, stderr);
}

__attribute__((format(printf, 3, 0))) static void put(int priority, struct log_gate *gate,
                                                      const char *format, va_list args) {
    char text[LINE_SIZE_MAX + 8];
    uint64_t left_out;
    if (!log_gate_pass(gate, node_monotonic_ms(), &left_out))
        return;
    if (left_out > 0) {
        snprintf(text, sizeof text, "%llu lines were left out here: too many came at once",
                 (unsigned long long)left_out);
        write_line(priority, text);
    }
    vsnprintf(text, sizeof text, format, args);
    text[text_fit(bytes_of_text(text), LINE_SIZE_MAX - 1)] = '\0';
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    }
    write_line(priority, text);
}

void log_info(const char *format, ...) {
    va_list args;
    if (is_quiet)
        return;
    va_start(args, format);
    put(6, &infos, format, args);
    va_end(args);
}

void log_warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    put(4, &warnings, format, args);
    va_end(args);
}
