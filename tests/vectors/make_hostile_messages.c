/* Declarations, statements and frames that are refused. */
#include "make.h"
#include "proto/limits.h"
#include "proto/statement.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

static void wire_case(json_t *cases, const char *name, const char *type, struct buffer *bytes,
                      struct buffer *piece, size_t times, enum err err) {
    struct bytes none = {0};
    json_t *v = vector_new(name, type);
    char *text = wire_hex(buffer_view(bytes), piece == NULL ? none : buffer_view(piece), times);
    is_text(v, "bytes", text);
    refuse(cases, v, err);
    free(text);
    buffer_done(bytes);
    buffer_done(piece);
}

/* ---- Declarations ---- */

static struct buffer birth_of(uint64_t kind, const char *parties) {
    struct buffer birth = {0}, out = {0};
    wire_fixed(&birth, 1, 'f', 32);
    wire_number(&birth, 2, kind);
    for (; *parties != '\0'; parties++)
        wire_fixed(&birth, 3, (uint8_t)*parties, 16);
    wire_fixed(&birth, 4, 'a', 16);
    wire_fixed(&birth, 5, 'i', 16);
    wire_nested(&out, 1, &birth);
    return out;
}

static void birth_cases(json_t *cases) {
    static const struct {
        const char *name;
        uint64_t kind;
        const char *parties;
    } all[] = {{"a birth in a channel of kind 0", 0, ""},
               {"a birth in a channel of kind 5", 5, ""},
               {"parties out of order", 4, "ba"},
               {"a handover with itself", 4, "aa"},
               {"a handover of one", 4, "a"},
               {"a handover of three", 4, "abc"},
               {"parties where none belong", 1, "ab"}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct buffer bytes = birth_of(all[i].kind, all[i].parties);
        wire_case(cases, all[i].name, "declaration", &bytes, NULL, 0, ERR_FORMAT);
    }
    struct buffer two = birth_of(1, ""), cut = {0}, none = {0}, same = birth_of(1, ""),
                  again = birth_of(1, "");
    wire_fixed(&cut, 1, 'm', 16);
    wire_nested(&two, 6, &cut);
    wire_case(cases, "two declarations in one section", "declaration", &two, NULL, 0, ERR_FORMAT);
    MUST(buffer_append(&same, again.data, again.size));
    buffer_done(&again);
    wire_case(cases, "the same declaration twice in one section", "declaration", &same, NULL, 0,
              ERR_FORMAT);
    wire_case(cases, "no declaration in a declaration section", "declaration", &none, NULL, 0,
              ERR_FORMAT);
}

struct entry {
    const char *name;
    uint64_t counter, role, status;
    size_t key, ticket, endpoints_n;
    const char *member_name, *endpoint;
    enum err err;
};

static void entry_case(json_t *cases, const struct entry *e) {
    struct buffer entry = {0}, out = {0};
    wire_fixed(&entry, 1, 'm', 16);
    wire_number(&entry, 2, e->counter);
    wire_number(&entry, 3, e->role);
    wire_text(&entry, 4, e->member_name);
    wire_number(&entry, 5, e->status);
    wire_fixed(&entry, 6, 's', 32);
    wire_fixed(&entry, 7, 'e', e->key);
    wire_fixed(&entry, 8, 't', 32);
    for (size_t i = 0; i < e->endpoints_n; i++)
        wire_text(&entry, 9, e->endpoint);
    if (e->ticket > 0)
        wire_fixed(&entry, 10, 'k', e->ticket);
    wire_nested(&out, 3, &entry);
    wire_case(cases, e->name, "declaration", &out, NULL, 0, e->err);
}

static void entry_cases(json_t *cases) {
    static const struct entry all[] = {
        {"a roster entry with counter 0", 0, 2, 1, 32, 32, 0, "Birk", "", ERR_FORMAT},
        {"a roster entry with role 0", 1, 0, 1, 32, 32, 0, "Birk", "", ERR_FORMAT},
        {"a roster entry with role 5", 1, 5, 1, 32, 32, 0, "Birk", "", ERR_FORMAT},
        {"a roster entry with status 0", 1, 2, 0, 32, 32, 0, "Birk", "", ERR_FORMAT},
        {"a roster entry with status 4", 1, 2, 4, 32, 32, 0, "Birk", "", ERR_FORMAT},
        {"a sealing key of 31 bytes", 1, 2, 1, 31, 32, 0, "Birk", "", ERR_FORMAT},
        {"a ticket of 33 bytes", 1, 2, 1, 32, 33, 0, "Birk", "", ERR_FORMAT},
        {"a member without a name", 1, 2, 1, 32, 32, 0, "", "", ERR_FORMAT},
        {"a member's name with a terminal's escape", 1, 2, 1, 32, 32, 0, "Birk\x1b[2J", "",
         ERR_FORMAT},
        {"nine endpoints", 1, 2, 1, 32, 32, 9, "Birk", "tcp://birk.example:5670", ERR_LIMIT},
        {"an endpoint with a wildcard", 1, 2, 1, 32, 32, 1, "Birk", "tcp://*:5670", ERR_FORMAT},
        {"an endpoint that is no TCP", 1, 2, 1, 32, 32, 1, "Birk", "ipc:///tmp/birk", ERR_FORMAT},
        {"an endpoint with a source address", 1, 2, 1, 32, 32, 1, "Birk",
         "tcp://10.0.0.1:0;birk.example:5670", ERR_FORMAT},
        {"port 65,536", 1, 2, 1, 32, 32, 1, "Birk", "tcp://birk.example:65536", ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        entry_case(cases, &all[i]);
}

static struct buffer epoch_of(uint64_t number) {
    struct buffer epoch = {0};
    wire_fixed(&epoch, 1, 'c', 32);
    wire_number(&epoch, 2, number);
    wire_fixed(&epoch, 3, 'p', 32);
    return epoch;
}

static struct buffer grant_of(size_t member, size_t sealed) {
    struct buffer grant = {0}, out = {0};
    wire_fixed(&grant, 1, 'm', member);
    wire_fixed(&grant, 2, 'g', sealed);
    wire_nested(&out, 4, &grant);
    return out;
}

static void epoch_case(json_t *cases, const char *name, uint64_t number, struct buffer grant,
                       size_t times, enum err err) {
    struct buffer epoch = epoch_of(number), out = {0};
    wire_varint(&out, 4 << 3 | 2);
    wire_varint(&out, epoch.size + grant.size * times);
    MUST(buffer_append(&out, epoch.data, epoch.size));
    buffer_done(&epoch);
    wire_case(cases, name, "declaration", &out, &grant, times, err);
}

static void other_declarations(json_t *cases) {
    struct buffer order = {0}, section = {0}, out = {0};
    epoch_case(cases, "epoch number 0", 0, grant_of(16, 80), 1, ERR_FORMAT);
    epoch_case(cases, "a grant of 79 bytes", 1, grant_of(16, 79), 1, ERR_FORMAT);
    epoch_case(cases, "a grant to a member of 15 bytes", 1, grant_of(15, 80), 1, ERR_FORMAT);
    epoch_case(cases, "1,025 grants", 1, grant_of(16, 80), 1025, ERR_LIMIT);
    wire_nested(&out, 5, &order);
    wire_case(cases, "an erasure order that names nothing", "declaration", &out, NULL, 0,
              ERR_FORMAT);
    wire_fixed(&section, 1, 'f', 32);
    wire_number(&section, 2, 1);
    wire_number(&section, 3, SECTIONS_MAX);
    wire_nested(&order, 1, &section);
    wire_nested(&out, 5, &order);
    wire_case(cases, "an erasure order for section 1,024", "declaration", &out, NULL, 0,
              ERR_FORMAT);
}

static void founding_cases(const struct world *world, json_t *cases) {
    struct declaration d = {.kind = DECLARATION_FOUNDING, .founding = world->founding};
    struct node_keys other = world->skole.keys;
    MUST(key_sign(&other.sign, SIGN_FOUNDING, world->founding.record, &d.founding.signature));
    struct buffer bytes = encoded_declaration(&d), record = {0};
    wire_case(cases, "a founding signed by another than the root", "founding", &bytes, NULL, 0,
              ERR_SIGNATURE);
    d.founding = world->founding;
    MUST(buffer_append(&record, world->founding.record.data, world->founding.record.size));
    record.data[4] ^= 1; /* a letter of the name */
    d.founding.record = buffer_view(&record);
    bytes = encoded_declaration(&d);
    wire_case(cases, "a founding record changed", "founding", &bytes, NULL, 0, ERR_SIGNATURE);
    buffer_done(&record);
    d = (struct declaration){.kind = DECLARATION_BIRTH, .birth = world->roster.birth};
    bytes = encoded_declaration(&d);
    wire_case(cases, "another declaration in the founding's place", "founding", &bytes, NULL, 0,
              ERR_FORMAT);
}

/* ---- Statements ---- */

static void statement_case(json_t *cases, const char *name, const struct sign_public *member,
                           struct bytes bytes, enum err err) {
    json_t *v = vector_new(name, "statement");
    IS_ID(v, "sign_public", *member);
    is_bytes(v, "bytes", bytes);
    refuse(cases, v, err);
}

static void statement_cases(const struct world *world, json_t *cases) {
    const struct sign_public *skole = &world->skole.keys.public.sign;
    struct version_name head = {world->handover.feed, 3,
                                envelope_id8(&world->handover.heads[3].id)};
    struct statement s = {world->federation,
                          world->skole.id,
                          world->handover.channel,
                          (uint64_t)world_ms,
                          &head,
                          1,
                          0};
    struct buffer bytes = {0};
    MUST(statement_sign(&s, &world->birk.keys.sign, &bytes));
    statement_case(cases, "a statement signed by another member", skole, buffer_view(&bytes),
                   ERR_SIGNATURE);
    buffer_clear(&bytes);
    MUST(statement_sign(&s, &world->skole.keys.sign, &bytes));
    bytes.data[10] ^= 1;
    statement_case(cases, "a statement changed", skole, buffer_view(&bytes), ERR_SIGNATURE);
    bytes.data[10] ^= 1;
    statement_case(cases, "a statement cut", skole, (struct bytes){bytes.data, bytes.size - 1},
                   ERR_FORMAT);
    buffer_done(&bytes);
    struct buffer body = {0};
    wire_fixed(&body, 1, 'f', 32);
    wire_fixed(&body, 2, 'm', 15);
    struct signature signature;
    MUST(key_sign(&world->skole.keys.sign, SIGN_STATEMENT, buffer_view(&body), &signature));
    wire_nested(&bytes, 1, &body);
    wire_bytes(&bytes, 2, signature.bytes, sizeof signature.bytes);
    statement_case(cases, "a well signed statement of a member of 15 bytes", skole,
                   buffer_view(&bytes), ERR_FORMAT);
    buffer_done(&bytes);
}

/* ---- Frames ---- */

static struct buffer frame_of(uint8_t kind, struct buffer *message) {
    struct buffer out = {0};
    MUST(buffer_append(&out, &kind, 1));
    MUST(buffer_append(&out, message->data, message->size));
    buffer_done(message);
    return out;
}

static struct buffer hello_of(uint64_t version_min, uint64_t version_max, size_t federation) {
    struct buffer hello = {0};
    wire_number(&hello, 1, version_min);
    wire_number(&hello, 2, version_max);
    wire_fixed(&hello, 4, 'f', federation);
    wire_fixed(&hello, 5, 'm', 16);
    wire_fixed(&hello, 9, 'd', 32);
    return frame_of(MESSAGE_HELLO, &hello);
}

static void list_frames(json_t *cases) {
    struct buffer piece = {0}, version = {0}, message = {0};
    wire_fixed(&version, 1, 'f', 32);
    wire_number(&version, 2, 1);
    wire_fixed(&version, 3, 'i', 8);
    wire_nested(&piece, 2, &version);
    wire_fixed(&message, 1, 'c', 32);
    struct buffer heads = frame_of(MESSAGE_HEADS, &message);
    wire_case(cases, "HEADS with 4,097 heads", "frame", &heads, &piece, 4097, ERR_LIMIT);
    wire_fixed(&version, 1, 'c', 32);
    wire_fixed(&version, 2, 'd', 32);
    wire_nested(&piece, 1, &version);
    struct buffer digest = frame_of(MESSAGE_DIGEST, &message);
    wire_case(cases, "DIGEST with 4,097 channels", "frame", &digest, &piece, 4097, ERR_LIMIT);
    wire_number(&message, 2, 2);
    digest = frame_of(MESSAGE_DIGEST, &message);
    wire_case(cases, "a bool of 2", "frame", &digest, NULL, 0, ERR_FORMAT);
}

static void frame_cases(const struct world *world, json_t *cases) {
    struct buffer message = {0}, frame = hello_of(0, 1, 32);
    wire_case(cases, "HELLO with version 0", "frame", &frame, NULL, 0, ERR_FORMAT);
    frame = hello_of(2, 1, 32);
    wire_case(cases, "HELLO with its versions the wrong way round", "frame", &frame, NULL, 0,
              ERR_FORMAT);
    frame = hello_of(1, 1, 31);
    wire_case(cases, "HELLO of a federation of 31 bytes", "frame", &frame, NULL, 0, ERR_FORMAT);
    wire_fixed(&message, 1, 'f', 32);
    wire_fixed(&message, 3, 'i', 8);
    frame = frame_of(MESSAGE_PULL, &message);
    wire_case(cases, "PULL from the start with an id", "frame", &frame, NULL, 0, ERR_FORMAT);
    wire_fixed(&message, 1, 'f', 32);
    wire_number(&message, 2, 5);
    frame = frame_of(MESSAGE_PULL, &message);
    wire_case(cases, "PULL after an entry without its id", "frame", &frame, NULL, 0, ERR_FORMAT);
    wire_fixed(&message, 1, 'f', 32);
    wire_fixed(&message, 4, 'e', RUN_SIZE_MAX + 1);
    frame = frame_of(MESSAGE_RUN, &message);
    wire_case(cases, "RUN with 560 KiB of envelopes and one byte", "frame", &frame, NULL, 0,
              ERR_LIMIT);
    wire_fixed(&message, 1, 'f', 32);
    wire_fixed(&message, 2, '1', 208);
    wire_fixed(&message, 3, '2', 207);
    frame = frame_of(MESSAGE_PROOF, &message);
    wire_case(cases, "PROOF with a header cut", "frame", &frame, NULL, 0, ERR_FORMAT);
    wire_text(&message, 1, "tcp://0.0.0.0");
    frame = frame_of(MESSAGE_ADDRESS, &message);
    wire_case(cases, "ADDRESS without a port", "frame", &frame, NULL, 0, ERR_FORMAT);
    for (int i = 0; i < ENDPOINTS_MAX + 1; i++)
        wire_text(&message, 1, "tcp://birk.example:5670");
    frame = frame_of(MESSAGE_ADDRESS, &message);
    wire_case(cases, "ADDRESS with nine endpoints", "frame", &frame, NULL, 0, ERR_LIMIT);
    wire_text(&message, 1, "\x1b[2J");
    frame = frame_of(MESSAGE_BYE, &message);
    wire_case(cases, "BYE with a terminal's escape", "frame", &frame, NULL, 0, ERR_FORMAT);
    wire_fixed(&message, 1, 'x', MESSAGE_TEXT_MAX + 1);
    frame = frame_of(MESSAGE_PENDING, &message);
    wire_case(cases, "PENDING with 1,025 bytes of text", "frame", &frame, NULL, 0, ERR_LIMIT);
    frame = frame_of(17, &message);
    wire_case(cases, "a frame of type 17, to be ignored", "frame", &frame, NULL, 0, ERR_VERSION);
    frame = frame_of(0, &message);
    wire_case(cases, "a frame of type 0, to be ignored", "frame", &frame, NULL, 0, ERR_VERSION);
    wire_case(cases, "an empty frame", "frame", &message, NULL, 0, ERR_FORMAT);
    json_t *v = vector_new("a frame of 576 KiB and one byte", "frame");
    is_text(v, "bytes", "0f 00*589824");
    refuse(cases, v, ERR_LIMIT);
    struct message join = {.kind = MESSAGE_JOIN};
    join.join.request = (struct join_request){.federation = world->federation,
                                              .ticket = {{1}},
                                              .member = world->birk.id,
                                              .keys = world->birk.keys.public};
    MUST(join_sign(&join.join, &world->skole.keys.sign, &message));
    frame = encoded_message(&join);
    buffer_done(&message);
    wire_case(cases, "JOIN signed with another key than it brings", "frame", &frame, NULL, 0,
              ERR_SIGNATURE);
}

void make_hostile_messages(const struct world *world, json_t *cases) {
    birth_cases(cases);
    entry_cases(cases);
    other_declarations(cases);
    founding_cases(world, cases);
    statement_cases(world, cases);
    list_frames(cases);
    frame_cases(world, cases);
}
