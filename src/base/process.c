#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/cleanup.h"
#include "base/file.h"

const char *process_user(Arena *arena)
{
    CLEANUP(arena_done) Arena local = {0};
    size_t size = 16 * 1024;
    struct passwd entry;
    struct passwd *found = NULL;

    while (getpwuid_r(geteuid(), &entry, arena_allocate(&local, size), size, &found) == ERANGE)
        size *= 2;

    if (found == NULL || found->pw_name[0] == '\0')
        return arena_format(arena, "%lu", (unsigned long)geteuid());

    return arena_copy_string(arena, found->pw_name);
}

const char *process_host(Arena *arena)
{
    char name[HOST_NAME_MAX + 1] = "";
    if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
        return "localhost";

    return arena_copy_string(arena, name);
}

void process_end_with(pid_t parent, int signal)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, signal);
#else
    (void)signal;
#endif
    if (getppid() != parent)
        _exit(1);
}

/* The answer goes through the pipe, not the exit status: an embedder that ignores SIGCHLD leaves no status behind. */
static void answer_and_exit(int pipe, bool (*function)(void *context), void *context)
{
    ssize_t written = function(context) ? write(pipe, "", 1) : 0;
    _exit(written == 1 ? 0 : 1);
}

bool process_call(Wait *wait, bool (*function)(void *context), void *context, int64_t deadline)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    CLEANUP(descriptor_cleanup) int reading = ends[0];
    CLEANUP(descriptor_cleanup) int writing = ends[1];

    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0)
        return false;
    if (child == 0) {
        process_end_with(parent, SIGKILL); /* it has copies of all that is ours, and may block for ever */
        answer_and_exit(writing, function, context);
    }

    /* The child's end alone keeps the pipe open now: it is readable when the child has answered or is gone. */
    descriptor_cleanup(&writing);

    /* Called to carry out a cancel, it must neither be cut short by it nor take the news of it from somebody else. */
    bool told = wait->cancel_told;
    wait->cancel_told = true;
    bool ended = wait_for(wait, reading, POLLIN, deadline) == WAIT_READY;
    wait->cancel_told = told;

    char answer;
    bool is_true = ended && read(reading, &answer, 1) == 1;
    if (!ended)
        kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;

    return is_true;
}
