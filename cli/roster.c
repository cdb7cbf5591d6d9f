#include "cli.h"
#include "document.h"
#include "sides.h"
#include "views.h"

#include <stdio.h>
#include <string.h>

static const struct word_label {
    const char *says, *en, *da;
} word_labels[] = {{"unheard", "not heard of", "ikke hørt fra"},
                   {"same", "has the same", "har den samme"},
                   {"less", "has less", "har mindre"},
                   {"more", "says that it has more", "siger, at den har mere"},
                   {"other", "has another entry there", "har en anden post dér"}};

static const char *word_label(const struct screen *screen, const char *says) {
    for (size_t i = 0; i < sizeof word_labels / sizeof *word_labels; i++)
        if (strcmp(word_labels[i].says, says) == 0)
            return say(screen, word_labels[i].en, word_labels[i].da);
    return says;
}

static void put_members(const struct screen *screen, const json_t *members) {
    struct table *table = table_new(screen, 4);
    table_align_right(table, 2);
    size_t i;
    const json_t *member;
    json_array_foreach(members, i, member) {
        const char *says = text_at(member, "says");
        bool now = flag_at(member, "since_start");
        int64_t stated = number_at(member, "stated");
        char when[32] = "";
        table_cell(table, STYLE_PLAIN, "%s", text_at(member, "name"));
        table_cell(table, strcmp(says, "same") == 0 && now ? STYLE_GOOD : STYLE_WARN, "%s",
                   word_label(screen, says));
        char entries[32] = "";
        if (strcmp(says, "unheard") != 0)
            snprintf(entries, sizeof entries, "%lld", (long long)number_at(member, "entries"));
        table_cell(table, STYLE_PLAIN, "%s", entries);
        table_cell(table, STYLE_PLAIN, "%s",
                   now          ? say(screen, "said since the start", "sagt siden starten")
                   : stated > 0 ? time_text(screen, stated, when)
                                : "");
    }
    table_print(table, 2);
}

static void show_roster(const struct screen *screen, const json_t *document) {
    bool confirmed = flag_at(document, "confirmed");
    long long entries = (long long)number_at(document, "entries"),
              proved = (long long)number_at(document, "proved");
    put(screen, confirmed ? STYLE_GOOD : STYLE_WARN,
        confirmed ? say(screen, "The roster has %lld entries and is confirmed.\n",
                        "Medlemslisten har %lld poster og er bekræftet.\n")
                  : say(screen, "The roster has %lld entries here and is not confirmed.\n",
                        "Medlemslisten har %lld poster her og er ikke bekræftet.\n"),
        entries);
    if (number_at(document, "new") > 0)
        put(screen, STYLE_PLAIN, say(screen, "New: %lld\n", "Nye: %lld\n"),
            (long long)number_at(document, "new"));
    if (flag_at(document, "forked"))
        put(screen, STYLE_BAD, "%s\n",
            say(screen, "It has been forked: stafet quarantine list",
                "Den er forgrenet: stafet quarantine list"));
    if (proved > 0)
        put(screen, STYLE_BAD,
            say(screen, "This node itself has signed that it held %lld.\n",
                "Denne node har selv skrevet under på, at den havde %lld.\n"),
            proved);
    put_members(screen, json_object_get(document, "members"));
    if (!confirmed && flag_at(document, "restored") && proved == 0)
        put(screen, STYLE_PLAIN, "%s\n",
            say(screen,
                "It may be an old copy. Sites that were admitted after it was made are not named "
                "here, and are refused: ask them too (stafet roster export there, stafet roster "
                "import FILE here). When nobody has more:\n"
                "  stafet roster confirm --note \"whom you have asked\"",
                "Den kan være en gammel kopi. Steder, der er optaget efter den, står ikke her og "
                "bliver afvist: spørg også dem (stafet roster export dér, stafet roster import FIL "
                "her). Når ingen har mere:\n"
                "  stafet roster confirm --note \"hvem du har spurgt\""));
}

static void show_export(const struct screen *screen, const json_t *document) {
    fprintf(screen->out, "%s\n", text_at(document, "roster"));
}

/* Whoever says so sees first what is known. */
static int prepare_confirm(struct cli_context *cli, json_t *args) {
    (void)args;
    json_t *known = cli_call(cli, "roster", "show", NULL);
    char question[512];
    const struct screen *screen = cli_screen(cli);
    if (known == NULL)
        return EXIT_FAILED;
    long long missing = (long long)number_at(known, "missing");
    bool asks = !flag_at(known, "confirmed") && number_at(known, "proved") == 0;
    if (asks && !screen->quiet)
        show_roster(screen, known);
    snprintf(question, sizeof question,
             say(screen,
                 "Of these members, %lld have not said the same since the start. Go on from entry "
                 "%lld? If anybody holds more, also a site that is not named here, the roster is "
                 "forked, and that can't be mended.",
                 "Af disse medlemmer har %lld ikke sagt det samme siden starten. Gå videre fra "
                 "post %lld? Har nogen mere, også et sted, der ikke står her, bliver medlemslisten "
                 "forgrenet, og det kan ikke gøres godt igen."),
             missing, (long long)number_at(known, "entries"));
    bool go_on = !asks || cli_confirm(cli, question);
    json_decref(known);
    return go_on ? -1 : EXIT_FAILED;
}

const struct side roster_sides[] = {
    {.noun = "roster", .verb = "confirm", .prepare = prepare_confirm},
    {.noun = NULL},
};

const struct view roster_views[] = {
    {.noun = "roster", .verb = "show", .show = show_roster},
    {.noun = "roster", .verb = "confirm", .show = show_roster},
    {.noun = "roster", .verb = "import", .show = show_roster},
    {.noun = "roster", .verb = "export", .show = show_export},
    {.noun = NULL},
};
