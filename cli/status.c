#include "document.h"
#include "views.h"
#include "waiting.h"

#include <stdio.h>
#include <string.h>

/* What waits is beside the point of this screen: the rest is left to "stafet waiting". */
enum { WAITING_SHOWN_MAX = 8 };

static int64_t lacking(const json_t *member) {
    return number_at(member, "of") - number_at(member, "has");
}

/* Members that lack something, and the one that has waited longest. */
static const json_t *longest_lacking(const json_t *members, size_t *ret_n) {
    const json_t *longest = NULL, *member;
    size_t i;
    *ret_n = 0;
    json_array_foreach(members, i, member) {
        if (flag_at(member, "complete"))
            continue;
        ++*ret_n;
        if (longest == NULL || number_at(member, "lacks_since") < number_at(longest, "lacks_since"))
            longest = member;
    }
    return longest;
}

static const json_t *first_apart(const json_t *members) {
    const json_t *member;
    size_t i;
    json_array_foreach(members, i, member) {
        if (!flag_at(member, "in_sync"))
            return member;
    }
    return NULL;
}

/* The first member of which this number is not zero. */
static const json_t *first_with(const json_t *members, const char *key) {
    const json_t *member;
    size_t i;
    json_array_foreach(members, i, member) {
        if (number_at(member, key) > 0)
            return member;
    }
    return NULL;
}

/* A log with two branches, here or as somebody states it. */
static bool say_forked(const struct screen *screen, const json_t *log, const json_t *members) {
    long long forked = (long long)number_at(log, "forked");
    const json_t *other = first_with(members, "forked");
    if (forked > 0)
        view_forks(screen, forked);
    else if (other != NULL)
        put(screen, STYLE_BAD,
            say(screen, "%s holds another branch of a log than this node",
                "%s har en anden gren af en log end denne node"),
            text_at(other, "name"));
    return forked > 0 || other != NULL;
}

/* What has come and can't be judged yet, here or as somebody states it. */
static bool say_waiting(const struct screen *screen, const json_t *log, const json_t *members) {
    long long waiting = (long long)number_at(log, "waiting");
    const json_t *other = first_with(members, "waiting");
    if (waiting > 0)
        put(screen, STYLE_PLAIN,
            waiting == 1 ? say(screen, "%lld change waits here for a key or a newer program",
                               "%lld ændring venter her på en nøgle eller et nyere program")
                         : say(screen, "%lld changes wait here for a key or a newer program",
                               "%lld ændringer venter her på en nøgle eller et nyere program"),
            waiting);
    else if (other != NULL)
        put(screen, STYLE_PLAIN,
            say(screen, "changes wait at %s for a key or a newer program",
                "ændringer venter hos %s på en nøgle eller et nyere program"),
            text_at(other, "name"));
    return waiting > 0 || other != NULL;
}

static void say_missing(const struct screen *screen, const json_t *members, long long missing) {
    const json_t *doubted = first_with(members, "doubted");
    if (doubted != NULL)
        put(screen, STYLE_WARN,
            say(screen, "%s says it holds more changes than can be",
                "%s siger, at den har flere ændringer, end der kan være"),
            text_at(doubted, "name"));
    else
        put(screen, STYLE_PLAIN,
            missing == 1 ? say(screen, "others hold %lld change that is not here",
                               "andre har %lld ændring, som mangler her")
                         : say(screen, "others hold %lld changes that are not here",
                               "andre har %lld ændringer, som mangler her"),
            missing);
}

static void say_lacking(const struct screen *screen, const json_t *member, size_t n) {
    char when[32];
    long long entries = (long long)lacking(member);
    int64_t since = number_at(member, "lacks_since");
    put(screen, STYLE_PLAIN,
        entries == 1 ? say(screen, "%s lacks %lld change", "%s mangler %lld ændring")
                     : say(screen, "%s lacks %lld changes", "%s mangler %lld ændringer"),
        text_at(member, "name"), entries);
    if (since > 0)
        put(screen, STYLE_PLAIN, say(screen, " since %s", " siden %s"),
            time_text(screen, since, when));
    if (n > 1)
        put(screen, STYLE_PLAIN, say(screen, " (and %zu more)", " (og %zu til)"), n - 1);
}

static void say_why(const struct screen *screen, const json_t *document) {
    const json_t *members = json_object_get(document, "members"), *apart;
    const json_t *log = json_object_get(document, "log");
    size_t n;
    const json_t *member = longest_lacking(members, &n);
    long long missing = (long long)number_at(log, "missing");
    char when[32];
    if (!flag_at(json_object_get(document, "node"), "running"))
        put(screen, STYLE_BAD, "%s",
            say(screen, "node not running: nothing is being sent",
                "noden kører ikke: intet bliver sendt"));
    else if (flag_at(log, "restored"))
        put(screen, STYLE_BAD, "%s",
            say(screen, "this node was restored from an old copy",
                "denne node er genskabt fra en gammel kopi"));
    else if (say_forked(screen, log, members))
        return; /* NOLINT(bugprone-branch-clone): the first that holds is said, here or there */
    else if (member != NULL)
        say_lacking(screen, member, n);
    else if (missing > 0)
        say_missing(screen, members, missing);
    else if (say_waiting(screen, log, members))
        return;
    else if ((apart = first_apart(members)) != NULL && number_at(apart, "reached") > 0)
        put(screen, STYLE_PLAIN,
            say(screen, "%s not connected, last heard %s", "%s ikke forbundet, sidst hørt %s"),
            text_at(apart, "name"), time_text(screen, number_at(apart, "reached"), when));
    else if (apart != NULL)
        put(screen, STYLE_PLAIN, say(screen, "%s never heard", "%s aldrig hørt"),
            text_at(apart, "name"));
}

static void show_verdict(const struct screen *screen, const json_t *document) {
    const json_t *members = json_object_get(document, "members");
    size_t others = json_array_size(members);
    if (flag_at(document, "in_sync")) {
        put(screen, STYLE_GOOD, "%s", say(screen, "IN SYNC", "SYNKRONISERET"));
        put(screen, STYLE_PLAIN,
            others == 1
                ? say(screen, "  %zu other member holds all", "  %zu andet medlem har alt")
                : say(screen, "  %zu other members hold all", "  %zu andre medlemmer har alt"),
            others);
    } else if (others == 0) {
        put(screen, STYLE_WARN, "%s  ",
            say(screen, "NO OTHER MEMBERS YET", "INGEN ANDRE MEDLEMMER ENDNU"));
        if (!flag_at(json_object_get(document, "node"), "running"))
            say_why(screen, document);
        else
            put(screen, STYLE_PLAIN, "stafet member invite %s",
                say(screen, "NAME --role ROLE", "NAVN --role ROLLE"));
    } else {
        put(screen, STYLE_BAD, "%s", say(screen, "NOT IN SYNC", "IKKE SYNKRONISERET"));
        put(screen, STYLE_PLAIN, "  ");
        say_why(screen, document);
    }
    fputc('\n', screen->out);
}

static void reached_cell(const struct screen *screen, struct table *table, const json_t *member) {
    char when[32];
    int64_t reached = number_at(member, "reached");
    bool connected = flag_at(json_object_get(member, "session"), "equal");
    if (reached == 0)
        table_cell(table, STYLE_WARN, "%s", say(screen, "never reached", "aldrig nået"));
    else if (connected)
        table_cell(table, STYLE_PLAIN, say(screen, "reached %s", "nået %s"),
                   time_text(screen, reached, when));
    else if (flag_at(member, "direct"))
        table_cell(table, STYLE_WARN, say(screen, "not since %s", "ikke siden %s"),
                   time_text(screen, reached, when));
    else
        table_cell(table, STYLE_PLAIN, say(screen, "heard %s", "hørt %s"),
                   time_text(screen, reached, when));
}

static void show_members(const struct screen *screen, const json_t *members) {
    struct table *table = table_new(screen, 3);
    size_t i;
    const json_t *member;
    json_array_foreach(members, i, member) {
        long long has = (long long)number_at(member, "has"),
                  of = (long long)number_at(member, "of");
        const json_t *place = json_object_get(member, "waits_at");
        char at[160];
        if (!json_is_object(place))
            snprintf(at, sizeof at,
                     of - has == 1 ? say(screen, "; %lld waits here", "; %lld venter her")
                                   : say(screen, "; %lld wait here", "; %lld venter her"),
                     of - has);
        else
            snprintf(at, sizeof at,
                     number_at(place, "entries") == 1
                         ? say(screen, "; %lld waits at %.100s", "; %lld venter hos %.100s")
                         : say(screen, "; %lld wait at %.100s", "; %lld venter hos %.100s"),
                     (long long)number_at(place, "entries"), text_at(place, "name"));
        table_cell(table, STYLE_PLAIN, "%s", text_at(member, "name"));
        reached_cell(screen, table, member);
        if (flag_at(member, "complete"))
            table_cell(table, STYLE_PLAIN, say(screen, "has all %lld", "har alle %lld"), of);
        else
            table_cell(table, STYLE_WARN, say(screen, "%lld of %lld%s", "%lld af %lld%s"), has, of,
                       at);
    }
    table_print(table, 2);
}

/* In the screen's language already. */
struct counted {
    const char *one, *more;
};

static void warn(const struct screen *screen, enum style style, int64_t n, struct counted what,
                 const char *command) {
    if (n > 0)
        put(screen, style, "%lld %s%s%s\n", (long long)n, n == 1 ? what.one : what.more,
            *command ? "  " : "", command);
}

static void show_warnings(const struct screen *screen, const json_t *document) {
    const json_t *log = json_object_get(document, "log");
    bool running = flag_at(json_object_get(document, "node"), "running");
    if (flag_at(log, "restored"))
        put(screen, STYLE_BAD, "%s\n",
            say(screen,
                "Restored from an old copy: others hold more of what this node wrote. It comes "
                "back by itself.",
                "Genskabt fra en gammel kopi: andre har mere af det, denne node har skrevet. Det "
                "kommer tilbage af sig selv."));
    warn(screen, STYLE_BAD, number_at(log, "forked"),
         (struct counted){say(screen, "forked log", "forgrenet log"),
                          say(screen, "forked logs", "forgrenede logge")},
         "stafet log list");
    warn(screen, STYLE_BAD, number_at(log, "incidents"),
         (struct counted){say(screen, "incident", "hændelse"),
                          say(screen, "incidents", "hændelser")},
         "stafet quarantine list");
    warn(screen, STYLE_WARN, number_at(log, "refused"),
         (struct counted){say(screen, "piece refused", "stykke afvist"),
                          say(screen, "pieces refused", "stykker afvist")},
         "stafet quarantine list");
    warn(screen, STYLE_WARN, number_at(log, "void"),
         (struct counted){say(screen, "entry void", "post gælder ikke"),
                          say(screen, "entries void", "poster gælder ikke")},
         "stafet quarantine list");
    warn(screen, STYLE_WARN, number_at(log, "waiting"),
         (struct counted){say(screen, "entry waits for a key or the roster",
                              "post venter på en nøgle eller medlemslisten"),
                          say(screen, "entries wait for a key or the roster",
                              "poster venter på en nøgle eller medlemslisten")},
         "");
    if (running)
        warn(
            screen, STYLE_DIM, number_at(log, "unconfirmed"),
            (struct counted){say(screen, "own log not confirmed by another member since the start",
                                 "egen log ikke bekræftet af et andet medlem siden starten"),
                             say(screen, "own logs not confirmed by another member since the start",
                                 "egne logge ikke bekræftet af et andet medlem siden starten")},
            "");
}

/* Whose screen it is, at the right. */
static void show_head(const struct screen *screen, const json_t *document) {
    static const char command[] = "stafet status";
    const json_t *member = json_object_get(document, "member");
    char whose[640];
    snprintf(whose, sizeof whose, say(screen, "%.200s, %s in %.200s", "%.200s, %s i %.200s"),
             text_at(member, "name"), role_label(screen, text_at(member, "role")),
             text_at(json_object_get(document, "federation"), "name"));
    int room = screen->width - (int)strlen(command) - text_width(whose);
    put(screen, STYLE_DIM, "%s%*s%s\n", command, room > 2 ? room : 2, "", whose);
}

static void show_status(const struct screen *screen, const json_t *document) {
    const json_t *waiting = json_object_get(document, "waiting");
    if (!screen->quiet)
        show_head(screen, document);
    show_verdict(screen, document);
    show_members(screen, json_object_get(document, "members"));
    show_warnings(screen, document);
    if (json_array_size(waiting) > 0)
        put(screen, STYLE_BOLD, "\n%s\n", say(screen, "Waiting for you", "Venter på dig"));
    waiting_show(screen, waiting, WAITING_SHOWN_MAX);
}

const struct view status_views[] = {
    {.noun = "status", .verb = "", .show = show_status},
    {.noun = NULL},
};
