/* agree: what the parents said yes to, and when, is noted here and goes out with the next send. */
#include "handover_draft.h"
#include "handover_note.h"
#include "handover_track.h"
#include "name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY_MAX = 16 };

/* The day here. Days in this form are in order as texts. */
static bool day_text(time_ms at, char ret_day[static DAY_MAX]) {
    time_t seconds = (time_t)(at / 1000);
    struct tm day;
    return localtime_r(&seconds, &day) != NULL && strftime(ret_day, DAY_MAX, "%Y-%m-%d", &day) != 0;
}

static enum err check_day(const char *on, const char *today, struct reply *reply) {
    struct label why;
    const struct collection *collection = collection_find(COLLECTION_HANDOVER);
    if (*on == '\0' || field_check(collection_field(collection, HANDOVER_AGREED_ON),
                                   bytes_of_text(on), &why) != OK)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("give it as YYYY-MM-DD", "skriv den som ÅÅÅÅ-MM-DD"),
                          "\"%s\" is no date", "\"%s\" er ikke en dato", on);
    if (strcmp(on, today) > 0)
        return reply_fail(
            reply, ERR_ARGUMENT,
            MEND("--on takes the day on which they agreed", "--on skal have den dag, de sagde ja"),
            "%s is in the future", "%s er ude i fremtiden", on);
    return OK;
}

static enum err check_agree(const struct handover *handover, const char *by, struct reply *reply) {
    const struct collection *collection = handover->collection;
    struct label why = {"", ""};
    if (handover->end != END_OWNER)
        return reply_fail(
            reply, ERR_DENIED,
            MEND("ask the site that sent it", "spørg det sted, der har sendt den"),
            "only the site that hands the child over records what the parents have agreed to",
            "det er kun det sted, der overleverer barnet, der noterer, hvad forældrene har sagt ja "
            "til");
    if (handover->drafts_n == 0)
        return handover_refuse_unchanged(handover, reply);
    if (*by == '\0' || field_check(collection_field(collection, HANDOVER_AGREED_BY),
                                   bytes_of_text(by), &why) != OK)
        return reply_fail(
            reply, ERR_ARGUMENT,
            MEND("--by \"both custody holders\"", "--by \"begge forældremyndighedsindehavere\""),
            "who has agreed must be one line%s%s",
            "--by (hvem der har sagt ja) skal være én linje%s%s", *why.en ? ": " : "",
            label_text(reply->language, why));
    if (name_turns(bytes_of_text(by)))
        return reply_fail(reply, ERR_ARGUMENT, MEND("type it anew", "skriv det på ny"),
                          "who has agreed holds a character that turns the direction of writing",
                          "--by (hvem der har sagt ja) indeholder et tegn, der vender "
                          "skriveretningen");
    return OK;
}

/* When what would stand here after a send was last written, by anybody. */
static time_ms last_written(const struct handover *handover) {
    time_ms last = (time_ms)strtoll(handover->typed, NULL, 10);
    for (size_t i = 0; i < handover->collection->fields_n; i++) {
        const struct field *field = &handover->collection->fields[i];
        size_t live_n = 0;
        const struct version *live = handover_live(handover, field->number, &live_n);
        for (size_t k = 0; field->part != PART_TRACK && k < live_n; k++)
            if (clock_ms(live[k].clock) > last)
                last = clock_ms(live[k].clock);
    }
    return last;
}

/* Nobody can have agreed to words that were not there; but they may have stood on paper first. */
static enum err check_written(struct store *store, const struct handover *handover, const char *on,
                              const char *today, struct reply *reply) {
    char written[DAY_MAX];
    if (!day_text(last_written(handover), written))
        return handover_fail(store, reply, ERR_INTERNAL);
    if (strcmp(written, today) > 0) /* by a clock elsewhere */
        snprintf(written, sizeof written, "%s", today);
    if (strcmp(on, written) >= 0)
        return OK;
    return reply_fail(
        reply, ERR_STATE,
        MEND("ask the parents again; or, if they agreed to these very words before "
             "they were typed, on paper perhaps: --earlier",
             "spørg forældrene igen; eller, hvis de sagde ja til netop disse ord, før "
             "de blev skrevet ind, på papir for eksempel: --earlier"),
        "on %s the form did not say this yet: it was last changed on %s",
        "den %s stod det ikke i skemaet endnu: det blev sidst ændret den %s", on, written);
}

/* With the live consents: whatever is written of consent from now on, a withdrawal above all, voids
 * the agreement. */
static enum err note_agreement(struct store *store, const struct handover *handover,
                               const json_t *agreement, struct arena *arena) {
    const struct version_name *consents;
    size_t consents_n;
    char *note = json_dumps(agreement, JSON_COMPACT);
    if (note == NULL)
        return ERR_MEMORY;
    enum err e = track_replaces(&handover->record, HANDOVER_CONSENT, arena, &consents, &consents_n);
    if (e == OK)
        e = note_put(store, handover, "agreed",
                     collection_field(handover->collection, HANDOVER_CONSENT), bytes_of_text(note),
                     consents, consents_n);
    free(note);
    return e;
}

static enum err agree(struct store *store, const struct handover *handover, const json_t *args,
                      struct arena *arena, struct reply *reply, json_t **ret_agreement) {
    const char *by = service_text(args, "by"), *on = service_text(args, "on");
    char revision[HEX_TEXT_MAX], today[DAY_MAX];
    if (by == NULL || on == NULL)
        return reply_fail(
            reply, ERR_ARGUMENT,
            MEND("--by WHO --on DATE, or --withdrawn when they take their yes back",
                 "--by HVEM --on DATO, eller --withdrawn, når de tager deres ja tilbage"),
            "say who has agreed, and on which day", "sig, hvem der har sagt ja, og hvilken dag");
    enum err e = check_agree(handover, by, reply);
    if (e == OK && !day_text(store_now(store), today))
        e = handover_fail(store, reply, ERR_INTERNAL);
    if (e == OK)
        e = check_day(on, today, reply);
    if (e == OK && !service_flag(args, "earlier"))
        e = check_written(store, handover, on, today, reply);
    if (e != OK)
        return e;
    revision_text(&handover->revision, revision);
    json_t *json = json_pack("{s:s, s:s, s:s}", "by", by, "on", on, "revision", revision);
    e = note_agreement(store, handover, json, arena);
    if (e != OK) {
        json_decref(json);
        return handover_fail(store, reply, e);
    }
    *ret_agreement = json;
    return OK;
}

/* They have taken their yes back, as easily as they gave it: it was here only, and so it is gone.
 * What was sent before is with the other site. */
static enum err withdraw(struct store *store, const struct handover *handover, const json_t *args,
                         struct reply *reply, json_t **ret_agreement) {
    if (service_text(args, "by") != NULL || service_text(args, "on") != NULL)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--withdrawn alone, or --by WHO --on DATE",
                               "--withdrawn alene, eller --by HVEM --on DATO"),
                          "they have either agreed or taken it back, not both",
                          "enten har de sagt ja, eller også har de taget det tilbage");
    if (handover->agreement.revision == NULL)
        return reply_fail(
            reply, ERR_STATE,
            MEND("nothing can be sent as it is; what was sent before stays with the other site",
                 "der kan ikke sendes noget; det, der er sendt før, bliver hos det andet sted"),
            "no agreement waits for a sending here",
            "der venter ingen aftale på at blive sendt her");
    enum err e = note_remove(store, handover, "agreed",
                             collection_field(handover->collection, HANDOVER_CONSENT));
    *ret_agreement = json_null();
    return e == OK ? OK : handover_fail(store, reply, e);
}

enum err handover_agree(struct service *service, const struct asker *asker __attribute__((unused)),
                        const json_t *args, struct reply *reply) {
    struct store *store = service_store(service);
    struct arena arena;
    struct handover handover;
    json_t *agreement = NULL;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = handover_open(service, service_text(args, "id"), &arena, reply, &handover);
    if (e == OK)
        e = service_flag(args, "withdrawn")
                ? withdraw(store, &handover, args, reply, &agreement)
                : agree(store, &handover, args, &arena, reply, &agreement);
    if (e != OK)
        goto done;
    json_t *document = handover_head_json(store, &handover, &arena);
    if (document == NULL || json_object_set(document, "agreement", agreement) != 0) {
        json_decref(document);
        e = handover_fail(store, reply, ERR_MEMORY);
        goto done;
    }
    e = reply_give(reply, document);
done:
    json_decref(agreement);
    arena_done(&arena);
    return e;
}
