#include "cli/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/objects.h"
#include "cli/observer.h"
#include "cli/settings.h"
#include "terminal/diagnostic.h"
#include "terminal/json.h"

bool session_init(Session *session)
{
    *session = (Session){.out = stdout, .diagnostics = stderr};
    setvbuf(stderr, NULL, _IOLBF, 0); /* a line is one write: what others write there comes before it or after it */
    bool utf8 = terminal_locale();
    if (!terminal_init(&session->terminal, STDIN_FILENO, STDERR_FILENO))
        return false;

    session->terminal.utf8 = utf8;
    return true;
}

/* Colours are for people, and for terminals that know them. */
static bool wants_color(const Session *session, int descriptor)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    bool is_refused = session->settings.no_color || (no_color != NULL && *no_color != '\0');

    return !is_refused && isatty(descriptor) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

void session_dress(Session *session)
{
    const Settings *settings = &session->settings;
    const char *terminal = getenv("TERM");
    bool can_redraw = terminal == NULL || strcmp(terminal, "dumb") != 0;
    bool shows_progress = !settings->json && !settings->quiet && can_redraw && isatty(STDERR_FILENO);

    session->format = settings->json ? FORMAT_JSON : FORMAT_TEXT;
    session->terminal.color = wants_color(session, STDERR_FILENO);
    session->is_interactive = !settings->json && can_redraw && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    session->progress = (Progress){.out = shows_progress ? stderr : NULL, .utf8 = session->terminal.utf8};
}

bool session_open(Session *session, const Command *command)
{
    if (command->needs == NEEDS_NOTHING)
        return true;

    const char *url = NULL;
    if (!settings_find_url(&url, &session->arena, &session->settings, &session->error))
        return false;

    session->passwords = password_learn(&session->arena, url);
    if ((command->needs & NEEDS_DATABASE) != 0 && url == NULL) {
        fail(&session->error, DBALT_ERROR_USAGE, "no database is named");
        return fail_hint(&session->error, "give --db-url URL, or set DB_URL in the environment or in a file .env; "
                                          "a URL is postgres://user@host/name or sqlite:FILE");
    }

    DbaltOptions options = {
        .size = sizeof(options),
        .url = (command->needs & NEEDS_DATABASE) != 0 ? url : NULL,
        .directory = settings_find_directory(&session->settings),
        .history_schema = session->settings.history_schema,
        .create_database = session->settings.create_database,
        .script_timeout = settings_find_script_timeout(),
        .interactive = session->is_interactive && settings_may_ask(STDIN_FILENO),
        .state = settings_find_state(&session->settings),
        .connect_timeout = session->settings.connect_timeout,
        .lock_timeout = session->settings.lock_timeout.milliseconds,
        .lock_retries = session->settings.lock_retries,
        .statement_timeout = session->settings.statement_timeout.milliseconds,
        .answer_timeout = session->settings.answer_timeout.milliseconds,
        .no_pipeline = session->settings.no_pipeline,
        .observer = observer_handle,
        .observer_context = session,
    };

    return dbalt_open(&session->project, &options, &session->error);
}

void session_done(Session *session)
{
    progress_clear(&session->progress);
    dbalt_close(session->project);
    terminal_done(&session->terminal);
    arena_done(&session->arena);
}

/* Whoever read our results has enough of them: "dbalt list | head -1". */
static bool reader_is_gone(FILE *out)
{
    struct pollfd reader = {.fd = fileno(out), .events = POLLOUT};
    return poll(&reader, 1, 0) > 0 && (reader.revents & (POLLERR | POLLHUP)) != 0;
}

ExitCode session_flush(Session *session, ExitCode code)
{
    bool is_written = fflush(session->out) == 0 && !ferror(session->out);
    if (is_written || reader_is_gone(session->out))
        return code;

    /* Not as an object: what takes objects is what failed. */
    session->format = FORMAT_TEXT;
    session->is_error_told = false;
    fail_errno(&session->error, DBALT_ERROR_FAILED, "the results could not be written");
    session_tell_error(session);

    return code == EXIT_OK ? EXIT_FAILED : code;
}

static DiagnosticStyle style_of(const Session *session)
{
    bool is_terminal = isatty(fileno(session->diagnostics));

    return (DiagnosticStyle){
        .width = is_terminal ? terminal_size(fileno(session->diagnostics)).columns : 0,
        .color = session->terminal.color,
        .utf8 = session->terminal.utf8,
    };
}

static void tell(Session *session, DiagnosticLevel level, const char *event, const char *message)
{
    message = password_copy_hidden(&session->arena, message, &session->passwords);
    if (session->format == FORMAT_JSON) {
        JsonLine *line = json_line_new("event");
        json_line_text(line, "event", event);
        json_line_text(line, "message", message);
        json_line_print(line, session->out);
        fflush(session->out);
        return;
    }

    DiagnosticStyle style = style_of(session);
    progress_clear(&session->progress);
    diagnostic_print(session->diagnostics, level, message, &style);
}

void session_info(Session *session, const char *format, ...)
{
    if (session->settings.quiet && session->format == FORMAT_TEXT)
        return;

    va_list arguments;
    va_start(arguments, format);
    tell(session, DIAGNOSTIC_INFO, "info", arena_format_list(&session->arena, format, arguments));
    va_end(arguments);
}

void session_warn(Session *session, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(session, DIAGNOSTIC_WARN, "warning", arena_format_list(&session->arena, format, arguments));
    va_end(arguments);
}

ExitCode session_tell_error(Session *session)
{
    if (session->is_error_told)
        return exit_code_of(&session->error);

    DiagnosticStyle style = style_of(session);
    session->is_error_told = true;
    progress_clear(&session->progress);
    password_hide_in_error(&session->error, &session->passwords);
    if (session->format == FORMAT_JSON)
        objects_print_error(&session->error, session->out);

    /* With --json too: who runs us in the background finds it in the log, and stdout stays pure. */
    diagnostic_print_error(session->diagnostics, &session->error, &style);
    return exit_code_of(&session->error);
}

ExitCode exit_code_of(const DbaltError *error)
{
    return (ExitCode)dbalt_exit_code(error->code);
}

const char *session_count(Session *session, size_t count)
{
    return arena_format(&session->arena, "%zu alteration%s", count, count > 1 ? "s" : "");
}

bool session_colors_results(const Session *session)
{
    return wants_color(session, fileno(session->out));
}

size_t session_width(const Session *session)
{
    return isatty(fileno(session->out)) ? terminal_size(fileno(session->out)).columns : 0;
}
