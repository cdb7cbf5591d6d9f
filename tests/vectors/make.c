/* make FOLDER: writes the vectors there. What it writes is the same every time. */
#include "make.h"

#include <sodium.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void make_failed(const char *what, enum err err) {
    fprintf(stderr, "make: %s: %s\n", what, err_name(err));
    abort();
}

json_t *vector_new(const char *name, const char *type) {
    return json_pack("{s:s, s:s}", "name", name, "type", type);
}

void accept(json_t *cases, json_t *vector) {
    json_t *is;
    enum err err = vector_check(vector, &is);
    if (err != OK)
        make_failed(json_string_value(json_object_get(vector, "name")), err);
    json_object_set_new(vector, "is", is);
    json_array_append_new(cases, vector);
}

void refuse(json_t *cases, json_t *vector, enum err reason) {
    json_t *is;
    enum err err = vector_check(vector, &is);
    if (err != reason)
        make_failed(json_string_value(json_object_get(vector, "name")), err);
    json_decref(is);
    json_object_set_new(vector, "error", json_string(err_name(reason)));
    json_array_append_new(cases, vector);
}

const json_t *accepted(const json_t *cases, const char *name) {
    size_t i;
    const json_t *vector;
    json_array_foreach(cases, i,
                       vector) if (strcmp(json_string_value(json_object_get(vector, "name")),
                                          name) == 0) return json_object_get(vector, "is");
    make_failed(name, ERR_NOT_FOUND);
}

void add_random(json_t *vector, size_t size) {
    uint8_t bytes[512];
    if (size > sizeof bytes)
        make_failed("add_random", ERR_LIMIT);
    random_from(json_string_value(json_object_get(vector, "name")));
    randombytes_buf(bytes, size);
    is_hex(vector, "random", bytes, size);
}

struct buffer encoded_declaration(const struct declaration *declaration) {
    struct buffer out = {0};
    MUST(declaration_encode(declaration, &out));
    return out;
}

struct buffer encoded_message(const struct message *message) {
    struct buffer out = {0};
    MUST(message_encode(message, &out));
    return out;
}

static const struct {
    const char *file, *about;
    void (*make)(const struct world *, json_t *cases);
} files[] = {
    {"keys", "Keys from seeds, words, signatures, hashes (PROTOCOL.md 2, 3)", make_keys},
    {"channels", "Ids, channels, feeds, rights, clocks (4, 5, 6)", make_channels},
    {"log", "Headers, seal blocks, sections, envelopes, runs (6 to 9)", make_log},
    {"declarations", "Birth, founding, roster entry, epoch and grants, erasure order, cut (10, 11)",
     make_declarations},
    {"content", "Change sets, answers, statements (12, 15)", make_content},
    {"tickets", "Tickets (19)", make_tickets},
    {"hashes", "Heads, digests, conflicts, revisions, marks (12, 13, 18)", make_hashes},
    {"frames", "Every frame (17)", make_frames},
    {"exchange", "A worked exchange (24)", make_exchange},
    {"hostile-log", "Headers, envelopes and runs that are refused, and why", make_hostile_log},
    {"hostile-seals", "Signatures, seals, sections, words and tickets that are refused, and why",
     make_hostile_seals},
    {"hostile-content", "Change sets and answers that are refused, and why", make_hostile_content},
    {"hostile-messages", "Declarations, statements and frames that are refused, and why",
     make_hostile_messages},
};

int main(int argc, char **argv) {
    struct world world;
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    vector_library_init();
    world_init(&world);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[4096];
        json_t *cases = json_array();
        random_from(files[i].file);
        files[i].make(&world, cases);
        json_t *file = json_pack("{s:s, s:o}", "about", files[i].about, "cases", cases);
        snprintf(path, sizeof path, "%s/%s.json", argv[1], files[i].file);
        if (json_dump_file(file, path, JSON_INDENT(1) | JSON_PRESERVE_ORDER) != 0) {
            fprintf(stderr, "make: %s could not be written\n", path);
            return 1;
        }
        json_decref(file);
    }
    world_done(&world);
    return 0;
}
