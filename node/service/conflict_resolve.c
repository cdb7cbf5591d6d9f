/* resolve: one version that names all live ones as replaced, and why. Finding a conflict by its id
 * is here too, since an id that no longer stands for anything is what a resolution must not pass
 * over. */
#include "conflict.h"

#include "conflict_side.h"
#include "form.h"
#include "handover_draft.h"
#include "handover_track.h"

#include "proto/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Conflicts displayed here before whose id begins with `prefix`, apart from the one that stands. */
struct stale_search {
    const char *prefix;
    const struct conflict *standing; /* NULL: none */
    size_t n;
    struct record_id record;
    uint16_t field;
};

static enum err try_note(void *context, const struct record_id *record, const char *key,
                         struct bytes value) {
    struct stale_search *search = context;
    char standing[ID_TEXT_MAX], number[8];
    const char *id = key + strlen(CONFLICT_NOTE);
    if (strncmp(key, CONFLICT_NOTE, strlen(CONFLICT_NOTE)) != 0 ||
        !id_text_has_prefix(id, search->prefix))
        return OK;
    if (search->standing != NULL) {
        id_text(search->standing->id.bytes, sizeof search->standing->id.bytes, standing);
        if (strcmp(standing, id) == 0)
            return OK;
    }
    if (value.size >= sizeof number)
        return ERR_CORRUPT;
    memcpy(number, value.data, value.size);
    number[value.size] = '\0';
    search->record = *record;
    search->field = (uint16_t)strtoul(number, NULL, 10);
    search->n++;
    return OK;
}

/* The conflict that the field is in now. ERR_NOT_FOUND: none. */
static enum err find_changed(struct store *store, const struct stale_search *stale,
                             struct conflict *ret_now) {
    struct conflicts conflicts;
    enum err e = conflicts_find(store, &conflicts);
    const struct conflict *now =
        e == OK ? conflicts_of_field(&conflicts, &stale->record, stale->field) : NULL;
    if (now != NULL)
        *ret_now = *now;
    else if (e == OK)
        e = ERR_NOT_FOUND;
    conflicts_done(&conflicts);
    return e;
}

static enum err refuse_changed(struct store *store, const char *id, const struct conflict *now,
                               struct arena *arena, struct reply *reply) {
    char mend[128];
    json_t *document = NULL;
    struct sides sides;
    enum err e = conflict_document(store, now, arena, &document);
    if (e == OK)
        e = sides_load(store, now, arena, &sides);
    if (e != OK) {
        json_decref(document);
        return handover_fail(store, reply, e);
    }
    const char *short_id = json_string_value(json_object_get(document, "short"));
    snprintf(mend, sizeof mend, "stafet conflict show %s", short_id);
    const char *rest;
    struct bytes shown = sides.list[sides.shown].value;
    int size = form_quoted(shown, &rest);
    reply_fail(reply, ERR_STALE, COMMAND(mend),
               "conflict %s has changed meanwhile; it is %s now, and \"%.*s%s\" is shown",
               "konflikten %s er ændret imens; den er nu %s, og \"%.*s%s\" vises", id, short_id,
               size, shown.size > 0 ? (const char *)shown.data : "", rest);
    json_decref(reply->details);
    reply->details = json_pack("{s:o}", "conflict", document);
    return ERR_STALE;
}

static enum err refuse_settled(struct store *store, const char *id,
                               const struct stale_search *stale, struct arena *arena,
                               struct reply *reply) {
    struct handover handover;
    struct sides sides;
    struct conflict place = {
        .record = stale->record, .collection = COLLECTION_HANDOVER, .field = stale->field};
    char site[FORM_NAME_MAX], short_mend[128];
    enum err e = handover_load(store, &stale->record, arena, &handover);
    if (e == OK)
        e = sides_load(store, &place, arena, &sides);
    if (e != OK)
        return handover_fail(store, reply, e);
    const struct field *field = collection_field(handover.collection, stale->field);
    const struct side *side = &sides.list[sides.shown];
    const char *rest;
    int size = form_quoted(side->value, &rest);
    snprintf(short_mend, sizeof short_mend, "stafet handover show %s", handover.text);
    reply_fail(reply, ERR_STALE, COMMAND(short_mend),
               "conflict %s was settled meanwhile: %s is now \"%.*s%s\" (%s%s%s)",
               "konflikten %s blev afgjort imens: %s er nu \"%.*s%s\" (%s%s%s)", id,
               field != NULL ? field->name : reply_say(reply, "the field", "feltet"), size,
               side->value.size > 0 ? (const char *)side->value.data : "", rest,
               form_name(store, &side->versions[0]->author, site),
               *side->versions[0]->actor_name ? ", " : "", side->versions[0]->actor_name);
    json_decref(reply->details);
    reply->details = json_pack(
        "{s:s, s:s, s:o}", "record", handover.text, "field", field != NULL ? field->name : "",
        "value",
        json_stringn(side->value.size > 0 ? (const char *)side->value.data : "", side->value.size));
    return ERR_STALE;
}

enum err conflict_open(struct store *store, const char *id, struct arena *arena,
                       struct reply *reply, struct conflict *ret_conflict) {
    struct conflict found, now;
    enum err e = *id != '\0' ? conflict_find(store, id, &found) : ERR_NOT_FOUND;
    if (e != OK && e != ERR_NOT_FOUND && e != ERR_AMBIGUOUS)
        return handover_fail(store, reply, e);
    bool stands = e == OK, fits_many = e == ERR_AMBIGUOUS;
    struct stale_search stale = {.prefix = id, .standing = stands ? &found : NULL};
    e = *id != '\0' ? local_each(store, NULL, try_note, &stale) : OK;
    if (e != OK)
        return handover_fail(store, reply, e);
    if (fits_many || stale.n + stands > 1)
        return reply_fail(reply, ERR_AMBIGUOUS,
                          MEND("give more characters of the id: stafet conflict list",
                               "skriv flere tegn af id'et: stafet conflict list"),
                          "\"%s\" fits more than one conflict",
                          "\"%s\" passer på mere end én konflikt", id);
    if (stands) {
        *ret_conflict = found;
        return OK;
    }
    if (stale.n == 0)
        return reply_fail(reply, ERR_NOT_FOUND, COMMAND("stafet conflict list"),
                          "there is no conflict \"%s\" here", "der er ingen konflikt \"%s\" her",
                          id);
    e = find_changed(store, &stale, &now);
    if (e == OK)
        return refuse_changed(store, id, &now, arena, reply);
    return e == ERR_NOT_FOUND ? refuse_settled(store, id, &stale, arena, reply)
                              : handover_fail(store, reply, e);
}

/* resolve */

struct resolution {
    const struct handover *handover;
    const struct field *field;
    const struct sides *sides;
    struct bytes value;
    char *note; /* "FIELD: why", one line; NULL: none; in the arena */
};

static enum err take_side(struct store *store, const char *take, struct resolution *resolution,
                          struct reply *reply) {
    size_t index;
    enum err e = sides_find(store, resolution->sides, take, &index);
    if (e == ERR_AMBIGUOUS)
        return reply_fail(
            reply, e, MEND("--take N, with the side's number", "--take N, med sidens nummer"),
            "\"%s\" stands for more than one side", "\"%s\" står for mere end én side", take);
    if (e != OK)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--take N, or the name of a site that wrote one",
                               "--take N, eller navnet på et sted, der har skrevet en"),
                          "there is no side \"%s\"; there are %zu",
                          "der er ingen side \"%s\"; der er %zu", take, resolution->sides->n);
    resolution->value = resolution->sides->list[index].value;
    return OK;
}

static enum err take_value(const char *value, struct arena *arena, struct resolution *resolution,
                           struct reply *reply) {
    struct label why;
    enum err e = draft_tidy(resolution->field, bytes_of_text(value), arena, &resolution->value);
    if (e != OK)
        return reply_err(reply, e);
    e = draft_check(resolution->field, resolution->value, &why);
    if (e == OK)
        return OK;
    return reply_fail(
        reply, e, MEND("mend it and repeat the command", "ret det, og gentag kommandoen"),
        "%s (%s): %s", "%s (%s): %s", resolution->field->name,
        label_text(reply->language, resolution->field->label), label_text(reply->language, why));
}

static enum err take_note(const char *note, struct arena *arena, struct resolution *resolution,
                          struct reply *reply) {
    const struct field *settled =
        collection_field(resolution->handover->collection, HANDOVER_SETTLED);
    struct label why;
    if (note == NULL || *note == '\0')
        return OK;
    size_t size = strlen(resolution->field->name) + strlen(note) + 3;
    char *line = arena_alloc(arena, size);
    if (line == NULL)
        return reply_err(reply, ERR_MEMORY);
    snprintf(line, size, "%s: %s", resolution->field->name, note);
    for (char *at = line; *at != '\0'; at++)
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
    enum err e = draft_check(settled, bytes_of_text(line), &why);
    if (e != OK)
        return reply_fail(
            reply, e, MEND("shorten or retype the note", "forkort noten, eller skriv den på ny"),
            "the note: %s", "noten: %s", label_text(reply->language, why));
    resolution->note = line;
    return OK;
}

/* Both sides' texts are gone then: that has to be meant. */
static enum err refuse_empty(struct reply *reply) {
    return reply_fail(reply, ERR_ARGUMENT,
                      MEND("--clear, if the field shall be empty; otherwise --value TEXT",
                           "--clear, hvis feltet skal være tomt; ellers --value TEKST"),
                      "an empty text would clear what all sides have written",
                      "en tom tekst ville slette det, som alle sider har skrevet");
}

static enum err choose(struct store *store, const json_t *args, struct arena *arena,
                       struct resolution *resolution, struct reply *reply) {
    const char *take = service_text(args, "take"), *value = service_text(args, "value");
    bool clear = service_flag(args, "clear");
    if (service_flag(args, "edit"))
        return reply_fail(reply, ERR_ARGUMENT, MEND("--value TEXT", "--value TEKST"),
                          "an editor opens only on a terminal",
                          "et skriveprogram åbnes kun i en terminal");
    if ((take != NULL) + (value != NULL) + clear != 1)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--take N|SITE, --value TEXT, --edit or --clear",
                               "--take N|STED, --value TEKST, --edit eller --clear"),
                          "say in exactly one way what shall stand there",
                          "sig på præcis én måde, hvad der skal stå der");
    enum err e = take != NULL ? take_side(store, take, resolution, reply)
                              : take_value(clear ? "" : value, arena, resolution, reply);
    if (e == OK && value != NULL && value[strspn(value, " \t\r\n")] == '\0')
        return refuse_empty(reply);
    return e == OK ? take_note(service_text(args, "note"), arena, resolution, reply) : e;
}

static enum err write_piece(struct store *store, const struct resolution *resolution,
                            const struct asker *asker, const struct version_name *names, size_t n,
                            bool last) {
    struct write writes[2] = {{.record = resolution->handover->id,
                               .collection = COLLECTION_HANDOVER,
                               .field = resolution->field->number,
                               .value = resolution->value,
                               .replaces = names,
                               .replaces_n = n}};
    bool noted = last && resolution->note != NULL;
    if (noted)
        writes[1] = (struct write){.record = resolution->handover->id,
                                   .collection = COLLECTION_HANDOVER,
                                   .field = HANDOVER_SETTLED,
                                   .value = bytes_of_text(resolution->note)};
    return track_append(store, resolution->handover, asker, writes, noted ? 2 : 1);
}

/* A field with more live versions than one write can name takes several, all with the same value:
 * equal values are one. Whoever is interrupted between them leaves a smaller conflict. */
static enum err write_resolution(struct store *store, const struct resolution *resolution,
                                 const struct asker *asker, struct arena *arena) {
    const struct sides *sides = resolution->sides;
    struct version_name *names = arena_array(arena, sides->live_n, sizeof *names);
    if (names == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < sides->live_n; i++)
        names[i] = sides->live[i].name;
    enum err e = OK;
    for (size_t at = 0, n; e == OK && at < sides->live_n; at += n) {
        n = sides->live_n - at;
        if (n > REPLACES_PER_WRITE_MAX)
            n = REPLACES_PER_WRITE_MAX;
        e = write_piece(store, resolution, asker, &names[at], n, at + n == sides->live_n);
    }
    return e;
}

enum err conflict_resolve(struct service *service, const struct asker *asker, const json_t *args,
                          struct reply *reply) {
    struct store *store = service_store(service);
    struct arena arena;
    struct conflict conflict = {0};
    struct handover handover;
    struct sides sides;
    json_t *document = NULL;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = conflict_open(store, service_text(args, "id"), &arena, reply, &conflict);
    if (e != OK)
        goto done;
    e = handover_load(store, &conflict.record, &arena, &handover);
    if (e == OK)
        e = sides_load(store, &conflict, &arena, &sides);
    if (e == OK)
        e = conflict_document(store, &conflict, &arena, &document);
    if (e != OK) {
        handover_fail(store, reply, e);
        goto done;
    }
    struct resolution resolution = {.handover = &handover,
                                    .field = collection_field(handover.collection, conflict.field),
                                    .sides = &sides};
    e = choose(store, args, &arena, &resolution, reply);
    if (e != OK)
        goto done;
    e = write_resolution(store, &resolution, asker, &arena);
    struct bytes value = resolution.value;
    if (e == OK && (json_object_set_new(document, "settled",
                                        json_stringn(value.size > 0 ? (const char *)value.data : "",
                                                     value.size)) != 0 ||
                    json_object_set_new(document, "note",
                                        resolution.note != NULL ? json_string(resolution.note)
                                                                : json_null()) != 0 ||
                    !service_add_running(service, document)))
        e = ERR_MEMORY;
    e = e == OK ? reply_give(reply, json_incref(document)) : handover_fail(store, reply, e);
done:
    json_decref(document);
    arena_done(&arena);
    return e;
}
