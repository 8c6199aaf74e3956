#include "sql/judge_postgres.h"

#include <jansson.h>
#include <pg_query.h>
#include <string.h>

#include "base/cleanup.h"

/* One kind of statement: node is its name in the tree; judge reads the fields. */
typedef struct Rule {
    const char *node;
    const char *what; /* its name; NULL = judge says */
    Judgement (*judge)(const char **what, const json_t *fields);
} Rule;

static const char *string_field(const json_t *fields, const char *name)
{
    const char *value = json_string_value(json_object_get(fields, name));
    return value == NULL ? "" : value;
}

static bool has_value(const json_t *fields, const char *name, const char *value)
{
    return strcmp(string_field(fields, name), value) == 0;
}

static bool is_set(const json_t *fields, const char *name)
{
    return json_is_true(json_object_get(fields, name));
}

/* The DefElem of that name in a list of options, or NULL. */
static const json_t *find_option(const json_t *options, const char *name)
{
    size_t index;
    json_t *option;
    json_array_foreach(options, index, option)
    {
        const json_t *element = json_object_get(option, "DefElem");
        if (has_value(element, "defname", name))
            return element;
    }

    return NULL;
}

/* As defGetBoolean() of PostgreSQL: "concurrently", "concurrently on", "concurrently 1". */
static bool option_is_on(const json_t *options, const char *name, bool unless_given)
{
    const json_t *option = find_option(options, name);
    if (option == NULL)
        return unless_given;

    const json_t *value = json_object_get(option, "arg");
    const json_t *integer = json_object_get(value, "Integer");
    if (integer != NULL)
        return json_integer_value(json_object_get(integer, "ival")) != 0;

    /* A word that is not reserved, such as OFF, is read as the name of a type. */
    const json_t *type_names = json_object_get(json_object_get(value, "TypeName"), "names");
    const char *word = string_field(json_object_get(type_names == NULL ? value : json_array_get(type_names, 0), "String"), "sval");
    return strcmp(word, "false") != 0 && strcmp(word, "off") != 0;
}

static Judgement judge_always(const char **what, const json_t *fields)
{
    (void)what, (void)fields;
    return JUDGED_OUTSIDE_ONLY;
}

static Judgement judge_transaction(const char **what, const json_t *fields)
{
    static const struct {
        const char *kind, *what;
        Judgement judgement;
    } kinds[] = {
        {"TRANS_STMT_BEGIN", "BEGIN", JUDGED_TRANSACTION_CONTROL},
        {"TRANS_STMT_START", "START TRANSACTION", JUDGED_TRANSACTION_CONTROL},
        {"TRANS_STMT_COMMIT", "COMMIT", JUDGED_TRANSACTION_CONTROL},
        {"TRANS_STMT_ROLLBACK", "ROLLBACK", JUDGED_TRANSACTION_CONTROL},
        {"TRANS_STMT_PREPARE", "PREPARE TRANSACTION", JUDGED_TRANSACTION_CONTROL},
        {"TRANS_STMT_COMMIT_PREPARED", "COMMIT PREPARED", JUDGED_OUTSIDE_ONLY},
        {"TRANS_STMT_ROLLBACK_PREPARED", "ROLLBACK PREPARED", JUDGED_OUTSIDE_ONLY},
    };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (has_value(fields, "kind", kinds[i].kind)) {
            *what = kinds[i].what;
            return kinds[i].judgement;
        }
    }

    return JUDGED_FINE;
}

static Judgement judge_concurrent(const char **what, const json_t *fields)
{
    (void)what;
    return is_set(fields, "concurrent") ? JUDGED_OUTSIDE_ONLY : JUDGED_FINE;
}

static Judgement judge_reindex(const char **what, const json_t *fields)
{
    static const struct {
        const char *kind, *what;
    } many[] = {
        {"REINDEX_OBJECT_SCHEMA", "REINDEX SCHEMA"},
        {"REINDEX_OBJECT_DATABASE", "REINDEX DATABASE"},
        {"REINDEX_OBJECT_SYSTEM", "REINDEX SYSTEM"},
    };

    for (size_t i = 0; i < COUNT(many); i++) {
        if (has_value(fields, "kind", many[i].kind)) {
            *what = many[i].what;
            return JUDGED_OUTSIDE_ONLY;
        }
    }

    *what = "REINDEX CONCURRENTLY";
    return option_is_on(json_object_get(fields, "params"), "concurrently", false) ? JUDGED_OUTSIDE_ONLY : JUDGED_FINE;
}

static Judgement judge_vacuum(const char **what, const json_t *fields)
{
    (void)what;
    return is_set(fields, "is_vacuumcmd") ? JUDGED_OUTSIDE_ONLY : JUDGED_FINE;
}

static Judgement judge_cluster(const char **what, const json_t *fields)
{
    (void)what;
    return json_object_get(fields, "relation") == NULL ? JUDGED_OUTSIDE_ONLY : JUDGED_FINE;
}

static Judgement judge_alter_database(const char **what, const json_t *fields)
{
    (void)what;
    return find_option(json_object_get(fields, "options"), "tablespace") != NULL ? JUDGED_OUTSIDE_ONLY : JUDGED_FINE;
}

static Judgement judge_discard(const char **what, const json_t *fields)
{
    (void)what;
    return has_value(fields, "target", "DISCARD_ALL") ? JUDGED_OUTSIDE_ONLY : JUDGED_FINE;
}

static Judgement judge_alter_table(const char **what, const json_t *fields)
{
    (void)what;
    size_t index;
    json_t *command;
    json_array_foreach(json_object_get(fields, "cmds"), index, command)
    {
        const json_t *definition = json_object_get(json_object_get(command, "AlterTableCmd"), "def");
        if (is_set(json_object_get(definition, "PartitionCmd"), "concurrent"))
            return JUDGED_OUTSIDE_ONLY;
    }

    return JUDGED_FINE;
}

static Judgement judge_create_subscription(const char **what, const json_t *fields)
{
    (void)what;
    const json_t *options = json_object_get(fields, "options");
    bool creates_slot = option_is_on(options, "connect", true) && option_is_on(options, "create_slot", true);
    return creates_slot ? JUDGED_OUTSIDE_ONLY : JUDGED_FINE;
}

static Judgement judge_alter_subscription(const char **what, const json_t *fields)
{
    static const char *const publications[] = {"ALTER_SUBSCRIPTION_SET_PUBLICATION", "ALTER_SUBSCRIPTION_ADD_PUBLICATION",
                                               "ALTER_SUBSCRIPTION_DROP_PUBLICATION"};

    *what = "ALTER SUBSCRIPTION ... REFRESH PUBLICATION";
    if (has_value(fields, "kind", "ALTER_SUBSCRIPTION_REFRESH"))
        return JUDGED_OUTSIDE_ONLY;

    *what = "ALTER SUBSCRIPTION ... PUBLICATION WITH (refresh = true)";
    bool refreshes = option_is_on(json_object_get(fields, "options"), "refresh", true);
    for (size_t i = 0; i < COUNT(publications); i++) {
        if (refreshes && has_value(fields, "kind", publications[i]))
            return JUDGED_OUTSIDE_ONLY;
    }

    return JUDGED_FINE;
}

static Judgement judge_set(const char **what, const json_t *fields)
{
    *what = has_value(fields, "kind", "VAR_RESET_ALL") ? "RESET ALL" : "SET lock_timeout";
    return has_value(fields, "kind", "VAR_RESET_ALL") || has_value(fields, "name", "lock_timeout") ? JUDGED_LOCK_TIMEOUT : JUDGED_FINE;
}

/*
 * Whatever calls PreventInTransactionBlock() in PostgreSQL 15 by its grammar alone (a partitioned table cannot be told from another); and what
 * takes the place of dbalt's own limit for locks.
 */
static const Rule rules[] = {
    {"TransactionStmt", NULL, judge_transaction},
    {"IndexStmt", "CREATE INDEX CONCURRENTLY", judge_concurrent},
    {"DropStmt", "DROP INDEX CONCURRENTLY", judge_concurrent},
    {"ReindexStmt", NULL, judge_reindex},
    {"VacuumStmt", "VACUUM", judge_vacuum},
    {"ClusterStmt", "CLUSTER", judge_cluster},
    {"CreatedbStmt", "CREATE DATABASE", judge_always},
    {"DropdbStmt", "DROP DATABASE", judge_always},
    {"AlterDatabaseStmt", "ALTER DATABASE SET TABLESPACE", judge_alter_database},
    {"CreateTableSpaceStmt", "CREATE TABLESPACE", judge_always},
    {"DropTableSpaceStmt", "DROP TABLESPACE", judge_always},
    {"AlterSystemStmt", "ALTER SYSTEM", judge_always},
    {"AlterTableStmt", "ALTER TABLE ... DETACH PARTITION CONCURRENTLY", judge_alter_table},
    {"DiscardStmt", "DISCARD ALL", judge_discard},
    {"CreateSubscriptionStmt", "CREATE SUBSCRIPTION ... WITH (create_slot = true)", judge_create_subscription},
    {"AlterSubscriptionStmt", NULL, judge_alter_subscription},
    {"DropSubscriptionStmt", "DROP SUBSCRIPTION", judge_always},
    {"VariableSetStmt", NULL, judge_set},
};

static Judgement judge_node(const char **what, const json_t *statement)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        const json_t *fields = json_object_get(statement, rules[i].node);
        if (fields == NULL)
            continue;

        const char *name = rules[i].what;
        Judgement judgement = rules[i].judge(&name, fields);
        if (judgement != JUDGED_FINE)
            *what = name;
        return judgement;
    }

    return JUDGED_FINE;
}

static void parse_result_cleanup(PgQueryParseResult *result)
{
    pg_query_free_parse_result(*result);
}

Judgement judge_postgres(const char **what, Arena *arena, Text statement)
{
    CLEANUP(parse_result_cleanup) PgQueryParseResult result = pg_query_parse(arena_copy_text(arena, statement));
    if (result.error != NULL)
        return JUDGED_UNREADABLE;

    json_auto_t *tree = json_loads(result.parse_tree, 0, NULL);
    size_t index;
    json_t *statement_tree;
    json_array_foreach(json_object_get(tree, "stmts"), index, statement_tree)
    {
        Judgement judgement = judge_node(what, json_object_get(statement_tree, "stmt"));
        if (judgement != JUDGED_FINE)
            return judgement;
    }

    return tree == NULL ? JUDGED_UNREADABLE : JUDGED_FINE;
}
