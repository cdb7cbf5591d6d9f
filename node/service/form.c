#include "form.h"

#include "whole.h"

#include "proto/limits.h"
#include "proto/text.h"

#include <stdio.h>

json_t *form_id(const uint8_t *bytes, size_t size) {
    char text[ID_TEXT_MAX];
    id_text(bytes, size, text);
    return json_string(text);
}

json_t *form_time(time_ms at) {
    return at == 0 ? json_null() : json_integer(at);
}

json_t *form_error(enum err e) {
    return e == OK ? json_null() : json_string(err_name(e));
}

json_t *form_words(const struct public_keys *keys) {
    char words[WORDS_TEXT_MAX];
    words_of_keys(keys, words);
    return json_string(words);
}

int form_quoted(struct bytes value, const char **ret_rest) {
    enum { QUOTED_MAX = 200 };
    size_t size = text_fit(value, QUOTED_MAX);
    *ret_rest = size < value.size ? "…" : "";
    return (int)size;
}

const char *form_name(struct store *store, const struct member_id *member,
                      char ret_name[static FORM_NAME_MAX]) {
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct roster_entry entry;
    enum err e = roster_member(store, member, UINT64_MAX, &arena, &entry);
    if (e == OK) {
        snprintf(ret_name, FORM_NAME_MAX, "%s", entry.name);
    } else {
        char text[ID_TEXT_MAX];
        if (e != ERR_NOT_FOUND)
            whole_spoil(e);
        id_text(member->bytes, sizeof member->bytes, text);
        snprintf(ret_name, FORM_NAME_MAX, "%.6s", text);
    }
    arena_done(&arena);
    return ret_name;
}

json_t *form_member(struct store *store, const struct member_id *member) {
    char name[FORM_NAME_MAX];
    return json_pack("{s:o, s:s}", "id", form_id(member->bytes, sizeof member->bytes), "name",
                     form_name(store, member, name));
}

json_t *form_entry(const struct roster_entry *entry) {
    json_t *endpoints = json_array();
    for (size_t i = 0; i < entry->endpoints_n; i++)
        json_array_append_new(endpoints, json_string(entry->endpoints[i]));
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o}", "id",
                     form_id(entry->member.bytes, sizeof entry->member.bytes), "name", entry->name,
                     "role", role_name(entry->role), "status", form_status(entry->status),
                     "fingerprint", form_words(&entry->keys), "endpoints", endpoints);
}

json_t *form_federation(struct store *store) {
    struct self self;
    struct arena arena;
    arena_init(&arena, KIB(64));
    json_t *form = NULL;
    const char *name;
    if (store_self(store, &self) == OK && roster_federation_name(store, &arena, &name) == OK)
        form =
            json_pack("{s:o, s:s}", "id",
                      form_id(self.federation.bytes, sizeof self.federation.bytes), "name", name);
    arena_done(&arena);
    return form;
}

json_t *form_session(const json_t *peer) {
    json_int_t since = json_integer_value(json_object_get(peer, "since_ms"));
    json_int_t heard = json_integer_value(json_object_get(peer, "last_heard_ms"));
    return json_pack("{s:O?, s:O?, s:o, s:o, s:O?, s:O?, s:O?}", "state",
                     json_object_get(peer, "state"), "equal", json_object_get(peer, "equal"),
                     "since", form_time(since), "last_heard", form_time(heard), "last_error",
                     json_object_get(peer, "last_error"), "sent", json_object_get(peer, "sent"),
                     "received", json_object_get(peer, "received"));
}

const char *form_status(enum member_status status) {
    switch (status) {
    case MEMBER_ACTIVE:
        return "active";
    case MEMBER_SUSPENDED:
        return "suspended";
    case MEMBER_REMOVED:
        return "removed";
    }
    return "unknown";
}

const char *form_channel(enum channel_kind kind) {
    switch (kind) {
    case CHANNEL_ROSTER:
        return "roster";
    case CHANNEL_NOTICE:
        return "notice";
    case CHANNEL_ANSWERS:
        return "answers";
    case CHANNEL_HANDOVER:
        return "handover";
    }
    return "unknown";
}

enum err form_read_member(const char *text, struct member_id *ret_member) {
    if (member_parse(text, ret_member) == OK)
        return OK;
    return id_parse(text, ret_member->bytes, sizeof ret_member->bytes);
}
