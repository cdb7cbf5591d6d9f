/* Two sites that share a record: Birk (kindergarten) and Søndre Skole, with Nordby (the town: the
 * municipality) and a relay between them, and a feed that an author can be made to forge. */
#ifndef STAFET_TESTS_SCENE_H
#define STAFET_TESTS_SCENE_H

#include "federation.h"
#include "forge.h"

struct scene {
    struct federation f;
    struct site *town, *birk, *school, *relay;
    struct channel channel; /* of Birk and the school */
    struct channel_id channel_id;
    struct record_id record; /* of Birk's, which nothing has been written in */
    /* For what a test does; released by scene_end. */
    struct version_name first;
    struct feed_info feed;
    struct forge forge;
    struct buffer run;
    struct arena arena;
};

void scene_open(struct scene *);
/* Writes the child's name into the record, as `first`. */
void scene_write(struct scene *);
/* A scene with the name written, and arrived wherever it may. */
void scene_open_shared(struct scene *);
void scene_end(struct scene *);

/* The two say the same, in whatever order it came to them. */
void assert_alike(const struct site *, const struct site *);

#endif
