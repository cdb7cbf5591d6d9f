#include "handover_moment.h"

#include <string.h>
#include <time.h>

static bool local_time(const json_t *ms, struct tm *ret_at) {
    time_t seconds = (time_t)(json_integer_value(ms) / 1000);
    return json_is_integer(ms) && localtime_r(&seconds, ret_at) != NULL;
}

const char *moment_day(const struct screen *screen, const json_t *ms,
                       char ret_text[static MOMENT_MAX]) {
    struct tm at;
    char iso[16], date[32];
    ret_text[0] = '\0';
    if (local_time(ms, &at) && strftime(iso, sizeof iso, "%Y-%m-%d", &at) != 0)
        snprintf(ret_text, MOMENT_MAX, "%s", date_text(screen, iso, date));
    return ret_text;
}

const char *moment_text(const struct screen *screen, const json_t *ms,
                        char ret_text[static MOMENT_MAX]) {
    struct tm at;
    moment_day(screen, ms, ret_text);
    size_t size = strlen(ret_text);
    if (size > 0 && local_time(ms, &at))
        snprintf(ret_text + size, MOMENT_MAX - size, " %02d:%02d", at.tm_hour, at.tm_min);
    return ret_text;
}

const char *moment_long(enum language language, const json_t *ms, const char *iso_date,
                        char ret_text[static MOMENT_MAX]) {
    static const char *const months[2][12] = {
        [LANGUAGE_EN] = {"January", "February", "March", "April", "May", "June", "July", "August",
                         "September", "October", "November", "December"},
        [LANGUAGE_DA] = {"januar", "februar", "marts", "april", "maj", "juni", "juli", "august",
                         "september", "oktober", "november", "december"},
    };
    struct tm at = {0};
    int year, month, day;
    ret_text[0] = '\0';
    if (local_time(ms, &at)) {
        year = at.tm_year + 1900;
        month = at.tm_mon + 1;
        day = at.tm_mday;
        /* NOLINTNEXTLINE(cert-err34-c): four digits and two fit */
    } else if (iso_date == NULL || sscanf(iso_date, "%4d-%2d-%2d", &year, &month, &day) != 3 ||
               month < 1 || month > 12) {
        return ret_text;
    }
    snprintf(ret_text, MOMENT_MAX, language == LANGUAGE_DA ? "%d. %s %d" : "%d %s %d", day,
             months[language][month - 1], year);
    return ret_text;
}

const char *moment_revision(const char *revision, char ret_text[static MOMENT_MAX]) {
    snprintf(ret_text, MOMENT_MAX, "%.4s", revision != NULL ? revision : "");
    return ret_text;
}

const char *name_of(const json_t *document, const char *key) {
    return text_at(json_object_get(document, key), "name");
}
