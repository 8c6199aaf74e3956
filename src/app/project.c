#include "app/run.h"

#include "base/cleanup.h"
#include "base/process.h"

static const char *copy_or(Arena *arena, const char *text, const char *otherwise)
{
    return arena_copy_string(arena, text == NULL ? otherwise : text);
}

/* Of an option that is 0 when it was not given, and negative for none. */
static int value_of(int given, int otherwise)
{
    if (given < 0)
        return 0;
    return given == 0 ? otherwise : given;
}

bool dbalt_open(Dbalt **project, const DbaltOptions *options, DbaltError *error)
{
    if (options->size != sizeof(DbaltOptions))
        return fail(error, DBALT_ERROR_USAGE, "DbaltOptions.size is %zu, not the size of the struct this library knows", options->size);

    const Driver *driver = NULL;
    if (options->url != NULL) {
        driver = driver_for(options->url, error);
        if (driver == NULL || !driver->check_url(options->url, error))
            return false;
    }

    Wait wait;
    if (!wait_init(&wait))
        return fail_errno(error, DBALT_ERROR_FAILED, "cannot make a pipe");

    enum { DEFAULT_CONNECT_TIMEOUT = 10, DEFAULT_LOCK_TIMEOUT = 5000, DEFAULT_LOCK_RETRIES = 10 };
    Arena arena = {0};
    Dbalt *made = arena_allocate(&arena, sizeof *made);
    int seconds = options->connect_timeout > 0 ? options->connect_timeout : DEFAULT_CONNECT_TIMEOUT;
    *made = (Dbalt){
        .url = options->url == NULL ? NULL : arena_copy_string(&arena, options->url),
        .directory = copy_or(&arena, options->directory, "./alterations"),
        .history_schema = copy_or(&arena, options->history_schema, "dbalt"),
        .create_database = options->create_database,
        .connect_timeout = seconds * 1000,
        .limits = {.lock = value_of(options->lock_timeout, DEFAULT_LOCK_TIMEOUT),
                   .statement = value_of(options->statement_timeout, 0),
                   .answer = value_of(options->answer_timeout, 0),
                   .any_pause = options->interactive},
        .lock_retries = value_of(options->lock_retries, DEFAULT_LOCK_RETRIES),
        .no_pipeline = options->no_pipeline,
        .script_timeout = options->script_timeout,
        .interactive = options->interactive,
        .state = options->state,
        .observer = options->observer,
        .observer_context = options->observer_context,
        .driver = driver,
        .history = {.by = options->by == NULL ? process_user(&arena) : arena_copy_string(&arena, options->by),
                    .host = process_host(&arena),
                    .version = DBALT_VERSION},
        .wait = wait,
    };
    made->passwords = password_learn(&arena, options->url);
    made->history.passwords = made->passwords;
    made->arena = arena; /* last: from here on the handle lives in its own arena */
    *project = made;
    return true;
}

void dbalt_close(Dbalt *project)
{
    if (project == NULL)
        return;

    project_hang_up(project);
    project_disconnect(project);
    wait_done(&project->wait);
    arena_done(&project->results);
    Arena arena = project->arena; /* holds the handle itself */
    arena_done(&arena);
}

void dbalt_cancel(Dbalt *project)
{
    wait_cancel(&project->wait);
}

void project_dial(Dbalt *project)
{
    if (project->driver != NULL && project->driver->dial != NULL && project->connection == NULL && project->dialled == NULL)
        project->dialled = project->driver->dial(project->url);
}

void project_hang_up(Dbalt *project)
{
    if (project->dialled != NULL)
        project->driver->hang_up(project->dialled);
    project->dialled = NULL;
}

bool project_connect(Dbalt *project, bool read_only, DbaltError *error)
{
    if (project->driver == NULL) {
        fail(error, DBALT_ERROR_USAGE, "no database was named");
        return fail_hint(error, "give its URL: postgres://USER@HOST/DATABASE or sqlite:FILE");
    }
    if (!project_is_running(project, error))
        return false;
    if (project->connection != NULL && (read_only || !project->connection_reads_only))
        return true;

    project_disconnect(project);
    Connection *connection = NULL;
    const ConnectOptions options = {
        .url = project->url,
        .history_schema = project->history_schema,
        .create = project->create_database && !read_only,
        .read_only = read_only,
        .timeout = project->connect_timeout,
        .limits = project->limits,
        .dialled = project->dialled,
        .watch = project->observer == NULL ? NULL : run_report,
        .watch_context = project,
        .wait = &project->wait,
    };
    project->dialled = NULL;
    if (!project->driver->connect(&connection, &options, error))
        return false;

    project->connection = connection;
    project->connection_reads_only = read_only;
    project->history.connection = connection;
    return true;
}

void project_disconnect(Dbalt *project)
{
    if (project->connection == NULL)
        return;

    project->driver->close(project->connection);
    project->connection = NULL;
    project->history.connection = NULL;
}

bool project_is_running(const Dbalt *project, DbaltError *error)
{
    if (!wait_is_cancelled(&project->wait))
        return true;
    return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted");
}

Arena *project_results(Dbalt *project)
{
    arena_done(&project->results);
    return &project->results;
}

void project_tell(const Dbalt *project, const DbaltEvent *event)
{
    if (project->observer == NULL)
        return;

    CLEANUP(arena_done) Arena arena = {0};
    DbaltEvent told = *event;
    told.message = password_copy_hidden(&arena, event->message, &project->passwords);
    project->observer(&told, project->observer_context);
}

void project_inform(const Dbalt *project, DbaltEventKind kind, const char *format, ...)
{
    CLEANUP(arena_done) Arena arena = {0};
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_format_list(&arena, format, arguments);
    va_end(arguments);
    project_tell(project, &(DbaltEvent){.kind = kind, .message = message});
}

void project_tell_waiting(const char *message, void *context)
{
    project_inform(context, DBALT_EVENT_WAITING, "%s", message);
}
