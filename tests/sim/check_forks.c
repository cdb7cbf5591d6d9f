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

/* Two ids under one number: only who was cloned unseen may have signed them. */
void check_doubles(struct world *world) {
    const struct twice *list;
    size_t n = ledger_doubles(&list);
    for (size_t i = 0; i < n; i++) {
        bool excused = false;
        for (unsigned j = 0; j < world->machines_n; j++) {
            struct machine *machine = &world->machines[j];
            struct feed_info info;
            world->current = machine;
            if (!check_counts(machine) ||
                feed_find(machine->node->store, &list[i].feed, &info) != OK)
                continue;
            for (unsigned k = 0; k < world->machines_n; k++)
                excused = excused || (world->machines[k].forges &&
                                      member_id_equal(&world->machines[k].member, &info.author));
        }
        if (!excused)
            violation("%s sends a second envelope under number %llu of a feed",
                      world->machines[list[i].machine].name, (unsigned long long)list[i].seq);
    }
}
