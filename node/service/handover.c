/* The verbs of the noun, and finding one handover among sent, received and drafted ones. */
#include "handover.h"

#include "handover_draft.h"
#include "handover_note.h"
#include "handover_plan.h"
#include "prefix.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct param template_params[] = {
    {"id", PARAM_TEXT, true, false, "en overlevering: skemaet udfyldt med det, der står nu",
     "a handover: the form filled in with what stands there now"},
    {0},
};
static const struct param new_params[] = {
    {"to", PARAM_TEXT, false, true, "stedet, der skal modtage barnet",
     "the site that will receive the child"},
    {"form", PARAM_CONTENT, false, false, "et udfyldt skema (se handover template)",
     "a form that is filled in (see handover template)"},
    {"fields", PARAM_FIELDS, false, false,
     "FELT=VÆRDI, FELT=@FIL, FELT=-; det, der skrives på kommandolinjen, kan blive gemt i skallens "
     "historik",
     "FIELD=VALUE, FIELD=@FILE, FIELD=-; what is typed on the command line may stay in the shell's "
     "history"},
    {0},
};
static const struct param list_params[] = {{0}};
static const struct param id_params[] = {
    {"id", PARAM_TEXT, true, true, "overleveringen, eller dens første tegn",
     "the handover, or its first characters"},
    {0},
};
static const struct param edit_params[] = {
    {"id", PARAM_TEXT, true, true, "overleveringen, eller dens første tegn",
     "the handover, or its first characters"},
    {"form", PARAM_CONTENT, false, false, "et udfyldt skema (se handover template)",
     "a form that is filled in (see handover template)"},
    {"discard", PARAM_FLAG, false, false, "glem alt, hvad der ikke er sendt",
     "forget all that has not been sent"},
    {"fields", PARAM_FIELDS, false, false,
     "FELT=VÆRDI, FELT=@FIL, FELT=-, FELT= sletter; uden felter åbnes skemaet i $EDITOR; det, der "
     "skrives på "
     "kommandolinjen, kan blive gemt i skallens historik",
     "FIELD=VALUE, FIELD=@FILE, FIELD=-, FIELD= clears; without fields the form opens in $EDITOR; "
     "what is typed on "
     "the command line may stay in the shell's history"},
    {0},
};
static const struct param agree_params[] = {
    {"id", PARAM_TEXT, true, true, "overleveringen, eller dens første tegn",
     "the handover, or its first characters"},
    {"by", PARAM_TEXT, false, false, "hvem har sagt ja: \"begge forældremyndighedsindehavere\"",
     "who has agreed: \"both custody holders\""},
    {"on", PARAM_DATE, false, false, "dagen, ÅÅÅÅ-MM-DD", "the day, YYYY-MM-DD"},
    {"withdrawn", PARAM_FLAG, false, false,
     "de har taget deres ja tilbage: intet kan sendes, før de siger ja igen",
     "they have taken their yes back: nothing can be sent until they agree again"},
    {"earlier", PARAM_FLAG, false, false,
     "de sagde ja til netop disse ord, før de blev skrevet her, for eksempel på papir",
     "they agreed to these very words before they were typed here, on paper for instance"},
    {0},
};
static const struct param send_params[] = {
    {"id", PARAM_TEXT, true, true, "overleveringen, eller dens første tegn",
     "the handover, or its first characters"},
    {"revision", PARAM_TEXT, false, false, "send kun netop denne udgave",
     "send exactly this revision or nothing"},
    {"preview", PARAM_FLAG, false, false, "vis kun, hvad der ville blive sendt",
     "only show what would be sent"},
    {0},
};
static const struct param accept_params[] = {
    {"id", PARAM_TEXT, true, true, "overleveringen, eller dens første tegn",
     "the handover, or its first characters"},
    {"revision", PARAM_TEXT, false, false,
     "den udgave, der modtages; ellers den, der sidst blev vist her",
     "the revision to accept; otherwise the one that was last shown here"},
    {0},
};
static const struct param print_params[] = {
    {"id", PARAM_TEXT, true, true, "overleveringen, eller dens første tegn",
     "the handover, or its first characters"},
    {"out", PARAM_PATH, false, false, "filen, der skrives; ellers handover-ID.html",
     "the file to write; otherwise handover-ID.html"},
    {"force", PARAM_FLAG, false, false, "skriv, selv om filen findes",
     "write even if the file is there"},
    {"language", PARAM_TEXT, false, false, "da eller en; ellers dit eget sprog",
     "da or en; otherwise your own"},
    {0},
};

/* clang-format off */
const struct verb handover_verbs[] = {
    {"handover", "template", "skriv skemaet ud som en tekstfil", "print the form as a text file",
     ACCESS_WRITE, template_params, handover_template, NULL},
    {"handover", "new", "begynd på en overlevering; intet sendes endnu", "begin a handover; nothing is sent yet",
     ACCESS_WRITE, new_params, handover_new, NULL},
    {"handover", "list", "vis alle overleveringer", "list all handovers",
     ACCESS_READ, list_params, handover_list, NULL},
    {"handover", "show", "vis en overlevering", "show a handover",
     ACCESS_WRITE, id_params, handover_show, NULL},
    {"handover", "edit", "skriv i en overlevering; intet sendes endnu", "write in a handover; nothing is sent yet",
     ACCESS_WRITE, edit_params, handover_edit, NULL},
    {"handover", "agree", "notér, at forældrene har sagt ja til netop denne udgave",
     "record that the parents have agreed to exactly this revision", ACCESS_WRITE, agree_params, handover_agree, NULL},
    {"handover", "send", "send det, der er skrevet, til modtageren", "send what has been written to the receiver",
     ACCESS_WRITE, send_params, handover_send, NULL},
    {"handover", "accept", "kvittér for, at I har overtaget den viste udgave",
     "confirm that you have taken over the revision shown", ACCESS_WRITE, accept_params, handover_accept, NULL},
    {"handover", "track", "vis, hvor langt en overlevering er nået", "show how far a handover has come",
     ACCESS_READ, id_params, handover_track, NULL},
    {"handover", "print", "skriv en side til forældrene", "write a page for the parents",
     ACCESS_READ, print_params, handover_print, NULL},
    {0},
};
/* clang-format on */

struct gather {
    struct record_id *list;
    size_t n, capacity;
};

static enum err gather_id(void *context, const struct record_id *id) {
    struct gather *gather = context;
    if (gather->n == gather->capacity) {
        size_t capacity = gather->capacity > 0 ? gather->capacity * 2 : 64;
        struct record_id *list = realloc(gather->list, capacity * sizeof *list);
        if (list == NULL)
            return ERR_MEMORY;
        gather->list = list;
        gather->capacity = capacity;
    }
    gather->list[gather->n++] = *id;
    return OK;
}

static enum err gather_unsent(void *context, const struct record_id *id, const char *key,
                              struct bytes value __attribute__((unused))) {
    return strcmp(key, "to") == 0 ? gather_id(context, id) : OK;
}

static int compare_ids(const void *a, const void *b) {
    return record_id_compare(a, b);
}

enum err handover_ids(struct store *store, struct arena *arena, const struct record_id **ret_ids,
                      size_t *ret_n) {
    struct gather gather = {0};
    enum err e = record_each(store, COLLECTION_HANDOVER, gather_id, &gather);
    if (e == OK)
        e = local_each(store, NULL, gather_unsent, &gather);
    struct record_id *ids = e == OK ? arena_array(arena, gather.n, sizeof *ids) : NULL;
    if (e == OK && ids == NULL)
        e = ERR_MEMORY;
    if (e != OK)
        goto done;
    size_t n = 0;
    if (gather.n > 0)
        qsort(gather.list, gather.n, sizeof *gather.list, compare_ids);
    for (size_t i = 0; i < gather.n; i++)
        if (n == 0 || !record_id_equal(&ids[n - 1], &gather.list[i]))
            ids[n++] = gather.list[i];
    *ret_ids = ids;
    *ret_n = n;
done:
    free(gather.list);
    return e;
}

enum err handover_prefixes(const struct record_id *ids, size_t ids_n,
                           struct prefixes *ret_prefixes) {
    char text[ID_TEXT_MAX];
    enum err e = OK;
    *ret_prefixes = (struct prefixes){0};
    for (size_t i = 0; e == OK && i < ids_n; i++) {
        record_text(&ids[i], text);
        e = prefixes_add(ret_prefixes, text);
    }
    prefixes_sort(ret_prefixes);
    return e;
}

void handover_short_id(const struct record_id *ids, size_t ids_n, const struct record_id *id,
                       char ret_text[static ID_TEXT_MAX]) {
    char text[ID_TEXT_MAX];
    struct prefixes prefixes;
    enum err e = handover_prefixes(ids, ids_n, &prefixes);
    record_text(id, text);
    if (e == OK)
        prefixes_shorten(&prefixes, text, ret_text);
    else
        memcpy(ret_text, text, sizeof text);
    prefixes_done(&prefixes);
}

static json_t *candidate_json(struct store *store, const struct record_id *ids, size_t ids_n,
                              const struct record_id *id) {
    struct arena arena;
    struct handover handover;
    char short_id[ID_TEXT_MAX];
    json_t *candidate = NULL;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    if (handover_load(store, id, &arena, &handover) != OK)
        goto done;
    handover_short_id(ids, ids_n, id, short_id);
    const char *child = handover_text(
        &handover, collection_field(handover.collection, HANDOVER_CHILD_NAME), &arena);
    if (child != NULL)
        candidate = json_pack("{s:s, s:s}", "id", short_id, "name", child);
done:
    arena_done(&arena);
    return candidate;
}

static enum err refuse_ambiguous(struct store *store, const char *prefix,
                                 const struct record_id *ids, size_t ids_n, struct reply *reply) {
    char text[ID_TEXT_MAX];
    json_t *candidates = json_array();
    for (size_t i = 0; i < ids_n && json_array_size(candidates) < 10; i++) {
        record_text(&ids[i], text);
        if (id_text_has_prefix(text, prefix))
            json_array_append_new(candidates, candidate_json(store, ids, ids_n, &ids[i]));
    }
    enum err e = reply_fail(
        reply, ERR_AMBIGUOUS, MEND("give more characters of the id", "skriv flere tegn af id'et"),
        "\"%s\" fits more than one handover", "\"%s\" passer på mere end én overlevering", prefix);
    json_decref(reply->details);
    reply->details = json_pack("{s:o}", "candidates", candidates);
    return e;
}

enum err handover_open(struct service *service, const char *id, struct arena *arena,
                       struct reply *reply, struct handover *ret_handover) {
    struct store *store = service_store(service);
    const struct record_id *ids, *found = NULL;
    size_t ids_n, fits_n = 0;
    char text[ID_TEXT_MAX];
    enum err e = handover_ids(store, arena, &ids, &ids_n);
    if (e != OK)
        return handover_fail(store, reply, e);
    for (size_t i = 0; i < ids_n; i++) {
        record_text(&ids[i], text);
        if (*id != '\0' && id_text_has_prefix(text, id)) {
            found = &ids[i];
            fits_n++;
        }
    }
    if (fits_n > 1)
        return refuse_ambiguous(store, id, ids, ids_n, reply);
    if (found == NULL)
        return reply_fail(reply, ERR_NOT_FOUND, COMMAND("stafet handover list"),
                          "there is no handover \"%s\" here",
                          "der er ingen overlevering \"%s\" her", id);
    struct handover handover;
    handover_short_id(ids, ids_n, found, text);
    e = handover_load(store, found, arena, &handover);
    if (e == ERR_LIMIT)
        return reply_fail(
            reply, e,
            MEND("talk with the other site about it; stafet log list shows who wrote how much",
                 "tal med det andet sted om den; stafet log list viser, hvem der har skrevet hvor "
                 "meget"),
            "handover %s holds more than can be shown",
            "overleveringen %s rummer mere, end der kan vises", text);
    if (e != OK)
        return handover_fail(store, reply, e);
    memcpy(handover.short_id, text, sizeof handover.short_id);
    *ret_handover = handover;
    return OK;
}

/* A record is its owner's and the other party's; one that was never sent names its receiver in a
 * note. */
static enum err load_parties(struct handover *handover, const struct member_id *noted) {
    const struct member_id *parties = handover->record.channel.parties;
    if (!handover->stored) {
        handover->owner = handover->self;
        handover->receiver = *noted;
        return member_id_is_zero(noted) ? ERR_NOT_FOUND : OK;
    }
    handover->owner = handover->record.owner;
    handover->receiver = member_id_equal(&parties[0], &handover->owner) ? parties[1] : parties[0];
    return OK;
}

static enum err load(struct store *store, const struct record_id *id, struct arena *arena,
                     struct handover *ret_handover) {
    struct handover handover = {.id = *id, .collection = collection_find(COLLECTION_HANDOVER)};
    struct member_id noted = {0};
    struct self self;
    enum err e = store_self(store, &self);
    if (e != OK)
        return e;
    handover.self = self.member;
    record_text(id, handover.text);
    handover.drafts = arena_array(arena, handover.collection->fields_n, sizeof *handover.drafts);
    handover.forms = arena_array(arena, handover.collection->fields_n, sizeof *handover.forms);
    if (handover.drafts == NULL || handover.forms == NULL)
        return ERR_MEMORY;
    e = record_load(store, COLLECTION_HANDOVER, id, arena, &handover.record);
    handover.stored = e == OK;
    if (e == ERR_NOT_FOUND)
        handover.record = (struct record){.id = *id, .collection = COLLECTION_HANDOVER};
    else if (e != OK)
        return e;
    e = note_load_all(store, &handover, arena, &noted);
    if (e == OK)
        e = load_parties(&handover, &noted);
    if (e != OK)
        return e;
    handover.end = member_id_equal(&handover.owner, &handover.self) ? END_OWNER : END_RECEIVER;
    e = plan_revision(&handover, arena, &handover.revision);
    if (e == OK)
        *ret_handover = handover;
    return e;
}

enum err handover_load(struct store *store, const struct record_id *id, struct arena *arena,
                       struct handover *ret_handover) {
    enum err e = load(store, id, arena, ret_handover);
    return e == ERR_MEMORY && arena->capped ? ERR_LIMIT : e;
}

enum err handover_fail(struct store *store, struct reply *reply, enum err e) {
    return reply_store(reply, e, store);
}

enum err handover_refuse_unchanged(const struct handover *handover, struct reply *reply) {
    char mend[128];
    snprintf(mend, sizeof mend,
             reply_say(reply, "stafet handover edit %s FIELD=VALUE",
                       "stafet handover edit %s FELT=VÆRDI"),
             handover->short_id);
    return reply_fail(reply, ERR_STATE, COMMAND(mend), "nothing waits to be sent",
                      "intet venter på at blive sendt");
}
