#include "scene.h"

#include "proto/limits.h"
#include "store/collection.h"
#include "test.h"

void scene_open(struct scene *scene) {
    memset(scene, 0, sizeof *scene);
    arena_init(&scene->arena, KIB(1024));
    federation_found_four(&scene->f);
    scene->town = &scene->f.sites[0];
    scene->birk = &scene->f.sites[1];
    scene->school = &scene->f.sites[2];
    scene->relay = &scene->f.sites[3];
    scene->channel = channel_between(scene->birk, scene->school);
    scene->channel_id = channel_id_of(&scene->f.id, &scene->channel);
    scene->record = record_of(scene->birk);
}

void scene_write(struct scene *scene) {
    scene->first = write_field(scene->birk, &scene->channel, &scene->record, HANDOVER_CHILD_NAME,
                               "Alma", NULL);
}

void scene_open_shared(struct scene *scene) {
    scene_open(scene);
    scene_write(scene);
    sync_all(&scene->f);
}

void scene_end(struct scene *scene) {
    forge_end(&scene->forge);
    buffer_done(&scene->run);
    arena_done(&scene->arena);
    federation_end(&scene->f);
}

void assert_alike(const struct site *a, const struct site *b) {
    struct hash here, there;
    assert_ok(store_digest(a->store, &here));
    assert_ok(store_digest(b->store, &there));
    assert_memory_equal(&here, &there, sizeof here);
}
