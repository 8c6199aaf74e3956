/* Runs a command and writes what it took into a file: wall seconds, CPU seconds, peak memory in KB, exit status.
 *
 * usage: timed FILE COMMAND [ARGUMENT...]
 *
 * A program inherits the peak memory of the process that forks it, even over exec. So that of the bench, which is in Python,
 * must not fork it: this one does, which is as small as a process can be. Command and what it started (and waited for) count
 * together in CPU; the peak is that of the biggest process among them.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;

    double begin = now();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 2;
    double wall = now() - begin;

    FILE *file = fopen(argv[1], "w");
    if (file == NULL)
        return 2;
    fprintf(file, "%.6f %.6f %ld %d\n", wall, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss, status);
    return fclose(file) == 0 ? 0 : 2;
}
