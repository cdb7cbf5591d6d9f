#include "core.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

void node_guard_process(void) {
    const struct rlimit none = {0, 0};
    struct rlimit files;
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk */
    /* Three descriptors a connection. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void signalled(void *context, uint32_t events) {
    struct node *node = context;
    struct signalfd_siginfo info;
    (void)events;
    while (read(node->signals.fd, &info, sizeof info) == (ssize_t)sizeof info)
        node->stopping = true;
}

/* Before any thread is made, so that none takes the signals. */
static enum err take_signals(struct node *node) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &set, &node->signals_before) != 0)
        return ERR_IO;
    node->signals_taken = true;
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return ERR_LIMIT;
    node->signals = (struct watch){.fd = fd, .ready = signalled, .context = node};
    return watch_set(&node->watcher, &node->signals, EPOLLIN);
}

static enum err bind_net(struct node *node, const char *listen, struct failure *ret_why) {
    enum err err = address_load(node, ret_why);
    if (err != OK)
        return err;
    if (listen == NULL)
        listen = node->config.listen;
    if (*listen == '\0')
        return OK;
    err = config_check_listen(listen);
    if (err == OK)
        err = net_bind(node->net, listen, node->bound);
    return err == OK ? OK : address_failed(ret_why, err, listen);
}

static enum err open_store(struct node *node, struct failure *ret_why) {
    peers_surround(node);
    enum err err = service_new(node->home, &node->surroundings, &node->service);
    if (err == OK && (err = service_check_home(node->home, ret_why)) != OK)
        return err;
    if (err == OK)
        err = service_open_store(node->service);
    if (err == OK)
        node->store = service_store(node->service);
    if (err == ERR_NOT_FOUND)
        return failure_say(ret_why, err, SERVICE_FOUND_MEND,
                           "this home is not a member of a federation yet",
                           "dette hjem er ikke med i en føderation endnu");
    if (err != OK)
        return failure_say(ret_why, err, err_mend(err), "the database can't be opened: %s",
                           "databasen kan ikke åbnes: %s",
                           label_text(ret_why->language, err_label(err)));
    return OK;
}

static enum err begin(struct node *node, const struct node_options *options,
                      struct failure *ret_why) {
    enum err err = take_signals(node);
    if (err == OK)
        err = open_store(node, ret_why);
    if (err == OK)
        err = links_open(node);
    if (err == OK)
        err = bind_net(node, options->listen, ret_why);
    if (err == OK)
        err = enrol_start(node);
    if (err == OK && options->control)
        err = control_new(&node->watcher, node->service, node->home->path, &node->control);
    if (err != OK && *ret_why->text == '\0')
        return failure_say(ret_why, err, err_mend(err), "the node can't start: %s",
                           "noden kan ikke starte: %s",
                           label_text(ret_why->language, err_label(err)));
    return err;
}

enum err node_new(struct home *home, const struct node_options *options, struct failure *ret_why,
                  struct node **ret_node) {
    struct node *node = calloc(1, sizeof *node);
    *ret_why->text = *ret_why->mend = '\0';
    if (node == NULL)
        return failure_err(ret_why, ERR_MEMORY);
    log_init(options->quiet);
    node->home = home;
    node->signals.fd = -1;
    enum err err = watcher_init(&node->watcher);
    if (err == OK)
        err = begin(node, options, ret_why);
    else
        (void)failure_err(ret_why, err);
    if (err != OK) {
        node_free(node);
        return err;
    }
    *ret_node = node;
    return OK;
}

void node_free(struct node *node) {
    if (node == NULL)
        return;
    control_free(node->control);
    engine_free(node->engine);
    effects_done(&node->effects);
    buffer_done(&node->run);
    free(node->peers_seen);
    net_free(node->net);
    service_free(node->service);
    watch_remove(&node->watcher, &node->signals);
    if (node->signals.fd >= 0)
        close(node->signals.fd);
    watcher_done(&node->watcher);
    if (node->signals_taken)
        pthread_sigmask(SIG_SETMASK, &node->signals_before, NULL);
    free(node);
}

struct service *node_service(struct node *node) {
    return node->service;
}

const char *node_listens_on(const struct node *node) {
    return node->bound;
}
