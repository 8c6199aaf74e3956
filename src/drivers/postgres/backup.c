/* A backup by pg_dump, of the server that the connection leads to. */

#include <ctype.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/new_file.h"
#include "base/program.h"
#include "drivers/postgres/postgres.h"

/* Of one folder: what belongs together. */
typedef struct Tools {
    const char *dump;
    const char *restore;
    const char *psql;
    const char *version; /* "15.18" */
    int major;
} Tools;

typedef struct Search {
    PostgresConnection *connection;
    Arena *arena;
    const char *const *environment;
    int server; /* its major version */
    Tools best; /* the oldest that is not older than the server: what a newer one writes, an older server may not understand */
    const char *seen;
} Search;

/* Where packages put each version by itself. */
static const char *const versioned_folders[] = {
    "/usr/lib/postgresql/*/bin",       "/usr/pgsql-*/bin",     "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",        "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
};

static bool is_named_in(const char *keyword, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(keyword, names[i]) == 0)
            return true;

    return false;
}

/* Of several hosts the one that was chosen, and of a host's addresses too; and the password, wherever libpq found it. */
static const char *value_in_use(const PGconn *libpq, const PQconninfoOption *option)
{
    const struct {
        const char *keyword;
        const char *value;
    } used[] = {
        {"host", PQhost(libpq)}, {"hostaddr", PQhostaddr(libpq)}, {"port", PQport(libpq)},
        {"user", PQuser(libpq)}, {"dbname", PQdb(libpq)},         {"password", PQpass(libpq)},
    };
    for (size_t i = 0; i < COUNT(used); i++)
        if (strcmp(option->keyword, used[i].keyword) == 0)
            return used[i].value;

    return option->val;
}

static bool is_variable_of(const PQconninfoOption *options, const char *assignment)
{
    size_t length = strcspn(assignment, "=");
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (option->envvar != NULL && strlen(option->envvar) == length && strncmp(option->envvar, assignment, length) == 0)
            return true;

    return false;
}

static size_t count_strings(char *const *strings)
{
    size_t count = 0;
    while (strings[count] != NULL)
        count++;
    return count;
}

/*
 * Ours, with all that says how to connect: arguments are for everybody to see. A service is resolved already; the dump is in the
 * database's own encoding, not in ours.
 */
static const char *const *make_environment(Arena *arena, const PostgresConnection *connection, const PQconninfoOption *options)
{
    static const char *const passed_over[] = {"service", "client_encoding", NULL};
    size_t inherited = count_strings(environ);
    size_t capacity = 0;
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        capacity++;

    const char **environment = arena_allocate_array(arena, inherited + capacity + 2, sizeof *environment);
    size_t count = 0;
    bool has_timeout = false;
    for (size_t i = 0; i < inherited; i++)
        if (!is_variable_of(options, environ[i]))
            environment[count++] = environ[i];
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        const char *value = value_in_use(connection->session.libpq, option);
        if (option->envvar == NULL || value == NULL || *value == '\0' || is_named_in(option->keyword, passed_over))
            continue;
        environment[count++] = arena_format(arena, "%s=%s", option->envvar, value);
        has_timeout = has_timeout || strcmp(option->keyword, "connect_timeout") == 0;
    }
    if (!has_timeout)
        environment[count] = arena_format(arena, "PGCONNECT_TIMEOUT=%d", (connection->timeout + 999) / 1000);
    return environment;
}

/* As in "host='/tmp' port='5432'", but without secrets, and what is a default anyway. */
static const char *make_conninfo(Arena *arena, const PGconn *libpq, const PQconninfoOption *options, const char *database)
{
    static const char *const passed_over[] = {
        "service",  "client_encoding", "application_name",    "fallback_application_name", "connect_timeout",
        "passfile", "keepalives_idle", "keepalives_interval", "keepalives_count",          NULL,
    };
    const char *conninfo = "";
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        const char *value = strcmp(option->keyword, "dbname") == 0 ? database : value_in_use(libpq, option);
        bool is_secret = *option->dispchar == '*';
        bool is_unset = value == NULL || *value == '\0' || (strcmp(option->keyword, "hostaddr") == 0 && option->val == NULL);
        bool is_default = !is_unset && option->compiled != NULL && strcmp(value, option->compiled) == 0;
        if (is_secret || is_unset || is_default || is_named_in(option->keyword, passed_over))
            continue;

        char *escaped = arena_allocate(arena, 2 * strlen(value) + 1);
        for (char *end = escaped; *value != '\0'; value++) {
            if (*value == '\'' || *value == '\\')
                *end++ = '\\';
            *end++ = *value;
        }
        bool is_plain = escaped[strcspn(escaped, "'\\ \t\r\n")] == '\0';
        const char *quote = is_plain ? "" : "'";
        conninfo = arena_format(arena, "%s%s%s=%s%s%s", conninfo, *conninfo == '\0' ? "" : " ", option->keyword, quote, escaped, quote);
    }
    return conninfo;
}

/* Debian's pg_dump in /usr/bin chooses a version by rules of its own; what it chooses from is looked at anyway. */
static bool is_wrapper(const char *path)
{
    char real[PATH_MAX];
    return realpath(path, real) != NULL && text_ends_with(text_of(real), TEXT("/pg_wrapper"));
}

/* False when interrupted. What cannot be run or says no version is passed over. */
static bool consider_folder(Search *search, const char *folder, DbaltError *error)
{
    Arena *arena = search->arena;
    Tools tools = {
        .dump = arena_format(arena, "%s/pg_dump", folder),
        .restore = arena_format(arena, "%s/pg_restore", folder),
        .psql = arena_format(arena, "%s/psql", folder),
    };
    if (access(tools.dump, X_OK) != 0 || access(tools.restore, X_OK) != 0 || access(tools.psql, X_OK) != 0 || is_wrapper(tools.dump))
        return true;

    ProgramEnd end;
    const char *const arguments[] = {tools.dump, "--version", NULL};
    if (!program_run(&end, arena, search->connection->base.wait, arguments, search->environment, error))
        return error->code != DBALT_ERROR_INTERRUPTED;

    const char *version = end.said + strcspn(end.said, "0123456789");
    tools.version = arena_format(arena, "%.*s", (int)strcspn(version, " \n"), version);
    tools.major = atoi(tools.version);
    search->seen = arena_format(arena, "%s%s%s is of %s", search->seen, *search->seen == '\0' ? "" : "\n", tools.dump, tools.version);
    if (tools.major >= search->server && (search->best.dump == NULL || tools.major < search->best.major))
        search->best = tools;
    return true;
}

static bool consider_path(Search *search, DbaltError *error)
{
    const char *path = getenv("PATH");
    for (const char *rest = path == NULL ? "" : path; *rest != '\0';) {
        size_t length = strcspn(rest, ":");
        const char *folder = arena_format(search->arena, "%.*s", (int)length, rest);
        if (*folder == '/' && !consider_folder(search, folder, error))
            return false;
        rest += length + (rest[length] == ':' ? 1 : 0);
    }
    return true;
}

static bool consider_versioned_folders(Search *search, DbaltError *error)
{
    bool goes_on = true;
    for (size_t i = 0; goes_on && i < COUNT(versioned_folders); i++) {
        glob_t found = {0};
        if (glob(versioned_folders[i], 0, NULL, &found) == 0)
            for (size_t j = 0; goes_on && j < found.gl_pathc; j++)
                goes_on = consider_folder(search, found.gl_pathv[j], error);
        globfree(&found);
    }
    return goes_on;
}

static bool find_tools(Tools *tools, Search *search, DbaltError *error)
{
    if (!consider_path(search, error) || !consider_versioned_folders(search, error))
        return false;

    *tools = search->best;
    if (tools->dump != NULL)
        return true;
    if (*search->seen == '\0')
        fail(error, DBALT_ERROR_FAILED, "there is no pg_dump on this machine");
    else
        fail(error, DBALT_ERROR_FAILED, "there is no pg_dump for a server of PostgreSQL %d on this machine", search->server);
    if (*search->seen != '\0')
        fail_detail(error, "%s", search->seen);
    return fail_hint(error, "install the client programs of PostgreSQL %d or newer, or put their folder into PATH", search->server);
}

static bool run_tool(const Search *search, const char *const *arguments, DbaltError *error)
{
    ProgramEnd end;
    if (!program_run(&end, search->arena, search->connection->base.wait, arguments, search->environment, error))
        return false;
    if (end.succeeded)
        return true;

    Text said = text_trim(text_of(end.said));
    fail(error, DBALT_ERROR_FAILED, "\"%s\" failed", arguments[0]);
    if (said.length > 0)
        fail_detail(error, "%.*s", TEXT_ARGUMENTS(said));
    if (strstr(end.said, "permission denied") != NULL)
        fail_hint(error, "it reads every table and sequence of the database: GRANT pg_read_all_data TO this role, or SELECT on each");
    return false;
}

/* Hours may pass without a word on the connection. It is no pooler's: nobody else inherits this. */
static bool set_patience(PostgresConnection *connection, const char *sql, DbaltError *error)
{
    enum { KNOWN_FROM = 140000 };
    if (PQserverVersion(connection->session.libpq) < KNOWN_FROM)
        return true;

    CLEANUP(postgres_result_cleanup) PGresult *result = postgres_session_query(&connection->session, sql, connection->timeout, error);
    return result != NULL;
}

/*
 * CREATE DATABASE as the server knows it: what a newer pg_dump writes of it, one before 15 does not understand. NULL = pg_dump's own
 * will do, which brings back the database's settings and grants too.
 */
static bool describe_creation(const char **sql, Arena *arena, PostgresConnection *connection, const Tools *tools, DbaltError *error)
{
    enum { KNOWS_PROVIDERS = 15 };
    int server = PQserverVersion(connection->session.libpq) / 10000;
    *sql = NULL;
    if (tools->major == server || server >= KNOWS_PROVIDERS)
        return true;

    CLEANUP(postgres_result_cleanup)
    PGresult *result = postgres_session_query(
        &connection->session,
        "SELECT pg_catalog.format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', datname,"
        " pg_catalog.pg_get_userbyid(datdba), pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype)"
        " FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
        connection->timeout, error);
    if (result == NULL)
        return false;
    *sql = arena_copy_string(arena, PQgetvalue(result, 0, 0));
    return true;
}

/*
 * Nothing is dropped: should the restore fail, what is there now is still there, under another name. Into the same database it could
 * not go: what was deployed since may depend on what it would replace.
 */
static bool describe_restore(const char **command, Arena *arena, PostgresConnection *connection, const Tools *tools,
                             const PQconninfoOption *options, const char *path, const char *label, DbaltError *error)
{
    PGconn *libpq = connection->session.libpq;
    const char *create = NULL;
    if (!describe_creation(&create, arena, connection, tools, error))
        return false;

    /* The server cuts what is longer than a name may be. */
    const char *aside = arena_format(arena, "replaced-%s-%s", label, PQdb(libpq));
    char *name = PQescapeIdentifier(libpq, PQdb(libpq), strlen(PQdb(libpq)));
    char *new_name = PQescapeIdentifier(libpq, aside, strlen(aside));
    const char *rename = arena_format(arena, "ALTER DATABASE %s RENAME TO %s", name == NULL ? "" : name, new_name == NULL ? "" : new_name);
    PQfreemem(name);
    PQfreemem(new_name);
    const char *elsewhere = make_conninfo(arena, libpq, options, strcmp(PQdb(libpq), "postgres") == 0 ? "template1" : "postgres");
    const char *target = create == NULL ? elsewhere : make_conninfo(arena, libpq, options, PQdb(libpq));
    const char *creation = create == NULL ? "" : arena_format(arena, " -c %s", program_quote(arena, create));
    bool is_same = tools->major == PQserverVersion(libpq) / 10000; /* else some setting may be unknown to the server */
    *command = arena_format(arena, "%s -Xq --dbname=%s -c %s%s && %s%s%s --dbname=%s %s", program_quote(arena, tools->psql),
                            program_quote(arena, elsewhere), program_quote(arena, rename), creation, program_quote(arena, tools->restore),
                            create == NULL ? " --create" : "", is_same ? " --exit-on-error" : "", program_quote(arena, target),
                            program_quote(arena, path));
    return true;
}

static bool dump_to(const char *path, Search *search, const Tools *tools, DbaltError *error)
{
    CLEANUP(new_file_cleanup) NewFile file = {0};
    if (!new_file_begin(&file, search->arena, path, error))
        return false;

    const char *const dump[] = {tools->dump, "--format=custom", "--no-password", "--file", file.temporary, NULL};
    const char *const list[] = {tools->restore, "--list", "--file=/dev/null", file.temporary, NULL};
    return set_patience(search->connection, "SET idle_session_timeout = 0", error) && run_tool(search, dump, error) &&
           run_tool(search, list, error) && set_patience(search->connection, "RESET idle_session_timeout", error) &&
           new_file_finish(&file, error);
}

static void options_cleanup(PQconninfoOption **options)
{
    PQconninfoFree(*options);
}

bool postgres_backup(Connection *base, Backup *backup, Arena *arena, const char *folder, const char *label, DbaltError *error)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    PGconn *libpq = connection->session.libpq;
    if (connection->is_pooled) {
        fail(error, DBALT_ERROR_FAILED, "pg_dump does not work through a pooler");
        return fail_hint(error, "give a URL that leads to the server itself");
    }

    CLEANUP(arena_done) Arena local = {0};
    CLEANUP(options_cleanup) PQconninfoOption *options = PQconninfo(libpq);
    if (options == NULL)
        abort(); /* no memory */
    Search search = {
        .connection = connection,
        .arena = &local,
        .environment = make_environment(&local, connection, options),
        .server = PQserverVersion(libpq) / 10000,
        .seen = "",
    };

    Tools tools;
    const char *restore = NULL;
    const char *path = backup_path(arena, folder, PQdb(libpq), label, "dump");
    if (!find_tools(&tools, &search, error) || !describe_restore(&restore, arena, connection, &tools, options, path, label, error) ||
        !dump_to(path, &search, &tools, error))
        return false;

    *backup = (Backup){.path = path, .restore = restore};
    return true;
}
