#include "document.h"

#include <string.h>

const char *text_at(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

int64_t number_at(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

bool flag_at(const json_t *object, const char *key) {
    return json_is_true(json_object_get(object, key));
}

const char *label_at(const struct screen *screen, const json_t *object, const char *key) {
    return text_at(json_object_get(object, key), say(screen, "en", "da"));
}

const char *error_text_at(const struct screen *screen, const json_t *object, const char *key) {
    const char *name = json_string_value(json_object_get(object, key));
    return name != NULL ? label_text(screen->language, err_label(err_from_name(name))) : NULL;
}

/* The text is written down in English when the fault is found. */
void table_cell_fault(struct table *table, const struct screen *screen, const json_t *object) {
    const char *text = text_at(object, "text"), *name = text_at(object, "reason");
    const char *reason = error_text_at(screen, object, "reason");
    if (reason == NULL || screen->language == LANGUAGE_EN)
        table_cell(table, STYLE_PLAIN, "%s", *text != '\0' ? text : reason != NULL ? reason : "");
    else if (*text == '\0' || strcmp(text, err_text(err_from_name(name))) == 0)
        table_cell(table, STYLE_PLAIN, "%s", reason);
    else
        table_cell(table, STYLE_PLAIN, "%s (%s)", reason, text);
}

void put_not_running(const struct screen *screen, const json_t *document) {
    if (json_is_false(json_object_get(document, "running")))
        put(screen, STYLE_WARN, "%s\n  stafet node run  |  stafet sync\n",
            say(screen, "node not running: nothing is being sent",
                "noden kører ikke: intet bliver sendt"));
}

const char *role_label(const struct screen *screen, const char *role) {
    static const struct role_label {
        const char *role, *en, *da;
    } labels[] = {{"municipality", "municipality", "kommune"},
                  {"kindergarten", "kindergarten", "børnehave"},
                  {"school", "school", "skole"},
                  {"relay", "relay", "relæ"}};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strcmp(labels[i].role, role) == 0)
            return say(screen, labels[i].en, labels[i].da);
    return role;
}
