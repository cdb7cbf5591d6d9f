#include "beside.h"
#include "world.h"
#include <string.h>

static struct disk *disk_of(const void *context) {
    return ((const struct machine *)context)->disk;
}

static const char *name_of(const char *path) {
    return strrchr(path, '/') + 1;
}

static enum err err_of(enum disk_result result) {
    switch (result) {
    case DISK_OK:
        return OK;
    case DISK_FULL:
        return ERR_DISK_FULL;
    case DISK_MISSING:
        return ERR_NOT_FOUND;
    case DISK_ERROR:
        break;
    }
    return ERR_IO;
}

static enum err beside_read(void *context, const char *path, char *ret_text, size_t size_max) {
    struct disk *disk = disk_of(context);
    size_t got = 0;
    struct disk_file *file = disk_open(disk, name_of(path), false);
    if (file == NULL)
        return disk_is_dead(disk) ? ERR_IO : ERR_NOT_FOUND;
    enum disk_result result = disk_read(disk, file, ret_text, size_max - 1, 0, &got);
    ret_text[result == DISK_OK ? got : 0] = '\0';
    return err_of(result);
}

static enum err beside_replace(void *context, const char *path, const char *text) {
    return err_of(disk_replace(disk_of(context), name_of(path), text, strlen(text)));
}

static enum err beside_patch(void *context, const char *path, const char *text, size_t at) {
    struct disk *disk = disk_of(context);
    struct disk_file *file = disk_open(disk, name_of(path), false);
    return file == NULL ? ERR_IO : err_of(disk_write(disk, file, text, strlen(text), at));
}

static enum err beside_stamp(void *context, const char *path, bool durably,
                             struct file_stamp *ret_stamp) {
    struct disk *disk = disk_of(context);
    struct disk_file *file = durably ? disk_open(disk, name_of(path), false) : NULL;
    enum disk_result result = file != NULL ? disk_sync(disk, file) : DISK_OK;
    return err_of(result == DISK_OK ? disk_stamp(disk, name_of(path), ret_stamp) : result);
}

static int64_t beside_now_ns(void *context) {
    return disk_now_ns(disk_of(context));
}

const struct filesystem beside = {.read = beside_read,
                                  .replace = beside_replace,
                                  .patch = beside_patch,
                                  .stamp = beside_stamp,
                                  .now_ns = beside_now_ns};
