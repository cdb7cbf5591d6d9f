#include "form.h"
#include "handover.h"
#include "proto/envelope.h"
#include "proto/limits.h"
#include "store/feed.h"
#include "store/record.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_DEFAULT = 50, ENTRIES_MAX = 100000 };

static const char *entry_status_text(enum entry_status status) {
    switch (status) {
    case ENTRY_APPLIED:
        return "applied";
    case ENTRY_WAITING:
        return "waiting";
    case ENTRY_VOID:
        return "void";
    }
    return "unknown";
}

struct log {
    struct store *store;
    json_t *feeds, *entries;
    int64_t limit;
};

static json_t *sections_form(const struct envelope *envelope) {
    static const char *const kinds[] = {"", "declaration", "open", "sealed"};
    static const char *const states[] = {"present", "erased", "absent"};
    json_t *list = json_array();
    for (uint16_t i = 0; i < envelope->header.sections_n; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "kind",
                                              kinds[envelope->sections[i].kind], "state",
                                              states[envelope->sections[i].state], "bytes",
                                              (json_int_t)envelope->sections[i].content.size));
    return list;
}

static enum err add_entry(void *context, const struct feed_info *feed,
                          const struct entry_info *entry) {
    struct log *log = context;
    struct arena arena;
    arena_init(&arena, KIB(256));
    struct envelope envelope;
    size_t size;
    enum err e = envelope_parse(entry->envelope, &arena, &envelope, &size);
    json_t *form = NULL;
    if (e == OK)
        form = json_pack(
            "{s:o, s:I, s:o, s:o, s:s, s:I, s:o, s:s, s:o, s:I, s:o}", "feed",
            form_id(feed->id.bytes, sizeof feed->id.bytes), "seq", (json_int_t)entry->seq, "id",
            form_id(entry->id.bytes, sizeof entry->id.bytes), "author",
            form_member(log->store, &feed->author), "channel", form_channel(feed->channel.kind),
            "at", (json_int_t)clock_ms(envelope.header.clock), "stored", form_time(entry->stored),
            "status", entry_status_text(entry->status), "reason", form_error(entry->reason),
            "bytes", (json_int_t)entry->envelope.size, "sections", sections_form(&envelope));
    arena_done(&arena);
    if (e != OK)
        return e;
    return json_array_append_new(log->entries, form) == 0 ? OK : ERR_MEMORY;
}

static enum err add_feed(void *context, const struct feed_info *feed) {
    struct log *log = context;
    json_t *form = json_pack(
        "{s:o, s:o, s:s, s:I, s:I, s:I, s:b, s:b}", "id",
        form_id(feed->id.bytes, sizeof feed->id.bytes), "author",
        form_member(log->store, &feed->author), "channel", form_channel(feed->channel.kind),
        "entries", (json_int_t)feed->head.seq, "waiting", (json_int_t)feed->waiting, "void",
        (json_int_t)feed->voided, "confirmed", feed->confirmed, "forked", feed->forked);
    return json_array_append_new(log->feeds, form) == 0 ? OK : ERR_MEMORY;
}

struct heads {
    struct feed_id *feeds;
    uint64_t *seqs;
    size_t n, capacity;
};

/* The walk over feeds ends before the walk over entries begins: both are read from the one
 * connection. */
static enum err note_head(void *context, const struct feed_info *feed) {
    struct heads *heads = context;
    if (heads->n == heads->capacity) {
        size_t capacity = heads->capacity == 0 ? 64 : heads->capacity * 2;
        struct feed_id *feeds = realloc(heads->feeds, capacity * sizeof *feeds);
        if (feeds != NULL)
            heads->feeds = feeds;
        uint64_t *seqs = realloc(heads->seqs, capacity * sizeof *seqs);
        if (seqs != NULL)
            heads->seqs = seqs;
        if (feeds == NULL || seqs == NULL)
            return ERR_MEMORY;
        heads->capacity = capacity;
    }
    heads->feeds[heads->n] = feed->id;
    heads->seqs[heads->n++] = feed->head.seq;
    return OK;
}

static int by_stored(const void *a, const void *b) {
    json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "stored"));
    json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "stored"));
    return x < y ? -1 : x > y;
}

/* The newest `limit`, oldest of them first. */
static enum err keep_newest(json_t *entries, int64_t limit) {
    size_t n = json_array_size(entries);
    json_t **list = calloc(n + 1, sizeof *list);
    if (list == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        list[i] = json_incref(json_array_get(entries, i));
    json_array_clear(entries);
    qsort(list, n, sizeof *list, by_stored);
    size_t first = n > (size_t)limit ? n - (size_t)limit : 0;
    enum err e = OK;
    for (size_t i = 0; i < n; i++) {
        if (i >= first && json_array_append(entries, list[i]) != 0)
            e = ERR_MEMORY;
        json_decref(list[i]);
    }
    free(list);
    return e;
}

static enum err list_log(struct log *log, struct reply *reply) {
    struct heads heads = {0};
    enum err e = feed_each(log->store, note_head, &heads);
    if (e == OK)
        e = feed_each(log->store, add_feed, log);
    for (size_t i = 0; e == OK && i < heads.n; i++) {
        uint64_t limit = (uint64_t)log->limit;
        e = feed_entries(log->store, &heads.feeds[i],
                         heads.seqs[i] > limit ? heads.seqs[i] - limit + 1 : 1, add_entry, log);
        /* Of many feeds few of the entries stay. */
        if (e == OK && json_array_size(log->entries) >= 2 * (size_t)limit)
            e = keep_newest(log->entries, log->limit);
    }
    free(heads.feeds);
    free(heads.seqs);
    if (e == OK)
        e = keep_newest(log->entries, log->limit);
    return e == OK ? reply_give(reply, json_pack("{s:O, s:O}", "feeds", log->feeds, "entries",
                                                 log->entries))
                   : e;
}

static json_t *version_form(struct store *store, const struct field_state *state,
                            const struct past_version *past) {
    char number[16];
    snprintf(number, sizeof number, "%u", state->number);
    const struct version *version = &past->version;
    return json_pack("{s:s, s:o, s:s, s:s, s:I, s:o, s:b, s:o, s:I}", "field",
                     state->field != NULL ? state->field->name : number, "author",
                     form_member(store, &version->author), "actor", version->actor_name, "function",
                     version->actor_function, "at", (json_int_t)clock_ms(version->clock), "stored",
                     form_time(past->stored), "live", past->live, "feed",
                     form_id(version->name.feed.bytes, sizeof version->name.feed.bytes), "seq",
                     (json_int_t)version->name.seq);
}

static enum err find_anywhere(struct store *store, const char *prefix, uint16_t *ret_collection,
                              struct record_id *ret_id) {
    size_t n, found = 0;
    const struct collection *collections = collection_all(&n);
    for (size_t i = 0; i < n; i++) {
        enum err e = record_find(store, collections[i].number, prefix, ret_id);
        if (e != OK && e != ERR_NOT_FOUND)
            return e;
        if (e == OK && found++ == 0)
            *ret_collection = collections[i].number;
    }
    return found == 1 ? OK : found == 0 ? ERR_NOT_FOUND : ERR_AMBIGUOUS;
}

/* A draft's record begins with its first send. */
static bool is_draft(struct store *store, const char *prefix, struct arena *arena) {
    const struct record_id *ids;
    size_t n;
    char text[ID_TEXT_MAX];
    if (handover_ids(store, arena, &ids, &n) != OK)
        return false;
    for (size_t i = 0; i < n; i++) {
        record_text(&ids[i], text);
        if (id_text_has_prefix(text, prefix))
            return true;
    }
    return false;
}

static enum err list_record(struct log *log, const char *prefix, struct reply *reply) {
    struct arena arena;
    arena_init(&arena, KIB(64 * 1024));
    struct record_id id;
    uint16_t collection = 0;
    struct record record = {0};
    enum err e = find_anywhere(log->store, prefix, &collection, &id);
    if (e == ERR_NOT_FOUND && is_draft(log->store, prefix, &arena))
        e = reply_fail(reply, e, COMMAND("stafet handover show ID"),
                       "%.60s is a draft that has not been sent: nothing of it is in the log",
                       "%.60s er en kladde, der ikke er sendt: intet af den står i loggen", prefix);
    else if (e == ERR_NOT_FOUND)
        e = reply_fail(reply, e,
                       MEND("stafet handover list and stafet survey list show the ids",
                            "stafet handover list og stafet survey list viser id'erne"),
                       "there is no record \"%.60s\"", "der er ingen post \"%.60s\"", prefix);
    else if (e == ERR_AMBIGUOUS)
        e = reply_fail(
            reply, e, MEND("give more characters of the id", "skriv flere tegn af id'et"),
            "\"%.60s\" fits more than one record", "\"%.60s\" passer på mere end én post", prefix);
    if (e == OK)
        e = record_load(log->store, collection, &id, &arena, &record);
    for (size_t i = 0; e == OK && i < record.fields_n; i++) {
        const struct past_version *versions;
        size_t n = 0;
        e = record_history(log->store, collection, &id, record.fields[i].number, &arena, &versions,
                           &n);
        for (size_t j = 0; e == OK && j < n; j++)
            if (json_array_append_new(
                    log->entries, version_form(log->store, &record.fields[i], &versions[j])) != 0)
                e = ERR_MEMORY;
    }
    if (e == OK)
        e = keep_newest(log->entries, log->limit);
    if (e == OK) {
        char text[ID_TEXT_MAX];
        record_text(&id, text);
        const struct collection *known = collection_find(record.collection);
        e = reply_give(reply, json_pack("{s:s, s:s, s:O}", "record", text, "collection",
                                        known != NULL ? known->name : "unknown", "versions",
                                        log->entries));
    }
    arena_done(&arena);
    return e;
}

static enum err list(struct service *service, const struct asker *asker, const json_t *args,
                     struct reply *reply) {
    (void)asker;
    const char *record = service_text(args, "record");
    struct log log = {.store = service_store(service),
                      .feeds = json_array(),
                      .entries = json_array(),
                      .limit = service_number(args, "limit", ENTRIES_DEFAULT)};
    enum err e = OK;
    if (log.limit < 1 || log.limit > ENTRIES_MAX)
        e = reply_fail(reply, ERR_ARGUMENT,
                       MEND("--limit 50 shows the newest fifty", "--limit 50 viser de nyeste 50"),
                       "--limit is 1 to %d", "--limit er 1 til %d", ENTRIES_MAX);
    else
        e = record != NULL ? list_record(&log, record, reply) : list_log(&log, reply);
    json_decref(log.feeds);
    json_decref(log.entries);
    return e;
}

static const struct param list_params[] = {
    {.name = "record",
     .kind = PARAM_TEXT,
     .positional = true,
     .summary_da = "kun det, der er skrevet i denne post",
     .summary_en = "only what was written in this record"},
    {.name = "limit",
     .kind = PARAM_NUMBER,
     .summary_da = "hvor mange af de nyeste; ellers 50",
     .summary_en = "how many of the newest; else 50"},
    {.name = NULL},
};

const struct verb log_verbs[] = {
    {.noun = "log",
     .name = "list",
     .summary_da = "hvem der skrev hvornår, og hvad der blev af det",
     .summary_en = "who wrote when, and what became of it",
     .access = ACCESS_READ,
     .params = list_params,
     .run = list},
    {.noun = NULL},
};
