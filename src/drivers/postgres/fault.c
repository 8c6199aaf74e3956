#include "drivers/postgres/fault.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* Appendix A of PostgreSQL's manual. Two characters stand for a whole class. */
static const struct {
    const char *sqlstate;
    Fault fault;
} faults[] = {
    {"23505", FAULT_DUPLICATE},    {"23502", FAULT_NOT_NULL},      {"42P01", FAULT_ABSENT},        {"3F000", FAULT_ABSENT},
    {"55P03", FAULT_LOCK_TIMEOUT}, {"40001", FAULT_SERIALIZATION}, {"40P01", FAULT_SERIALIZATION}, {"42501", FAULT_DENIED},
    {"25006", FAULT_DENIED},       {"57P01", FAULT_CONNECTION},    {"57P02", FAULT_CONNECTION},    {"57P03", FAULT_CONNECTION},
    {"57P05", FAULT_CONNECTION},   {"25P03", FAULT_CONNECTION},    {"08", FAULT_CONNECTION},
};

/* What the server's "permission denied for ..." lacks. */
static const struct {
    const char *prefix;
    const char *privilege;
} privileges[] = {
    {"permission denied for database ", "CREATE ON DATABASE"},
    {"permission denied for schema ", "USAGE, CREATE ON SCHEMA"},
    {"permission denied for table ", "SELECT, INSERT, UPDATE, DELETE ON TABLE"},
    {"permission denied for view ", "SELECT ON TABLE"},
    {"permission denied for sequence ", "USAGE ON SEQUENCE"},
    {"permission denied for function ", "EXECUTE ON FUNCTION"},
    {"permission denied for procedure ", "EXECUTE ON PROCEDURE"},
    {"permission denied for type ", "USAGE ON TYPE"},
    {"permission denied for language ", "USAGE ON LANGUAGE"},
    {"permission denied for tablespace ", "CREATE ON TABLESPACE"},
    {"permission denied for foreign server ", "USAGE ON FOREIGN SERVER"},
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

static void hint_at_privilege(DbaltError *error, PGconn *libpq)
{
    char *user = PQescapeIdentifier(libpq, PQuser(libpq), strlen(PQuser(libpq)));
    for (size_t i = 0; user != NULL && i < COUNT(privileges); i++) {
        size_t length = strlen(privileges[i].prefix);
        if (strncmp(error->message, privileges[i].prefix, length) == 0)
            fail_hint(error, "GRANT %s %s TO %s", privileges[i].privilege, error->message + length, user);
    }
    if (user != NULL && strncmp(error->message, "must be owner of ", strlen("must be owner of ")) == 0)
        fail_hint(error, "run as its owner, or GRANT the owning role TO %s", user);
    PQfreemem(user);
}

static Fault fault_of(const char *sqlstate, bool cancelled)
{
    if (strcmp(sqlstate, "57014") == 0)
        return cancelled ? FAULT_CANCELLED : FAULT_OTHER;

    for (size_t i = 0; i < COUNT(faults); i++)
        if (strncmp(sqlstate, faults[i].sqlstate, strlen(faults[i].sqlstate)) == 0)
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
