/* Session: one run of the program: its settings, its project, and where to print what. */

#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <dbalt/dbalt.h>

#include "base/password.h"
#include "terminal/progress.h"
#include "terminal/terminal.h"

typedef enum ExitCode {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNDEPLOYED = 3,
    EXIT_DISAGREE = 4,
    EXIT_LOCKED = 5,
    EXIT_DATABASE = 6,
    EXIT_INTERRUPTED = 130,
} ExitCode;

/* An option whose value may be left out. */
typedef struct OptionalNumber {
    bool is_given;
    int value; /* 0 = given without a value */
} OptionalNumber;

/* An option in seconds, with a fraction if need be; 0 = not given. */
typedef struct Duration {
    int milliseconds;
} Duration;

/* What the options say that all commands have (settings.c). */
typedef struct Settings {
    const char *url;
    const char *environment_file;
    const char *directory;
    const char *history_schema;
    const char *state;   /* as --state takes it; NULL = auto */
    int connect_timeout; /* seconds; 0 = the library's */
    Duration lock_timeout;
    Duration statement_timeout;
    Duration answer_timeout;
    bool no_pipeline;
    int lock_retries;
    bool create_database;
    bool json;
    bool quiet;
    bool verbose;
    bool no_color;
    bool help;
    bool version;
} Settings;

typedef enum Format {
    FORMAT_TEXT,
    FORMAT_JSON,
} Format;

typedef struct Command Command;

typedef struct Session {
    Arena arena; /* for what lives as long as the session */
    Settings settings;
    const char *const *arguments; /* words after the command */
    size_t argument_count;
    Dbalt *project;      /* owned; NULL when the command needs none */
    Passwords passwords; /* never to be printed */
    DbaltError error;
    bool is_error_told; /* the error was printed */
    Format format;
    FILE *out;         /* results */
    FILE *diagnostics; /* all else */
    Terminal terminal;
    bool is_interactive; /* there is a person to ask */
    Progress progress;
} Session;

/* False when the system refuses a pipe. */
bool session_init(Session *session);

/* Takes the format, colours and so on from the settings. To be called when they are read. */
void session_dress(Session *session);

/* Opens the project with what the command needs. Fails when no database is named. */
bool session_open(Session *session, const Command *command);

/* Closes all. */
void session_done(Session *session);

/*
 * Writes out what is left of the results. EXIT_FAILED with a message when they could not be written; a reader that went away
 * is none of our business.
 */
ExitCode session_flush(Session *session, ExitCode code);

/* "[info] ...", "[warn] ...": on stderr, with --json as events on stdout. */
void session_info(Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
void session_warn(Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints session->error, once; returns its exit code. */
ExitCode session_tell_error(Session *session);

/* The exit code of an error. main() prints session->error when a command returns with it. */
ExitCode exit_code_of(const DbaltError *error);

/* "1 alteration", "2 alterations"; there is "0 alteration". In the session's arena. */
const char *session_count(Session *session, size_t count);

/* Whether results are printed in colours. */
bool session_colors_results(const Session *session);

/* Columns to fit results into; 0 = no limit. */
size_t session_width(const Session *session);

#endif
