#include "claim.h"
#include "quarantine_put.h"
#include "replica.h"

#include <stdlib.h>

struct claimant {
    struct member_id member;
    time_ms since, last; /* its first claim; that, or what it delivered last */
    bool told;           /* as an incident */
    bool claims;         /* in the weighing under way */
};

struct claims {
    struct claimant *list;
    size_t n, capacity;
};

struct claims *claims_new(void) {
    return calloc(1, sizeof(struct claims));
}

void claims_free(struct claims *claims) {
    if (claims != NULL)
        free(claims->list);
    free(claims);
}

static struct claimant *claimant_find(const struct claims *claims, const struct member_id *member) {
    for (size_t i = 0; i < claims->n; i++)
        if (member_id_equal(&claims->list[i].member, member))
            return &claims->list[i];
    return NULL;
}

static struct claimant *claimant_make(struct claims *claims, const struct member_id *member,
                                      time_ms now) {
    struct claimant *claimant = claimant_find(claims, member);
    if (claimant != NULL)
        return claimant;
    if (claims->n == claims->capacity) {
        size_t capacity = claims->capacity * 2 + 16;
        struct claimant *list = reallocarray(claims->list, capacity, sizeof *list);
        if (list == NULL)
            return NULL;
        claims->list = list;
        claims->capacity = capacity;
    }
    claimant = &claims->list[claims->n++];
    *claimant = (struct claimant){.member = *member, .since = now, .last = now};
    return claimant;
}

void claims_delivered(struct store *store, const struct member_id *from) {
    struct claimant *claimant = claimant_find(store->claims, from);
    if (claimant != NULL)
        claimant->last = store_now(store);
}

static bool is_awaited(const struct claimant *claimant, time_ms now) {
    return now >= claimant->last && now - claimant->last < CLAIM_WAIT_MS &&
           now - claimant->since < CLAIM_WAIT_MS_MAX;
}

static enum err tell(struct store *store, struct claimant *claimant, const struct claim *claim) {
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    e = quarantine_put(store, &(struct quarantine_new){
                                  .kind = QUARANTINE_INCIDENT,
                                  .feed = claim->feed,
                                  .seq = claim->seq & INT64_MAX,
                                  .from = claim->from,
                                  .reason = ERR_STALE,
                                  .text = "a member states that it holds more than anybody else "
                                          "does, and has not delivered it"});
    e = store_leave(store, own, e);
    claimant->told = e == OK;
    return e;
}

enum err claims_weigh(struct store *store, struct claim *list, size_t n) {
    struct claims *claims = store->claims;
    struct claimant *claimant = NULL;
    time_ms now = store_now(store);
    size_t kept = 0;
    enum err e = OK;
    for (size_t i = 0; i < claims->n; i++)
        claims->list[i].claims = false;
    for (size_t i = 0; e == OK && i < n; i++) {
        if (claimant == NULL || !member_id_equal(&claimant->member, &list[i].from))
            claimant = claimant_make(claims, &list[i].from, now);
        if (claimant == NULL)
            return ERR_MEMORY;
        claimant->claims = true;
        list[i].awaited = is_awaited(claimant, now);
        if (!list[i].awaited && !claimant->told)
            e = tell(store, claimant, &list[i]);
    }
    for (size_t i = 0; e == OK && i < claims->n; i++)
        if (claims->list[i].claims)
            claims->list[kept++] = claims->list[i];
    if (e == OK)
        claims->n = kept;
    return e;
}
