#include "name.h"

#include "proto/text.h"

#include "form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicase.h>
#include <unictype.h>

/* Without white space around it, one space where there was more. */
static struct bytes squeeze(const char *name, char ret_squeezed[static NAME_TEXT_MAX]) {
    struct bytes rest = bytes_of_text(name);
    size_t at = 0;
    bool space = false;
    uint32_t character;
    for (size_t size; rest.size > 0 && (size = text_next(rest, &character)) > 0;
         rest.data += size, rest.size -= size) {
        if (uc_is_property_white_space(character)) {
            space = at > 0;
            continue;
        }
        if (at + space + size >= NAME_TEXT_MAX)
            break;
        if (space)
            ret_squeezed[at++] = ' ';
        space = false;
        memcpy(ret_squeezed + at, rest.data, size);
        at += size;
    }
    return (struct bytes){(const uint8_t *)ret_squeezed, at};
}

bool name_is_like(const char *a, const char *b) {
    char of_a[NAME_TEXT_MAX], of_b[NAME_TEXT_MAX];
    struct bytes left = squeeze(a, of_a), right = squeeze(b, of_b);
    int order = 0;
    /* It fails for want of memory only: then they pass for alike, which refuses and admits nobody.
     */
    return u8_casecmp(left.data, left.size, right.data, right.size, NULL, UNINORM_NFKC, &order) !=
               0 ||
           order == 0;
}

bool name_begins(const char *name, const char *beginning) {
    char of_name[NAME_TEXT_MAX], of_beginning[NAME_TEXT_MAX];
    struct bytes left = squeeze(name, of_name), right = squeeze(beginning, of_beginning);
    size_t left_size = 0, right_size = 0;
    uint8_t *whole = u8_casefold(left.data, left.size, NULL, UNINORM_NFKC, NULL, &left_size);
    uint8_t *part = u8_casefold(right.data, right.size, NULL, UNINORM_NFKC, NULL, &right_size);
    bool begins = whole != NULL && part != NULL && right_size > 0 && right_size <= left_size &&
                  memcmp(whole, part, right_size) == 0;
    free(whole);
    free(part);
    return begins;
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

/* Marks that can't be seen (soft hyphens, joiners, spaces of no width), and letters of several
 * alphabets. */
static bool is_disguised(const char *name) {
    struct bytes rest = bytes_of_text(name);
    const uc_script_t *first = NULL;
    uint32_t character;
    for (size_t size; rest.size > 0 && (size = text_next(rest, &character)) > 0;
         rest.data += size, rest.size -= size) {
        if (uc_is_property_default_ignorable_code_point(character))
            return true;
        if (!uc_is_property_alphabetic(character))
            continue;
        const uc_script_t *script = uc_script(character);
        if (first != NULL && script != first)
            return true;
        first = script;
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
    enum name_holder holder;
};

static void compare_taken(struct taken *taken, const char *other, enum name_holder holder) {
    if (taken->holder != NAME_FREE || !name_is_like(other, taken->name))
        return;
    taken->holder = holder;
    snprintf(taken->other, NAME_TEXT_MAX, "%s", other);
}

static enum err compare_entry(void *context, const struct roster_entry *entry) {
    if (entry->status == MEMBER_ACTIVE)
        compare_taken(context, entry->name, NAME_OF_MEMBER);
    return OK;
}

static enum err compare_invitation(void *context, const struct invitation *invitation) {
    struct taken *taken = context;
    if (!invitation->used && invitation->expires > taken->now)
        compare_taken(taken, invitation->name, NAME_OF_INVITATION);
    return OK;
}

enum err name_is_taken(struct store *store, const char *name, enum name_holder *ret_holder,
                       char ret_other[static NAME_TEXT_MAX]) {
    struct taken taken = {.name = name, .other = ret_other, .now = store_now(store)};
    enum err e = roster_each(store, compare_entry, &taken);
    if (e == OK)
        e = roster_invitations(store, compare_invitation, &taken);
    if (e == OK)
        *ret_holder = taken.holder;
    return e;
}

enum err name_judge(const char *name, struct reply *reply) {
    bool is_long = strlen(name) > NAME_SIZE_MAX;
    if (*name == '\0' || !text_is_name(name, NAME_SIZE_MAX))
        return reply_fail(reply, ERR_ARGUMENT,
                          is_long ? MEND("shorten it", "forkort det")
                                  : MEND("type the name anew", "skriv navnet på ny"),
                          "a name is one line of 1 to %d letters (æ, ø and å count as two)",
                          "et navn er én linje på 1 til %d bogstaver (æ, ø og å tæller som to)",
                          NAME_SIZE_MAX);
    if (name_turns(bytes_of_text(name)))
        return reply_fail(reply, ERR_ARGUMENT, MEND("type the name anew", "skriv navnet på ny"),
                          "the name holds a character that turns the direction of writing",
                          "navnet indeholder et tegn, der vender skriveretningen");
    if (is_disguised(name))
        return reply_fail(reply, ERR_ARGUMENT, MEND("type the name anew", "skriv navnet på ny"),
                          "the name could pass for another: it holds a character that can't be "
                          "seen, or letters of several alphabets",
                          "navnet kan forveksles med et andet: det indeholder et tegn, der ikke "
                          "kan ses, eller bogstaver fra flere alfabeter");
    return OK;
}
