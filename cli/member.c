#include "cli.h"
#include "document.h"
#include "sides.h"
#include "views.h"

#include "proto/limits.h"

#include <string.h>
#include <unistd.h>

/* `ticket` NULL: it stands elsewhere. */
static void put_invitation(const struct screen *screen, const json_t *document,
                           const char *ticket) {
    char when[32];
    const json_t *municipality = json_object_get(document, "municipality");
    put(screen, STYLE_PLAIN,
        say(screen, "Ticket for %s (%s), good until %s, for one use%s\n\n",
            "Billet til %s (%s), gælder til %s og kun én gang%s\n\n"),
        text_at(document, "name"), role_label(screen, text_at(document, "role")),
        time_text(screen, number_at(document, "expires"), when), ticket != NULL ? ":" : ".");
    if (ticket != NULL)
        fprintf(screen->out, "%s\n\n", ticket);
    put(screen, STYLE_PLAIN, "%s\n  stafet join TICKET\n",
        say(screen, "Send it to the site, where somebody runs",
            "Send den til stedet, hvor nogen kører"));
    put(screen, STYLE_PLAIN,
        say(screen, "Then compare words by telephone. The site must see these for %s:\n",
            "Sammenlign så ord i telefonen. Stedet skal se disse for %s:\n"),
        text_at(municipality, "name"));
    put(screen, STYLE_BOLD, "  %s\n", text_at(municipality, "fingerprint"));
    put(screen, STYLE_PLAIN, "%s\n",
        say(screen,
            "and reads you its own, which stafet member list shows here once it has joined.",
            "og læser sine egne op, som stafet member list viser her, når det har sluttet sig "
            "til."));
}

static void show_invite(const struct screen *screen, const json_t *document) {
    put_invitation(screen, document, text_at(document, "ticket"));
}

/* To a file or another command goes the ticket alone, which then can be joined with. */
static int finish_invite(struct cli_context *cli, const json_t *args, const json_t *document) {
    (void)args;
    struct screen beside;
    if (cli->args->json || (!cli->args->quiet && isatty(fileno(cli->screen.out))))
        return -1;
    fprintf(cli->screen.out, "%s\n", text_at(document, "ticket"));
    if (cli->args->quiet)
        return EXIT_DONE;
    screen_init(&beside, stderr);
    put_invitation(&beside, document, NULL);
    return EXIT_DONE;
}

const struct side member_sides[] = {
    {.noun = "member", .verb = "invite", .finish = finish_invite},
    {.noun = NULL},
};

static const char *status_label(const struct screen *screen, const char *status) {
    if (strcmp(status, "active") == 0)
        return say(screen, "active", "aktiv");
    if (strcmp(status, "suspended") == 0)
        return say(screen, "suspended", "sat på pause");
    return say(screen, "removed", "fjernet");
}

static void head(const struct screen *screen, struct table *table, const char *const (*titles)[2],
                 size_t n) {
    for (size_t i = 0; i < n; i++)
        table_cell(table, STYLE_DIM, "%s", say(screen, titles[i][0], titles[i][1]));
}

static void show_members(const struct screen *screen, const json_t *members) {
    static const char *const titles[][2] = {{"Name", "Navn"},
                                            {"Role", "Rolle"},
                                            {"Status", "Status"},
                                            {"Fingerprint", "Fingeraftryk"},
                                            {"Addresses", "Adresser"}};
    struct table *table = table_new(screen, 5);
    head(screen, table, titles, 5);
    size_t i, j;
    const json_t *member, *endpoint;
    json_array_foreach(members, i, member) {
        char endpoints[ENDPOINTS_MAX * (ENDPOINT_SIZE_MAX + 1) + 1] = "";
        size_t used = 0;
        json_array_foreach(json_object_get(member, "endpoints"), j, endpoint) {
            const char *text = json_string_value(endpoint);
            if (used + strlen(text) + 2 < sizeof endpoints)
                used += (size_t)snprintf(endpoints + used, sizeof endpoints - used, "%s%s",
                                         used > 0 ? " " : "", text);
        }
        const char *status = text_at(member, "status");
        bool active = strcmp(status, "active") == 0, self = flag_at(member, "self");
        table_cell(table, self ? STYLE_BOLD : STYLE_PLAIN, "%s%s", text_at(member, "name"),
                   self ? say(screen, " (here)", " (her)") : "");
        table_cell(table, STYLE_PLAIN, "%s", role_label(screen, text_at(member, "role")));
        table_cell(table, active ? STYLE_PLAIN : STYLE_WARN, "%s", status_label(screen, status));
        table_cell(table, STYLE_PLAIN, "%s", text_at(member, "fingerprint"));
        table_cell(table, STYLE_PLAIN, "%s", endpoints);
    }
    table_print(table, 0);
}

static void show_list(const struct screen *screen, const json_t *document) {
    show_members(screen, json_object_get(document, "members"));
    size_t i, open = 0;
    const json_t *invitation;
    struct table *table = table_new(screen, 3);
    json_array_foreach(json_object_get(document, "invitations"), i, invitation) {
        const char *state = text_at(invitation, "state");
        if (strcmp(state, "used") == 0 || strcmp(state, "withdrawn") == 0)
            continue;
        char when[32];
        bool is_open = strcmp(state, "open") == 0;
        time_text(screen, number_at(invitation, "expires"), when);
        table_cell(table, STYLE_PLAIN, "%s", text_at(invitation, "name"));
        table_cell(table, STYLE_PLAIN, "%s", role_label(screen, text_at(invitation, "role")));
        table_cell(table, is_open ? STYLE_PLAIN : STYLE_DIM,
                   is_open ? say(screen, "good until %s", "gælder til %s")
                           : say(screen, "expired %s", "udløb %s"),
                   when);
        open++;
    }
    if (open > 0)
        put(screen, STYLE_BOLD, "%s\n",
            say(screen, "Invited, not joined", "Inviteret, ikke med endnu"));
    table_print(table, 2);
}

static void show_uninvite(const struct screen *screen, const json_t *document) {
    put(screen, STYLE_PLAIN,
        say(screen,
            "The ticket for %s is good no longer. A new one: stafet member invite NAME --role "
            "ROLE\n",
            "Billetten til %s gælder ikke mere. En ny: stafet member invite NAVN --role ROLLE\n"),
        text_at(document, "name"));
}

static void put_list(const struct screen *screen, const char *title, const json_t *list) {
    size_t i;
    const json_t *item;
    put(screen, STYLE_DIM, "%s", title);
    json_array_foreach(list, i, item)
        put(screen, STYLE_PLAIN, "%s%s", i > 0 ? ", " : "", json_string_value(item));
    put(screen, STYLE_PLAIN, "%s\n",
        json_array_size(list) == 0 ? say(screen, "no address", "ingen adresse") : "");
}

static void put_open_invitations(const struct screen *screen, const json_t *document) {
    long long open = (long long)number_at(document, "open_invitations");
    if (!flag_at(document, "changed") || open == 0)
        return;
    put(screen, STYLE_WARN,
        say(screen,
            "Tickets that have not been used name the address of the day they were made: %lld.\n"
            "Let the old address work until they have been.\n",
            "Billetter, der ikke er brugt, har adressen fra den dag, de blev lavet: %lld.\n"
            "Lad den gamle adresse virke, til de er brugt.\n"),
        open);
}

static void show_address(const struct screen *screen, const json_t *document) {
    const json_t *bound = json_object_get(document, "bound"),
                 *listen = json_object_get(document, "listen");
    const char *state = text_at(document, "state");
    if (flag_at(document, "running"))
        put_list(screen, say(screen, "Listens on      ", "Lytter på       "), bound);
    else
        put(screen, STYLE_PLAIN, "%s%s\n", say(screen, "Will listen on  ", "Vil lytte på    "),
            json_is_string(listen) ? json_string_value(listen)
                                   : say(screen, "no address", "ingen adresse"));
    put_list(screen, say(screen, "Others dial     ", "Andre kalder    "),
             json_object_get(document, "endpoints"));
    if (strcmp(state, "waiting") != 0)
        return;
    put_list(screen, say(screen, "It shall be     ", "Det skal være   "),
             json_object_get(document, "wanted"));
    put(screen, STYLE_WARN, "%s\n",
        say(screen,
            "The municipality writes it in the roster when this node has reached it; at the "
            "municipality itself, when the roster can be written.",
            "Kommunen skriver det i medlemslisten, når denne node har nået den; hos kommunen selv, "
            "når der kan skrives i medlemslisten."));
    put_not_running(screen, document);
}

static void show_address_all(const struct screen *screen, const json_t *document) {
    show_address(screen, document);
    put_open_invitations(screen, document);
}

const struct view member_views[] = {
    {.noun = "member", .verb = "address", .show = show_address_all},
    {.noun = "member", .verb = "invite", .show = show_invite},
    {.noun = "member", .verb = "list", .show = show_list},
    {.noun = "member", .verb = "uninvite", .show = show_uninvite},
    {.noun = NULL},
};
