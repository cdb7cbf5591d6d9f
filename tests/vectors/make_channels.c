#include "make.h"

#include <stdio.h>
#include <string.h>

static void id_cases(json_t *cases) {
    static const struct {
        const char *name, *id;
        size_t size;
    } ids[] = {{"sixteen zero bytes", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16},
               {"eight bits leave two to fill", "\xff", 1},
               {"the alphabet in order",
                "\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf\x84\x65\x3a\x56\xd7\xc6\x75\xbe\x77\xdf",
                20}};
    static const struct {
        const char *name, *text;
        uint64_t size;
    } texts[] = {{"lower case", "0123456789abcdefghjkmnpqrstvwxyz", 20},
                 {"look-alikes", "oiL1O0lI", 5}};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        json_t *v = vector_new(ids[i].name, "id_to_text");
        is_hex(v, "id", ids[i].id, ids[i].size);
        accept(cases, v);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *v = vector_new(texts[i].name, "id_from_text");
        is_text(v, "text", texts[i].text);
        is_number(v, "size", texts[i].size);
        accept(cases, v);
    }
}

static void record_cases(const struct world *world, json_t *cases) {
    json_t *v = vector_new("a new incarnation", "incarnation");
    is_number(v, "ms", (uint64_t)world_ms);
    add_random(v, 10);
    accept(cases, v);
    v = vector_new("a new record of Birk's", "record_new");
    is_number(v, "ms", (uint64_t)world_ms);
    IS_ID(v, "owner", world->birk.id);
    add_random(v, 6);
    accept(cases, v);
    const struct member_of_world *members[] = {&world->birk, &world->skole};
    for (size_t i = 0; i < 2; i++) {
        v = vector_new(i == 0 ? "Birk owns the record" : "Søndre Skole doesn't", "record_owner");
        IS_ID(v, "record", world->record);
        IS_ID(v, "owner", members[i]->id);
        accept(cases, v);
    }
}

static json_t *with_channel(const char *name, const char *type, const struct world *world,
                            int kind) {
    json_t *v = vector_new(name, type);
    is_number(v, "kind", (uint64_t)kind);
    if (kind == CHANNEL_HANDOVER) {
        json_t *parties = json_array();
        json_array_append_new(parties, hex_json(world->birk.id.bytes, 16));
        json_array_append_new(parties, hex_json(world->skole.id.bytes, 16));
        json_object_set_new(v, "parties", parties);
    }
    return v;
}

static void rights_cases(const struct world *world, json_t *cases) {
    static const char *const kinds[] = {"roster", "notice", "answers", "handover"};
    const struct {
        const char *name;
        const struct member_of_world *member;
        enum role role;
    } who[] = {{"Nordby", &world->nordby, ROLE_MUNICIPALITY},
               {"Birk", &world->birk, ROLE_KINDERGARTEN},
               {"Søndre Skole", &world->skole, ROLE_SCHOOL}};
    for (int kind = CHANNEL_ROSTER; kind <= CHANNEL_HANDOVER; kind++)
        for (size_t i = 0; i < 3; i++) {
            char name[128];
            snprintf(name, sizeof name, "%s in %s%s", who[i].name, kinds[kind - 1],
                     kind >= CHANNEL_ANSWERS ? ", of a feed by Birk" : ", of a feed by Nordby");
            json_t *v = with_channel(name, "rights", world, kind);
            IS_ID(v, "author", *(kind >= CHANNEL_ANSWERS ? &world->birk.id : &world->nordby.id));
            IS_ID(v, "member", who[i].member->id);
            is_text(v, "role", role_name(who[i].role));
            accept(cases, v);
        }
    struct member_id other;
    memset(other.bytes, 'O', sizeof other.bytes);
    static const enum role roles[] = {ROLE_RELAY, ROLE_SCHOOL};
    for (size_t i = 0; i < 2; i++) {
        json_t *v =
            with_channel(i == 0 ? "a relay and a handover" : "another school and a handover",
                         "rights", world, CHANNEL_HANDOVER);
        IS_ID(v, "author", world->birk.id);
        IS_ID(v, "member", other);
        is_text(v, "role", role_name(roles[i]));
        accept(cases, v);
    }
}

static void clock_case(json_t *cases, const char *name, uint64_t last, uint64_t remote,
                       int64_t wall) {
    json_t *v = vector_new(name, "clock");
    is_number(v, "last", last);
    is_number(v, "remote", remote);
    is_number(v, "wall", (uint64_t)wall);
    accept(cases, v);
}

void make_channels(const struct world *world, json_t *cases) {
    static const char *const names[] = {"the roster channel", "the notice channel",
                                        "the answers channel",
                                        "the handover channel of Birk and Søndre Skole"};
    id_cases(cases);
    record_cases(world, cases);
    for (int kind = CHANNEL_ROSTER; kind <= CHANNEL_HANDOVER; kind++) {
        json_t *v = with_channel(names[kind - 1], "channel", world, kind);
        IS_ID(v, "federation", world->federation);
        accept(cases, v);
    }
    const struct feed_of_world *feeds[] = {&world->roster, &world->handover, &world->answers};
    for (size_t i = 0; i < 3; i++) {
        static const char *const feed_names[] = {"Nordby's roster feed", "Birk's handover feed",
                                                 "Birk's answers feed"};
        json_t *v = vector_new(feed_names[i], "feed");
        IS_ID(v, "federation", world->federation);
        IS_ID(v, "channel", feeds[i]->channel);
        IS_ID(v, "author", feeds[i]->author->id);
        IS_ID(v, "incarnation", feeds[i]->birth.incarnation);
        accept(cases, v);
    }
    rights_cases(world, cases);
    uint64_t at = (uint64_t)world_ms << 16;
    clock_case(cases, "the first clock", 0, 0, world_ms);
    clock_case(cases, "a wall that stands still", at, at, world_ms);
    clock_case(cases, "a wall that went back", at + 7, at + 9, world_ms - 1000);
    clock_case(cases, "a full counter", at | 0xffff, 0, world_ms);
    clock_case(cases, "a remote clock far ahead", at, at + ((uint64_t)86400000 << 16), world_ms);
}
