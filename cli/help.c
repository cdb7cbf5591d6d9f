#include "help.h"

#include <stdio.h>
#include <string.h>

static const char *summary(const struct screen *screen, const struct verb *verb) {
    return say(screen, verb->summary_en, verb->summary_da);
}

static const char *value_word(const struct screen *screen, enum param_kind kind) {
    switch (kind) {
    case PARAM_TEXT:
    case PARAM_LIST:
        return say(screen, "TEXT", "TEKST");
    case PARAM_NUMBER:
        return "N";
    case PARAM_DATE:
        return say(screen, "DATE", "DATO");
    case PARAM_DURATION:
        return say(screen, "SPAN", "TID");
    case PARAM_CONTENT:
    case PARAM_PATH:
        return say(screen, "FILE", "FIL");
    case PARAM_FLAG:
    case PARAM_FIELDS:
        break;
    }
    return "";
}

/* "NAME", "--role TEXT", "FIELD=VALUE …" as it is typed. */
static void param_text(const struct screen *screen, const struct param *param, char *text,
                       size_t size) {
    char name[PARAM_NAME_MAX];
    param_name(param, name);
    if (param->kind == PARAM_FIELDS)
        snprintf(text, size, "%s", say(screen, "FIELD=VALUE …", "FELT=VÆRDI …"));
    else if (param->positional)
        snprintf(text, size, "%s%s", name, param->kind == PARAM_LIST ? " …" : "");
    else
        snprintf(text, size, "%s%s%s", name, param->kind == PARAM_FLAG ? "" : " ",
                 value_word(screen, param->kind));
}

static void usage_line(const struct screen *screen, const struct verb *verb) {
    put(screen, STYLE_BOLD, "stafet %s%s%s", verb->noun, *verb->name ? " " : "", verb->name);
    for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++) {
        char text[128];
        param_text(screen, p, text, sizeof text);
        put(screen, STYLE_PLAIN, p->required ? " %s" : " [%s]", text);
    }
    put(screen, STYLE_PLAIN, "\n");
}

static void help_verb(const struct screen *screen, const struct verb *verb) {
    usage_line(screen, verb);
    put(screen, STYLE_PLAIN, "  %s\n", summary(screen, verb));
    struct table *table = table_new(screen, 2);
    bool any = false, texts = false;
    for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++) {
        char text[128];
        param_text(screen, p, text, sizeof text);
        table_cell(table, STYLE_PLAIN, "%s", text);
        table_cell(table, STYLE_PLAIN, "%s",
                   p->summary_en != NULL ? say(screen, p->summary_en, p->summary_da) : "");
        any = true;
        texts = texts || p->kind == PARAM_TEXT || p->kind == PARAM_FIELDS || p->kind == PARAM_LIST;
    }
    if (any)
        put(screen, STYLE_PLAIN, "\n");
    table_print(table, 2);
    if (texts)
        put(screen, STYLE_DIM, "\n  %s\n",
            say(screen,
                "Wherever a text is given, @FILE takes it from a file and - from standard input.",
                "Hvor der står en tekst, henter @FIL den fra en fil og - fra standardinput."));
}

static void list_verb(const struct screen *screen, struct table *table, const struct verb *verb) {
    table_cell(table, STYLE_PLAIN, "%s%s%s", verb->noun, *verb->name ? " " : "", verb->name);
    table_cell(table, STYLE_PLAIN, "%s", summary(screen, verb));
}

/* The verbs of `noun`, or all that people need. */
static void list_verbs(const struct screen *screen, const char *noun) {
    struct table *table = table_new(screen, 2);
    for (const struct verb *const *at = service_verbs; *at != NULL; at++)
        for (const struct verb *verb = *at; verb->noun != NULL; verb++)
            if (noun == NULL || strcmp(verb->noun, noun) == 0)
                list_verb(screen, table, verb);
    for (const struct verb *verb = args_own_verbs; verb->noun != NULL; verb++)
        if (noun == NULL || strcmp(verb->noun, noun) == 0)
            list_verb(screen, table, verb);
    table_print(table, 2);
}

static void help_all(const struct screen *screen) {
    put(screen, STYLE_BOLD, "stafet [--home %s] [--json] [--quiet] [--yes] [--as \"%s\"] %s\n",
        say(screen, "DIR", "MAPPE"), say(screen, "NAME, FUNCTION", "NAVN, FUNKTION"),
        say(screen, "NOUN VERB …", "ORD VERBUM …"));
    put(screen, STYLE_PLAIN, "\n  %s\n\n",
        say(screen, "stafet alone says what waits for you, with the command for each.",
            "stafet alene siger, hvad der venter på dig, med kommandoen til hver ting."));
    list_verbs(screen, NULL);
    put(screen, STYLE_PLAIN, "\n%s\n",
        say(screen,
            "  --home DIR       the node's folder; else $STAFET_HOME, else /var/lib/stafet for "
            "root\n"
            "                   if it is there, else ${XDG_DATA_HOME:-~/.local/share}/stafet\n"
            "  --json           print the document as JSON\n"
            "  --quiet          print no more than is asked for\n"
            "  --yes            answer questions with yes\n"
            "  --as \"NAME, FUNCTION\"  who writes; else $STAFET_AS, else the login's name\n\n"
            "  Danish or English, as the locale says (LC_ALL, LC_MESSAGES or LANG).\n"
            "  stafet NOUN VERB --help says more about each.\n"
            "  Exit codes: 0 done, 1 failed or refused, 2 wrong usage or bad input, 3 not yet.",
            "  --home MAPPE     nodens mappe; ellers $STAFET_HOME, ellers /var/lib/stafet for "
            "root,\n"
            "                   hvis den findes, ellers ${XDG_DATA_HOME:-~/.local/share}/stafet\n"
            "  --json           skriv dokumentet som JSON\n"
            "  --quiet          skriv ikke mere, end der bliver spurgt om\n"
            "  --yes            svar ja til spørgsmål\n"
            "  --as \"NAVN, FUNKTION\"  hvem der skriver; ellers $STAFET_AS, ellers loginnavnet\n\n"
            "  Dansk eller engelsk, som sprogindstillingen siger (LC_ALL, LC_MESSAGES eller "
            "LANG).\n"
            "  stafet ORD VERBUM --help siger mere om hver.\n"
            "  Slutkoder: 0 udført, 1 mislykket eller afvist, 2 forkert brug eller input, 3 ikke "
            "endnu."));
}

void help_show(const struct screen *screen, const char *noun, const struct verb *verb) {
    if (verb != NULL)
        help_verb(screen, verb);
    else if (noun != NULL)
        list_verbs(screen, noun);
    else
        help_all(screen);
}
