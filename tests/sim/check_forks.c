#include "check_inner.h"

#include "sometimes.h"

/* A feed that its author has forked has one branch here and another there. */
bool check_is_forked(const struct feed_id *feed) {
    const struct twice *list;
    size_t n = ledger_doubles(&list);
    for (size_t i = 0; i < n; i++)
        if (feed_id_equal(&list[i].feed, feed))
            return true;
    return false;
}

static enum err note_fork(void *context, const struct feed_info *feed) {
    *(bool *)context |= feed->forked;
    return OK;
}

/* With a fork somewhere, what stands on its branches differs from place to place. */
bool check_is_anything_forked(struct world *world) {
    const struct twice *list;
    bool forked = ledger_doubles(&list) > 0;
    for (unsigned i = 0; i < world->machines_n && !forked; i++) {
        world->current = &world->machines[i];
        if (check_counts(world->current) &&
            feed_each(world->current->node->store, note_fork, &forked) != OK)
            violation("feeds can't be listed");
    }
    return forked;
}

bool check_is_foul(const struct machine *machine) {
    return machine->forges || machine->damaged ||
           machine->world->machines[machine->original].forges;
}

bool check_may_fork(const struct machine *author) {
    return check_is_foul(author) || disk_has_lied(author->disk);
}

/* The roster has one incarnation: what its author lost with a restore, and no member had kept, is
 * known to nobody, and its number is signed again (PROTOCOL.md, 14). Whoever keeps both sees a
 * fork, which is not excused. */
static bool may_double(const struct machine *author, const struct feed_info *feed) {
    return check_may_fork(author) || (feed->channel.kind == CHANNEL_ROSTER && author->restores > 0);
}

static bool is_excused(struct world *world, const struct feed_id *feed) {
    for (unsigned i = 0; i < world->machines_n; i++) {
        struct machine *holder = &world->machines[i];
        struct feed_info info;
        world->current = holder;
        if (!check_counts(holder) || feed_find(holder->node->store, feed, &info) != OK)
            continue;
        for (unsigned k = 0; k < world->machines_n; k++)
            if (member_id_equal(&world->machines[k].member, &info.author) &&
                may_double(&world->machines[k], &info))
                return true;
    }
    return false;
}

void check_doubles(struct world *world) {
    const struct twice *list;
    size_t n = ledger_doubles(&list);
    /* A disk that has rotted may have changed what its machine passes on: nobody takes that. */
    for (size_t i = 0; i < n; i++)
        if (!world->machines[list[i].machine].damaged && !is_excused(world, &list[i].feed))
            violation("%s sends a second envelope under number %llu of a feed",
                      world->machines[list[i].machine].name, (unsigned long long)list[i].seq);
}
