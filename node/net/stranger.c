#include "stranger.h"

#include <netinet/in.h>
#include <sodium.h>
#include <string.h>

/* A ZMTP greeting (RFC 37); a CURVE server says more only to who has its public key (RFC 26). */
enum { GREETING_SIZE = 64 };
/* A newcomer's first bytes may still be on their way. */
enum { NEWCOMER_MS = 250 };

void stranger_from(struct link *link, const struct sockaddr_storage *peer) {
    memset(link->source, 0, sizeof link->source);
    if (peer->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, peer, sizeof in);
        memcpy(link->source + 4, &in.sin_addr, 4);
        link->source[3] = 4;
    } else if (peer->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, peer, sizeof in6);
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
        memcpy(link->source + (mapped ? 4 : 0), in6.sin6_addr.s6_addr + (mapped ? 12 : 0),
               mapped ? 4 : 8);
        link->source[3] = mapped ? 4 : link->source[3];
    }
}

static bool is_stranger(const struct link *link) {
    return link != NULL && !link_is_dialled(link) && link->state != LINK_ENDED && !link->known;
}

static bool same_source(const struct link *a, const struct link *b) {
    return memcmp(a->source, b->source, sizeof a->source) == 0;
}

static size_t count(struct link *const strangers[], size_t n, const struct link *source) {
    size_t same = 0;
    for (size_t i = 0; i < n; i++)
        same += same_source(strangers[i], source);
    return same;
}

/* One of the address that has most; NULL: none has too many. */
static const struct link *largest(struct link *const strangers[], size_t n) {
    const struct link *largest = NULL;
    size_t most = NET_STRANGERS_PER_SOURCE;
    for (size_t i = 0; i < n; i++) {
        size_t same = count(strangers, n, strangers[i]);
        if (same <= most)
            continue;
        most = same;
        largest = strangers[i];
    }
    return largest;
}

static int progress(const struct link *link, time_ms now) {
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it takes a stranger not to be itself */
    if (link->valve.outwards_bytes > GREETING_SIZE)
        return 2;
    return link->valve.inwards_bytes > 0 || now - link->since < NEWCOMER_MS ? 1 : 0;
}

static struct link *victim(struct link *const strangers[], size_t n, time_ms now) {
    const struct link *source = largest(strangers, n);
    struct link *victim = NULL;
    int least = 0;
    uint32_t alike = 0;
    for (size_t i = 0; i < n; i++) {
        if (source != NULL && !same_source(strangers[i], source))
            continue;
        int made = progress(strangers[i], now);
        if (victim != NULL && made > least)
            continue;
        alike = victim != NULL && made == least ? alike + 1 : 1;
        least = made;
        if (randombytes_uniform(alike) == 0)
            victim = strangers[i];
    }
    return victim;
}

bool stranger_make_room(struct net *net, time_ms now) {
    struct link *strangers[NET_STRANGERS_MAX];
    size_t accepted = 0, n = 0;
    for (size_t i = 0; i < net->links_n; i++) {
        struct link *link = net->links[i];
        if (link == NULL || link_is_dialled(link) || link->state == LINK_ENDED)
            continue;
        accepted++;
        if (is_stranger(link) && n < NET_STRANGERS_MAX)
            strangers[n++] = link;
    }
    if (n == NET_STRANGERS_MAX) {
        link_end(victim(strangers, n, now), ERR_LIMIT);
        accepted--;
    }
    return accepted < NET_ACCEPTED_MAX;
}
