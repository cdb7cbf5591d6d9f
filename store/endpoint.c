#include "member.h"
#include "proto/limits.h"
#include "proto/text.h"
#include "replica.h"

/* A host that says "every address of mine" is for listening, never for dialling. */
static bool is_wildcard(const char *endpoint) {
    static const char *const hosts[] = {
        "tcp://0.0.0.0:", "tcp://*:", "tcp://[::]:", "tcp://[::0]:"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strncmp(endpoint, hosts[i], strlen(hosts[i])) == 0)
            return true;
    return false;
}

enum err endpoints_validate(struct store *store, const char *const *endpoints, size_t endpoints_n) {
    if (endpoints_n > ENDPOINTS_MAX)
        return store_fail(store, ERR_LIMIT, "more than %d endpoints", ENDPOINTS_MAX);
    for (size_t i = 0; i < endpoints_n; i++) {
        if (is_wildcard(endpoints[i]))
            return store_fail(store, ERR_ARGUMENT, "%s is no address that others can dial",
                              endpoints[i]);
        if (!text_is_endpoint(endpoints[i]))
            return store_fail(store, ERR_ARGUMENT, "an endpoint must read tcp://HOST:PORT");
    }
    return OK;
}

enum err endpoints_join(const char *const *endpoints, size_t endpoints_n, struct buffer *out) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < endpoints_n; i++) {
        e = buffer_append(out, endpoints[i], strlen(endpoints[i]));
        if (e == OK && i + 1 < endpoints_n)
            e = buffer_append(out, "\n", 1);
    }
    return e == OK ? buffer_append(out, "", 1) : e;
}

enum err arena_text(struct arena *arena, struct bytes text, const char **ret_text) {
    char *copy = arena_alloc(arena, text.size + 1);
    if (copy == NULL)
        return ERR_MEMORY;
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    *ret_text = copy;
    return OK;
}

enum err endpoints_split(struct bytes lines, struct arena *arena, const char *const **ret_endpoints,
                         size_t *ret_n) {
    const char **endpoints = arena_array(arena, ENDPOINTS_MAX, sizeof *endpoints);
    if (endpoints == NULL)
        return ERR_MEMORY;
    size_t n = 0;
    while (lines.size > 0 && n < ENDPOINTS_MAX) {
        const uint8_t *end = memchr(lines.data, '\n', lines.size);
        size_t size = end == NULL ? lines.size : (size_t)(end - lines.data);
        enum err e = arena_text(arena, (struct bytes){lines.data, size}, &endpoints[n++]);
        if (e != OK)
            return e;
        size += end != NULL;
        lines.data += size;
        lines.size -= size;
    }
    *ret_endpoints = endpoints;
    *ret_n = n;
    return OK;
}

bool roster_entry_dials(const struct roster_entry *entry, const char *const *endpoints,
                        size_t endpoints_n) {
    if (entry->endpoints_n != endpoints_n)
        return false;
    for (size_t i = 0; i < endpoints_n; i++)
        if (strcmp(entry->endpoints[i], endpoints[i]) != 0)
            return false;
    return true;
}
