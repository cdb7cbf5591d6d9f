#include "store/check.h"
#include "verbs.h"

/* The one place where a path that a person named reaches a file by way of the service: SQLite has
 * to write the copy itself, from the one connection that there is. The CLI passes it absolute; it
 * is the owner of the home that writes. */
static enum err export_sqlite(struct service *service, const struct asker *asker,
                              const json_t *args, struct reply *reply) {
    (void)asker;
    const char *path = service_text(args, "file");
    if (*path != '/')
        return reply_fail(reply, ERR_ARGUMENT,
                          MEND("name it with all its folders, from / on",
                               "skriv den med alle sine mapper, fra / og frem"),
                          "the file needs its whole path", "filen skal skrives med hele sin sti");
    enum err e = check_export(service_store(service), path);
    if (e == ERR_EXISTS)
        return reply_fail(reply, e, MEND("name another file", "vælg en anden fil"),
                          "%.300s is there already", "%.300s findes allerede", path);
    if (e != OK)
        return reply_fail(
            reply, e,
            e == ERR_DISK_FULL
                ? err_mend(e)
                : MEND("name a file in a folder that is there and where you may write",
                       "vælg en fil i en mappe, der findes, og hvor du må skrive"),
            "%.300s could not be written: %s", "%.300s kunne ikke skrives: %s", path,
            reply_err_text(reply, e));
    return reply_give(reply, json_pack("{s:s}", "file", path));
}

static const struct param sqlite_params[] = {
    {.name = "file",
     .kind = PARAM_TEXT,
     .positional = true,
     .required = true,
     .summary_da = "en ny fil",
     .summary_en = "a new file"},
    {.name = NULL},
};

const struct verb export_verbs[] = {
    {.noun = "export",
     .name = "sqlite",
     .summary_da = "skriv det, der ikke er følsomt, som en SQLite-fil",
     .summary_en = "write what is not sensitive as an SQLite file",
     .access = ACCESS_READ,
     .params = sqlite_params,
     .run = export_sqlite},
    {.noun = NULL},
};
