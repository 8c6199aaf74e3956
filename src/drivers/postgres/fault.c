#include "drivers/postgres/fault.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* Appendix A of PostgreSQL's manual. That the connection is lost the severity says: a script may raise any of these. */
static const struct {
    const char *sqlstate;
    Fault fault;
} faults[] = {
    {"23505", FAULT_DUPLICATE},     {"23502", FAULT_NOT_NULL},     {"42P01", FAULT_ABSENT},
    {"3F000", FAULT_ABSENT},        {"55P03", FAULT_LOCK_TIMEOUT}, {"40001", FAULT_SERIALIZATION},
    {"40P01", FAULT_SERIALIZATION}, {"42501", FAULT_DENIED},       {"25006", FAULT_DENIED},
};

/* What the server's words before the name of an object say that is lacking. */
static const struct {
    const char *prefix;
    const char *privilege;
    bool is_sql; /* the name stands there as SQL writes it, schema and all */
    const char *remark;
} privileges[] = {
    {"permission denied for database ", "CREATE ON DATABASE"},
    {"permission denied for schema ", "USAGE, CREATE ON SCHEMA"},
    {"permission denied for table ", "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE",
     .remark = ", or what the statement needs of them"},
    {"permission denied for view ", "SELECT ON TABLE"},
    {"permission denied for materialized view ", "SELECT ON TABLE"},
    {"permission denied for foreign table ", "SELECT ON TABLE"},
    {"permission denied for sequence ", "USAGE, SELECT ON SEQUENCE"},
    {"permission denied for function ", "EXECUTE ON FUNCTION"},
    {"permission denied for procedure ", "EXECUTE ON PROCEDURE"},
    {"permission denied for type ", "USAGE ON TYPE", .is_sql = true},
    {"permission denied for language ", "USAGE ON LANGUAGE"},
    {"permission denied for tablespace ", "CREATE ON TABLESPACE"},
    {"permission denied for foreign server ", "USAGE ON FOREIGN SERVER"},
    {"permission denied for foreign-data wrapper ", "USAGE ON FOREIGN DATA WRAPPER"},
    {"permission denied to set role ", ""},
    {"must be member of role ", ""},
    {"must be able to SET ROLE ", ""},
};

/* Libpq indents with tabs and ends with a newline; a message is one line. */
static void make_one_line(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        bool space = strchr(" \t\r\n", *from) != NULL;
        if (!space)
            *to++ = *from;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    }
    while (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}

bool postgres_fail_lines(DbaltError *error, DbaltErrorCode code, const char *lines)
{
    Text all = text_trim(text_of(lines));
    size_t end = text_find(all, TEXT("\n"));
    fail(error, code, "%.*s", (int)end, all.data);
    make_one_line(error->message);

    Text rest = text_trim(text_slice(all, end, all.length));
    if (text_starts_with(rest, TEXT("DETAIL:")))
        rest = text_trim(text_slice(rest, strlen("DETAIL:"), rest.length));
    if (rest.length > 0)
        fail_detail(error, "%.*s", TEXT_ARGUMENTS(rest));
    return false;
}

static void add_detail(DbaltError *error, const char *label, const char *text)
{
    if (text == NULL)
        return;

    bool first = error->detail[0] == '\0';
    fail_detail(error, "%s%s%s%s", error->detail, first ? "" : "\n", label, text);
}

/* As an identifier, in the arena; some names stand in quotes already. */
static const char *quote_object(Arena *arena, PGconn *libpq, const char *name)
{
    Text text = text_of(name);
    if (text.length > 1 && text_starts_with(text, TEXT("\"")) && text_ends_with(text, TEXT("\"")))
        text = text_slice(text, 1, text.length - 2);

    char *quoted = PQescapeIdentifier(libpq, text.data, text.length);
    const char *kept = arena_copy_string(arena, quoted == NULL ? name : quoted);
    PQfreemem(quoted);
    return kept;
}

static void hint_at_grant(DbaltError *error, PGconn *libpq, const char *user)
{
    CLEANUP(arena_done) Arena arena = {0};
    for (size_t i = 0; i < COUNT(privileges); i++) {
        const char *privilege = privileges[i].privilege;
        const char *remark = privileges[i].remark == NULL ? "" : privileges[i].remark;
        const char *name = error->message + strlen(privileges[i].prefix);
        if (!text_starts_with(text_of(error->message), text_of(privileges[i].prefix)))
            continue;

        const char *object = privileges[i].is_sql ? name : quote_object(&arena, libpq, name);
        fail_hint(error, "GRANT %s%s%s TO %s%s", privilege, *privilege == '\0' ? "" : " ", object, user, remark);
    }
}

static void hint_at_privilege(DbaltError *error, PGconn *libpq)
{
    static const char parameter[] = "permission denied to set parameter \"";
    Text message = text_of(error->message);
    char *user = PQescapeIdentifier(libpq, PQuser(libpq), strlen(PQuser(libpq)));
    if (user == NULL)
        return;

    hint_at_grant(error, libpq, user);
    if (text_starts_with(message, TEXT("must be owner of ")))
        fail_hint(error, "run as its owner, or GRANT the role that owns it TO %s", user);
    if (text_starts_with(message, TEXT("permission denied to create role")))
        fail_hint(error, "ALTER ROLE %s CREATEROLE", user);
    if (text_starts_with(message, text_of(parameter)) && PQserverVersion(libpq) >= 150000) {
        const char *name = error->message + strlen(parameter);
        fail_hint(error, "GRANT SET ON PARAMETER %.*s TO %s", (int)strcspn(name, "\""), name, user);
    }
    PQfreemem(user);
}

static Fault fault_of(const char *sqlstate, bool cancelled)
{
    if (strcmp(sqlstate, "57014") == 0)
        return cancelled ? FAULT_CANCELLED : FAULT_OTHER;

    for (size_t i = 0; i < COUNT(faults); i++)
        if (strcmp(sqlstate, faults[i].sqlstate) == 0)
            return faults[i].fault;

    return FAULT_OTHER;
}

static bool is_fatal(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

Fault postgres_fault(DbaltError *error, const PGresult *result, const PostgresSession *session)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate == NULL) {
        /* Nothing from the server: libpq itself says why. */
        bool lost = PQstatus(session->libpq) != CONNECTION_OK;
        const char *lines = result != NULL ? PQresultErrorMessage(result) : PQerrorMessage(session->libpq);
        postgres_fail_lines(error, lost ? DBALT_ERROR_DATABASE : DBALT_ERROR_FAILED, *lines != '\0' ? lines : "the connection is lost");
        return lost ? FAULT_CONNECTION : FAULT_OTHER;
    }

    Fault fault = is_fatal(result) ? FAULT_CONNECTION : fault_of(sqlstate, session->cancelled);
    DbaltErrorCode code = fault == FAULT_CONNECTION  ? DBALT_ERROR_DATABASE
                          : fault == FAULT_CANCELLED ? DBALT_ERROR_INTERRUPTED
                                                     : DBALT_ERROR_FAILED;
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    fail(error, code, "%s", message != NULL ? message : "the database gives no reason");
    make_one_line(error->message);
    error_set(error->sqlstate, sizeof(error->sqlstate), "%s", sqlstate);
    add_detail(error, "", PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    add_detail(error, "QUERY: ", PQresultErrorField(result, PG_DIAG_INTERNAL_QUERY));
    add_detail(error, "CONTEXT: ", PQresultErrorField(result, PG_DIAG_CONTEXT));

    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    if (hint != NULL)
        fail_hint(error, "%s", hint);
    else if (strcmp(sqlstate, "42501") == 0)
        hint_at_privilege(error, session->libpq);
    else if (strcmp(sqlstate, "25006") == 0)
        fail_hint(error,
                  "connect to the primary, as with ?target_session_attrs=read-write; or default_transaction_read_only is on for this user");

    return fault;
}
