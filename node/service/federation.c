#include "addresses.h"
#include "form.h"
#include "name.h"
#include "proto/text.h"
#include "verbs.h"

#include <string.h>

static enum err make_keys(struct service *service, struct reply *reply) {
    struct home *home = service_home(service);
    enum err e = OK;
    if (home->keys == NULL)
        e = home_create_keys(home);
    if (e == OK)
        e = service_make_store(service);
    if (e != OK)
        return reply_fail(
            reply, e, err_mend(e), "the home's keys or database could not be made: %s",
            "hjemmets nøgler eller database kunne ikke laves: %s", reply_err_text(reply, e));
    struct self self;
    e = store_self(service_store(service), &self);
    if (e == OK && !member_id_is_zero(&self.member))
        return reply_fail(reply, ERR_EXISTS,
                          MEND("name another home with --home", "vælg et andet hjem med --home"),
                          "this home is a member of a federation already",
                          "dette hjem er allerede med i en føderation");
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct ticket ticket;
    struct join_request request;
    if (e == OK && roster_join_pending(service_store(service), &arena, &ticket, &request) == OK)
        e = reply_fail(reply, ERR_STATE,
                       MEND("finish it with stafet join TICKET, or name another with --home",
                            "afslut det med stafet join BILLET, eller vælg et andet hjem med "
                            "--home"),
                       "this home is joining the federation %s",
                       "dette hjem er ved at slutte sig til føderationen %s",
                       ticket.federation_name);
    arena_done(&arena);
    return e;
}

/* The root's seed: the words given, or a new one. */
static enum err root_seed(const char *words, struct reply *reply, struct seed *ret_seed) {
    if (words == NULL) {
        *ret_seed = seed_new();
        return OK;
    }
    enum err e = words_to_seed(words, ret_seed);
    return e == OK ? OK
                   : reply_fail(reply, ERR_ARGUMENT,
                                MEND("the root has 17 words of five letters: type them as they "
                                     "stand on the paper",
                                     "roden har 17 ord på fem bogstaver: skriv dem, som de står på "
                                     "papiret"),
                                e == ERR_HASH ? "one of the root's words is mistyped"
                                              : "these are not a root's words",
                                e == ERR_HASH ? "et af rodens ord er skrevet forkert"
                                              : "det er ikke rodens ord");
}

static json_t *created(struct service *service, const struct addresses *endpoints,
                       const char *root_words) {
    struct store *store = service_store(service);
    struct self self;
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct roster_entry entry;
    json_t *document = NULL;
    if (store_self(store, &self) == OK &&
        roster_member(store, &self.member, UINT64_MAX, &arena, &entry) == OK)
        document = json_pack("{s:o, s:o, s:s?, s:o}", "federation", form_federation(store),
                             "member", form_entry(&entry), "listen", endpoints->listen, "endpoints",
                             addresses_form(endpoints));
    arena_done(&arena);
    if (document != NULL && root_words != NULL)
        json_object_set_new(document, "root_words", json_string(root_words));
    return document;
}

static enum err create(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply) {
    (void)asker;
    const char *name = service_text(args, "name"), *given = service_text(args, "root");
    struct addresses endpoints;
    struct seed seed;
    struct root_keys root;
    bool had_keys = service_home(service)->keys != NULL;
    enum err e = name_judge(name, reply);
    if (e == OK)
        e = addresses_read(args, reply, &endpoints);
    if (e == OK)
        e = root_seed(given, reply, &seed);
    if (e == OK)
        e = make_keys(service, reply);
    if (e == OK)
        e = addresses_remember(&endpoints, service_home(service)->path, reply);
    if (e == OK)
        e = root_keys_derive(&seed, &root);
    struct federation_id federation;
    bool founded = false;
    if (e == OK)
        e = roster_found(service_store(service), name, &root, endpoints.list, endpoints.n,
                         &federation);
    founded = e == OK;
    if (founded) {
        char words[WORDS_TEXT_MAX];
        words_of_seed(&seed, words);
        e = reply_give(reply, created(service, &endpoints, given == NULL ? words : NULL));
        explicit_bzero(words, sizeof words);
    }
    explicit_bzero(&seed, sizeof seed);
    explicit_bzero(&root, sizeof root);
    if (!founded && !had_keys)
        service_discard_store(service);
    return e;
}

static const struct param create_params[] = {
    {.name = "name",
     .kind = PARAM_TEXT,
     .required = true,
     .summary_da = "kommunens navn",
     .summary_en = "the municipality's name"},
    {.name = "listen",
     .kind = PARAM_TEXT,
     .required = true,
     .summary_da = "hvor noden kan kaldes op, tcp://VÆRT:PORT",
     .summary_en = "where the node can be dialled, tcp://HOST:PORT"},
    {.name = "advertise",
     .kind = PARAM_LIST,
     .summary_da = "hvad de andre får at vide, når det er noget andet",
     .summary_en = "what others are told, when it is something else"},
    {.name = "root_file",
     .kind = PARAM_TEXT,
     .summary_da = "skriv rodens ord i denne nye fil i stedet for på skærmen",
     .summary_en = "write the root's words into this new file instead of on the screen"},
    {.name = "root",
     .kind = PARAM_TEXT,
     .summary_da = "rodens ord, når den er lavet et andet sted",
     .summary_en = "the root's words, when it was made elsewhere"},
    {.name = NULL},
};

const struct verb federation_verbs[] = {
    {.noun = "federation",
     .name = "create",
     .summary_da = "grundlæg en føderation; denne node er kommunen",
     .summary_en = "found a federation; this node is the municipality",
     .access = ACCESS_FOUND,
     .params = create_params,
     .run = create},
    {.noun = NULL},
};
