#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINE_SIZE_MAX = 512 };

static bool is_quiet, has_journal;

void log_init(bool quiet) {
    is_quiet = quiet;
    has_journal = getenv("JOURNAL_STREAM") != NULL;
}

/* In one write, so that lines of several processes don't mix; what others named may not end a line
 * or move the cursor. */
__attribute__((format(printf, 2, 0))) static void put(int priority, const char *format,
                                                      va_list args) {
    char text[LINE_SIZE_MAX], line[LINE_SIZE_MAX + 48];
    vsnprintf(text, sizeof text, format, args);
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    }
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

void log_info(const char *format, ...) {
    va_list args;
    if (is_quiet)
        return;
    va_start(args, format);
    put(6, format, args);
    va_end(args);
}

void log_warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    put(4, format, args);
    va_end(args);
}
