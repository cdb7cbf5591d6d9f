#include "client.h"

#include "proto/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define METHOD_PREFIX "org.stafet."

enum { READ_SIZE = 64 * 1024 };
#define ANSWER_SIZE_MAX KIB(256 * 1024)

struct client {
    int fd;
    int silence_ms_max;
    char *home;
    struct buffer in; /* what has come and was not taken yet */
};

/* A socket's path has at most 107 bytes; a home may lie deeper. Then it is named through a
 * descriptor of the home. */
static enum err name_socket(const char *home, int folder, struct sockaddr_un *name) {
    name->sun_family = AF_UNIX;
    int n = snprintf(name->sun_path, sizeof name->sun_path, "%s/control", home);
    if (n >= (int)sizeof name->sun_path)
        n = snprintf(name->sun_path, sizeof name->sun_path, "/proc/self/fd/%d/control", folder);
    return n < 0 || n >= (int)sizeof name->sun_path ? ERR_LIMIT : OK;
}

static enum err connect_error(void) {
    if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
        return ERR_NOT_FOUND;
    if (errno == EAGAIN) /* as many wait for it as may */
        return ERR_BUSY;
    return errno == EACCES || errno == EPERM ? ERR_DENIED : ERR_IO;
}

/* A connection that no reading or writing waits on. */
static enum err dial(const char *home, int patience_ms, int *ret_fd) {
    struct timeval patience = {patience_ms / 1000, (patience_ms % 1000) * 1000L};
    struct sockaddr_un name = {0};
    enum err err = ERR_IO;
    int fd = -1, folder = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return connect_error();
    err = name_socket(home, folder, &name);
    if (err != OK)
        goto done;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Connecting waits where the node takes nobody in. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (const struct sockaddr *)&name, sizeof name) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        err = connect_error();
        goto done;
    }
    *ret_fd = fd;
    fd = -1;
done:
    if (fd >= 0)
        close(fd);
    close(folder);
    return err;
}

enum err client_open(const char *home, int silence_ms_max, struct client **ret_client) {
    struct client *client = calloc(1, sizeof *client);
    char *path = strdup(home);
    enum err err = client == NULL || path == NULL ? ERR_MEMORY : OK;
    if (err == OK)
        err = dial(home, silence_ms_max, &client->fd);
    if (err != OK) {
        free(path);
        free(client);
        return err;
    }
    client->home = path;
    client->silence_ms_max = silence_ms_max;
    *ret_client = client;
    return OK;
}

void client_close(struct client *client) {
    if (client == NULL)
        return;
    close(client->fd);
    buffer_wipe(&client->in);
    free(client->home);
    free(client);
}

/* Does the socket get ready in time? What is wrong with it shows when it is used. */
static bool is_ready(int fd, short events, int patience_ms) {
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int n;
    while ((n = poll(&poll_fd, 1, patience_ms)) < 0 && errno == EINTR)
        ;
    return n != 0;
}

/* Asks something that is refused at once. Any word back will do; so will hanging up: somebody was
 * there to do it. */
static bool is_alive(const struct client *client) {
    static const char question[] = "{}";
    int fd;
    enum err err = dial(client->home, client->silence_ms_max, &fd);
    if (err != OK)
        return err != ERR_BUSY; /* gone: then the call's own connection ends */
    bool alive = send(fd, question, sizeof question, MSG_NOSIGNAL) < 0 ||
                 is_ready(fd, POLLIN, client->silence_ms_max);
    close(fd);
    return alive;
}

static enum err wait_for(const struct client *client, short events) {
    while (!is_ready(client->fd, events, client->silence_ms_max))
        if (!is_alive(client) && !is_ready(client->fd, events, 0))
            return ERR_BUSY;
    return OK;
}

static enum err write_all(const struct client *client, const char *text, size_t size) {
    while (size > 0) {
        ssize_t n = send(client->fd, text, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            enum err err = wait_for(client, POLLOUT);
            if (err != OK)
                return err;
            continue;
        }
        if (n < 0)
            return errno == EPIPE || errno == ECONNRESET ? ERR_CLOSED : ERR_IO;
        text += n;
        size -= (size_t)n;
    }
    return OK;
}

static enum err send_request(struct client *client, const struct asker *asker, const char *noun,
                             const char *verb, const json_t *args, bool more) {
    json_t *arguments = args != NULL ? json_deep_copy(args) : json_object();
    json_t *request =
        json_pack("{s:s+, s:{s:o, s:{s:s, s:s, s:s}}, s:b}", "method", METHOD_PREFIX, noun,
                  "parameters", "arguments", arguments, "asker", "name", asker->name, "function",
                  asker->function, "language", language_code(asker->language), "more", (int)more);
    if (request != NULL && *verb != '\0')
        json_object_set_new(request, "method", json_sprintf(METHOD_PREFIX "%s.%s", noun, verb));
    char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    enum err err = text != NULL ? write_all(client, text, strlen(text) + 1) : ERR_MEMORY;
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
    json_decref(request);
    return err;
}

/* Reads on until a whole object has come; `*ret_size` is without its NUL. */
static enum err read_object(struct client *client, size_t *ret_size) {
    size_t searched = 0;
    for (;;) {
        uint8_t *end = client->in.size == searched
                           ? NULL
                           : memchr(client->in.data + searched, '\0', client->in.size - searched);
        if (end != NULL) {
            *ret_size = (size_t)(end - client->in.data);
            return OK;
        }
        searched = client->in.size;
        if (searched > ANSWER_SIZE_MAX)
            return ERR_LIMIT;
        uint8_t *room;
        enum err err = buffer_extend(&client->in, READ_SIZE, &room);
        if (err != OK)
            return err;
        ssize_t n;
        while ((n = recv(client->fd, room, READ_SIZE, 0)) < 0 &&
               (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
            if (errno != EINTR && (err = wait_for(client, POLLIN)) != OK) {
                client->in.size = searched;
                return err;
            }
        client->in.size = searched + (n > 0 ? (size_t)n : 0);
        if (n <= 0)
            return n == 0 || errno == ECONNRESET ? ERR_CLOSED : ERR_IO;
    }
}

static enum err next_object(struct client *client, json_t **ret_object) {
    size_t size;
    enum err err = read_object(client, &size);
    if (err != OK)
        return err;
    json_t *object = json_loadb((const char *)client->in.data, size, 0, NULL);
    memmove(client->in.data, client->in.data + size + 1, client->in.size - size - 1);
    client->in.size -= size + 1;
    if (!json_is_object(object)) {
        json_decref(object);
        return ERR_FORMAT;
    }
    *ret_object = object;
    return OK;
}

/* The error that an answer names. */
static enum err error_named(const char *name) {
    size_t prefix = strlen(METHOD_PREFIX);
    return strncmp(name, METHOD_PREFIX, prefix) == 0 ? err_from_name(name + prefix) : ERR_INTERNAL;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* The last object of an answer. */
static enum err take_end(const json_t *object, struct reply *reply) {
    json_t *parameters = json_object_get(object, "parameters");
    const char *name = json_string_value(json_object_get(object, "error"));
    if (name == NULL) {
        if (parameters == NULL)
            return ERR_FORMAT;
        return reply_give(reply, json_incref(parameters));
    }
    enum err err = error_named(name);
    if (err == OK)
        return ERR_FORMAT;
    const char *mend = text_of(parameters, "mend");
    (void)reply_fail(reply, err, COMMAND(mend), "%s", "%s", text_of(parameters, "text"));
    json_t *details = json_object_get(parameters, "details");
    if (details != NULL)
        reply->details = json_incref(details);
    return err;
}

/* What was asked may lie in the socket still. */
static enum err refuse_silence(const struct client *client, struct reply *reply) {
    struct ucred node = {0};
    socklen_t size = sizeof node;
    (void)getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &node, &size);
    return reply_fail(
        reply, ERR_BUSY,
        MEND("see whether it was stopped (then kill -CONT lets it go on) or is stuck (then end it "
             "and start it again); what was asked may be done once it goes on",
             "se, om den er sat på pause (så lader kill -CONT den fortsætte) eller hænger (så "
             "afslut den, og start den igen); det, der blev bedt om, bliver måske gjort, når den "
             "fortsætter"),
        "the node of this home, process %d, does not answer",
        "noden for dette hjem, proces %d, svarer ikke", (int)node.pid);
}

enum err client_call(struct client *client, const struct asker *asker, const char *noun,
                     const char *verb, const json_t *args,
                     void (*progress)(void *context, const json_t *progress), void *context,
                     struct reply *reply) {
    reply->language = asker->language;
    enum err err = send_request(client, asker, noun, verb, args, progress != NULL);
    if (err == ERR_CLOSED)
        err =
            OK; /* a request that is refused half-way, too large perhaps, has its answer waiting */
    bool ended = false;
    while (err == OK && !ended) {
        json_t *object = NULL;
        err = next_object(client, &object);
        ended = err == OK && !json_is_true(json_object_get(object, "continues"));
        if (ended)
            err = take_end(object, reply);
        else if (err == OK && progress != NULL)
            progress(context, json_object_get(object, "parameters"));
        json_decref(object);
    }
    if (err == ERR_BUSY && reply->error == OK)
        return refuse_silence(client, reply);
    if (err == ERR_CLOSED && reply->error == OK)
        return reply_fail(
            reply, err,
            MEND("stafet status says whether it runs again; its log says why it stopped",
                 "stafet status siger, om den kører igen; dens log siger, hvorfor den stoppede"),
            "the node stopped before it answered", "noden stoppede, før den svarede");
    if (err != OK && reply->error == OK)
        return reply_err(reply, err);
    return err;
}
