#include "form.h"
#include "member_address.h"
#include "name.h"
#include "proto/limits.h"
#include "proto/text.h"
#include "verbs.h"

#include <string.h>

enum { DAY_MS = 24 * 3600 * 1000 };

static enum err self_entry(struct store *store, struct arena *arena,
                           struct roster_entry *ret_entry) {
    struct self self;
    enum err e = store_self(store, &self);
    return e == OK ? roster_member(store, &self.member, UINT64_MAX, arena, ret_entry) : e;
}

static enum err refuse_taken(struct reply *reply, enum name_holder holder, const char *name) {
    char mend[NAME_TEXT_MAX + 160];
    if (holder == NAME_OF_MEMBER)
        return reply_fail(reply, ERR_EXISTS, COMMAND("stafet member list"),
                          "a member is called \"%s\" already", "et medlem hedder allerede \"%s\"",
                          name);
    snprintf(
        mend, sizeof mend,
        reply_say(reply, "if its ticket is lost: stafet member uninvite \"%s\", then invite anew",
                  "er billetten blevet væk: stafet member uninvite \"%s\", og invitér så igen"),
        name);
    return reply_fail(reply, ERR_EXISTS, COMMAND(mend),
                      "an open invitation is called \"%s\" already",
                      "en åben invitation hedder allerede \"%s\"", name);
}

static enum err check_municipality(struct store *store, struct reply *reply) {
    struct self self;
    enum err e = store_self(store, &self);
    if (e != OK || self.role == ROLE_MUNICIPALITY)
        return e;
    return reply_fail(
        reply, ERR_DENIED,
        MEND("ask the municipality for the invitation", "bed kommunen om at invitere"),
        "only the municipality invites members", "det er kun kommunen, der inviterer medlemmer");
}

static enum err check_invitation(struct store *store, const char *name, const char *role_text,
                                 struct reply *reply, enum role *ret_role) {
    enum err e = check_municipality(store, reply);
    if (e == OK)
        e = name_judge(name, reply);
    if (e != OK)
        return e;
    if (role_parse(role_text, ret_role) != OK || *ret_role == ROLE_MUNICIPALITY)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--role is kindergarten, school or relay",
                               "--role er kindergarten, school eller relay"),
                          "there is no role \"%.60s\" to invite",
                          "der er ingen rolle \"%.60s\" at invitere", role_text);
    enum name_holder holder;
    char other[NAME_TEXT_MAX];
    e = name_is_taken(store, name, &holder, other);
    if (e == OK && holder != NAME_FREE)
        e = refuse_taken(reply, holder, other);
    return e;
}

/* A ticket names where the municipality is dialled: without an address nobody could use it. */
static enum err check_endpoints(const struct roster_entry *self, struct reply *reply) {
    if (self->endpoints_n > 0)
        return OK;
    return reply_fail(
        reply, ERR_STATE, COMMAND("stafet member address --advertise tcp://HOST:PORT"),
        "nobody could join: the list of members names no address at which this "
        "municipality can be dialled",
        "ingen kan slutte sig til: medlemslisten har ingen adresse, hvor denne kommune "
        "kan kaldes op");
}

/* The list of members may not be the newest. */
static enum err refuse_unconfirmed(struct store *store, struct reply *reply) {
    struct roster_standing standing;
    enum err e = roster_standing(store, &standing);
    if (e != OK)
        return e;
    if (standing.restored)
        return reply_fail(reply, ERR_STATE, COMMAND("stafet roster show"),
                          "this node was restored from a copy, or moved, and nobody has said that "
                          "its list of members is whole",
                          "denne node er genskabt fra en kopi eller flyttet, og ingen har sagt, at "
                          "dens medlemsliste er hel");
    return reply_fail(reply, ERR_STATE,
                      MEND("let the node run until a member has connected: stafet node run; "
                           "stafet roster show says who has",
                           "lad noden køre, til et medlem har meldt sig: stafet node run; "
                           "stafet roster show siger, hvem der har"),
                      "this node crashed, or its computer was started anew, and no member has "
                      "confirmed its list of members since",
                      "denne node gik ned, eller dens computer er startet igen, og intet medlem "
                      "har bekræftet dens medlemsliste siden");
}

static enum err invite(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply) {
    (void)asker;
    struct store *store = service_store(service);
    const char *name = service_text(args, "name");
    enum role role;
    if (service_number(args, "expires", DAY_MS) <= 0)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--expires 7d, for a week", "--expires 7d giver en uge"),
                          "a ticket that expires at once is of no use",
                          "en billet, der udløber med det samme, kan ingen bruge");
    enum err e = check_invitation(store, name, service_text(args, "role"), reply, &role);
    if (e != OK)
        return e;
    time_ms expires = store_now(store) + service_number(args, "expires", 7 * (int64_t)DAY_MS);
    struct buffer ticket = {0};
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct roster_entry self = {0};
    e = self_entry(store, &arena, &self);
    if (e == OK)
        e = check_endpoints(&self, reply);
    if (e == OK)
        e = roster_invite(store, name, role, expires, &ticket);
    if (e == ERR_EXISTS)
        e = refuse_taken(reply, NAME_OF_INVITATION, name);
    if (e == ERR_STATE && reply->error == OK)
        e = refuse_unconfirmed(store, reply);
    if (e == OK)
        e = reply_give(reply, json_pack("{s:s, s:s, s:I, s:s, s:{s:s, s:o}}", "name", name, "role",
                                        role_name(role), "expires", (json_int_t)expires, "ticket",
                                        (const char *)ticket.data, "municipality", "name",
                                        self.name, "fingerprint", form_words(&self.keys)));
    buffer_wipe(&ticket);
    arena_done(&arena);
    return e;
}

static enum err uninvite(struct service *service, const struct asker *asker, const json_t *args,
                         struct reply *reply) {
    (void)asker;
    struct store *store = service_store(service);
    const char *name = service_text(args, "name");
    char other[NAME_TEXT_MAX];
    enum name_holder holder = NAME_FREE;
    enum err e = check_municipality(store, reply);
    if (e == OK)
        e = name_is_taken(store, name, &holder, other);
    if (e != OK)
        return e;
    if (holder == NAME_OF_MEMBER)
        return reply_fail(reply, ERR_STATE, COMMAND("stafet member list"),
                          "%s has joined: its ticket is used, and can't be withdrawn",
                          "%s er med: billetten er brugt og kan ikke trækkes tilbage", other);
    if (holder == NAME_FREE)
        return reply_fail(reply, ERR_NOT_FOUND, COMMAND("stafet member list"),
                          "there is no open invitation for \"%s\"",
                          "der er ingen åben invitation til \"%s\"", name);
    e = roster_uninvite(store, other);
    return e == OK ? reply_give(reply, json_pack("{s:s, s:s}", "name", other, "state", "withdrawn"))
                   : e;
}

struct list {
    json_t *members, *invitations;
    struct member_id self;
    time_ms now;
};

static enum err add_member(void *context, const struct roster_entry *entry) {
    struct list *list = context;
    json_t *form = form_entry(entry);
    bool is_self = member_id_equal(&entry->member, &list->self);
    enum err e = form != NULL && json_object_set_new(form, "self", json_boolean(is_self)) == 0 &&
                         json_array_append(list->members, form) == 0
                     ? OK
                     : ERR_MEMORY;
    json_decref(form);
    return e;
}

static enum err add_invitation(void *context, const struct invitation *invitation) {
    struct list *list = context;
    const char *state = invitation->used                   ? "used"
                        : invitation->expires == 0         ? "withdrawn"
                        : invitation->expires <= list->now ? "expired"
                                                           : "open";
    json_t *form = json_pack("{s:s, s:s, s:I, s:s}", "name", invitation->name, "role",
                             role_name(invitation->role), "expires",
                             (json_int_t)invitation->expires, "state", state);
    return json_array_append_new(list->invitations, form) == 0 ? OK : ERR_MEMORY;
}

static enum err list_members(struct service *service, const struct asker *asker, const json_t *args,
                             struct reply *reply) {
    (void)asker, (void)args;
    struct store *store = service_store(service);
    struct self self;
    enum err e = store_self(store, &self);
    struct list list = {.members = json_array(),
                        .invitations = json_array(),
                        .self = self.member,
                        .now = store_now(store)};
    if (e == OK)
        e = roster_each(store, add_member, &list);
    if (e == OK && self.role == ROLE_MUNICIPALITY)
        e = roster_invitations(store, add_invitation, &list);
    if (e == OK)
        return reply_give(reply,
                          json_pack("{s:o, s:o, s:o}", "federation", form_federation(store),
                                    "members", list.members, "invitations", list.invitations));
    json_decref(list.members);
    json_decref(list.invitations);
    return e;
}

static const struct param invite_params[] = {
    {.name = "name",
     .kind = PARAM_TEXT,
     .positional = true,
     .required = true,
     .summary_da = "stedets navn",
     .summary_en = "the site's name"},
    {.name = "role",
     .kind = PARAM_TEXT,
     .required = true,
     .summary_da = "kindergarten, school eller relay",
     .summary_en = "kindergarten, school or relay"},
    {.name = "expires",
     .kind = PARAM_DURATION,
     .summary_da = "hvor længe billetten gælder; ellers 7d",
     .summary_en = "how long the ticket is good; else 7d"},
    {.name = NULL},
};

static const struct param uninvite_params[] = {
    {.name = "name",
     .kind = PARAM_TEXT,
     .positional = true,
     .required = true,
     .summary_da = "stedets navn",
     .summary_en = "the site's name"},
    {.name = NULL},
};

const struct verb member_verbs[] = {
    {.noun = "member",
     .name = "invite",
     .summary_da = "lav en billet, som et sted kan slutte sig til med",
     .summary_en = "make a ticket with which a site can join",
     .access = ACCESS_WRITE,
     .params = invite_params,
     .run = invite},
    {.noun = "member",
     .name = "uninvite",
     .summary_da = "træk en åben invitation tilbage: billetten gælder ikke mere",
     .summary_en = "withdraw an open invitation: its ticket is good no longer",
     .access = ACCESS_WRITE,
     .params = uninvite_params,
     .run = uninvite},
    {.noun = "member",
     .name = "list",
     .summary_da = "hvem der er med, og åbne invitationer",
     .summary_en = "who is a member, and open invitations",
     .access = ACCESS_READ,
     .run = list_members},
    {.noun = "member",
     .name = "address",
     .summary_da =
         "hvor denne node kan kaldes op, eller lav det om; kommunen skriver det i medlemslisten",
     .summary_en =
         "where this node is dialled, or change it; the municipality writes it in the roster",
     .access = ACCESS_WRITE,
     .params = member_address_params,
     .run = member_address},
    {.noun = NULL},
};
