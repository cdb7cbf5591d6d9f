#include "screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static int width_of_terminal(FILE *out) {
    struct winsize size;
    if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
        return 80;
    return size.ws_col;
}

void screen_init(struct screen *screen, FILE *out) {
    const char *no_colour = getenv("NO_COLOR");
    *screen = (struct screen){
        .out = out,
        .language = language_of_locale(),
        .colour = isatty(fileno(out)) && (no_colour == NULL || *no_colour == '\0'),
        .width = width_of_terminal(out),
    };
}

const char *say(const struct screen *screen, const char *en, const char *da) {
    return say_in(screen->language, en, da);
}

static const char *style_code(enum style style) {
    switch (style) {
    case STYLE_PLAIN:
        return "";
    case STYLE_BOLD:
        return "\033[1m";
    case STYLE_DIM:
        return "\033[2m";
    case STYLE_GOOD:
        return "\033[32m";
    case STYLE_BAD:
        return "\033[31m";
    case STYLE_WARN:
        return "\033[33m";
    }
    return "";
}

void put(const struct screen *screen, enum style style, const char *format, ...) {
    bool styled = screen->colour && style != STYLE_PLAIN;
    if (styled)
        fputs(style_code(style), screen->out);
    va_list args;
    va_start(args, format);
    vfprintf(screen->out, format, args);
    va_end(args);
    if (styled)
        fputs("\033[0m", screen->out);
}

static const char *const weekdays[2][7] = {{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
                                           {"søn", "man", "tir", "ons", "tor", "fre", "lør"}};
static const char *const months[2][12] = {
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
    {"jan.", "feb.", "mar.", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.",
     "dec."}};

static int64_t now_ms_of(const struct screen *screen) {
    if (screen->now_ms != 0)
        return screen->now_ms;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Days since the epoch of a civil date: differences of these are differences of days, whatever the
 * zone does. */
static long day_number(int year, int month, int day) {
    struct tm at = {.tm_year = year, .tm_mon = month, .tm_mday = day, .tm_hour = 12};
    return (long)(timegm(&at) / 86400);
}

static const char *write_date(const struct screen *screen, const struct tm *at, bool with_year,
                              char buffer[static 32]) {
    bool danish = screen->language == LANGUAGE_DA;
    const char *month = months[danish][at->tm_mon];
    if (with_year)
        snprintf(buffer, 32, danish ? "%d. %s %d" : "%d %s %d", at->tm_mday, month,
                 at->tm_year + 1900);
    else
        snprintf(buffer, 32, danish ? "%d. %s" : "%d %s", at->tm_mday, month);
    return buffer;
}

/* Both as they are here. False: one of them is beyond the calendar. */
static bool here_and_now(const struct screen *screen, int64_t unix_ms, struct tm *ret_at,
                         struct tm *ret_now) {
    time_t seconds = (time_t)(unix_ms / 1000), now_seconds = (time_t)(now_ms_of(screen) / 1000);
    return localtime_r(&seconds, ret_at) != NULL && localtime_r(&now_seconds, ret_now) != NULL;
}

static long days_between(const struct tm *at, const struct tm *now) {
    return day_number(now->tm_year, now->tm_mon, now->tm_mday) -
           day_number(at->tm_year, at->tm_mon, at->tm_mday);
}

long days_ago(const struct screen *screen, int64_t unix_ms) {
    struct tm at, now;
    return here_and_now(screen, unix_ms, &at, &now) ? days_between(&at, &now) : 0;
}

const char *time_text(const struct screen *screen, int64_t unix_ms, char buffer[static 32]) {
    struct tm at, now;
    if (!here_and_now(screen, unix_ms, &at, &now)) {
        snprintf(buffer, 32, "?");
        return buffer;
    }
    long days = days_between(&at, &now);
    if (days == 0)
        snprintf(buffer, 32, "%02d:%02d", at.tm_hour, at.tm_min);
    else if (days > 0 && days < 7)
        snprintf(buffer, 32, "%s %02d:%02d", weekdays[screen->language == LANGUAGE_DA][at.tm_wday],
                 at.tm_hour, at.tm_min);
    else
        write_date(screen, &at, at.tm_year != now.tm_year, buffer);
    return buffer;
}

const char *date_text(const struct screen *screen, const char *iso_date, char buffer[static 32]) {
    struct tm at = {0}, now;
    time_t now_seconds = (time_t)(now_ms_of(screen) / 1000);
    char *end = NULL;
    long year = strtol(iso_date, &end, 10), month = 0, day = 0;
    if (*end == '-')
        month = strtol(end + 1, &end, 10);
    if (*end == '-')
        day = strtol(end + 1, &end, 10);
    if (*end != '\0' || month < 1 || month > 12 || day < 1 || day > 31 ||
        localtime_r(&now_seconds, &now) == NULL) {
        snprintf(buffer, 32, "%s", iso_date);
        return buffer;
    }
    at.tm_year = (int)year - 1900;
    at.tm_mon = (int)month - 1;
    at.tm_mday = (int)day;
    return write_date(screen, &at, at.tm_year != now.tm_year, buffer);
}
