/* dbalt: the program: signals, and the way from the command line to a command and its exit code. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/password.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/options.h"
#include "terminal/json.h"

/* What a signal handler must reach. */
static struct {
    Dbalt *volatile project; /* NULL = nothing is open that could be cancelled */
    Terminal *volatile terminal;
    volatile sig_atomic_t count;
} signals;

/* The first one ends what runs, in order; the second one leaves. */
static void on_interrupt(int number)
{
    int saved = errno;
    Dbalt *project = signals.project;

    if (project == NULL || signals.count++ > 0) {
        terminal_restore(signals.terminal);
        _exit(EXIT_INTERRUPTED);
    }

    dbalt_cancel(project);
    terminal_wake(signals.terminal, number);
    errno = saved;
}

/* While a question is on the screen. */
static void on_terminal_signal(int number)
{
    int saved = errno;
    terminal_wake(signals.terminal, number);
    errno = saved;
}

static void catch_signals(Session *session)
{
    static const int interrupts[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
    struct sigaction former;

    signals.terminal = &session->terminal;
    session->terminal.handler = on_terminal_signal;
    for (size_t i = 0; i < COUNT(interrupts); i++) {
        struct sigaction action = {.sa_handler = on_interrupt};
        sigaction(interrupts[i], &action, &former);
        if (interrupts[i] == SIGHUP && former.sa_handler == SIG_IGN) /* nohup */
            sigaction(SIGHUP, &former, NULL);
    }

    /* Neither a reader of our output that goes away nor a limit on the size of files must end a deploy in its middle. */
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

/* A closed descriptor would become that of the next connection, and get what we print. */
static void open_standard_descriptors(void)
{
    for (int descriptor = open("/dev/null", O_RDONLY); descriptor >= 0; descriptor = open("/dev/null", O_RDONLY)) {
        if (descriptor > STDERR_FILENO) {
            close(descriptor);
            return;
        }
    }
}

/*
 * libpq keeps the password in memory: no core may hold it, nor one of a child, which inherits this. Not 0: with that a core still goes
 * to a program, where the system hands them to one. Who debugs raises it with prlimit(1).
 */
static void forbid_core(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur > 1) {
        limit.rlim_cur = 1;
        setrlimit(RLIMIT_CORE, &limit);
    }
}

static ExitCode print_version(Session *session)
{
    if (session->format == FORMAT_TEXT) {
        fprintf(session->out, "dbalt %s\n", dbalt_version());
        return EXIT_OK;
    }

    JsonLine *line = json_line_new("version");
    json_line_text(line, "version", dbalt_version());
    json_line_print(line, session->out);
    return EXIT_OK;
}

static ExitCode fail_without_command(Session *session)
{
    if (session->format == FORMAT_TEXT)
        help_print(session->diagnostics);

    fail(&session->error, DBALT_ERROR_USAGE, "missing command");
    return EXIT_USAGE;
}

static ExitCode run_command(Session *session, const Invocation *invocation)
{
    session->arguments = invocation->arguments;
    session->argument_count = invocation->argument_count;
    if (!options_check_arguments(invocation, &session->error) || !session_open(session, invocation->command))
        return exit_code_of(&session->error);

    signals.project = session->project;
    ExitCode code = invocation->command->run(session, invocation->options);
    signals.project = NULL;

    return code;
}

/* "dbalt deploy --help" is "dbalt help deploy". */
static void ask_for_help(Invocation *invocation, const char **name)
{
    *name = invocation->command == NULL ? NULL : invocation->command->name;
    *invocation = (Invocation){.command = &command_help, .arguments = name, .argument_count = *name == NULL ? 0 : 1};
}

static ExitCode run(Session *session, int count, char *const *words)
{
    Invocation invocation;
    const char *name = NULL;
    bool is_read = options_parse(&invocation, &session->settings, &session->arena, count, words, &session->error);

    session_dress(session);
    if (session->settings.version)
        return print_version(session);
    if (session->settings.help)
        ask_for_help(&invocation, &name);
    else if (!is_read)
        return exit_code_of(&session->error);
    else if (invocation.command == NULL)
        return fail_without_command(session);

    return run_command(session, &invocation);
}

/* The words, apart from main()'s own: those are what "ps" shows, and passwords are overwritten there. */
static char **copy_words(Arena *arena, int count, char **words)
{
    char **copies = arena_allocate_array(arena, (size_t)count + 1, sizeof(*copies));
    for (int i = 0; i < count; i++) {
        copies[i] = arena_copy_string(arena, words[i]);
        password_hide(words[i]);
    }
    return copies;
}

int main(int argc, char **argv)
{
    Session session;
    open_standard_descriptors();
    forbid_core();
    if (!session_init(&session)) {
        perror("[error] Cannot start");
        return EXIT_FAILED;
    }

    catch_signals(&session);
    int count = argc > 0 ? argc - 1 : 0;
    ExitCode code = run(&session, count, copy_words(&session.arena, count, argv + 1));
    if (code != EXIT_OK && session.error.code != DBALT_OK)
        session_tell_error(&session);

    code = session_flush(&session, code);
    session_done(&session);
    return code;
}
