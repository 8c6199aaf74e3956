/* What SQLite's driver must do beside the suite: files, foreign keys, leaks, waiting. */

#include "support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/suite_client.h"

typedef struct Fixture {
    char folder[64];
    char file[96];
    char url[112];
    Client client; /* not open yet in the tests of opening */
} Fixture;

static int make_folder(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    strcpy(fixture->folder, "/tmp/dbalt-sqlite-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        return -1;

    snprintf(fixture->file, sizeof fixture->file, "%s/a shop.db", fixture->folder);
    snprintf(fixture->url, sizeof fixture->url, "sqlite:%s", fixture->file);
    return 0;
}

static int set_up(void **state)
{
    if (make_folder(state) != 0)
        return -1;
    Fixture *fixture = *state;
    return client_open(&fixture->client, fixture->url, CLIENT_CREATES) ? 0 : -1;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    client_close(&fixture->client);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
    int code = system(command);
    free(fixture);
    return code;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    close(descriptor);
}

/* SQL as another program would run it, without the driver and without foreign keys. */
static void run_plainly(const Fixture *fixture, const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    assert_int_equal(sqlite3_open(fixture->file, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    sqlite3_close(database);
}

static void alter(Fixture *fixture, const char *sql)
{
    Result result = client_alter(&fixture->client, sql);
    if (!result.ok)
        fail_msg("%s: %s", sql, result.error.message);
}

static void assert_rows(Fixture *fixture, const char *sql, const char *rows)
{
    Result result = client_query(&fixture->client, sql);
    if (!result.ok)
        fail_msg("%s: %s", sql, result.error.message);
    assert_string_equal(result.rows, rows);
}

static void assert_refused(Fixture *fixture, const char *sql, const char *part)
{
    Result result = client_alter(&fixture->client, sql);
    assert_false(result.ok);
    if (strstr(result.error.message, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, result.error.message);
}

static void refuses_urls_that_name_no_file(void **state)
{
    (void)state;
    static const char *const urls[] = {"sqlite:", "sqlite://", "sqlite::memory:", "sqlite://host/shop.db", "sqlite:shop.db?mode=ro"};
    for (size_t i = 0; i < COUNT(urls); i++) {
        DbaltError error;
        assert_false(driver_sqlite.check_url(urls[i], &error));
        assert_int_equal(error.code, DBALT_ERROR_USAGE);
        assert_non_null(strstr(error.message, urls[i]));
        assert_non_null(strstr(error.hint, "sqlite:FILE"));
    }
}

static void reads_urls_of_files(void **state)
{
    (void)state;
    static const char *const urls[] = {"sqlite:shop.db", "sqlite:../a shop.db", "sqlite:/var/shop.db", "sqlite:///var/shop.db"};
    for (size_t i = 0; i < COUNT(urls); i++) {
        DbaltError error;
        assert_true(driver_sqlite.check_url(urls[i], &error));
    }
}

static void assert_cannot_open(const char *url, ClientMode mode, const char *message, const char *hint)
{
    Client client;
    bool is_open = client_open(&client, url, mode);
    client_close(&client);
    assert_false(is_open);
    assert_int_equal(client.error.code, DBALT_ERROR_DATABASE);
    if (strstr(client.error.message, message) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", message, client.error.message);
    assert_non_null(strstr(client.error.hint, hint));
}

static void does_not_make_a_file_unless_told(void **state)
{
    Fixture *fixture = *state;
    assert_cannot_open(fixture->url, CLIENT_WRITES, "a shop.db\" does not exist", "`dbalt deploy --create`");
    assert_cannot_open(fixture->url, CLIENT_READS, "a shop.db\" does not exist", "`dbalt deploy --create`");
    assert_int_equal(access(fixture->file, F_OK), -1);
}

static void makes_a_database_for_its_owner_alone(void **state)
{
    Fixture *fixture = *state;
    char header[16] = "";
    struct stat status;
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_CREATES));

    assert_int_equal(stat(fixture->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    int descriptor = open(fixture->file, O_RDONLY);
    assert_int_equal(read(descriptor, header, sizeof header), sizeof header);
    close(descriptor);
    assert_memory_equal(header, "SQLite format 3", 16);
}

static void takes_a_file_of_no_bytes_for_an_empty_database(void **state)
{
    Fixture *fixture = *state;
    write_file(fixture->file, "", 0600);
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_WRITES));
    assert_rows(fixture, "SELECT count(*) FROM sqlite_master", "0\n");
}

static void opens_an_absolute_path_behind_three_slashes(void **state)
{
    Fixture *fixture = *state;
    char url[128];
    write_file(fixture->file, "", 0600);
    snprintf(url, sizeof url, "sqlite://%s", fixture->file);
    assert_true(client_open(&fixture->client, url, CLIENT_WRITES));
}

static void names_what_is_no_database(void **state)
{
    Fixture *fixture = *state;
    char url[128];

    snprintf(url, sizeof url, "sqlite:%s", fixture->folder);
    assert_cannot_open(url, CLIENT_CREATES, "is a folder", "");
    snprintf(url, sizeof url, "sqlite:%s/none/shop.db", fixture->folder);
    assert_cannot_open(url, CLIENT_CREATES, "the folder of database file", "");
    snprintf(url, sizeof url, "sqlite:%s/pipe", fixture->folder);
    assert_int_equal(mkfifo(url + strlen("sqlite:"), 0600), 0);
    assert_cannot_open(url, CLIENT_WRITES, "no regular file", "");

    write_file(fixture->file, "This is a letter and not a database, however long it may be.\n", 0600);
    assert_cannot_open(fixture->url, CLIENT_WRITES, "file is not a database", "check the path");
    assert_cannot_open(fixture->url, CLIENT_READS, "file is not a database", "check the path");
}

/* Runs in a child as an ordinary user: root may read and write everything. */
static void assert_denied(Fixture *fixture, ClientMode mode, const char *message)
{
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        Client client;
        bool is_open = client_open(&client, fixture->url, mode);
        _exit(is_open || client.error.code != DBALT_ERROR_DATABASE || strstr(client.error.message, message) == NULL);
    }

    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void names_missing_permissions_before_anything_runs(void **state)
{
    Fixture *fixture = *state;
    write_file(fixture->file, "", 0600);

    chmod(fixture->folder, 0755);
    chmod(fixture->file, 0);
    assert_denied(fixture, CLIENT_READS, "cannot read database file");
    chmod(fixture->file, 0444);
    assert_denied(fixture, CLIENT_WRITES, "a shop.db\" is read-only");
    chmod(fixture->file, 0666);
    chmod(fixture->folder, 0555);
    assert_denied(fixture, CLIENT_WRITES, "the folder of database file");
    chmod(fixture->folder, 0755);
}

static void reads_a_file_that_is_read_only(void **state)
{
    Fixture *fixture = *state;
    run_plainly(fixture, "CREATE TABLE item (id)");
    chmod(fixture->file, 0444);
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_READS));
    assert_rows(fixture, "SELECT count(*) FROM item", "0\n");
}

static void a_reader_cannot_write(void **state)
{
    Fixture *fixture = *state;
    run_plainly(fixture, "CREATE TABLE item (id)");
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_READS));

    Result result = client_query(&fixture->client, "INSERT INTO item VALUES (1)");
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_DENIED);
}

static void reads_what_a_killed_writer_left_half_done(void **state)
{
    Fixture *fixture = *state;
    run_plainly(fixture, "CREATE TABLE item (id); INSERT INTO item VALUES (1)");

    pid_t child = fork();
    if (child == 0) {
        sqlite3 *database;
        /* A cache of one page is written to the file before the commit. */
        sqlite3_open(fixture->file, &database);
        sqlite3_exec(database,
                     "PRAGMA cache_size = 1; BEGIN; DELETE FROM item; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT"
                     " 1000) INSERT INTO item SELECT randomblob(1000) FROM n",
                     NULL, NULL, NULL);
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);

    char journal[128];
    snprintf(journal, sizeof journal, "%s-journal", fixture->file);
    assert_int_equal(access(journal, F_OK), 0);
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_READS));
    assert_rows(fixture, "SELECT id FROM item", "1\n");
}

static void a_reader_gives_up_on_a_writer_that_does_not_end(void **state)
{
    Fixture *fixture = *state;
    run_plainly(fixture, "CREATE TABLE item (id)");
    assert_true(client_open_patiently(&fixture->client, fixture->url, CLIENT_READS, 20));

    sqlite3 *writer;
    assert_int_equal(sqlite3_open(fixture->file, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    Result result = client_query(&fixture->client, "SELECT * FROM item");
    sqlite3_close(writer);

    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_LOCK_TIMEOUT);
    assert_int_equal(result.error.code, DBALT_ERROR_DATABASE);
}

static const char family_sql[] = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);"
                                 "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent ON DELETE CASCADE);"
                                 "INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c');"
                                 "INSERT INTO child VALUES (10, 1), (20, 2), (30, 3)";

static void enforces_foreign_keys(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    assert_refused(fixture, "INSERT INTO child VALUES (40, 4)", "FOREIGN KEY constraint failed");
}

#define REBUILD                                                             \
    "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);" \
    "INSERT INTO new_parent SELECT id, name FROM parent;"                   \
    "DROP TABLE parent;"                                                    \
    "ALTER TABLE new_parent RENAME TO parent;"

static void a_rebuild_keeps_the_children(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    alter(fixture, REBUILD);
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n");
    assert_rows(fixture, "SELECT \"notnull\" FROM pragma_table_info('parent') WHERE name = 'name'", "1\n");
}

static void an_intended_cascade_works_beside_a_rebuild(void **state)
{
    Fixture *fixture = *state;
    static const char *const scripts[] = {
        "DELETE FROM parent WHERE id = 2;" REBUILD,
        REBUILD "DELETE FROM parent WHERE id = 3;",
    };
    static const char *const left[] = {"10\n30\n", "10\n"};

    alter(fixture, family_sql);
    for (size_t i = 0; i < COUNT(scripts); i++) {
        alter(fixture, scripts[i]);
        assert_rows(fixture, "SELECT id FROM child ORDER BY id", left[i]);
    }
}

static void enforces_again_after_a_drop(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    assert_refused(fixture, REBUILD "INSERT INTO child VALUES (40, 4)", "FOREIGN KEY constraint failed");
    assert_refused(fixture, "DROP TABLE parent; SELECT nonsense", "no such column");
    assert_refused(fixture, "INSERT INTO child VALUES (40, 4)", "FOREIGN KEY constraint failed");
    assert_rows(fixture, "PRAGMA foreign_keys", "1\n");
}

static void a_rebuild_of_a_tree_keeps_its_rows(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, "CREATE TABLE node (id INTEGER PRIMARY KEY, above INTEGER REFERENCES node ON DELETE RESTRICT);"
                   "INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2)");
    alter(fixture, "CREATE TABLE new_node (id INTEGER PRIMARY KEY, above INTEGER REFERENCES new_node ON DELETE RESTRICT, name TEXT);"
                   "INSERT INTO new_node SELECT id, above, '' FROM node; DROP TABLE node; ALTER TABLE new_node RENAME TO node");
    assert_rows(fixture, "SELECT id, above FROM node ORDER BY id", "1|NULL\n2|1\n3|2\n");
    assert_refused(fixture, "DELETE FROM node WHERE id = 1", "FOREIGN KEY constraint failed");
}

static void refuses_new_violations_and_rolls_back(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);

    Result result = client_alter(&fixture->client, "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT);"
                                                   "INSERT INTO new_parent SELECT id, name FROM parent WHERE id = 1;"
                                                   "DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent");
    assert_false(result.ok);
    assert_int_equal(result.step, 2);
    assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
    assert_string_equal(result.error.message,
                        "foreign key violated: 2 rows of \"child\" refer to no row of \"parent\": the first has rowid 20");
    assert_rows(fixture, "SELECT count(*) FROM parent", "3\n");
}

static void names_every_table_with_violations(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    alter(fixture, "CREATE TABLE other (k TEXT PRIMARY KEY, p REFERENCES parent) WITHOUT ROWID; INSERT INTO other VALUES ('x', 1)");

    Result result = client_alter(&fixture->client, "DROP TABLE parent");
    assert_false(result.ok);
    assert_string_equal(result.error.message,
                        "foreign key violated: 3 rows of \"child\" refer to no row of \"parent\": the first has rowid 10");
    assert_string_equal(result.error.detail, "1 row of \"other\" refers to no row of \"parent\"");
}

static void a_renamed_table_keeps_those_who_refer_to_it(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    alter(fixture, "PRAGMA legacy_alter_table = 1; ALTER TABLE parent RENAME TO parents");
    assert_rows(fixture, "SELECT count(*) FROM pragma_foreign_key_check", "0\n");
}

static void refuses_violations_behind_the_back_of_sqlite(void **state)
{
    Fixture *fixture = *state;
    static const char *const scripts[] = {
        "ALTER TABLE child ADD COLUMN b INTEGER AS (id + 5) VIRTUAL REFERENCES parent",
        "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, 'REFERENCES parent', 'REFERENCES nobody')"
        " WHERE name = 'child'; PRAGMA writable_schema = RESET",
    };

    alter(fixture, family_sql);
    for (size_t i = 0; i < COUNT(scripts); i++)
        assert_refused(fixture, scripts[i], "foreign key violated: 3 rows of \"child\"");
}

static void bears_old_violations(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    run_plainly(fixture, "INSERT INTO child VALUES (70, 7), (80, 8)");

    alter(fixture, REBUILD);
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n70\n80\n");

    assert_refused(fixture,
                   "CREATE TABLE new_parent (id INTEGER PRIMARY KEY); INSERT INTO new_parent SELECT id FROM parent WHERE id < 3;"
                   "DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent",
                   "1 row of \"child\" refers to no row of \"parent\", beside 2 that did before");
}

static void bears_foreign_keys_that_cannot_be_checked(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    alter(fixture, "CREATE TABLE odd (id INTEGER PRIMARY KEY, name TEXT REFERENCES parent (name))");
    alter(fixture, REBUILD);
    assert_refused(fixture, "DROP TABLE parent", "3 rows of \"child\"");
}

static void names_what_a_deferred_constraint_misses(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    assert_refused(fixture, "PRAGMA defer_foreign_keys = 1; INSERT INTO child VALUES (40, 4)",
                   "1 row of \"child\" refers to no row of \"parent\": rowid 40");
    alter(fixture, "PRAGMA defer_foreign_keys = 1; INSERT INTO child VALUES (40, 4); INSERT INTO parent VALUES (4, 'd')");
}

static void a_dropped_child_settles_its_deferred_violations(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent DEFERRABLE INITIALLY DEFERRED);"
                   "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)");
    alter(fixture, "DELETE FROM parent; DROP TABLE child");
}

static void does_not_read_tables_for_plain_alterations(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, family_sql);
    run_plainly(fixture, "INSERT INTO child VALUES (70, 7)");
    /* Were it counted at all, it would be as new: nothing was counted before. */
    alter(fixture, "ALTER TABLE child ADD COLUMN note TEXT; UPDATE child SET note = 'x'; CREATE INDEX i ON child (note)");
}

static void refuses_transaction_control_in_scripts(void **state)
{
    Fixture *fixture = *state;
    static const char *const words[] = {"BEGIN", "COMMIT", "END", "ROLLBACK"};
    for (size_t i = 0; i < COUNT(words); i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "CREATE TABLE item (id);\n%s", words[i]);
        Result result = client_alter(&fixture->client, sql);
        assert_false(result.ok);
        assert_int_equal(result.statement, 1);
        assert_int_equal(result.offset, strlen("CREATE TABLE item (id);\n"));
        assert_non_null(strstr(result.error.message, "cannot stand in a script"));
        assert_rows(fixture, "SELECT count(*) FROM sqlite_master", "0\n");
    }
}

static void lets_scripts_use_savepoints(void **state)
{
    Fixture *fixture = *state;
    alter(fixture,
          "CREATE TABLE item (id); SAVEPOINT a; INSERT INTO item VALUES (1); ROLLBACK TO a; RELEASE a; INSERT INTO item VALUES (2)");
    assert_rows(fixture, "SELECT id FROM item", "2\n");
}

static void refuses_a_savepoint_that_would_begin_a_transaction(void **state)
{
    Fixture *fixture = *state;
    client_script(&fixture->client, "SAVEPOINT a");
    Result result = client_run(&fixture->client);
    assert_false(result.ok);
    assert_non_null(strstr(result.error.message, "SAVEPOINT cannot stand in a script"));
}

static void has_no_copy(void **state)
{
    Fixture *fixture = *state;
    client_step(&fixture->client, STEP_COPY_DATA);
    Result result = client_run(&fixture->client);
    assert_false(result.ok);
    assert_string_equal(result.error.message, "SQLite has no COPY");
}

static void keeps_triggers_whole(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, "CREATE TABLE item (id); CREATE TABLE log (text);"
                   "CREATE TRIGGER t AFTER INSERT ON item BEGIN INSERT INTO log VALUES ('a;b'); SELECT CASE WHEN 1 THEN 2 END; END;"
                   "INSERT INTO item VALUES (1)");
    assert_rows(fixture, "SELECT text FROM log", "a;b\n");
}

/* What a script leaves in the connection, and how it would be seen by the next one. */
static void nothing_leaks_into_the_next_alteration(void **state)
{
    Fixture *fixture = *state;
    static const struct {
        const char *script, *query, *rows;
    } cases[] = {
        {"CREATE TEMP TABLE scratch (id)", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"CREATE TABLE temp.scratch AS SELECT 1", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"CREATE TEMP VIEW scratch AS SELECT 1", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"CREATE TEMP TRIGGER scratch AFTER INSERT ON item BEGIN SELECT 1; END", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"CREATE VIRTUAL TABLE temp.scratch USING fts5(a)", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"ATTACH ':memory:' AS other", "SELECT count(*) FROM pragma_database_list WHERE name = 'other'", "0\n"},
        {"PRAGMA foreign_keys = 0", "PRAGMA foreign_keys", "1\n"},
        {"PRAGMA recursive_triggers = 0", "PRAGMA recursive_triggers", "1\n"},
        {"PRAGMA case_sensitive_like = 1", "SELECT 'A' LIKE 'a'", "1\n"},
        {"PRAGMA legacy_alter_table = 1", "PRAGMA legacy_alter_table", "0\n"},
        {"PRAGMA writable_schema = 1", "PRAGMA writable_schema", "0\n"},
        {"PRAGMA ignore_check_constraints = 1", "PRAGMA ignore_check_constraints", "0\n"},
        {"PRAGMA defer_foreign_keys = 1", "PRAGMA defer_foreign_keys", "0\n"},
    };

    alter(fixture, "CREATE TABLE item (id)");
    /* SQLite's default for this one is set when it is built. */
    Result recursive = client_query(&fixture->client, "PRAGMA recursive_triggers");
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool is_recursive = strstr(cases[i].script, "recursive_triggers") != NULL;
        alter(fixture, cases[i].script);
        client_step(&fixture->client, STEP_BEGIN);
        client_own(&fixture->client, cases[i].query, NULL, 0);
        client_step(&fixture->client, STEP_COMMIT);
        Result result = client_run(&fixture->client);
        if (!result.ok || strcmp(result.rows, is_recursive ? recursive.rows : cases[i].rows) != 0)
            fail_msg("%s leaks: %s", cases[i].script, result.rows);
    }
}

static void a_leak_of_a_failed_script_ends_too(void **state)
{
    Fixture *fixture = *state;
    assert_refused(fixture, "PRAGMA case_sensitive_like = 1; nonsense", "syntax error");
    client_step(&fixture->client, STEP_BEGIN);
    client_own(&fixture->client, "SELECT 'A' LIKE 'a'", NULL, 0);
    client_step(&fixture->client, STEP_COMMIT);
    assert_string_equal(client_run(&fixture->client).rows, "1\n");
}

static void the_lock_outlives_the_end_of_leaks(void **state)
{
    Fixture *fixture = *state;
    const Driver *driver = fixture->client.connection->driver;
    bool taken = false;
    DbaltError error;
    assert_true(driver->lock_try(fixture->client.connection, &taken, &error));
    assert_true(taken);
    alter(fixture, "CREATE TEMP TABLE scratch (id)");
    alter(fixture, "CREATE TABLE item (id)");

    Client other;
    assert_true(client_open(&other, fixture->url, CLIENT_WRITES));
    assert_true(driver->lock_try(other.connection, &taken, &error));
    client_close(&other);
    assert_false(taken);
    assert_true(driver->lock_is_held(fixture->client.connection));
}

static void own_statements_do_not_take_temporary_tables_for_the_history(void **state)
{
    Fixture *fixture = *state;
    client_step(&fixture->client, STEP_BEGIN);
    client_history(&fixture->client, HISTORY_CREATE, NULL, 0);
    client_script(&fixture->client, "CREATE TEMP TABLE dbalt_event (id)");
    client_history(&fixture->client, HISTORY_EVENT, (const char *const[]){"fail", "1-a", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
                   10);
    client_step(&fixture->client, STEP_COMMIT);
    assert_true(client_run(&fixture->client).ok);
    assert_rows(fixture, "SELECT identity FROM main.dbalt_event", "1-a\n");
}

static void a_conflict_that_rolls_back_by_itself_is_borne(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, "CREATE TABLE item (id INTEGER PRIMARY KEY)");
    Result result = client_alter(&fixture->client, "INSERT INTO item VALUES (1); INSERT OR ROLLBACK INTO item VALUES (1)");
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_DUPLICATE);
    assert_rows(fixture, "SELECT count(*) FROM item", "0\n");
    alter(fixture, "INSERT INTO item VALUES (2)");
}

static void says_in_one_line_what_sqlite_quotes(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "CREATE TABLE item (a 'x\ny\r\nz)");
    assert_false(result.ok);
    assert_null(strpbrk(result.error.message, "\r\n"));
}

/* Each in its own process adds 1 as often as it can, always from what it read in the same transaction. */
static void count_up(const char *url, int times)
{
    Client client;
    if (!client_open(&client, url, CLIENT_WRITES))
        _exit(1);
    for (int i = 0; i < times; i++)
        if (!client_alter(&client, "UPDATE counter SET n = (SELECT n FROM counter) + 1; INSERT INTO log SELECT n FROM counter").ok)
            _exit(1);
    client_close(&client);
    _exit(0);
}

static void writers_wait_for_each_other(void **state)
{
    enum { WRITERS = 4, TIMES = 25 };
    Fixture *fixture = *state;
    alter(fixture, "CREATE TABLE counter (n); CREATE TABLE log (n UNIQUE); INSERT INTO counter VALUES (0)");

    pid_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        if (writers[i] == 0)
            count_up(fixture->url, TIMES);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
        assert_int_equal(status, 0);
    }
    assert_rows(fixture, "SELECT n FROM counter", "100\n");
}

/* Begins a transaction, tells so, and ends it when the other end of the pipe is closed. */
static void hold_transaction(const char *file, const char *begin, int told, int until)
{
    sqlite3 *database;
    char byte;
    if (sqlite3_open(file, &database) != SQLITE_OK || sqlite3_exec(database, begin, NULL, NULL, NULL) != SQLITE_OK)
        _exit(1);
    if (write(told, "", 1) != 1 || read(until, &byte, 1) != 0)
        _exit(1);
    sqlite3_close(database);
    _exit(0);
}

typedef struct Blocker {
    pid_t process;
    int until;
} Blocker;

static Blocker block(Fixture *fixture, const char *begin)
{
    int told[2], until[2];
    char byte;
    assert_int_equal(pipe(told), 0);
    assert_int_equal(pipe(until), 0);

    Blocker blocker = {.process = fork(), .until = until[1]};
    if (blocker.process == 0) {
        close(until[1]);
        hold_transaction(fixture->file, begin, told[1], until[0]);
    }
    close(told[1]);
    close(until[0]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
    return blocker;
}

static void unblock(Blocker blocker)
{
    close(blocker.until);
    waitpid(blocker.process, NULL, 0);
}

/* Unblocked by the wait itself: its guest is served while the driver waits. */
static void serve_unblock(WaitGuest *guest)
{
    Blocker *blocker = guest->context;
    close(blocker->until);
    blocker->until = -1;
    guest->serve_at = WAIT_FOREVER;
}

static void assert_waits_for(Fixture *fixture, const char *begin)
{
    Blocker blocker = block(fixture, begin);
    WaitGuest guest = {.descriptor = -1, .serve_at = wait_now() + 150, .serve = serve_unblock, .context = &blocker};
    fixture->client.wait.guest = &guest;
    Result result = client_alter(&fixture->client, "INSERT INTO item VALUES (1)");
    fixture->client.wait.guest = NULL;

    assert_true(result.ok);
    assert_int_equal(blocker.until, -1);
    waitpid(blocker.process, NULL, 0);
}

static void waits_for_another_writer_and_for_readers(void **state)
{
    Fixture *fixture = *state;
    alter(fixture, "CREATE TABLE item (id)");
    assert_waits_for(fixture, "BEGIN IMMEDIATE");
    assert_waits_for(fixture, "BEGIN EXCLUSIVE");
    assert_waits_for(fixture, "BEGIN; SELECT * FROM item");
}

static void a_cancel_ends_the_wait(void **state)
{
    Fixture *fixture = *state;
    static const char *const begins[] = {"BEGIN IMMEDIATE", "BEGIN; SELECT * FROM item"};
    alter(fixture, "CREATE TABLE item (id)");

    for (size_t i = 0; i < COUNT(begins); i++) {
        Client client;
        assert_true(client_open(&client, fixture->url, CLIENT_WRITES));
        Blocker blocker = block(fixture, begins[i]);
        pid_t canceller = fork();
        if (canceller == 0) {
            poll(NULL, 0, 100);
            wait_cancel(&client.wait);
            _exit(0);
        }
        Result result = client_alter(&client, "INSERT INTO item VALUES (1)");
        waitpid(canceller, NULL, 0);
        client_close(&client);
        unblock(blocker);

        assert_false(result.ok);
        assert_int_equal(result.fault, FAULT_CANCELLED);
        assert_int_equal(result.error.code, DBALT_ERROR_INTERRUPTED);
    }
    assert_rows(fixture, "SELECT count(*) FROM item", "0\n");
}

static void a_cancel_stops_a_script_of_many_small_statements(void **state)
{
    enum { STATEMENTS = 2000000 };
    static const char statement[] = "SELECT 1;";
    Fixture *fixture = *state;
    char *script = malloc(STATEMENTS * strlen(statement) + 1);
    for (size_t i = 0; i < STATEMENTS; i++)
        memcpy(script + i * strlen(statement), statement, sizeof statement);

    client_step(&fixture->client, STEP_BEGIN);
    assert_true(client_run(&fixture->client).ok);
    fixture->client.connection->driver->submit(fixture->client.connection,
                                               &(Step){.kind = STEP_SQL, .sql = text_of(script), .is_script = true});
    pid_t canceller = fork();
    if (canceller == 0) {
        poll(NULL, 0, 20);
        wait_cancel(&fixture->client.wait);
        _exit(0);
    }
    Result result = client_run(&fixture->client);
    waitpid(canceller, NULL, 0);
    free(script);

    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_CANCELLED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define TEST_OF_OPENING(function) cmocka_unit_test_setup_teardown(function, make_folder, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_urls_that_name_no_file),
        cmocka_unit_test(reads_urls_of_files),
        TEST_OF_OPENING(does_not_make_a_file_unless_told),
        TEST_OF_OPENING(makes_a_database_for_its_owner_alone),
        TEST_OF_OPENING(takes_a_file_of_no_bytes_for_an_empty_database),
        TEST_OF_OPENING(opens_an_absolute_path_behind_three_slashes),
        TEST_OF_OPENING(names_what_is_no_database),
        TEST_OF_OPENING(names_missing_permissions_before_anything_runs),
        TEST_OF_OPENING(reads_a_file_that_is_read_only),
        TEST_OF_OPENING(a_reader_cannot_write),
        TEST_OF_OPENING(reads_what_a_killed_writer_left_half_done),
        TEST_OF_OPENING(a_reader_gives_up_on_a_writer_that_does_not_end),
        TEST(enforces_foreign_keys),
        TEST(a_rebuild_keeps_the_children),
        TEST(an_intended_cascade_works_beside_a_rebuild),
        TEST(enforces_again_after_a_drop),
        TEST(a_rebuild_of_a_tree_keeps_its_rows),
        TEST(refuses_new_violations_and_rolls_back),
        TEST(names_every_table_with_violations),
        TEST(a_renamed_table_keeps_those_who_refer_to_it),
        TEST(refuses_violations_behind_the_back_of_sqlite),
        TEST(bears_old_violations),
        TEST(bears_foreign_keys_that_cannot_be_checked),
        TEST(names_what_a_deferred_constraint_misses),
        TEST(a_dropped_child_settles_its_deferred_violations),
        TEST(does_not_read_tables_for_plain_alterations),
        TEST(refuses_transaction_control_in_scripts),
        TEST(lets_scripts_use_savepoints),
        TEST(refuses_a_savepoint_that_would_begin_a_transaction),
        TEST(has_no_copy),
        TEST(keeps_triggers_whole),
        TEST(nothing_leaks_into_the_next_alteration),
        TEST(a_leak_of_a_failed_script_ends_too),
        TEST(the_lock_outlives_the_end_of_leaks),
        TEST(own_statements_do_not_take_temporary_tables_for_the_history),
        TEST(a_conflict_that_rolls_back_by_itself_is_borne),
        TEST(says_in_one_line_what_sqlite_quotes),
        TEST(writers_wait_for_each_other),
        TEST(waits_for_another_writer_and_for_readers),
        TEST(a_cancel_ends_the_wait),
        TEST(a_cancel_stops_a_script_of_many_small_statements),
    };
    return cmocka_run_group_tests_name("driver/sqlite", tests, NULL, NULL);
}
