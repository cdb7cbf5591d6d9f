#include "inside.h"
#include "scan.h"
#include "store/check.h"
#include "verbs.h"

#include <string.h>

enum { SEARCH_SIZE_MAX = 1024 };

struct files {
    json_t *list;
    uint64_t hits;
};

static enum err add_file(void *context, const struct scan_file *file) {
    struct files *files = context;
    files->hits += file->hits;
    json_t *form = json_pack("{s:s, s:I, s:I}", "name", file->name, "bytes", (json_int_t)file->size,
                             "hits", (json_int_t)file->hits);
    return json_array_append_new(files->list, form) == 0 ? OK : ERR_MEMORY;
}

/* The keys of another home, from the text of its keys file (store/home.c): a title, then the seed
 * in words. */
static enum err read_keys(const char *text, struct reply *reply, struct node_keys *ret_keys) {
    static const char title[] = "stafet keys 1\n";
    struct seed seed;
    enum err e = ERR_FORMAT;
    if (strncmp(text, title, strlen(title)) == 0)
        e = words_to_seed(text + strlen(title), &seed);
    if (e != OK)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("--keys takes the folder of a home in which there are keys",
                               "--keys skal have mappen for et hjem, hvor der er nøgler"),
                          "these are not a home's keys", "det er ikke et hjems nøgler");
    e = node_keys_derive(&seed, ret_keys);
    explicit_bzero(&seed, sizeof seed);
    return e;
}

static enum err search_sections(struct service *service, const char *file, const char *text,
                                struct reply *reply, uint64_t *ret_opened, uint64_t *ret_hits) {
    struct store *store = service_store(service);
    if (file == NULL)
        return check_search(store, store_keys(store), text, ret_opened, ret_hits);
    struct node_keys keys;
    enum err e = read_keys(file, reply, &keys);
    if (e == OK)
        e = check_search(store, &keys, text, ret_opened, ret_hits);
    explicit_bzero(&keys, sizeof keys);
    return e;
}

static enum err search(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply) {
    (void)asker;
    const char *text = service_text(args, "text");
    if (*text == '\0' || strlen(text) > SEARCH_SIZE_MAX)
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("search for a shorter text", "søg efter en kortere tekst"),
                          "the text to search for has 1 to %d letters",
                          "den tekst, der søges efter, er på 1 til %d bogstaver", SEARCH_SIZE_MAX);
    uint64_t opened = 0, hits = 0;
    struct files files = {.list = json_array()};
    enum err e = search_sections(service, service_text(args, "keys"), text, reply, &opened, &hits);
    if (e == OK && service->scan == NULL)
        e = scan_new(service_home(service)->path, &service->scan);
    if (e == OK)
        e = scan_home(service->scan, bytes_of_text(text), add_file, &files);
    if (e != OK) {
        json_decref(files.list);
        return e;
    }
    return reply_give(reply,
                      json_pack("{s:I, s:{s:I, s:I}, s:o}", "hits",
                                (json_int_t)hits + (json_int_t)files.hits, "sections", "opened",
                                (json_int_t)opened, "hits", (json_int_t)hits, "files", files.list));
}

static const struct param search_params[] = {
    {.name = "text",
     .kind = PARAM_TEXT,
     .positional = true,
     .required = true,
     .summary_da = "hvad der søges efter, tegn for tegn",
     .summary_en = "what to look for, byte for byte"},
    {.name = "keys",
     .kind = PARAM_TEXT,
     .summary_da = "åbn med nøglerne fra denne hjemmemappe i stedet for nodens egne",
     .summary_en = "open with the keys of this home instead of the node's own"},
    {.name = NULL},
};

const struct verb search_verbs[] = {
    {.noun = "search",
     .name = "",
     .summary_da =
         "tæl, hvor ofte en tekst står i det, som nøglerne kan åbne, og i alle hjemmets filer",
     .summary_en = "count a text in what the keys can open and in every file of the home",
     .access = ACCESS_READ,
     .params = search_params,
     .run = search},
    {.noun = NULL},
};
