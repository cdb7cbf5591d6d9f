#include "config.h"

#include "proto/bytes.h"
#include "proto/text.h"
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* inih cuts lines at 200 characters. */
enum { FILE_SIZE_MAX = 64 * 1024, LINE_SIZE_MAX = 190, VALUE_MAX = 160 };

static bool is_port(const char *text) {
    unsigned long port = 0;
    if (*text == '\0' || strlen(text) > 5)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned long)(*text - '0');
    }
    return port <= 65535;
}

static bool is_host(const char *host, size_t size) {
    if (size == 1 && host[0] == '*')
        return true;
    bool bracketed = size > 2 && host[0] == '[' && host[size - 1] == ']';
    const char *letters = bracketed ? "0123456789abcdefABCDEF:."
                                    : "0123456789abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._";
    const char *start = bracketed ? host + 1 : host;
    size_t inner = bracketed ? size - 2 : size;
    return inner > 0 && strspn(start, letters) >= inner;
}

enum err config_check_listen(const char *listen) {
    static const char scheme[] = "tcp://";
    if (strlen(listen) > VALUE_MAX || strncmp(listen, scheme, sizeof scheme - 1) != 0)
        return ERR_ARGUMENT;
    const char *host = listen + sizeof scheme - 1;
    const char *colon = strrchr(host, ':');
    if (colon == NULL || !is_host(host, (size_t)(colon - host)) || !is_port(colon + 1))
        return ERR_ARGUMENT;
    return OK;
}

bool config_can_be_dialled(const char *endpoint) {
    static const char *const anywhere[] = {
        "tcp://0.0.0.0:", "tcp://*:", "tcp://[::]:", "tcp://[::0]:"};
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++)
        if (strncmp(endpoint, anywhere[i], strlen(anywhere[i])) == 0)
            return false;
    return text_is_endpoint(endpoint);
}

bool config_endpoints(const struct config *config, const char *ret_list[static ENDPOINTS_MAX],
                      size_t *ret_n) {
    size_t n = 0;
    for (; n < config->advertise_n; n++)
        ret_list[n] = config->advertise[n];
    if (n == 0 && !config->advertise_none && config_can_be_dialled(config->listen))
        ret_list[n++] = config->listen;
    *ret_n = n;
    return n > 0 || config->advertise_none;
}

static enum err file_path(const char *home, const char *name, char ret_path[static PATH_MAX]) {
    int n = snprintf(ret_path, PATH_MAX, "%s/%s", home, name);
    return n < 0 || n >= PATH_MAX ? ERR_LIMIT : OK;
}

/* The whole file with a NUL; an empty text when there is none. The caller frees. */
static enum err read_text(const char *path, char **ret_text) {
    enum err err = ERR_IO;
    char *text = calloc(1, FILE_SIZE_MAX + 1);
    if (text == NULL)
        return ERR_MEMORY;
    FILE *file = fopen(path, "re");
    if (file == NULL && errno != ENOENT)
        goto done;
    if (file != NULL) {
        size_t n = fread(text, 1, FILE_SIZE_MAX + 1, file);
        if (ferror(file))
            goto done;
        if (n > FILE_SIZE_MAX) {
            err = ERR_LIMIT;
            goto done;
        }
    }
    *ret_text = text;
    text = NULL;
    err = OK;
done:
    if (file != NULL)
        fclose(file);
    free(text);
    return err;
}

struct reading {
    struct config config;
    struct label wrong;
};

static int refuse(struct reading *reading, struct label wrong) {
    reading->wrong = wrong;
    return 0;
}

static int take(char *place, const char *value, struct reading *reading) {
    if (*place != '\0')
        return refuse(reading, MEND("it is set twice", "det er sat to gange"));
    if (config_check_listen(value) != OK)
        return refuse(reading, MEND("it must have the form tcp://HOST:PORT",
                                    "det skal have formen tcp://VÆRT:PORT"));
    memcpy(place, value, strlen(value) + 1);
    return 1;
}

/* An address that others are to dial. */
static int take_dialled(char *place, const char *value, struct reading *reading) {
    if (*place == '\0' && config_check_listen(value) == OK && !config_can_be_dialled(value))
        return refuse(reading,
                      MEND("nobody can dial that address", "ingen kan kalde op til den adresse"));
    return take(place, value, reading);
}

static int take_advertise(const char *value, struct reading *reading) {
    struct config *config = &reading->config;
    bool none = strcmp(value, "none") == 0;
    if (config->advertise_none || (none && config->advertise_n > 0))
        return refuse(reading, MEND("none stands alone", "none står alene"));
    config->advertise_none = none;
    if (none)
        return 1;
    if (config->advertise_n == ENDPOINTS_MAX)
        return refuse(reading, MEND("there are too many addresses", "der er for mange adresser"));
    return take_dialled(config->advertise[config->advertise_n++], value, reading);
}

static int take_line(void *context, const char *section, const char *name, const char *value) {
    struct reading *reading = context;
    if (*section != '\0') {
        reading->wrong = MEND("there are no sections here", "her er ingen afsnit");
        return 0;
    }
    if (strcmp(name, "listen") == 0)
        return take(reading->config.listen, value, reading);
    if (strcmp(name, "advertise") == 0)
        return take_advertise(value, reading);
    if (strcmp(name, "municipality") == 0)
        return take_dialled(reading->config.municipality, value, reading);
    return refuse(reading,
                  MEND("this setting is not known; known are listen, advertise and municipality",
                       "denne indstilling kendes ikke; der er listen, advertise og municipality"));
}

/* The number of the first line that inih would cut, or 0. */
static int long_line(const char *text) {
    int number = 1;
    for (const char *at = text; *at != '\0'; number++) {
        size_t size = strcspn(at, "\n");
        if (size > LINE_SIZE_MAX)
            return number;
        at += size + (at[size] == '\n');
    }
    return 0;
}

enum err config_load(const char *home, struct failure *ret_why, struct config *ret_config) {
    char path[PATH_MAX];
    char *text = NULL;
    struct reading reading = {
        .wrong = MEND("not of the form NAME = VALUE", "ikke af formen NAVN = VÆRDI")};
    enum err err = file_path(home, "config", path);
    if (err == OK)
        err = read_text(path, &text);
    if (err != OK) {
        (void)failure_say(ret_why, err, err_mend(err), "%.300s: %s", "%.300s: %s",
                          err == ERR_LIMIT ? home : path,
                          label_text(ret_why->language, err_label(err)));
        goto done;
    }
    int line = long_line(text);
    if (line > 0)
        reading.wrong = MEND("the line is too long", "linjen er for lang");
    else
        line = ini_parse_string(text, take_line, &reading);
    if (line != 0) {
        err = failure_say(ret_why, ERR_ARGUMENT,
                          MEND("mend that line of the file", "ret den linje i filen"),
                          "%.300s:%d: %s", "%.300s:%d: %s", path, line,
                          label_text(ret_why->language, reading.wrong));
        goto done;
    }
    *ret_config = reading.config;
done:
    free(text);
    return err;
}

/* Does this line set `name`? */
static bool line_sets(const char *line, size_t size, const char *name) {
    size_t at = 0;
    while (at < size && (line[at] == ' ' || line[at] == '\t'))
        at++;
    size_t length = strlen(name);
    if (size - at < length || strncmp(line + at, name, length) != 0)
        return false;
    at += length;
    while (at < size && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return at < size && (line[at] == '=' || line[at] == ':');
}

static enum err append_text(struct buffer *out, const char *text) {
    return buffer_append(out, text, strlen(text));
}

static enum err append_setting(struct buffer *out, const char *name, const char *value) {
    enum err err = append_text(out, name);
    if (err == OK)
        err = append_text(out, " = ");
    if (err == OK)
        err = append_text(out, value);
    return err == OK ? append_text(out, "\n") : err;
}

static enum err append_settings(struct buffer *out, const char *name, const char *const *values,
                                size_t n) {
    enum err err = OK;
    for (size_t i = 0; i < n && err == OK; i++)
        err = append_setting(out, name, values[i]);
    return err;
}

/* `old` with the setting `name` replaced where it first stands, or added at the end; a line for
 * each value, so none removes it. */
static enum err with_setting(const char *old, const char *name, const char *const *values, size_t n,
                             struct buffer *out) {
    bool written = n == 0;
    enum err err = OK;
    for (const char *at = old; *at != '\0' && err == OK;) {
        size_t size = strcspn(at, "\n");
        if (line_sets(at, size, name)) {
            if (!written)
                err = append_settings(out, name, values, n);
            written = true;
        } else {
            err = buffer_append(out, at, size);
            if (err == OK)
                err = append_text(out, "\n");
        }
        at += size + (at[size] == '\n');
    }
    if (!written && err == OK)
        err = append_settings(out, name, values, n);
    if (err == OK)
        err = buffer_append(out, "", 1);
    return err;
}

static enum err io_error(void) {
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ERR_DISK_FULL : ERR_IO;
}

static enum err sync_folder(const char *home) {
    int folder = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return ERR_IO;
    enum err err = fsync(folder) == 0 ? OK : io_error();
    close(folder);
    return err;
}

/* Beside it and renamed over it, so that a crash leaves either the old or the new. */
static enum err write_whole(const char *home, const char *path, const char *text) {
    char new_path[PATH_MAX];
    enum err err = file_path(home, "config.new", new_path);
    if (err != OK)
        return err;
    int fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_error();
    for (size_t at = 0, size = strlen(text); at < size && err == OK;) {
        ssize_t n = write(fd, text + at, size - at);
        if (n > 0)
            at += (size_t)n;
        else if (n < 0 && errno != EINTR)
            err = io_error();
    }
    if (err == OK && fsync(fd) != 0)
        err = io_error();
    if (close(fd) != 0 && err == OK)
        err = io_error();
    if (err == OK && rename(new_path, path) != 0)
        err = io_error();
    if (err != OK) {
        (void)unlink(new_path);
        return err;
    }
    return sync_folder(home);
}

static enum err check_settings(const char *listen, const char *const *advertise, size_t n) {
    if (listen != NULL && *listen != '\0' && config_check_listen(listen) != OK)
        return ERR_ARGUMENT;
    if (n == CONFIG_LEAVE)
        return OK;
    if (n > ENDPOINTS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < n; i++)
        if (config_check_listen(advertise[i]) != OK || !config_can_be_dialled(advertise[i]))
            return ERR_ARGUMENT;
    return OK;
}

enum err config_write_listen(const char *home, const char *listen, const char *const *advertise,
                             size_t advertise_n) {
    static const char *const none[] = {"none"};
    char path[PATH_MAX];
    char *old = NULL;
    struct buffer with_listen = {0}, with_both = {0};
    enum err err = check_settings(listen, advertise, advertise_n);
    if (err != OK)
        goto done;
    err = file_path(home, "config", path);
    if (err == OK)
        err = read_text(path, &old);
    const char *text = old;
    if (err == OK && listen != NULL) {
        err = with_setting(text, "listen", &listen, *listen != '\0', &with_listen);
        text = (const char *)with_listen.data;
    }
    if (err == OK && advertise_n != CONFIG_LEAVE) {
        bool any = advertise_n > 0;
        err = with_setting(text, "advertise", any ? advertise : none, any ? advertise_n : 1,
                           &with_both);
        text = (const char *)with_both.data;
    }
    if (err == OK)
        err = write_whole(home, path, text);
done:
    free(old);
    buffer_done(&with_listen);
    buffer_done(&with_both);
    return err;
}
