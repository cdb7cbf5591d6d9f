#include "editor.h"

#include "file.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool editor_is_possible(void) {
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static const char *parent_folder(void) {
    static const char *const names[] = {"XDG_RUNTIME_DIR", "TMPDIR"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = getenv(names[i]);
        if (path != NULL && *path == '/' && access(path, W_OK) == 0)
            return path;
    }
    return "/tmp";
}

static int remove_one(const char *path, const struct stat *status __attribute__((unused)),
                      int kind __attribute__((unused)), struct FTW *at __attribute__((unused))) {
    return remove(path);
}

void editor_close(struct editor *editor, bool keep) {
    if (!keep)
        nftw(editor->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

enum err editor_open(struct editor *editor, struct bytes text) {
    int size = snprintf(editor->folder, sizeof editor->folder, "%s/stafet-XXXXXX", parent_folder());
    if (size < 0 || (size_t)size >= sizeof editor->folder || mkdtemp(editor->folder) == NULL) {
        snprintf(editor->why, sizeof editor->why, "no folder for the editor could be made: %s",
                 strerror(errno));
        return ERR_IO;
    }
    snprintf(editor->path, sizeof editor->path, "%s/form.txt", editor->folder);
    enum err e = file_write_new(editor->path, 0600, text, editor->why);
    if (e != OK)
        editor_close(editor, false);
    return e;
}

/* The user's own command line, with the file as its last word; the shell takes "code --wait" apart.
 */
static void become_editor(const char *path) {
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", "exec ${VISUAL:-${EDITOR:-vi}} \"$1\"", "sh", path, (char *)NULL);
    _exit(127);
}

static enum err wait_for(struct editor *editor, pid_t child) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) {
            snprintf(editor->why, sizeof editor->why, "the editor was lost: %s", strerror(errno));
            return ERR_IO;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OK;
    snprintf(editor->why, sizeof editor->why, "the editor did not end well; nothing was changed");
    return ERR_CANCELLED;
}

enum err editor_run(struct editor *editor, struct buffer *ret_text) {
    /* Ctrl-C in the editor is the editor's. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
    sigaction(SIGINT, &ignore, &old_int);
    sigaction(SIGQUIT, &ignore, &old_quit);
    pid_t child = fork();
    if (child == 0)
        become_editor(editor->path);
    enum err e = child < 0 ? ERR_IO : wait_for(editor, child);
    if (child < 0)
        snprintf(editor->why, sizeof editor->why, "the editor could not be started: %s",
                 strerror(errno));
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    return e == OK ? file_read_text(editor->path, ret_text, editor->why) : e;
}
