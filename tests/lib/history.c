#include "history.h"

#include <sodium.h>
#include <string.h>

/* ---- The naive model. Names are compared as PROTOCOL.md, "Merge", says: feed, number, id8, as
 * bytes. ---- */

static int compare(const struct version_name *a, const struct version_name *b) {
    int order = memcmp(a->feed.bytes, b->feed.bytes, 32);
    if (order == 0 && a->seq != b->seq)
        order = a->seq < b->seq ? -1 : 1;
    return order != 0 ? order : memcmp(a->id8.bytes, b->id8.bytes, 8);
}

static bool names(const struct history_write *write, const struct version_name *name) {
    for (size_t i = 0; i < write->replaces_n; i++)
        if (compare(&write->replaces[i], name) == 0)
            return true;
    return false;
}

static bool is_live(const struct history *h, const bool *delivered, size_t index) {
    if (!delivered[index])
        return false;
    for (size_t i = 0; i < h->writes_n; i++)
        if (delivered[i] && names(&h->writes[i], &h->writes[index].name))
            return false;
    return true;
}

/* Does `a` win over `b`? */
static bool wins(const struct history_write *a, const struct history_write *b, enum policy policy) {
    if (policy == POLICY_WITHDRAWN_WINS) {
        bool a_gives = strcmp(a->value, "given") == 0, b_gives = strcmp(b->value, "given") == 0;
        if (a_gives != b_gives)
            return b_gives;
    }
    return a->clock != b->clock ? a->clock > b->clock : compare(&a->name, &b->name) > 0;
}

static void add_value(struct model *m, const char *value) {
    size_t at = 0;
    while (at < m->sides_n && strcmp(m->values[at], value) < 0)
        at++;
    if (at < m->sides_n && strcmp(m->values[at], value) == 0)
        return;
    for (size_t i = m->sides_n++; i > at; i--)
        m->values[i] = m->values[i - 1];
    m->values[at] = value;
}

void model_make(const struct history *h, const bool delivered[static HISTORY_WRITES_MAX],
                enum policy policy, struct model *ret_model) {
    struct model m = {.live_n = 0};
    for (size_t i = 0; i < h->writes_n; i++) {
        if (!is_live(h, delivered, i))
            continue;
        size_t at = m.live_n++;
        for (; at > 0 && compare(&h->writes[m.live[at - 1]].name, &h->writes[i].name) > 0; at--)
            m.live[at] = m.live[at - 1];
        m.live[at] = i;
    }
    for (size_t i = 0; i < m.live_n; i++) {
        add_value(&m, h->writes[m.live[i]].value);
        if (wins(&h->writes[m.live[i]], &h->writes[m.live[m.shown]], policy))
            m.shown = i;
    }
    m.conflicted = policy == POLICY_KEEP_BOTH && m.sides_n > 1;
    *ret_model = m;
}

void model_fix(const struct history *h, struct model *m) {
    if (m->live_n == 0)
        return;
    size_t first = m->live[0];
    for (size_t i = 1; i < m->live_n; i++) {
        const struct history_write *a = &h->writes[m->live[i]], *b = &h->writes[first];
        if (a->clock < b->clock || (a->clock == b->clock && compare(&a->name, &b->name) < 0))
            first = m->live[i];
    }
    *m = (struct model){.live = {first}, .live_n = 1, .values = {h->writes[first].value}};
    m->sides_n = 1;
}

/* With nothing but libsodium. */
struct revision model_revision(const struct model *m, const struct record_id *record,
                               uint16_t field, enum part part) {
    crypto_generichash_blake2b_state blake;
    struct revision revision;
    bool says_something = false;
    crypto_generichash_blake2b_init_salt_personal(&blake, NULL, 0, 32, NULL,
                                                  (const unsigned char *)"stafet1.revision");
    crypto_generichash_blake2b_update(&blake, record->bytes, 16);
    for (size_t i = 0; i < m->sides_n; i++)
        says_something = says_something || *m->values[i] != '\0';
    for (size_t i = 0; i < m->sides_n && says_something && part != PART_TRACK; i++) {
        unsigned size = (unsigned)strlen(m->values[i]);
        unsigned char head[6] = {(unsigned char)(field >> 8), (unsigned char)field,
                                 (unsigned char)(size >> 24), (unsigned char)(size >> 16),
                                 (unsigned char)(size >> 8),  (unsigned char)size};
        crypto_generichash_blake2b_update(&blake, head, 6);
        crypto_generichash_blake2b_update(&blake, (const unsigned char *)m->values[i], size);
    }
    crypto_generichash_blake2b_final(&blake, revision.bytes, 32);
    return revision;
}

/* ---- Histories ---- */

/* Sometimes one that others have too: only feed, number and id8 together name a version. */
static struct id8 throw_id8(struct dice *dice) {
    struct id8 id8;
    uint64_t bits = dice_chance(dice, 20) ? dice_below(dice, 2) : dice_next(dice);
    memcpy(id8.bytes, &bits, sizeof id8.bytes);
    return id8;
}

static void name_it(struct history_write *write, const struct version_name *name) {
    if (write->replaces_n < HISTORY_REPLACES_MAX && !names(write, name))
        write->replaces[write->replaces_n++] = *name;
}

/* Names what this writer knows to be live: mostly all of it, sometimes some, sometimes none; now
 * and then what nobody knows. */
static void name_some(const struct history *h, const bool *known, struct dice *dice,
                      struct history_write *write) {
    size_t habit = dice_below(dice, 10);
    for (size_t i = 0; i < h->writes_n; i++)
        if (is_live(h, known, i) && (habit < 7 || (habit < 9 && dice_chance(dice, 50))))
            name_it(write, &h->writes[i].name);
    /* As the other branch of a fork would be named. */
    if (dice_chance(dice, 10) && h->writes_n > 0) {
        struct version_name strange = h->writes[dice_below(dice, h->writes_n)].name;
        strange.id8.bytes[0] ^= 0x80;
        name_it(write, &strange);
    }
}

void history_make(struct history *h, struct history_shape *shape, struct dice *dice) {
    bool known[HISTORY_WRITERS_MAX][HISTORY_WRITES_MAX] = {{false}};
    size_t writes_n =
        shape->writes_min + dice_below(dice, shape->writes_max - shape->writes_min + 1);
    size_t hearing = 5 + dice_below(dice, 50);
    h->writes_n = 0;
    for (size_t i = 0; i < writes_n; i++) {
        struct history_write *write = &h->writes[i];
        size_t writer = dice_below(dice, shape->writers_n);
        for (size_t k = 0; k < i; k++)
            if (!h->writes[k].is_void && dice_chance(dice, hearing))
                known[writer][k] = true;
        *write = (struct history_write){.writer = writer, .clock = 1000 + dice_below(dice, 8)};
        write->name.feed = shape->feeds[writer];
        write->name.seq = ++shape->seqs[writer];
        write->name.id8 = throw_id8(dice);
        write->value = shape->values[dice_below(dice, shape->values_n)];
        write->is_void = shape->is_void != NULL ? shape->is_void(writer) : dice_chance(dice, 10);
        name_some(h, known[writer], dice, write);
        known[writer][i] = true;
        h->writes_n++;
    }
}

size_t history_deliver(const struct history *h, struct dice *dice,
                       size_t ret_order[static HISTORY_DELIVERIES_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < h->writes_n; i++) {
        if (h->writes[i].is_void)
            continue;
        ret_order[n++] = i;
        if (dice_chance(dice, 20))
            ret_order[n++] = i;
    }
    for (size_t i = n; i > 1; i--) {
        size_t other = dice_below(dice, i), moved = ret_order[i - 1];
        ret_order[i - 1] = ret_order[other];
        ret_order[other] = moved;
    }
    return n;
}
