#include "resolve.h"

#include "proto/limits.h"
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Shared by the asker and the thread that waits for the name service; whoever lets go last frees
 * it. */
struct resolve {
    pthread_mutex_t mutex;
    int holders;
    bool finished;
    char host[ENDPOINT_SIZE_MAX + 1], port[8];
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    size_t n;
};

static enum err split(const char *endpoint, char host[static ENDPOINT_SIZE_MAX + 1],
                      char port[static 8]) {
    static const char scheme[] = "tcp://";
    size_t size = strlen(endpoint);
    if (size > ENDPOINT_SIZE_MAX || strncmp(endpoint, scheme, sizeof scheme - 1) != 0)
        return ERR_ARGUMENT;
    const char *start = endpoint + sizeof scheme - 1, *colon = strrchr(start, ':');
    if (colon == NULL || colon == start || colon[1] == '\0' || strlen(colon + 1) > 5)
        return ERR_ARGUMENT;
    size_t host_size = (size_t)(colon - start);
    if (*start == '[' && host_size > 2 && start[host_size - 1] == ']') {
        start++;
        host_size -= 2;
    }
    memcpy(host, start, host_size);
    host[host_size] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return OK;
}

static size_t look_up(const char *host, const char *port, int flags, struct address *addresses) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *list = NULL;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return 0;
    size_t n = 0;
    for (struct addrinfo *at = list; at != NULL && n < RESOLVE_ADDRESSES_MAX; at = at->ai_next) {
        if (at->ai_addrlen > sizeof addresses[n].storage)
            continue;
        memcpy(&addresses[n].storage, at->ai_addr, at->ai_addrlen);
        addresses[n++].size = at->ai_addrlen;
    }
    freeaddrinfo(list);
    return n;
}

static void let_go(struct resolve *resolve) {
    pthread_mutex_lock(&resolve->mutex);
    bool last = --resolve->holders == 0;
    pthread_mutex_unlock(&resolve->mutex);
    if (!last)
        return;
    pthread_mutex_destroy(&resolve->mutex);
    free(resolve);
}

static void *wait_for_names(void *context) {
    struct resolve *resolve = context;
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    size_t n = look_up(resolve->host, resolve->port, AI_NUMERICSERV, addresses);
    pthread_mutex_lock(&resolve->mutex);
    memcpy(resolve->addresses, addresses, n * sizeof addresses[0]);
    resolve->n = n;
    resolve->finished = true;
    pthread_mutex_unlock(&resolve->mutex);
    let_go(resolve);
    return NULL;
}

static enum err start_thread(struct resolve *resolve) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return ERR_MEMORY;
    pthread_t thread;
    resolve->holders = 2;
    bool started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                   pthread_create(&thread, &attributes, wait_for_names, resolve) == 0;
    pthread_attr_destroy(&attributes);
    if (!started)
        resolve->holders = 1;
    return started ? OK : ERR_MEMORY;
}

enum err resolve_new(const char *endpoint, struct resolve **ret_resolve) {
    struct resolve *resolve = calloc(1, sizeof *resolve);
    if (resolve == NULL)
        return ERR_MEMORY;
    pthread_mutex_init(&resolve->mutex, NULL);
    resolve->holders = 1;
    enum err err = split(endpoint, resolve->host, resolve->port);
    if (err == OK) {
        /* An address needs no name service. */
        resolve->n = look_up(resolve->host, resolve->port, AI_NUMERICHOST | AI_NUMERICSERV,
                             resolve->addresses);
        resolve->finished = resolve->n > 0;
        if (!resolve->finished)
            err = start_thread(resolve);
    }
    if (err != OK) {
        resolve_free(resolve);
        return err;
    }
    *ret_resolve = resolve;
    return OK;
}

bool resolve_done(struct resolve *resolve,
                  struct address ret_addresses[static RESOLVE_ADDRESSES_MAX], size_t *ret_n) {
    pthread_mutex_lock(&resolve->mutex);
    bool finished = resolve->finished;
    if (finished) {
        memcpy(ret_addresses, resolve->addresses, resolve->n * sizeof resolve->addresses[0]);
        *ret_n = resolve->n;
    }
    pthread_mutex_unlock(&resolve->mutex);
    return finished;
}

void resolve_free(struct resolve *resolve) {
    if (resolve != NULL)
        let_go(resolve);
}

static void ipv6_first(struct address *addresses, size_t n) {
    for (size_t i = 1; i < n; i++) {
        if (addresses[i].storage.ss_family != AF_INET6)
            continue;
        struct address first = addresses[0];
        addresses[0] = addresses[i];
        addresses[i] = first;
        return;
    }
}

enum err resolve_local(const char *endpoint,
                       struct address ret_addresses[static RESOLVE_ADDRESSES_MAX], size_t *ret_n) {
    char host[ENDPOINT_SIZE_MAX + 1], port[8];
    enum err err = split(endpoint, host, port);
    if (err != OK)
        return err;
    bool any = strcmp(host, "*") == 0;
    size_t n = look_up(any ? NULL : host, port, AI_PASSIVE | AI_NUMERICSERV, ret_addresses);
    if (n == 0)
        return ERR_NOT_FOUND;
    if (any)
        ipv6_first(ret_addresses, n);
    *ret_n = n;
    return OK;
}
