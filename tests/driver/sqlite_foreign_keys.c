/* Foreign keys on SQLite: rebuilt tables keep their children, new violations are refused. */

#include "support/test.h"

#include <sqlite3.h>
#include <stdio.h>

#include "driver/sqlite_fixture.h"

static const char family_sql[] = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);"
                                 "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent ON DELETE CASCADE);"
                                 "INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c');"
                                 "INSERT INTO child VALUES (10, 1), (20, 2), (30, 3)";

static void enforces_foreign_keys(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_refused(fixture, "INSERT INTO child VALUES (40, 4)", "FOREIGN KEY constraint failed");
}

#define REBUILD                                                             \
    "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);" \
    "INSERT INTO new_parent SELECT id, name FROM parent;"                   \
    "DROP TABLE parent;"                                                    \
    "ALTER TABLE new_parent RENAME TO parent;"

static void a_rebuild_keeps_the_children(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, REBUILD);
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n");
    assert_rows(fixture, "SELECT \"notnull\" FROM pragma_table_info('parent') WHERE name = 'name'", "1\n");
}

static void an_intended_cascade_works_beside_a_rebuild(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const scripts[] = {
        "DELETE FROM parent WHERE id = 2;" REBUILD,
        REBUILD "DELETE FROM parent WHERE id = 3;",
    };
    static const char *const left[] = {"10\n30\n", "10\n"};

    assert_alters(fixture, family_sql);
    for (size_t i = 0; i < COUNT(scripts); i++) {
        assert_alters(fixture, scripts[i]);
        assert_rows(fixture, "SELECT id FROM child ORDER BY id", left[i]);
    }
}

static void enforces_again_after_a_drop(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_refused(fixture, REBUILD "INSERT INTO child VALUES (40, 4)", "FOREIGN KEY constraint failed");
    assert_refused(fixture, "DROP TABLE parent; SELECT nonsense", "no such column");
    assert_refused(fixture, "INSERT INTO child VALUES (40, 4)", "FOREIGN KEY constraint failed");
    assert_rows(fixture, "PRAGMA foreign_keys", "1\n");
}

/* Empties and refills the parent, which under enforcement empties the child by its cascade. */
#define REFILL "CREATE TEMP TABLE kept AS SELECT * FROM parent; DELETE FROM parent; INSERT INTO parent SELECT * FROM kept;"

static void a_script_may_turn_enforcement_off(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const off[] = {
        "PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys=0",      "pragma Foreign_Keys = false",        "PRAGMA foreign_keys = no",
        "PRAGMA foreign_keys(0)",    "PRAGMA foreign_keys('OFF')", "PRAGMA main.foreign_keys = \"off\"", "PRAGMA foreign_keys = nonsense",
    };

    assert_alters(fixture, family_sql);
    for (size_t i = 0; i < COUNT(off); i++) {
        char script[512];
        snprintf(script, sizeof script, "%s; " REFILL, off[i]);
        assert_alters(fixture, script);
        assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n");
    }
}

static void a_script_may_turn_enforcement_on_again(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const on[] = {"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys=1", "PRAGMA foreign_keys = True",
                                     "PRAGMA foreign_keys = yes", "PRAGMA foreign_keys(2)"};

    assert_alters(fixture, family_sql);
    for (size_t i = 0; i < COUNT(on); i++) {
        char script[512];
        snprintf(script, sizeof script, "PRAGMA foreign_keys = OFF; " REFILL "%s; INSERT INTO child VALUES (40, 4)", on[i]);
        assert_refused(fixture, script, "FOREIGN KEY constraint failed");
    }
    assert_alters(fixture, "PRAGMA foreign_keys = OFF; PRAGMA foreign_keys = ON; DELETE FROM parent WHERE id = 1");
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "20\n30\n");
}

static void a_mere_look_at_the_setting_changes_nothing(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, "PRAGMA foreign_keys; DELETE FROM parent WHERE id = 1");
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "20\n30\n");
    assert_alters(fixture,
                  "PRAGMA foreign_keys = OFF; PRAGMA foreign_keys; DELETE FROM child WHERE id = 20; DELETE FROM parent WHERE id = 2;"
                  "INSERT INTO parent VALUES (2, 'b')");
}

static void refuses_violations_that_came_in_without_enforcement(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const ends[] = {"", "; PRAGMA foreign_keys = ON"};
    assert_alters(fixture, family_sql);
    sqlite_run_plainly(fixture, "INSERT INTO child VALUES (70, 7)");

    for (size_t i = 0; i < COUNT(ends); i++) {
        char script[512];
        snprintf(script, sizeof script, "PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (40, 4)%s", ends[i]);
        assert_refused(fixture, script, "1 row of \"child\" refers to no row of \"parent\", beside 1 that did before");
    }
    assert_alters(fixture, "PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (40, 4); INSERT INTO parent VALUES (4, 'd')");
}

static void enforcement_is_back_after_every_script(void **state)
{
    SqliteFixture *fixture = *state;
    static const struct {
        const char *script;
        StepKind end;
    } cases[] = {
        {"PRAGMA foreign_keys = OFF", STEP_SETTLE},
        {"PRAGMA foreign_keys = OFF", STEP_COMMIT},
        {"PRAGMA foreign_keys = OFF", STEP_ROLLBACK},
        {"PRAGMA foreign_keys = OFF; SELECT nonsense", STEP_COMMIT},
        {"PRAGMA foreign_keys = OFF; DROP TABLE child; DROP TABLE parent; SELECT nonsense", STEP_COMMIT},
        {"PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (40, 4)", STEP_SETTLE},
    };

    assert_alters(fixture, family_sql);
    for (size_t i = 0; i < COUNT(cases); i++) {
        client_step(&fixture->client, STEP_BEGIN);
        client_script(&fixture->client, cases[i].script);
        client_step(&fixture->client, cases[i].end);
        client_run(&fixture->client);
        assert_rows(fixture, "PRAGMA foreign_keys", "1\n");
        client_step(&fixture->client, STEP_ROLLBACK);
        assert_true(client_run(&fixture->client).ok);
        assert_refused(fixture, "INSERT INTO child VALUES (40, 4)", "FOREIGN KEY constraint failed");
    }
}

static void a_dropped_table_leaves_enforcement_as_the_script_has_it(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, "PRAGMA foreign_keys = OFF;" REBUILD REFILL);
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n");
    assert_refused(fixture, "PRAGMA foreign_keys = OFF;" REBUILD "PRAGMA foreign_keys = ON;" REBUILD "INSERT INTO child VALUES (40, 4)",
                   "FOREIGN KEY constraint failed");
}

static void a_section_outside_a_transaction_has_its_own_setting(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    client_script(&fixture->client, "PRAGMA foreign_keys = OFF;" REBUILD);
    assert_true(client_run(&fixture->client).ok);
    client_script(&fixture->client, "DELETE FROM parent WHERE id = 1");
    client_step(&fixture->client, STEP_SETTLE);
    assert_true(client_run(&fixture->client).ok);
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n");
    assert_rows(fixture, "PRAGMA foreign_keys", "1\n");
}

/* https://sqlite.org/lang_altertable.html, 7, without the transaction, which is dbalt's. */
static void the_twelve_steps_of_sqlite_keep_the_children(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, "CREATE INDEX parent_name ON parent (name); CREATE TABLE log (name);"
                           "CREATE TRIGGER parent_log AFTER DELETE ON parent BEGIN INSERT INTO log VALUES (old.name); END;"
                           "CREATE VIEW names AS SELECT name FROM parent");
    assert_alters(fixture, "PRAGMA foreign_keys=OFF;\n"
                           "SELECT type, sql FROM sqlite_schema WHERE tbl_name='parent';\n"
                           "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');\n"
                           "INSERT INTO new_parent SELECT id, name FROM parent;\n"
                           "DROP VIEW names;\n"
                           "DROP TABLE parent;\n"
                           "ALTER TABLE new_parent RENAME TO parent;\n"
                           "CREATE INDEX parent_name ON parent (name);\n"
                           "CREATE TRIGGER parent_log AFTER DELETE ON parent BEGIN INSERT INTO log VALUES (old.name); END;\n"
                           "CREATE VIEW names AS SELECT name FROM parent;\n"
                           "PRAGMA foreign_key_check;\n"
                           "PRAGMA foreign_keys=ON;\n");
    assert_rows(fixture, "SELECT id, parent_id FROM child ORDER BY id", "10|1\n20|2\n30|3\n");
    assert_rows(fixture, "SELECT count(*) FROM log", "0\n");
    assert_rows(fixture, "SELECT group_concat(name, '') FROM names", "abc\n");
    assert_alters(fixture, "DELETE FROM parent WHERE id = 1");
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "20\n30\n");
}

/* As Prisma writes them. */
static void rebuilds_of_generated_scripts_keep_the_children(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, "PRAGMA defer_foreign_keys=ON; PRAGMA foreign_keys=OFF;" REBUILD
                           "PRAGMA foreign_keys=ON; PRAGMA defer_foreign_keys=OFF;");
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n");
}

static void a_renamed_table_does_not_take_them_along_where_the_script_forbids_it(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; ALTER TABLE parent RENAME TO old_parent;"
                           "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO parent SELECT * FROM old_parent;"
                           "DROP TABLE old_parent");
    assert_rows(fixture, "SELECT \"table\" FROM pragma_foreign_key_list('child')", "parent\n");
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n");
}

static void a_rebuild_of_a_tree_keeps_its_rows(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, "CREATE TABLE node (id INTEGER PRIMARY KEY, above INTEGER REFERENCES node ON DELETE RESTRICT);"
                           "INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2)");
    assert_alters(fixture,
                  "CREATE TABLE new_node (id INTEGER PRIMARY KEY, above INTEGER REFERENCES new_node ON DELETE RESTRICT, name TEXT);"
                  "INSERT INTO new_node SELECT id, above, '' FROM node; DROP TABLE node; ALTER TABLE new_node RENAME TO node");
    assert_rows(fixture, "SELECT id, above FROM node ORDER BY id", "1|NULL\n2|1\n3|2\n");
    assert_refused(fixture, "DELETE FROM node WHERE id = 1", "FOREIGN KEY constraint failed");
}

static void refuses_new_violations_and_rolls_back(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);

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
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, "CREATE TABLE other (k TEXT PRIMARY KEY, p REFERENCES parent) WITHOUT ROWID; INSERT INTO other VALUES ('x', 1)");

    Result result = client_alter(&fixture->client, "DROP TABLE parent");
    assert_false(result.ok);
    assert_string_equal(result.error.message,
                        "foreign key violated: 3 rows of \"child\" refer to no row of \"parent\": the first has rowid 10");
    assert_string_equal(result.error.detail, "1 row of \"other\" refers to no row of \"parent\"");
}

static void a_renamed_table_keeps_those_who_refer_to_it(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, "PRAGMA legacy_alter_table = 1; ALTER TABLE parent RENAME TO parents");
    assert_rows(fixture, "SELECT count(*) FROM pragma_foreign_key_check", "0\n");
}

static void refuses_violations_behind_the_back_of_sqlite(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const scripts[] = {
        "ALTER TABLE child ADD COLUMN b INTEGER AS (id + 5) VIRTUAL REFERENCES parent",
        "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, 'REFERENCES parent', 'REFERENCES nobody')"
        " WHERE name = 'child'; PRAGMA writable_schema = RESET",
    };

    assert_alters(fixture, family_sql);
    for (size_t i = 0; i < COUNT(scripts); i++)
        assert_refused(fixture, scripts[i], "foreign key violated: 3 rows of \"child\"");
}

static void bears_old_violations(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    sqlite_run_plainly(fixture, "INSERT INTO child VALUES (70, 7), (80, 8)");

    assert_alters(fixture, REBUILD);
    assert_rows(fixture, "SELECT id FROM child ORDER BY id", "10\n20\n30\n70\n80\n");

    assert_refused(fixture,
                   "CREATE TABLE new_parent (id INTEGER PRIMARY KEY); INSERT INTO new_parent SELECT id FROM parent WHERE id < 3;"
                   "DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent",
                   "1 row of \"child\" refers to no row of \"parent\", beside 2 that did before");
}

static void bears_foreign_keys_that_cannot_be_checked(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_alters(fixture, "CREATE TABLE odd (id INTEGER PRIMARY KEY, name TEXT REFERENCES parent (name))");
    assert_alters(fixture, REBUILD);
    assert_refused(fixture, "DROP TABLE parent", "3 rows of \"child\"");
}

static void names_what_a_deferred_constraint_misses(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_refused(fixture, "PRAGMA defer_foreign_keys = 1; INSERT INTO child VALUES (40, 4)",
                   "1 row of \"child\" refers to no row of \"parent\": rowid 40");
    assert_alters(fixture, "PRAGMA defer_foreign_keys = 1; INSERT INTO child VALUES (40, 4); INSERT INTO parent VALUES (4, 'd')");
}

/* SQLite forgets what was deferred when the pragma is taken back. */
static void refuses_deferred_violations_that_sqlite_forgets(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    assert_refused(fixture, "PRAGMA defer_foreign_keys = ON; INSERT INTO child VALUES (40, 4); PRAGMA defer_foreign_keys = OFF",
                   "1 row of \"child\" refers to no row of \"parent\": rowid 40");
}

static void a_dropped_child_settles_its_deferred_violations(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture,
                  "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent DEFERRABLE INITIALLY DEFERRED);"
                  "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)");
    assert_alters(fixture, "DELETE FROM parent; DROP TABLE child");
}

static int compare_bytes(void *context, int length, const void *data, int other_length, const void *other)
{
    (void)context;
    int order = memcmp(data, other, (size_t)(length < other_length ? length : other_length));
    return order != 0 ? order : length - other_length;
}

/* Such a table cannot be read here: its collation is its program's own. What is dropped has nothing to do with it. */
static void a_table_that_nobody_refers_to_is_dropped_without_reading_others(void **state)
{
    SqliteFixture *fixture = *state;
    sqlite3 *database;
    assert_int_equal(sqlite3_open(fixture->file, &database), SQLITE_OK);
    assert_int_equal(sqlite3_create_collation(database, "own", SQLITE_UTF8, NULL, compare_bytes), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "CREATE TABLE word (text TEXT COLLATE own PRIMARY KEY);"
                                  "CREATE TABLE use (text TEXT COLLATE own REFERENCES word);"
                                  "INSERT INTO word VALUES ('a'); INSERT INTO use VALUES ('a')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(database);

    assert_alters(fixture, "CREATE TABLE scratch (id INTEGER PRIMARY KEY); INSERT INTO scratch VALUES (1); DROP TABLE scratch");
    assert_refused(fixture, "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES A); DROP TABLE a",
                   "no such collation sequence");
}

static void those_who_refer_to_a_dropped_table_are_found_however_they_spell_it(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const references[] = {"\"PARENT\"", "[Parent] ON DELETE CASCADE", "parent DEFERRABLE INITIALLY DEFERRED"};
    for (size_t i = 0; i < COUNT(references); i++) {
        char script[512];
        snprintf(script, sizeof script,
                 "CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1);"
                 "CREATE TABLE child (id, parent_id REFERENCES %s); INSERT INTO child VALUES (10, 1)",
                 references[i]);
        assert_alters(fixture, script);
        assert_refused(fixture, "DROP TABLE main.paRent", "1 row of \"child\" refers to no row");
        assert_alters(fixture, "DROP TABLE child; DROP TABLE parent");
    }
}

static void a_plain_alteration_bears_old_violations(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, family_sql);
    sqlite_run_plainly(fixture, "INSERT INTO child VALUES (70, 7)");
    assert_alters(fixture, "ALTER TABLE child ADD COLUMN note TEXT; UPDATE child SET note = 'x'; CREATE INDEX i ON child (note)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(enforces_foreign_keys),
        TEST(a_rebuild_keeps_the_children),
        TEST(an_intended_cascade_works_beside_a_rebuild),
        TEST(enforces_again_after_a_drop),
        TEST(a_script_may_turn_enforcement_off),
        TEST(a_script_may_turn_enforcement_on_again),
        TEST(a_mere_look_at_the_setting_changes_nothing),
        TEST(refuses_violations_that_came_in_without_enforcement),
        TEST(enforcement_is_back_after_every_script),
        TEST(a_dropped_table_leaves_enforcement_as_the_script_has_it),
        TEST(a_section_outside_a_transaction_has_its_own_setting),
        TEST(the_twelve_steps_of_sqlite_keep_the_children),
        TEST(rebuilds_of_generated_scripts_keep_the_children),
        TEST(a_renamed_table_does_not_take_them_along_where_the_script_forbids_it),
        TEST(a_rebuild_of_a_tree_keeps_its_rows),
        TEST(refuses_new_violations_and_rolls_back),
        TEST(names_every_table_with_violations),
        TEST(a_renamed_table_keeps_those_who_refer_to_it),
        TEST(refuses_violations_behind_the_back_of_sqlite),
        TEST(bears_old_violations),
        TEST(bears_foreign_keys_that_cannot_be_checked),
        TEST(names_what_a_deferred_constraint_misses),
        TEST(refuses_deferred_violations_that_sqlite_forgets),
        TEST(a_dropped_child_settles_its_deferred_violations),
        TEST(a_table_that_nobody_refers_to_is_dropped_without_reading_others),
        TEST(those_who_refer_to_a_dropped_table_are_found_however_they_spell_it),
        TEST(a_plain_alteration_bears_old_violations),
    };
    return cmocka_run_group_tests_name("driver/sqlite-foreign-keys", tests, NULL, NULL);
}
