#include "name.h"

#include "proto/text.h"

#include "form.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* How many bytes of white space begin `at`; 0: none. */
static size_t space_size(const char *at) {
    if (*at == ' ' || *at == '\t')
        return 1;
    return strncmp(at, "\xC2\xA0", 2) == 0 ? 2 : 0; /* one that does not break the line */
}

static char fold_byte(unsigned char before, char byte) {
    unsigned char value = (unsigned char)byte;
    if (byte >= 'A' && byte <= 'Z')
        return (char)(byte - 'A' + 'a');
    /* U+00C0 to U+00DE but for the multiplication sign: À to Þ, Æ, Ø and Å among them. */
    if (before == 0xC3 && value >= 0x80 && value <= 0x9E && value != 0x97)
        return (char)(value + 0x20);
    return byte;
}

void name_fold(const char *name, char ret_folded[static NAME_FOLDED_MAX]) {
    size_t at = 0;
    unsigned char before = 0;
    while (*name != '\0' && at + 2 < NAME_FOLDED_MAX) {
        size_t space = space_size(name);
        if (space > 0) {
            name += space;
            before = ' ';
            continue;
        }
        if (before == ' ' && at > 0)
            ret_folded[at++] = ' ';
        ret_folded[at++] = fold_byte(before, *name);
        before = (unsigned char)*name++;
    }
    ret_folded[at] = '\0';
}

bool name_is_like(const char *a, const char *b) {
    char folded_a[NAME_FOLDED_MAX], folded_b[NAME_FOLDED_MAX];
    name_fold(a, folded_a);
    name_fold(b, folded_b);
    return strcmp(folded_a, folded_b) == 0;
}

bool name_turns(struct bytes text) {
    for (size_t i = 0; i + 2 < text.size; i++) {
        const uint8_t *at = text.data + i;
        bool embeds = at[0] == 0xE2 && at[1] == 0x80 && at[2] >= 0xAA && at[2] <= 0xAE;
        bool isolates = at[0] == 0xE2 && at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9;
        if (embeds || isolates)
            return true;
    }
    return false;
}

struct member_search {
    const char *name;
    struct member_id found;
    size_t n;
};

static bool id_begins(const struct member_id *member, const char *prefix) {
    json_t *id = form_id(member->bytes, sizeof member->bytes);
    const char *text = json_string_value(id);
    size_t size = strlen(prefix);
    bool begins =
        text != NULL && size >= NAME_ID_PREFIX_MIN && strncasecmp(text, prefix, size) == 0;
    json_decref(id);
    return begins;
}

static enum err compare_member(void *context, const struct roster_entry *entry) {
    struct member_search *search = context;
    if (!name_is_like(entry->name, search->name) && !id_begins(&entry->member, search->name))
        return OK;
    search->found = entry->member;
    search->n++;
    return OK;
}

enum err name_find_member(struct store *store, const char *name, struct arena *arena,
                          struct roster_entry *ret_entry) {
    struct member_search search = {.name = name};
    enum err e = roster_each(store, compare_member, &search);
    if (e == OK && search.n != 1)
        e = search.n == 0 ? ERR_NOT_FOUND : ERR_AMBIGUOUS;
    return e == OK ? roster_member(store, &search.found, UINT64_MAX, arena, ret_entry) : e;
}

struct taken {
    const char *name;
    char *other;
    time_ms now;
    bool found;
};

static void compare_taken(struct taken *taken, const char *other) {
    if (taken->found || !name_is_like(other, taken->name))
        return;
    taken->found = true;
    snprintf(taken->other, NAME_FOLDED_MAX, "%s", other);
}

static enum err compare_entry(void *context, const struct roster_entry *entry) {
    if (entry->status == MEMBER_ACTIVE)
        compare_taken(context, entry->name);
    return OK;
}

static enum err compare_invitation(void *context, const struct invitation *invitation) {
    struct taken *taken = context;
    if (!invitation->used && invitation->expires > taken->now)
        compare_taken(taken, invitation->name);
    return OK;
}

enum err name_is_taken(struct store *store, const char *name, bool *ret_taken,
                       char ret_other[static NAME_FOLDED_MAX]) {
    struct taken taken = {.name = name, .other = ret_other, .now = store_now(store)};
    enum err e = roster_each(store, compare_entry, &taken);
    if (e == OK)
        e = roster_invitations(store, compare_invitation, &taken);
    if (e == OK)
        *ret_taken = taken.found;
    return e;
}

enum err name_judge(const char *name, struct reply *reply) {
    if (*name == '\0' || !text_is_name(name, NAME_SIZE_MAX))
        return reply_fail(reply, ERR_ARGUMENT, MEND("shorten it", "forkort det"),
                          "a name is one line of 1 to %d letters (æ, ø and å count as two)",
                          "et navn er én linje på 1 til %d bogstaver (æ, ø og å tæller som to)",
                          NAME_SIZE_MAX);
    if (name_turns(bytes_of_text(name)))
        return reply_fail(reply, ERR_ARGUMENT, MEND("type the name anew", "skriv navnet på ny"),
                          "the name holds a character that turns the direction of writing",
                          "navnet indeholder et tegn, der vender skriveretningen");
    return OK;
}
