#include "quarantine.h"

#include "form.h"
#include "verbs.h"

static const char *kind_text(enum quarantine_kind kind) {
    switch (kind) {
    case QUARANTINE_REFUSED:
        return "refused";
    case QUARANTINE_VOID:
        return "void";
    case QUARANTINE_WAITING:
        return "waiting";
    case QUARANTINE_FORK:
        return "fork";
    case QUARANTINE_INCIDENT:
        return "incident";
    }
    return "unknown";
}

struct list {
    struct store *store;
    json_t *items;
};

json_t *quarantine_member(struct store *store, const struct member_id *member) {
    return member_id_is_zero(member) ? json_null() : form_member(store, member);
}

static enum err add(void *context, const struct quarantined *item) {
    struct list *list = context;
    json_t *feed = feed_id_is_zero(&item->feed)
                       ? json_null()
                       : form_id(item->feed.bytes, sizeof item->feed.bytes);
    json_t *form =
        json_pack("{s:I, s:s, s:o, s:I, s:o, s:o, s:o, s:s, s:o, s:I}", "number",
                  (json_int_t)item->number, "kind", kind_text(item->kind), "feed", feed, "seq",
                  (json_int_t)item->seq, "author", quarantine_member(list->store, &item->author),
                  "from", quarantine_member(list->store, &item->from), "reason",
                  form_error(item->reason), "text", item->text != NULL ? item->text : "", "at",
                  form_time(item->at), "bytes", (json_int_t)item->size);
    return json_array_append_new(list->items, form) == 0 ? OK : ERR_MEMORY;
}

static enum err list_all(struct service *service, const struct asker *asker, const json_t *args,
                         struct reply *reply) {
    (void)asker, (void)args;
    struct list list = {.store = service_store(service), .items = json_array()};
    enum err e = quarantine_each(list.store, add, &list);
    if (e != OK) {
        json_decref(list.items);
        return e;
    }
    return reply_give(reply, json_pack("{s:o}", "items", list.items));
}

static const struct param show_params[] = {
    {.name = "number",
     .kind = PARAM_NUMBER,
     .positional = true,
     .required = true,
     .summary_da = "nummeret fra quarantine list",
     .summary_en = "the number from quarantine list"},
    {.name = NULL},
};

const struct verb quarantine_verbs[] = {
    {.noun = "quarantine",
     .name = "list",
     .summary_da = "hvad der er afvist eller ikke gælder, og hvorfor",
     .summary_en = "what was refused or is void, and why",
     .access = ACCESS_READ,
     .run = list_all},
    {.noun = "quarantine",
     .name = "show",
     .summary_da = "hvad der står på en gren, der er lagt til side, og om det også står her",
     .summary_en = "what stands on a branch that is kept aside, and whether it stands here too",
     .access = ACCESS_READ,
     .params = show_params,
     .begin = quarantine_show},
    {.noun = NULL},
};
