#include "views.h"

#include <stdlib.h>
#include <string.h>

const struct view *const cli_views[] = {
    status_views, waiting_views,    federation_views, member_views, join_views, sync_views,
    survey_views, handover_views,   conflict_views,   peer_views,   log_views,  verify_views,
    search_views, quarantine_views, export_views,     roster_views, NULL,
};

const struct view *view_find(const char *noun, const char *verb) {
    for (const struct view *const *table = cli_views; *table != NULL; table++)
        for (const struct view *view = *table; view->noun != NULL; view++)
            if (strcmp(view->noun, noun) == 0 && strcmp(view->verb, verb) == 0)
                return view;
    return NULL;
}

static void show_value(const struct screen *screen, const char *key, const json_t *value,
                       int indent);

static void show_members(const struct screen *screen, const json_t *object, int indent) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
        show_value(screen, key, value, indent);
}

static void show_value(const struct screen *screen, const char *key, const json_t *value,
                       int indent) {
    if (!json_is_object(value) && !json_is_array(value)) {
        char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        put(screen, STYLE_PLAIN, "%*s%s: %s\n", indent, "", key,
            text != NULL            ? text
            : json_is_string(value) ? json_string_value(value)
                                    : "");
        free(text);
        return;
    }
    put(screen, STYLE_BOLD, "%*s%s:\n", indent, "", key);
    if (json_is_object(value)) {
        show_members(screen, value, indent + 2);
        return;
    }
    size_t i;
    const json_t *item;
    json_array_foreach(value, i, item) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        show_value(screen, number, item, indent + 2);
    }
}

void view_plain(const struct screen *screen, const json_t *document) {
    show_members(screen, document, 0);
}
