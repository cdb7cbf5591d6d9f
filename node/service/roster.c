#include "store/roster.h"
#include "form.h"
#include "proto/text.h"
#include "verbs.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE_MAX = 500 };

static const char *word_name(enum roster_word word) {
    switch (word) {
    case ROSTER_UNHEARD:
        return "unheard";
    case ROSTER_SAME:
        return "same";
    case ROSTER_LESS:
        return "less";
    case ROSTER_MORE:
        return "more";
    case ROSTER_OTHER:
        return "other";
    }
    return "unheard";
}

struct list {
    json_t *members;
    json_int_t missing;
};

static enum err add_word(void *context, const struct roster_said *said) {
    struct list *list = context;
    bool confirms = said->since_start && said->word == ROSTER_SAME;
    json_t *form = json_pack("{s:o, s:s, s:s, s:I, s:b, s:o}", "id",
                             form_id(said->member.bytes, sizeof said->member), "name", said->name,
                             "says", word_name(said->word), "entries", (json_int_t)said->seq,
                             "since_start", (int)said->since_start, "stated", form_time(said->at));
    list->missing += !confirms;
    return json_array_append_new(list->members, form) == 0 ? OK : ERR_MEMORY;
}

static enum err describe(struct store *store, struct reply *reply) {
    struct roster_standing standing;
    struct list list = {.members = json_array()};
    enum err e = roster_standing(store, &standing);
    if (e == OK)
        e = roster_said_each(store, add_word, &list);
    if (e != OK) {
        json_decref(list.members);
        return e;
    }
    if (standing.confirmed)
        list.missing = 0;
    return reply_give(
        reply,
        json_pack("{s:o, s:I, s:b, s:b, s:b, s:o, s:b, s:I, s:o}", "feed",
                  form_id(standing.tip.feed.bytes, sizeof standing.tip.feed.bytes), "entries",
                  (json_int_t)standing.tip.seq, "confirmed", (int)standing.confirmed, "restored",
                  (int)standing.restored, "forked", (int)standing.forked, "proved",
                  standing.proved > 0 ? json_integer((json_int_t)standing.proved) : json_null(),
                  "awaited", (int)standing.awaited, "missing", list.missing, "members",
                  list.members));
}

static enum err show(struct service *service, const struct asker *asker, const json_t *args,
                     struct reply *reply) {
    (void)asker, (void)args;
    return describe(service_store(service), reply);
}

static enum err refuse(struct store *store, struct reply *reply, enum err e) {
    struct roster_standing standing = {0};
    const struct label look = COMMAND("stafet roster show");
    enum err known = roster_standing(store, &standing);
    if (known != OK)
        return known;
    if (e == ERR_STALE)
        return reply_fail(
            reply, e,
            MEND(
                "let the node run until a member that holds them is connected, or bring them from "
                "one: stafet roster export there, stafet roster import FILE here",
                "lad noden køre, til et medlem, der har dem, har meldt sig, eller hent dem hos et: "
                "stafet roster export dér, stafet roster import FIL her"),
            "this node itself has signed that its list of members had %llu entries, and only %llu "
            "are here",
            "denne node har selv skrevet under på, at dens medlemsliste havde %llu poster, og kun "
            "%llu er her",
            (unsigned long long)standing.proved, (unsigned long long)standing.tip.seq);
    if (e == ERR_BUSY)
        return reply_fail(reply, e, MEND("ask again in a minute", "spørg igen om et minut"),
                          "a member says that it has more of the list, and may still deliver it",
                          "et medlem siger, at det har mere af listen, og kan nå at levere det");
    if (e == ERR_STATE)
        return reply_fail(reply, e, look, "the list of members is confirmed already",
                          "medlemslisten er bekræftet i forvejen");
    if (e == ERR_DENIED)
        return reply_fail(reply, e, MEND("ask the municipality", "spørg kommunen"),
                          "only the municipality can say so", "kun kommunen kan sige det");
    if (e == ERR_FORK)
        return reply_fail(reply, e, COMMAND("stafet quarantine list"),
                          "two different lists of members were signed under one number",
                          "to forskellige medlemslister er skrevet under med samme nummer");
    return e;
}

static enum err confirm(struct service *service, const struct asker *asker, const json_t *args,
                        struct reply *reply) {
    struct store *store = service_store(service);
    const char *why = service_text(args, "note");
    char who[256];
    if (*why == '\0' || !text_is_name(why, NOTE_MAX))
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--note \"why you are sure\"", "--note \"hvorfor du er sikker\""),
                          "a note is one line of 1 to %d bytes",
                          "en note er en linje på 1 til %d byte", NOTE_MAX);
    if (asker->name == NULL || *asker->name == '\0')
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--as \"NAME, FUNCTION\"", "--as \"NAVN, FUNKTION\""),
                          "it is recorded who says so", "det bliver noteret, hvem der siger det");
    snprintf(who, sizeof who, "%.120s%s%.120s", asker->name, *asker->function ? ", " : "",
             asker->function);
    reply_tidy(who);
    enum err e = roster_confirm(store, who, why);
    return e == OK ? describe(store, reply) : refuse(store, reply, e);
}

static const char intro[] = "stafet-roster-1:";

static enum err carry_out(struct service *service, const struct asker *asker, const json_t *args,
                          struct reply *reply) {
    (void)asker, (void)args;
    struct store *store = service_store(service);
    struct buffer bytes = {0};
    struct roster_tip tip;
    char *text = NULL;
    enum err e = roster_export(store, &bytes);
    if (e == OK)
        e = roster_tip(store, &tip);
    if (e == OK) {
        size_t size = sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_ORIGINAL);
        text = malloc(sizeof intro - 1 + size);
        e = text != NULL ? OK : ERR_MEMORY;
        if (e == OK) {
            memcpy(text, intro, sizeof intro - 1);
            (void)sodium_bin2base64(text + sizeof intro - 1, size, bytes.data, bytes.size,
                                    sodium_base64_VARIANT_ORIGINAL);
            e = reply_give(reply,
                           json_pack("{s:I, s:s}", "entries", (json_int_t)tip.seq, "roster", text));
        }
    }
    free(text);
    buffer_done(&bytes);
    return e;
}

static enum err decode(const char *text, struct buffer *out) {
    size_t size = strlen(text), n = 0;
    uint8_t *room;
    if (strncmp(text, intro, sizeof intro - 1) != 0)
        return ERR_FORMAT;
    text += sizeof intro - 1;
    enum err e = buffer_extend(out, size, &room);
    if (e != OK)
        return e;
    if (sodium_base642bin(room, size, text, strlen(text), " \t\r\n", &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return ERR_FORMAT;
    out->size = n;
    return OK;
}

static enum err bring(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply) {
    (void)asker;
    struct store *store = service_store(service);
    struct buffer bytes = {0};
    size_t new_n = 0;
    enum err e = decode(service_text(args, "file"), &bytes);
    if (e == OK)
        e = roster_import(store, buffer_view(&bytes), &new_n);
    buffer_done(&bytes);
    if (e == ERR_FORMAT || e == ERR_LIMIT)
        return reply_fail(reply, ERR_FORMAT,
                          MEND("stafet roster export > FILE, at a member",
                               "stafet roster export > FIL, hos et medlem"),
                          "this is not an exported list of members, or it was cut",
                          "det er ikke en medlemsliste fra roster export, eller den er skåret af");
    if (e == ERR_FORK)
        return reply_fail(
            reply, e, COMMAND("stafet quarantine list"),
            "that list of members and the one that is here differ under one number, and both were "
            "signed by the municipality",
            "den medlemsliste og den, der er her, er forskellige under samme nummer, og kommunen "
            "har "
            "skrevet begge under");
    if (e == ERR_CHAIN || e == ERR_SIGNATURE || e == ERR_HASH)
        return reply_fail(reply, e,
                          MEND("export it anew at a member of this federation",
                               "hent den igen hos et medlem af denne føderation"),
                          "this is not the list of members of this federation",
                          "det er ikke denne føderations medlemsliste");
    if (e != OK)
        return e;
    e = describe(store, reply);
    if (e == OK &&
        json_object_set_new(reply->document, "new", json_integer((json_int_t)new_n)) != 0)
        e = ERR_MEMORY;
    return e;
}

static const struct param confirm_params[] = {
    {.name = "note",
     .kind = PARAM_TEXT,
     .required = true,
     .summary_da = "hvorfor du er sikker på, at intet mangler",
     .summary_en = "why you are sure that nothing is missing"},
    {.name = NULL},
};

static const struct param import_params[] = {
    {.name = "file",
     .kind = PARAM_CONTENT,
     .positional = true,
     .required = true,
     .summary_da = "filen fra roster export hos et medlem",
     .summary_en = "the file from roster export at a member"},
    {.name = NULL},
};

const struct verb roster_verbs[] = {
    {.noun = "roster",
     .name = "show",
     .summary_da = "om medlemslisten er bekræftet, og hvad hvert medlem har sagt om den",
     .summary_en = "whether the roster is confirmed, and what each member has said of it",
     .access = ACCESS_READ,
     .run = show},
    {.noun = "roster",
     .name = "confirm",
     .summary_da = "efter en gendannelse: gå videre fra den medlemsliste, der er her, på dit ord",
     .summary_en = "after a restore: go on from the roster that is here, on your word",
     .access = ACCESS_WRITE,
     .params = confirm_params,
     .run = confirm},
    {.noun = "roster",
     .name = "export",
     .summary_da = "skriv medlemslisten ud, til en kommune, der har mistet sin",
     .summary_en = "print the roster, for a municipality that has lost its own",
     .access = ACCESS_READ,
     .run = carry_out},
    {.noun = "roster",
     .name = "import",
     .summary_da =
         "tag imod en medlemsliste fra et medlem; kun det, kommunen selv har skrevet under, tæller",
     .summary_en =
         "take in a roster from a member; only what the municipality itself has signed counts",
     .access = ACCESS_WRITE,
     .params = import_params,
     .run = bring},
    {.noun = NULL},
};
