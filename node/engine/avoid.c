#include "avoid.h"

#include <stdlib.h>

static struct avoided *place_for(struct member *member, const struct feed_id *feed) {
    struct avoided *first = NULL;
    if (member->avoided == NULL)
        member->avoided = calloc(AVOIDED_MAX, sizeof *member->avoided);
    for (size_t i = 0; member->avoided != NULL && i < AVOIDED_MAX; i++) {
        struct avoided *at = &member->avoided[i];
        if (at->until != 0 && feed_id_equal(&at->feed, feed))
            return at;
        if (first == NULL || at->until < first->until)
            first = at;
    }
    return first;
}

void avoid_source(struct share *share) {
    share->avoid_until = share->session->engine->now + AVOID_MS;
    share->hinted = false;
    struct avoided *at = place_for(share->session->member, &share->id);
    if (at != NULL) /* else only this session knows */
        *at = (struct avoided){share->id, share->avoid_until};
}

void avoid_member(struct engine *engine, struct member *member) {
    member->shunned_until = engine->now + ((time_ms)AVOID_MS << member->shuns);
    if (member->shuns < SHUNS_MAX)
        member->shuns++;
}

time_ms avoid_until(const struct engine *engine, const struct member *member,
                    const struct feed_id *feed) {
    time_ms until = member->shunned_until;
    for (size_t i = 0; member->avoided != NULL && i < AVOIDED_MAX; i++)
        if (member->avoided[i].until > until && feed_id_equal(&member->avoided[i].feed, feed))
            until = member->avoided[i].until;
    return until > engine->now ? until : 0;
}

void avoid_done(struct member *member) {
    free(member->avoided);
    member->avoided = NULL;
}
