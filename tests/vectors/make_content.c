/* Declarations, change sets, answers, statements, tickets, hashes over lists. */
#include "make.h"
#include "proto/statement.h"
#include "proto/ticket.h"

#include <string.h>

/* ---- Declarations ---- */

static void declaration_case(json_t *cases, const char *name,
                             const struct declaration *declaration) {
    struct buffer bytes = encoded_declaration(declaration);
    json_t *v = vector_new(name, "declaration");
    is_bytes(v, "bytes", buffer_view(&bytes));
    accept(cases, v);
    buffer_done(&bytes);
}

void make_declarations(const struct world *world, json_t *cases) {
    struct declaration d = {.kind = DECLARATION_BIRTH, .birth = world->roster.birth};
    declaration_case(cases, "birth of the roster feed", &d);
    struct version_name tips[2] = {
        {world->handover.feed, 3, envelope_id8(&world->handover.heads[3].id)}, {{{1}}, 57, {{2}}}};
    d.birth = world->handover.birth;
    memset(d.birth.incarnation.bytes, 'j', sizeof d.birth.incarnation.bytes);
    d.birth.closes = tips;
    d.birth.closes_n = 2;
    declaration_case(cases, "birth after a restore, which closes two tips", &d);
    d = (struct declaration){.kind = DECLARATION_FOUNDING, .founding = world->founding};
    declaration_case(cases, "founding", &d);
    struct buffer bytes = encoded_declaration(&d);
    json_t *v =
        vector_new("the founding names the federation and is signed by the root", "founding");
    is_bytes(v, "bytes", buffer_view(&bytes));
    accept(cases, v);
    buffer_done(&bytes);
    d = (struct declaration){.kind = DECLARATION_ENTRY,
                             .entry = world_entry(world, &world->nordby)};
    declaration_case(cases, "the founder's roster entry", &d);
    d.entry = world_entry(world, &world->skole);
    declaration_case(cases, "a roster entry admitted by ticket, without endpoints", &d);
    d.entry.counter = 7;
    d.entry.status = MEMBER_REMOVED;
    declaration_case(cases, "a removed member", &d);
    struct grant grants[2] = {{.member = world->nordby.id}, {.member = {{0}}}};
    memset(grants[0].sealed, 1, SEALED_KEY_SIZE);
    memset(grants[1].sealed, 2, SEALED_KEY_SIZE);
    d = (struct declaration){
        .kind = DECLARATION_EPOCH,
        .epoch = {world->answers.channel, 1, world->answers_epoch.public, grants, 2}};
    declaration_case(cases, "an epoch granted to the municipality and the recovery key", &d);
    struct section_name sections[2] = {{world->handover.feed, 1, 2}, {world->handover.feed, 2, 0}};
    d = (struct declaration){.kind = DECLARATION_ERASURE};
    d.erasure.sections = sections;
    d.erasure.sections_n = 2;
    declaration_case(cases, "an erasure order", &d);
    d = (struct declaration){.kind = DECLARATION_CUT, .cut = {world->birk.id, tips, 1}};
    declaration_case(cases, "a cut", &d);
}

/* ---- Content ---- */

static void change_set_case(json_t *cases, const char *name, struct bytes bytes) {
    json_t *v = vector_new(name, "change_set");
    is_bytes(v, "bytes", bytes);
    accept(cases, v);
}

static void unknown_fields_case(const struct world *world, json_t *cases) {
    struct buffer bytes = {0};
    struct bytes known = buffer_view(&world->handover_plain[0]);
    MUST(buffer_append(&bytes,
                       "\x98\x06\x07\xa2\x06\x03"
                       "abc",
                       9)); /* fields 99 and 100 */
    MUST(buffer_append(&bytes, known.data, known.size));
    change_set_case(cases, "fields of a later version are passed over", buffer_view(&bytes));
    buffer_done(&bytes);
}

static void statement_case(const struct world *world, json_t *cases, const char *name,
                           const struct version_name *heads, size_t n) {
    struct buffer bytes = {0};
    struct statement s = {world->federation,  world->skole.id, world->handover.channel,
                          (uint64_t)world_ms, heads,           n,
                          n > 0 ? 1 : 0};
    MUST(statement_sign(&s, &world->skole.keys.sign, &bytes));
    json_t *v = vector_new(name, "statement");
    IS_ID(v, "sign_public", world->skole.keys.public.sign);
    is_bytes(v, "bytes", buffer_view(&bytes));
    accept(cases, v);
    buffer_done(&bytes);
}

void make_content(const struct world *world, json_t *cases) {
    struct version_name replaced[2] = {
        {world->handover.feed, 2, envelope_id8(&world->handover.heads[2].id)},
        {{{0}}, 1, {{1, 2, 3}}}};
    struct write writes[2] = {
        {world->record, 2, 50, bytes_of_text("13. august\nkl. 9.00"), replaced, 2},
        {world->record, 2, 51, {0}, replaced, 1}};
    struct change_set set = {.actor_name = "Ole R.",
                             .actor_function = "børnehaveklasseleder",
                             .writes = writes,
                             .writes_n = 2};
    struct answer_reply replies[] = {
        {1, 5, NULL}, {2, 6, NULL}, {13, 0, "Mere tid\nved afleveringen"}};
    struct buffer bytes = {0};
    change_set_case(cases, "a first write", buffer_view(&world->handover_plain[0]));
    MUST(change_set_encode(&set, &bytes));
    change_set_case(cases, "writes that replace others; an empty value clears",
                    buffer_view(&bytes));
    change_set_case(cases, "a batch of two answers", buffer_view(&world->answers_plain));
    change_set_case(cases, "an empty change set", (struct bytes){0});
    unknown_fields_case(world, cases);
    buffer_clear(&bytes);
    MUST(answer_encode(replies, 3, &bytes));
    json_t *v = vector_new("an answer", "answer");
    is_bytes(v, "bytes", buffer_view(&bytes));
    accept(cases, v);
    buffer_done(&bytes);
    statement_case(world, cases, "a statement with one head and one envelope waiting", replaced, 1);
    statement_case(world, cases, "a statement that holds nothing", NULL, 0);
}

/* ---- Tickets ---- */

static struct ticket ticket_of(const struct world *world) {
    static const char *const endpoints[] = {"tcp://stafet.nordby.example:5670",
                                            "tcp://[2001:db8::1]:5670"};
    return (struct ticket){world->federation,
                           "Nordby Kommune",
                           world->nordby.id,
                           world->nordby.keys.public,
                           endpoints,
                           2,
                           3,
                           envelope_id8(&world->roster.heads[3].id),
                           world->ticket_secret,
                           world->birk.id,
                           ROLE_KINDERGARTEN,
                           "Birk",
                           world_ms + 7 * 86400000};
}

void make_tickets(const struct world *world, json_t *cases) {
    struct ticket ticket = ticket_of(world);
    struct buffer spelled = {0}, wrapped = {0};
    MUST(ticket_encode(&ticket, &spelled));
    json_t *v = vector_new("a ticket", "ticket");
    is_text(v, "text", (char *)spelled.data);
    accept(cases, v);
    for (size_t i = 0; i < spelled.size; i++) {
        char c = (char)spelled.data[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        MUST(buffer_append(&wrapped, &c, 1));
        if (i % 60 == 59)
            MUST(buffer_append(&wrapped, "\r\n  ", 4));
    }
    v = vector_new("the same in lower case, wrapped by a mail program", "ticket");
    is_text(v, "text", (char *)wrapped.data);
    accept(cases, v);
    buffer_done(&spelled);
    buffer_done(&wrapped);
}

/* ---- Hashes over lists ---- */

static json_t *version_of(const struct feed_of_world *feed, size_t n) {
    json_t *is = json_object();
    struct id8 id8 = envelope_id8(&feed->heads[n].id);
    IS_ID(is, "feed", feed->feed);
    is_number(is, "seq", n);
    IS_ID(is, "id8", id8);
    return is;
}

/* Both feeds' versions, in order. */
static json_t *ordered(const struct world *world) {
    const struct feed_of_world *a = &world->handover, *b = &world->answers;
    bool swap = feed_id_compare(&a->feed, &b->feed) > 0;
    json_t *list = json_array();
    json_array_append_new(list, version_of(swap ? b : a, 1));
    json_array_append_new(list, version_of(swap ? a : b, 1));
    return list;
}

static void list_case(json_t *cases, const char *name, const char *type, const char *key,
                      json_t *list) {
    json_t *v = vector_new(name, type);
    json_object_set_new(v, key, list);
    accept(cases, v);
}

struct said {
    uint16_t field;
    const char *value;
};

/* Of what the live versions say, in no order. */
static void revision_case(const struct world *world, json_t *cases, const char *name,
                          const struct said *said, size_t said_n) {
    json_t *v = vector_new(name, "revision"), *live = json_array();
    IS_ID(v, "record", world->record);
    is_number(v, "collection", 2);
    for (size_t i = 0; i < said_n; i++) {
        json_t *one = json_object();
        is_number(one, "field", said[i].field);
        is_bytes(one, "value", bytes_of_text(said[i].value));
        json_array_append_new(live, one);
    }
    json_object_set_new(v, "live", live);
    accept(cases, v);
}

void make_hashes(const struct world *world, json_t *cases) {
    list_case(cases, "no heads", "heads", "heads", json_array());
    list_case(cases, "two heads", "heads", "heads", ordered(world));
    list_case(cases, "no channels", "digest", "channels", json_array());
    json_t *channel = json_object();
    IS_ID(channel, "channel", world->handover.channel);
    json_object_set(channel, "digest", json_object_get(accepted(cases, "two heads"), "hash"));
    list_case(cases, "one channel", "digest", "channels", json_pack("[o]", channel));
    list_case(cases, "no statements", "statements", "statements", json_array());
    json_t *statement = json_object();
    IS_ID(statement, "channel", world->handover.channel);
    IS_ID(statement, "member", world->skole.id);
    is_number(statement, "counter", (uint64_t)world_ms);
    list_case(cases, "one statement", "statements", "statements", json_pack("[o]", statement));
    json_t *v = vector_new("a conflict of two live versions", "conflict");
    IS_ID(v, "record", world->record);
    is_number(v, "field", 50);
    json_object_set_new(v, "live", ordered(world));
    accept(cases, v);
    revision_case(world, cases, "a form that says nothing", NULL, 0);
    static const struct said said[] = {
        {54, "tolk"},       {1, "Alma"},   {50, "13 August"}, {50, "12 August"},
        {50, ""},           {53, ""},      {54, "mor"},       {50, "12 August"},
        {54, "mor og far"}, {60, "given"}, {67, "Ole R."},
    };
    revision_case(world, cases, "a handover's revision is what it says, and not its track", said,
                  sizeof said / sizeof *said);
    v = vector_new("the mark of an imported file", "mark");
    is_hex(v, "rest", world->birk.keys.rest, 32);
    is_bytes(v, "message", bytes_of_text("q01;q02;q13\n5;;Mere tid ved afleveringen\n2;6;\n"));
    accept(cases, v);
}
