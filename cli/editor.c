#include "editor.h"

#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

bool editor_is_possible(void) {
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* The signals that end a command; what they find open must not stay. */
static const int endings[] = {SIGHUP, SIGTERM, SIGINT, SIGQUIT};
enum { ENDINGS_N = sizeof endings / sizeof *endings };
static struct sigaction before[ENDINGS_N];
static volatile sig_atomic_t caught, running_editor;

static void on_ending(int number) {
    caught = number;
    if (running_editor > 0)
        kill((pid_t)running_editor, number);
}

bool editor_is_interrupted(void) {
    return caught != 0;
}

/* Without SA_RESTART: a question on the terminal ends too. */
static void take_signals(void) {
    struct sigaction take = {.sa_handler = on_ending};
    caught = running_editor = 0;
    for (size_t i = 0; i < ENDINGS_N; i++)
        if (sigaction(endings[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            sigaction(endings[i], &take, NULL);
}

static void give_signals_back(void) {
    for (size_t i = 0; i < ENDINGS_N; i++)
        sigaction(endings[i], &before[i], NULL);
}

static int remove_one(const char *path, const struct stat *status __attribute__((unused)),
                      int kind __attribute__((unused)), struct FTW *at __attribute__((unused))) {
    return remove(path);
}

static void remove_folder(const char *path) {
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The lock is on the folder itself. Not closed on exec: an editor that outlives this process holds
 * it on. Negative: no folder of ours, or in use. */
static int lock_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* What an earlier edit left: killed, or kept for a user who has had it since. */
static void sweep(const char *home) {
    DIR *folder = opendir(home);
    const struct dirent *entry;
    char path[EDITOR_PATH_MAX];
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int size = snprintf(path, sizeof path, "%s/%s", home, entry->d_name);
        if (strncmp(entry->d_name, "edit-", 5) != 0 || size < 0 || (size_t)size >= sizeof path)
            continue;
        int lock = lock_folder(path);
        if (lock < 0)
            continue;
        remove_folder(path);
        close(lock);
    }
    if (folder != NULL)
        closedir(folder);
}

void editor_close(struct editor *editor, bool keep) {
    if (!keep || caught != 0)
        remove_folder(editor->folder);
    close(editor->lock);
    give_signals_back();
    if (caught != 0)
        raise((int)caught);
}

enum err editor_open(struct editor *editor, const char *home, struct bytes text) {
    sweep(home);
    int size = snprintf(editor->folder, sizeof editor->folder, "%s/edit-XXXXXX", home);
    take_signals();
    if (size < 0 || (size_t)size >= sizeof editor->folder || mkdtemp(editor->folder) == NULL) {
        int number = size < 0 || (size_t)size >= sizeof editor->folder ? ENAMETOOLONG : errno;
        give_signals_back();
        return failure_say(
            &editor->why, ERR_IO, err_mend(ERR_IO), "no folder for the editor could be made: %s",
            "der kunne ikke laves en mappe til skriveprogrammet: %s", strerror(number));
    }
    editor->lock = lock_folder(editor->folder);
    snprintf(editor->path, sizeof editor->path, "%s/form.txt", editor->folder);
    enum err e = file_write_new(editor->path, 0600, text, &editor->why);
    if (e != OK)
        editor_close(editor, false);
    return e;
}

/* The user's own command line, with the file as its last word; the shell takes "code --wait" apart.
 */
static void become_editor(const char *path, const sigset_t *mask) {
    give_signals_back();
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execl("/bin/sh", "sh", "-c", "exec ${VISUAL:-${EDITOR:-vi}} \"$1\"", "sh", path, (char *)NULL);
    _exit(127);
}

/* An editor that was asked to end and does not is ended: the text must go. */
static pid_t wait_until_ended(pid_t child, int *ret_status) {
    enum { PATIENCE = 100, PAUSE_US = 20000 };
    for (int waited = 0;; waited++) {
        pid_t ended = waitpid(child, ret_status, caught != 0 ? WNOHANG : 0);
        if (ended == child || (ended < 0 && errno != EINTR))
            return ended;
        if (caught == 0)
            continue;
        if (waited == PATIENCE)
            kill(child, SIGKILL);
        usleep(PAUSE_US);
    }
}

static enum err wait_for(struct editor *editor, pid_t child) {
    int status;
    if (wait_until_ended(child, &status) < 0) {
        return failure_say(&editor->why, ERR_IO, err_mend(ERR_STALE), "the editor was lost: %s",
                           "skriveprogrammet forsvandt: %s", strerror(errno));
    }
    if (caught == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OK;
    return failure_say(&editor->why, ERR_CANCELLED,
                       MEND("see which editor $VISUAL or $EDITOR names, and repeat the command",
                            "se efter, hvilket skriveprogram $VISUAL eller $EDITOR nævner, og "
                            "gentag kommandoen"),
                       "the editor did not end well; nothing was changed",
                       "skriveprogrammet sluttede ikke, som det skulle; intet er ændret");
}

enum err editor_run(struct editor *editor, struct buffer *ret_text) {
    /* Ctrl-C in the editor is the editor's. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
    sigset_t ends, mask;
    sigemptyset(&ends);
    for (size_t i = 0; i < ENDINGS_N; i++)
        sigaddset(&ends, endings[i]);
    sigprocmask(SIG_BLOCK, &ends, &mask); /* until it is known whom to tell */
    pid_t child = fork();
    if (child == 0)
        become_editor(editor->path, &mask);
    running_editor = child > 0 ? child : 0;
    sigaction(SIGINT, &ignore, &old_int);
    sigaction(SIGQUIT, &ignore, &old_quit);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    enum err e = child < 0 ? ERR_IO : wait_for(editor, child);
    running_editor = 0;
    if (child < 0)
        (void)failure_say(&editor->why, e, err_mend(ERR_MEMORY),
                          "the editor could not be started: %s",
                          "skriveprogrammet kunne ikke startes: %s", strerror(errno));
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    return e == OK ? file_read_text(editor->path, NULL, ret_text, &editor->why) : e;
}
