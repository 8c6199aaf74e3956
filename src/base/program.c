#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"

enum {
    KEPT = 8 * 1024,
    ENDS_WITHIN = 10000, /* milliseconds: behind its last word, or behind SIGTERM */
};

/* Above the standard descriptors, should one of those be closed. */
static bool make_pipe(int *reading, int *writing)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;

    *reading = fcntl(ends[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    *writing = fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(ends[0]);
    close(ends[1]);
    return *reading >= 0 && *writing >= 0 && fcntl(*reading, F_SETFL, O_NONBLOCK) == 0;
}

/* In the child, where only what is async-signal-safe may be called. */
static void become(int output, pid_t parent, const char *const *arguments, const char *const *environment)
{
    process_end_with(parent, SIGTERM);

    /* What we ignore or block for ourselves is not the program's. */
    sigset_t none;
    sigemptyset(&none);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);

    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execve(arguments[0], (char *const *)arguments, (char *const *)environment);
    _exit(127);
}

/* By fork(), since posix_spawn() knows no signal for the end of the parent. */
static bool start(Child *child, const char *const *arguments, const char *const *environment)
{
    CLEANUP(descriptor_cleanup) int reading = -1;
    CLEANUP(descriptor_cleanup) int writing = -1;
    if (!make_pipe(&reading, &writing))
        return false;

    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0)
        become(writing, parent, arguments, environment);

    *child = (Child){.pid = pid, .to = -1, .from = reading, .life = -1};
    reading = -1;
    return true;
}

/* Reads up to the end of what it says, and keeps the end of that. False when cancelled. */
static bool listen_to(const Child *child, char *said, Wait *wait)
{
    for (size_t length = 0;;) {
        if (wait_for(wait, child->from, POLLIN, WAIT_FOREVER) == WAIT_CANCELLED)
            return false;
        if (length == KEPT) {
            length /= 2;
            memmove(said, said + length, length);
        }

        ssize_t got = read(child->from, said + length, KEPT - length);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        length += got > 0 ? (size_t)got : 0;
        said[length] = '\0';
        if (got <= 0)
            return true;
    }
}

bool program_run(ProgramEnd *end, Arena *arena, Wait *wait, const char *const *arguments, const char *const *environment, DbaltError *error)
{
    Child child = CHILD_NONE;
    if (wait_is_cancelled(wait))
        return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted");
    if (!start(&child, arguments, environment))
        return fail_errno(error, DBALT_ERROR_FAILED, "cannot start \"%s\"", arguments[0]);

    char *said = arena_allocate(arena, KEPT + 1);
    bool heard = listen_to(&child, said, wait);
    if (!heard)
        kill(child.pid, SIGTERM);
    int status = -1;
    child_stop(&child, wait, wait_now() + ENDS_WITHIN, &status);
    if (!heard || wait_is_cancelled(wait)) /* a terminal's Ctrl-C may have ended it before we heard of it */
        return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while \"%s\" ran", arguments[0]);

    *end = (ProgramEnd){.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0, .said = said};
    return true;
}

const char *program_quote(Arena *arena, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./,:@%";
    if (*word != '\0' && word[strspn(word, plain)] == '\0')
        return arena_copy_string(arena, word);

    const char *quoted = "'";
    for (const char *rest = word; *rest != '\0';) {
        size_t length = strcspn(rest, "'");
        bool ends = rest[length] == '\0';
        quoted = arena_format(arena, "%s%.*s%s", quoted, (int)length, rest, ends ? "" : "'\\''");
        rest += length + (ends ? 0 : 1);
    }
    return arena_format(arena, "%s'", quoted);
}
