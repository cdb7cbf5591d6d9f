/* What the verbs that do something say afterwards. */
#include "handover.h"

#include "handover_moment.h"

#include <string.h>

void handover_view_template(const struct screen *screen, const json_t *document) {
    /* The form itself and nothing else: it is meant for a file. */
    fputs(text_at(json_object_get(document, "form"), say(screen, "en", "da")), screen->out);
}

static void put_name(const struct screen *screen, const json_t *document) {
    const char *child = text_at(document, "child");
    put(screen, STYLE_BOLD, "%s",
        *child != '\0' ? child : say(screen, "(no name)", "(intet navn)"));
    put(screen, STYLE_PLAIN, " (%s)", text_at(document, "short"));
}

void handover_view_drafts(const struct screen *screen, const json_t *document) {
    const json_t *field;
    const char *id = text_at(document, "short");
    char revision[MOMENT_MAX];
    size_t i;
    put_name(screen, document);
    if (json_object_get(document, "discarded") != NULL) {
        put(screen, STYLE_PLAIN, ": %s\n",
            number_at(document, "discarded") > 0
                ? say(screen, "what was not sent is forgotten", "det, der ikke var sendt, er glemt")
                : say(screen, "there was nothing that had not been sent",
                      "der var intet, der ikke var sendt"));
        return;
    }
    put(screen, STYLE_PLAIN, ": %s → %s, ", name_of(document, "from"), name_of(document, "to"));
    put(screen, STYLE_PLAIN, say(screen, "revision %s, not sent", "udgave %s, ikke sendt"),
        moment_revision(text_at(document, "revision"), revision));
    json_array_foreach(json_object_get(document, "drafts"), i, field)
        put(screen, STYLE_DIM, "%s%s", i == 0 ? ": " : ", ", json_string_value(field));
    put(screen, STYLE_PLAIN, "\n");
    if (flag_at(document, "agreement_void"))
        put(screen, STYLE_WARN, "%s\n",
            say(screen, "Changed since the parents agreed.", "Ændret, siden forældrene sagde ja."));
    if (json_array_size(json_object_get(document, "drafts")) > 0)
        put(screen, STYLE_PLAIN, "  stafet handover show %s\n", id);
    else
        put(screen, STYLE_PLAIN, "  stafet handover edit %s\n", id);
}

void handover_view_agree(const struct screen *screen, const json_t *document) {
    const json_t *agreement = json_object_get(document, "agreement");
    char revision[MOMENT_MAX], day[32];
    put_name(screen, document);
    if (!json_is_object(agreement)) {
        put(screen, STYLE_PLAIN, "%s\n",
            say(screen, ": the yes is taken back. Nothing can be sent before a new one.",
                ": ja'et er taget tilbage. Intet kan sendes før et nyt."));
        return;
    }
    put(screen, STYLE_PLAIN,
        say(screen, ": agreed by %s on %s, for revision %s\n",
            ": aftalt med %s den %s, om udgave %s\n"),
        text_at(agreement, "by"), date_text(screen, text_at(agreement, "on"), day),
        moment_revision(text_at(agreement, "revision"), revision));
    put(screen, STYLE_PLAIN, "  stafet handover send %s\n", text_at(document, "short"));
}

static void put_side(const struct screen *screen, enum style style, const char *sign,
                     const char *text) {
    do {
        size_t size = strcspn(text, "\n");
        put(screen, style, "    %s %.*s\n", sign, (int)size, text);
        text += size + (text[size] == '\n');
    } while (*text != '\0');
}

void handover_put_changes(const struct screen *screen, const json_t *document) {
    const json_t *change, *agreement = json_object_get(document, "agreement");
    char revision[MOMENT_MAX], day[32];
    size_t i;
    put_name(screen, document);
    put(screen, STYLE_PLAIN, ": %s → %s, ", name_of(document, "from"), name_of(document, "to"));
    put(screen, STYLE_PLAIN, say(screen, "revision %s\n", "udgave %s\n"),
        moment_revision(text_at(document, "revision"), revision));
    if (agreement != NULL)
        put(screen, STYLE_PLAIN, say(screen, "  agreed by %s on %s\n", "  aftalt med %s den %s\n"),
            text_at(agreement, "by"), date_text(screen, text_at(agreement, "on"), day));
    json_array_foreach(json_object_get(document, "changes"), i, change) {
        const char *old = text_at(change, "old"), *new = text_at(change, "new");
        put(screen, STYLE_BOLD, "  %s\n", label_at(screen, change, "label"));
        if (*old != '\0')
            put_side(screen, STYLE_DIM, "−", old);
        if (*new != '\0')
            put_side(screen, STYLE_PLAIN, "+", new);
        if (flag_at(change, "overtaken"))
            put(screen, STYLE_WARN, "    %s\n",
                say(screen,
                    "Somebody else has written here meanwhile: both values will stay until they "
                    "are settled.",
                    "En anden har skrevet her imens: begge værdier bliver stående, til det er "
                    "afgjort."));
    }
}

void handover_view_send(const struct screen *screen, const json_t *document) {
    char revision[MOMENT_MAX];
    const char *to =
        name_of(document, strcmp(text_at(document, "end"), "sender") == 0 ? "to" : "from");
    if (!flag_at(document, "sent")) {
        handover_put_changes(screen, document);
        return;
    }
    put_name(screen, document);
    bool waits = json_is_false(json_object_get(document, "running"));
    put(screen, waits ? STYLE_WARN : STYLE_GOOD,
        waits ? say(screen, ": signed, and waits to go to %s",
                    ": underskrevet, og venter på at komme til %s")
              : say(screen, ": on its way to %s", ": på vej til %s"),
        to);
    put(screen, STYLE_PLAIN,
        say(screen, ", revision %s\n  stafet handover track %s\n",
            ", udgave %s\n  stafet handover track %s\n"),
        moment_revision(text_at(document, "revision"), revision), text_at(document, "short"));
    put_not_running(screen, document);
}

void handover_view_accept(const struct screen *screen, const json_t *document) {
    char revision[MOMENT_MAX];
    put_name(screen, document);
    put(screen, STYLE_GOOD,
        say(screen, ": revision %s is taken over\n", ": udgave %s er overtaget\n"),
        moment_revision(text_at(document, "accepted"), revision));
}

void handover_view_print(const struct screen *screen __attribute__((unused)),
                         const json_t *document __attribute__((unused))) {
    /* handover_side_printed has said where the page is. */
}
