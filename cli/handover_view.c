/* list, show, track. */
#include "handover.h"

#include "handover_moment.h"

#include <string.h>

static const char *state_label(const struct screen *screen, const json_t *item) {
    static const struct {
        const char *state, *en, *da;
    } labels[] = {
        {"draft", "not sent", "ikke sendt"},
        {"sent", "sent", "sendt"},
        {"at_relay", "on its way", "på vej"},
        {"delivered", "delivered", "afleveret"},
        {"read", "read", "læst"},
        {"accepted", "accepted", "overtaget"},
        {"changed", "changed since accepted", "ændret siden overtagelsen"},
        {"too_large", "too large to be shown", "for stor til at blive vist"},
    };
    const char *state = text_at(item, "state");
    if (strcmp(state, "delivered") == 0 && strcmp(text_at(item, "end"), "receiver") == 0)
        return say(screen, "not read yet", "ikke læst endnu");
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strcmp(labels[i].state, state) == 0)
            return say(screen, labels[i].en, labels[i].da);
    return state;
}

static const char *child_of(const struct screen *screen, const json_t *document) {
    const char *child = text_at(document, "child");
    return *child != '\0' ? child : say(screen, "(no name)", "(intet navn)");
}

static void list_row(const struct screen *screen, struct table *table, const json_t *item) {
    long long unsent = (long long)number_at(item, "unsent"),
              conflicts = (long long)number_at(item, "conflicts");
    bool is_draft = strcmp(text_at(item, "state"), "draft") == 0;
    table_cell(table, STYLE_PLAIN, "%s", text_at(item, "short"));
    table_cell(table, STYLE_BOLD, "%s", child_of(screen, item));
    if (json_is_object(json_object_get(item, "from")))
        table_cell(table, STYLE_PLAIN, "%s → %s", name_of(item, "from"), name_of(item, "to"));
    else
        table_cell(table, STYLE_PLAIN, "%s", "");
    table_cell(table, is_draft ? STYLE_WARN : STYLE_PLAIN, "%s", state_label(screen, item));
    if (conflicts > 0)
        table_cell(table, STYLE_BAD,
                   conflicts == 1 ? say(screen, "%lld conflict", "%lld konflikt")
                                  : say(screen, "%lld conflicts", "%lld konflikter"),
                   conflicts);
    else if (unsent > 0 && !is_draft)
        table_cell(table, STYLE_WARN, say(screen, "%lld not sent", "%lld ikke sendt"), unsent);
    else
        table_cell(table, STYLE_PLAIN, "%s", "");
}

void handover_view_list(const struct screen *screen, const json_t *document) {
    const json_t *list = json_object_get(document, "handovers"), *item;
    size_t i;
    if (json_array_size(list) == 0) {
        put(screen, STYLE_PLAIN, "%s\n  stafet handover new --to %s\n",
            say(screen, "There are no handovers here. Begin one with",
                "Her er ingen overleveringer. Begynd på en med"),
            say(screen, "SITE child_name=@FILE", "STED child_name=@FIL"));
        return;
    }
    struct table *table = table_new(screen, 5);
    json_array_foreach(list, i, item) list_row(screen, table, item);
    table_print(table, 0);
}

/* "Alma: Birk → Søndre Skole            revision a91c" */
static void put_head(const struct screen *screen, const json_t *document) {
    char revision[MOMENT_MAX];
    int width = text_width(child_of(screen, document)) + 2 + text_width(name_of(document, "from")) +
                3 + text_width(name_of(document, "to"));
    put(screen, STYLE_BOLD, "%s: %s → %s", child_of(screen, document), name_of(document, "from"),
        name_of(document, "to"));
    put(screen, STYLE_PLAIN, "%*s", width < 35 ? 37 - width : 2, "");
    put(screen, STYLE_DIM, say(screen, "revision %s", "udgave %s"),
        moment_revision(text_at(document, "revision"), revision));
    put(screen, STYLE_PLAIN, "\n");
}

/* show */

static void put_lines(const struct screen *screen, enum style style, const char *text) {
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        put(screen, style, "    %.*s\n", (int)size, text);
        text += size + (text[size] == '\n');
    }
}

static void put_author(const struct screen *screen, const json_t *by) {
    char when[MOMENT_MAX];
    const char *name = text_at(by, "name");
    if (!json_is_object(by))
        return;
    put(screen, STYLE_DIM, "  %s%s%s %s", name, *name != '\0' ? ", " : "", name_of(by, "site"),
        moment_text(screen, json_object_get(by, "at"), when));
}

static void put_field(const struct screen *screen, const json_t *field) {
    const char *value = text_at(field, "value"),
               *draft = json_string_value(json_object_get(field, "draft"));
    const json_t *conflict = json_object_get(field, "conflict"), *side;
    bool in_conflict = json_is_object(conflict);
    size_t i;
    put(screen, STYLE_BOLD, "  %s", label_at(screen, field, "label"));
    put(screen, STYLE_DIM, "  %s", text_at(field, "field"));
    if (!in_conflict)
        put_author(screen, json_object_get(field, "by"));
    put(screen, STYLE_PLAIN, "\n");
    if (in_conflict) {
        json_array_foreach(json_object_get(conflict, "values"), i, side) {
            const char *text = json_string_value(side);
            put_lines(screen, STYLE_PLAIN,
                      text != NULL && *text ? text : say(screen, "(cleared)", "(slettet)"));
        }
        put(screen, STYLE_BAD, "    %s  stafet conflict show %s\n",
            say(screen, "In conflict:", "Konflikt:"), text_at(conflict, "short"));
    } else if (*value != '\0') {
        put_lines(screen, draft != NULL ? STYLE_DIM : STYLE_PLAIN, value);
    }
    if (draft == NULL)
        return;
    put(screen, STYLE_WARN, "    %s\n",
        flag_at(field, "overtaken")
            ? say(screen, "Not sent, and somebody else has written here meanwhile:",
                  "Ikke sendt, og en anden har skrevet her imens:")
            : say(screen, "Not sent:", "Ikke sendt:"));
    put_lines(screen, STYLE_PLAIN, *draft != '\0' ? draft : say(screen, "(cleared)", "(slettet)"));
}

static bool is_filled(const json_t *field) {
    return *text_at(field, "value") != '\0' || json_is_string(json_object_get(field, "draft")) ||
           json_is_object(json_object_get(field, "conflict"));
}

static void put_part(const struct screen *screen, const json_t *part) {
    const json_t *field;
    size_t i, n = 0;
    put(screen, STYLE_BOLD, "\n%s\n", label_at(screen, part, "label"));
    json_array_foreach(json_object_get(part, "fields"), i, field) {
        if (is_filled(field)) {
            put_field(screen, field);
            n++;
        }
    }
    if (n == 0)
        put(screen, STYLE_DIM, "  %s\n", say(screen, "nothing yet", "intet endnu"));
}

static void put_unknown(const struct screen *screen, const json_t *unknown) {
    const json_t *field;
    size_t i;
    if (json_array_size(unknown) > 0)
        put(screen, STYLE_BOLD, "\n%s\n",
            say(screen, "Written by a newer version of this program",
                "Skrevet af en nyere udgave af programmet"));
    json_array_foreach(unknown, i, field) {
        put(screen, STYLE_DIM, "  %lld\n", (long long)number_at(field, "number"));
        put_lines(screen, STYLE_PLAIN, text_at(field, "value"));
    }
}

/* What is to be done with it next. */
static void put_next(const struct screen *screen, const json_t *document) {
    const char *id = text_at(document, "short");
    const json_t *agreement = json_object_get(document, "agreement");
    bool is_sender = strcmp(text_at(document, "end"), "sender") == 0;
    bool is_agreed = json_is_object(agreement) && !flag_at(agreement, "void");
    put(screen, STYLE_PLAIN, "\n");
    if (number_at(document, "unsent") > 0 && is_sender && !is_agreed)
        put(screen, STYLE_PLAIN, "%s  stafet handover agree %s --by \"…\" --on %s\n",
            json_is_object(agreement)
                ? say(screen,
                      "Changed since the parents agreed:", "Ændret, siden forældrene sagde ja:")
                : say(screen, "When the parents agree:", "Når forældrene siger ja:"),
            id, say(screen, "DATE", "DATO"));
    else if (number_at(document, "unsent") > 0)
        put(screen, STYLE_PLAIN, "%s  stafet handover send %s\n", say(screen, "Send:", "Send:"),
            id);
    else if (!is_sender && strcmp(text_at(document, "state"), "accepted") != 0)
        put(screen, STYLE_PLAIN, "%s  stafet handover accept %s\n",
            say(screen, "Take over:", "Overtag:"), id);
}

void handover_view_show(const struct screen *screen, const json_t *document) {
    const json_t *part;
    size_t i;
    put_head(screen, document);
    put(screen, STYLE_DIM, "%s  %s\n", text_at(document, "short"), state_label(screen, document));
    json_array_foreach(json_object_get(document, "parts"), i, part) put_part(screen, part);
    put_unknown(screen, json_object_get(document, "unknown"));
    put_next(screen, document);
}

/* track */

static const json_t *step_named(const json_t *document, const char *name) {
    const json_t *step;
    size_t i;
    json_array_foreach(json_object_get(document, "steps"), i, step) {
        if (strcmp(text_at(step, "step"), name) == 0)
            return step;
    }
    return NULL;
}

static void step_row(struct table *table, const json_t *step, const char *word, const char *when,
                     const char *who) {
    bool is_done = flag_at(step, "done");
    table_cell(table, is_done ? STYLE_GOOD : STYLE_DIM, "%s %s", is_done ? "✓" : "…", word);
    table_cell(table, STYLE_PLAIN, "%s", when);
    table_cell(table, STYLE_PLAIN, "%s", who);
}

/* Of another revision than the one in the head: it says which. */
static const char *about_revision(const struct screen *screen, const json_t *document,
                                  const json_t *step, char ret_text[static MOMENT_MAX]) {
    const char *revision = text_at(step, "revision");
    ret_text[0] = '\0';
    if (*revision != '\0' && strcmp(revision, text_at(document, "revision")) != 0)
        snprintf(ret_text, MOMENT_MAX, say(screen, "  (revision %.4s)", "  (udgave %.4s)"),
                 revision);
    return ret_text;
}

static void put_steps(const struct screen *screen, const json_t *document) {
    char when[MOMENT_MAX], revision[MOMENT_MAX], who[512];
    const json_t *agreed = step_named(document, "agreed"), *sent = step_named(document, "sent");
    const json_t *relay = step_named(document, "at_relay"),
                 *delivered = step_named(document, "delivered");
    const json_t *read = step_named(document, "read"), *accepted = step_named(document, "accepted");
    struct table *table = table_new(screen, 3);

    const char *on = text_at(agreed, "on");
    snprintf(who, sizeof who, "%s%s", text_at(agreed, "by"),
             about_revision(screen, document, agreed, revision));
    step_row(table, agreed, say(screen, "agreed", "aftalt"),
             *on != '\0' ? date_text(screen, on, when) : "", who);
    step_row(table, sent, say(screen, "sent", "sendt"),
             moment_text(screen, json_object_get(sent, "at"), when), text_at(sent, "by"));
    if (!flag_at(sent, "done"))
        goto done;
    snprintf(who, sizeof who, say(screen, "%s (cannot read it)", "%s (kan ikke læse det)"),
             name_of(relay, "member"));
    if (flag_at(relay, "done") || !flag_at(delivered, "done"))
        step_row(table, relay, say(screen, "at relay", "hos relæet"),
                 moment_text(screen, json_object_get(relay, "at"), when), who);
    snprintf(who, sizeof who, say(screen, "signed by %s", "underskrevet af %s"),
             name_of(delivered, "member"));
    step_row(table, delivered, say(screen, "delivered", "afleveret"),
             moment_text(screen, json_object_get(delivered, "at"), when),
             flag_at(delivered, "done") ? who : "");

    char due[MOMENT_MAX];
    moment_day(screen, json_object_get(read, "due"), due);
    snprintf(who, sizeof who, say(screen, "due %s", "senest %s"), due);
    if (flag_at(read, "done"))
        step_row(table, read, say(screen, "read", "læst"),
                 moment_text(screen, json_object_get(read, "at"), when), text_at(read, "by"));
    else
        step_row(table, read, say(screen, "read", "læst"), who, "");
    if (!flag_at(read, "done") && *text_at(accepted, "by") == '\0')
        goto done;
    snprintf(who, sizeof who, "%s%s", text_at(accepted, "by"),
             about_revision(screen, document, accepted, revision));
    step_row(table, accepted, say(screen, "accepted", "overtaget"),
             moment_text(screen, json_object_get(accepted, "at"), when), who);
done:
    table_print(table, 0);
}

void handover_view_track(const struct screen *screen, const json_t *document) {
    long long unsent = (long long)number_at(document, "unsent");
    put_head(screen, document);
    put_steps(screen, document);
    if (unsent > 0)
        put(screen, STYLE_WARN,
            unsent == 1 ? say(screen, "%lld field is not sent:  stafet handover show %s\n",
                              "%lld felt er ikke sendt:  stafet handover show %s\n")
                        : say(screen, "%lld fields are not sent:  stafet handover show %s\n",
                              "%lld felter er ikke sendt:  stafet handover show %s\n"),
            unsent, text_at(document, "short"));
    put_not_running(screen, document);
}
