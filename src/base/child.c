/* A child that is spoken with over two channels. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"

/* Where the child finds its ends. */
enum { CHILD_READS = 3, CHILD_WRITES = 4, CHILD_LIVES_BY = 5 };

static size_t count_strings(char *const *strings)
{
    size_t count = 0;
    while (strings[count] != NULL)
        count++;
    return count;
}

/* Extra variables first: the first of one name counts. */
static char **merge_environment(Arena *arena, const char *const *extra)
{
    size_t inherited = count_strings(environ);
    size_t added = count_strings((char *const *)extra);
    char **merged = arena_allocate_array(arena, inherited + added + 1, sizeof *merged);
    size_t count = 0;

    for (size_t i = 0; i < added; i++)
        merged[count++] = arena_copy_string(arena, extra[i]);
    for (size_t i = 0; i < inherited; i++) {
        bool is_replaced = false;
        for (size_t j = 0; j < added && !is_replaced; j++)
            is_replaced = strncmp(environ[i], extra[j], strcspn(extra[j], "=") + 1) == 0;
        if (!is_replaced)
            merged[count++] = environ[i];
    }
    return merged;
}

/* Above every descriptor that the child's ends could collide with. Sockets: writing to a child that is gone must raise no SIGPIPE. */
static bool make_channel(int *reading, int *writing)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;

    *reading = fcntl(ends[0], F_DUPFD_CLOEXEC, CHILD_LIVES_BY + 1);
    *writing = fcntl(ends[1], F_DUPFD_CLOEXEC, CHILD_LIVES_BY + 1);
    close(ends[0]);
    close(ends[1]);
    return *reading >= 0 && *writing >= 0;
}

/*
 * Nothing is ever written here: the one event on the child's end is that ours closed. PR_SET_PDEATHSIG would do the same for the thread
 * that starts the child, which may end before the process does. A child that is not yet bound, because we were killed in between, was
 * asked for nothing either, and finds its channels closed.
 */
static void bind_life(int end, pid_t pid)
{
#ifdef F_SETSIG
    fcntl(end, F_SETSIG, SIGKILL); /* whatever it ignores, and in whatever loop it is */
    fcntl(end, F_SETOWN, pid);
    fcntl(end, F_SETFL, O_ASYNC);
#else
    (void)end;
    (void)pid;
#endif
}

bool child_start(Child *child, const char *const *arguments, const char *const *extra_environment)
{
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(descriptor_cleanup) int child_reads = -1;
    CLEANUP(descriptor_cleanup) int child_writes = -1;
    CLEANUP(descriptor_cleanup) int to = -1;
    CLEANUP(descriptor_cleanup) int from = -1;
    CLEANUP(descriptor_cleanup) int child_lives_by = -1;
    CLEANUP(descriptor_cleanup) int life = -1;
    if (!make_channel(&child_reads, &to) || !make_channel(&from, &child_writes) || !make_channel(&child_lives_by, &life))
        return false;

    /* What we ignore or block for ourselves is not the child's. */
    sigset_t defaults;
    sigset_t none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);

    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child_reads, CHILD_READS);
    posix_spawn_file_actions_adddup2(&actions, child_writes, CHILD_WRITES);
    posix_spawn_file_actions_adddup2(&actions, child_lives_by, CHILD_LIVES_BY);

    pid_t pid;
    int code =
        posix_spawnp(&pid, arguments[0], &actions, &attributes, (char *const *)arguments, merge_environment(&arena, extra_environment));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (code != 0) {
        errno = code;
        return false;
    }

    bind_life(child_lives_by, pid);
    fcntl(to, F_SETFL, O_NONBLOCK);
    fcntl(from, F_SETFL, O_NONBLOCK);
    *child = (Child){.pid = pid, .to = to, .from = from, .life = life};
    to = from = life = -1;
    return true;
}

void child_stop(Child *child, Wait *wait, int64_t deadline, int *status)
{
    if (child->pid < 0)
        return;

    enum { PAUSE = 1 }; /* millisecond between two looks */
    int ended = 0;
    descriptor_cleanup(&child->to);
    bool told = wait->cancel_told;
    wait->cancel_told = true; /* tidying up is not cut short */
    while ((ended = waitpid(child->pid, status, WNOHANG)) == 0 && wait_now() < deadline)
        wait_for(wait, -1, 0, wait_now() + PAUSE);
    wait->cancel_told = told;

    if (ended == 0) {
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, status, 0) < 0 && errno == EINTR)
            ;
    }
    descriptor_cleanup(&child->from);
    descriptor_cleanup(&child->life);
    *child = CHILD_NONE;
}
