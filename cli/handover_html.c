#include "handover_html.h"

#include "handover_moment.h"

#include <stdarg.h>
#include <string.h>

static const char style[] =
    "body{font:1.25rem/1.55 Georgia,'Times New "
    "Roman',serif;color:#111;background:#fff;max-width:38rem;margin:2rem "
    "auto;padding:0 1rem}"
    "h1{font-size:2.2rem;margin:0 0 .3rem}"
    "h2{font-size:1.5rem;margin:2.2rem 0 .4rem;border-bottom:2px solid #999}"
    "h3{font-size:1.25rem;margin:1.2rem 0 .1rem}"
    "p,ul{margin:.2rem 0 .8rem}.value{white-space:pre-line;overflow-wrap:anywhere}"
    ".box{border:2px solid #111;padding:.6rem 1rem;margin:1.2rem "
    "0}.mark{font-weight:bold}.none,footer{color:#555}"
    "footer{font-size:1rem;margin-top:2.5rem;border-top:1px solid #999}"
    "@media "
    "print{body{margin:0;max-width:none;font-size:14pt}h2,h3{break-after:avoid}.box,li{break-"
    "inside:avoid}}";

/* A page being written: the first error sticks. */
struct page {
    struct buffer *out;
    enum language language;
    enum err e;
};

static const char *in(const struct page *page, const char *en, const char *da) {
    return page->language == LANGUAGE_DA ? da : en;
}

static const char *label_in(const struct page *page, const json_t *label) {
    return text_at(label, page->language == LANGUAGE_DA ? "da" : "en");
}

static void raw(struct page *page, const char *html) {
    if (page->e == OK)
        page->e = buffer_append(page->out, html, strlen(html));
}

static void escaped(struct page *page, const char *text) {
    for (; *text != '\0' && page->e == OK; text++) {
        switch (*text) {
        case '&':
            raw(page, "&amp;");
            break;
        case '<':
            raw(page, "&lt;");
            break;
        case '>':
            raw(page, "&gt;");
            break;
        case '"':
            raw(page, "&quot;");
            break;
        case '\'':
            raw(page, "&#39;");
            break;
        default:
            page->e = buffer_append(page->out, text, 1);
        }
    }
}

/* Elements around one text: element(page, "<p>", text, "</p>"). */
static void element(struct page *page, const char *before, const char *text, const char *after) {
    raw(page, before);
    escaped(page, text);
    raw(page, after);
}

/* A sentence in which each $ stands for the next argument. */
static void sentence(struct page *page, const char *format, ...) {
    va_list texts;
    va_start(texts, format);
    for (const char *at = format; *at != '\0'; at++) {
        char letter[2] = {*at, '\0'};
        if (*at == '$')
            escaped(page, va_arg(texts, const char *));
        else
            raw(page, letter);
    }
    va_end(texts);
}

static void head(struct page *page, const json_t *document) {
    const char *child = text_at(document, "child"), *from = name_of(document, "from"),
               *to = name_of(document, "to");
    sentence(page, "<!DOCTYPE html>\n<html lang=\"$\">\n<head>\n<meta charset=\"utf-8\">\n",
             in(page, "en", "da"));
    raw(page,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n");
    sentence(page, "<title>$: $ → $</title>\n<style>", child, from, to);
    raw(page, style);
    sentence(page, "</style>\n</head>\n<body>\n<h1>$</h1>\n", child);
    sentence(
        page,
        in(page,
           "<p>This is what $ passes on to $ about $, so that the start becomes a good one.</p>\n",
           "<p>Det her giver $ videre til $ om $, så starten bliver god.</p>\n"),
        from, to, child);
}

/* What the parents should know first: whether it has been sent. */
static void standing(struct page *page, const json_t *document) {
    bool is_unsent = json_integer_value(json_object_get(document, "unsent")) > 0;
    bool is_draft = strcmp(text_at(document, "state"), "draft") == 0;
    bool is_senders = strcmp(text_at(document, "end"), "sender") == 0;
    if (!is_unsent)
        return;
    raw(page, "<p class=\"box\">");
    if (is_draft)
        raw(page, in(page,
                     "<b>Nothing has been sent yet.</b> Please read it first. It is sent only when "
                     "you say yes.",
                     "<b>Intet er sendt endnu.</b> Læs det først. Det bliver kun sendt, hvis I "
                     "siger ja."));
    else if (is_senders)
        raw(page, in(page,
                     "<b>Something is new and has not been sent yet.</b> It is marked. It is sent "
                     "only when you say "
                     "yes.",
                     "<b>Noget er nyt og er ikke sendt endnu.</b> Det er mærket. Det bliver kun "
                     "sendt, hvis I siger "
                     "ja."));
    else
        raw(page, in(page, "<b>Something is new and has not been sent yet.</b> It is marked.",
                     "<b>Noget er nyt og er ikke sendt endnu.</b> Det er mærket."));
    raw(page, "</p>\n");
}

/* A settlement is noted as "FIELD: why", a line each; on paper the field has its label. */
static void settled(struct page *page, const json_t *document, const char *text) {
    raw(page, "<p class=\"value\">");
    while (*text != '\0') {
        const json_t *part_of, *one;
        const char *label = NULL;
        size_t i, j, size = strcspn(text, ":\n"), line = strcspn(text, "\n");
        json_array_foreach(json_object_get(document, "parts"), i, part_of) {
            json_array_foreach(json_object_get(part_of, "fields"), j, one) {
                const char *name = text_at(one, "field");
                if (strlen(name) == size && strncmp(name, text, size) == 0)
                    label = label_in(page, json_object_get(one, "label"));
            }
        }
        if (label != NULL && text[size] == ':') {
            escaped(page, label);
            text += size;
            line -= size;
        }
        for (; line > 0; line--, text++)
            escaped(page, (const char[]){*text, '\0'});
        if (*text == '\n') {
            raw(page, "\n");
            text++;
        }
    }
    raw(page, "</p>\n");
}

static void field(struct page *page, const json_t *document, const json_t *json, bool is_draft) {
    const json_t *draft = json_object_get(json, "draft"),
                 *conflict = json_object_get(json, "conflict"), *value;
    bool has_draft = json_is_string(draft);
    const char *text = has_draft ? json_string_value(draft) : text_at(json, "value");
    bool in_conflict = json_is_object(conflict) && !has_draft;
    size_t i;
    element(page, "<h3>", label_in(page, json_object_get(json, "label")), "</h3>\n");
    if (has_draft && !is_draft)
        raw(page, in(page, "<p class=\"mark\">New, not sent yet:</p>\n",
                     "<p class=\"mark\">Nyt, ikke sendt endnu:</p>\n"));
    if (!in_conflict && strcmp(text_at(json, "field"), "settled") == 0) {
        settled(page, document, text);
        return;
    }
    if (!in_conflict) {
        element(page, "<p class=\"value\">",
                *text != '\0' ? text : in(page, "(removed)", "(fjernet)"), "</p>\n");
        return;
    }
    raw(page,
        in(page,
           "<p class=\"mark\">Two different things are written here. They will be "
           "settled:</p>\n<ul>\n",
           "<p class=\"mark\">Her står der to forskellige ting. Det bliver afgjort:</p>\n<ul>\n"));
    json_array_foreach(json_object_get(conflict, "values"), i, value) {
        const char *side = json_string_value(value);
        element(page, "<li class=\"value\">",
                side != NULL && *side != '\0' ? side : in(page, "(nothing)", "(intet)"), "</li>\n");
    }
    raw(page, "</ul>\n");
}

static bool has_content(const json_t *json) {
    return *text_at(json, "value") != '\0' || json_is_string(json_object_get(json, "draft")) ||
           json_is_object(json_object_get(json, "conflict"));
}

static void part(struct page *page, const json_t *document, const json_t *json, bool is_draft) {
    const json_t *one;
    size_t i, n = 0;
    element(page, "<h2>", label_in(page, json_object_get(json, "label")), "</h2>\n");
    json_array_foreach(json_object_get(json, "fields"), i, one) {
        if (!has_content(one))
            continue;
        field(page, document, one, is_draft);
        n++;
    }
    if (n == 0)
        element(page, "<p class=\"none\">",
                in(page, "Nothing has been written here yet.", "Her er ikke skrevet noget endnu."),
                "</p>\n");
}

static void receivers(struct page *page, const json_t *document) {
    char day[MOMENT_MAX];
    const char *from = name_of(document, "from"), *to = name_of(document, "to");
    bool is_draft = strcmp(text_at(document, "state"), "draft") == 0;
    element(page, "<h2>", in(page, "Who has it", "Hvem har det"), "</h2>\n<ul>\n");
    sentence(page, in(page, "<li>$ has written it.</li>\n", "<li>$ har skrevet det.</li>\n"), from);
    moment_long(page->language, json_object_get(document, "delivered"), NULL, day);
    if (*day != '\0')
        sentence(page, in(page, "<li>$ received it on $.</li>\n", "<li>$ modtog det den $.</li>\n"),
                 to, day);
    else if (is_draft)
        sentence(page,
                 in(page, "<li>$ has not received anything.</li>\n",
                    "<li>$ har ikke modtaget noget.</li>\n"),
                 to);
    else
        sentence(page,
                 in(page, "<li>It has been sent to $, which has not confirmed receipt yet.</li>\n",
                    "<li>Det er sendt til $, som endnu ikke har bekræftet modtagelsen.</li>\n"),
                 to);
    raw(page, "</ul>\n");
    sentence(
        page,
        in(page, "<p>Nobody else can read it. $ passes the message on and cannot read it.</p>\n",
           "<p>Ingen andre kan læse det. $ bringer beskeden videre og kan ikke læse den.</p>\n"),
        name_of(document, "federation"));
}

static void your_say(struct page *page, const json_t *document) {
    const char *from = name_of(document, "from"), *to = name_of(document, "to");
    element(page, "<h2>", in(page, "You decide with us", "I bestemmer med"), "</h2>\n<ul>\n");
    sentence(page,
             in(page,
                "<li><b>Add or correct:</b> tell the staff at $ or $. It may be by telephone or on "
                "this paper.</li>\n",
                "<li><b>Tilføj eller ret:</b> sig det til personalet i $ eller $. Det må gerne "
                "være i telefonen eller "
                "på det her papir.</li>\n"),
             from, to);
    sentence(page,
             in(page,
                "<li><b>Say no, or take back your yes:</b> tell the staff at $; then nothing more "
                "is sent until you say yes again. What $ has been sent already stays there. You "
                "need not say why.</li>\n",
                "<li><b>Sig nej, eller tag jeres ja tilbage:</b> sig det til personalet i $; så "
                "bliver der ikke sendt mere, før I siger ja igen. Det, som $ allerede har fået, "
                "bliver der. I behøver ikke sige hvorfor.</li>\n"),
             from, to);
    raw(page,
        in(page,
           "<li><b>The parents’ part</b> is yours: you decide what stands there.</li>\n</ul>\n",
           "<li><b>Forældrenes del</b> er jeres: I bestemmer, hvad der står der.</li>\n</ul>\n"));
}

static void foot(struct page *page, const json_t *document) {
    char day[MOMENT_MAX], revision[MOMENT_MAX];
    const char *by = text_at(document, "agreed_by"), *agreed = text_at(document, "agreed_revision");
    raw(page, "<footer>\n");
    moment_long(page->language, NULL, text_at(document, "agreed_on"), day);
    if (*by != '\0' && strcmp(agreed, text_at(document, "revision")) == 0)
        sentence(page, in(page, "<p>Agreed: $, $.</p>\n", "<p>Aftalt: $, $.</p>\n"), by, day);
    else if (*by != '\0')
        sentence(page,
                 in(page, "<p>Agreed: $, $, to revision $.</p>\n",
                    "<p>Aftalt: $, $, om udgave $.</p>\n"),
                 by, day, moment_revision(agreed, revision));
    moment_long(page->language, json_object_get(document, "printed"), NULL, day);
    sentence(page,
             in(page, "<p>Revision $. Printed on $. Number $.</p>\n",
                "<p>Udgave $. Udskrevet den $. Nummer $.</p>\n"),
             moment_revision(text_at(document, "revision"), revision), day,
             text_at(document, "short"));
    raw(page, "</footer>\n</body>\n</html>\n");
}

enum err handover_html(const json_t *document, enum language language, struct buffer *out) {
    struct page page = {.out = out, .language = language};
    bool is_draft = strcmp(text_at(document, "state"), "draft") == 0;
    const json_t *one;
    size_t i;
    head(&page, document);
    standing(&page, document);
    json_array_foreach(json_object_get(document, "parts"), i, one)
        part(&page, document, one, is_draft);
    receivers(&page, document);
    your_say(&page, document);
    foot(&page, document);
    return page.e;
}
