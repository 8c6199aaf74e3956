/* Foreign keys on SQLite: rebuilt tables keep their children, new violations are refused. */

#include "support/test.h"

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

static void a_dropped_child_settles_its_deferred_violations(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture,
                  "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent DEFERRABLE INITIALLY DEFERRED);"
                  "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)");
    assert_alters(fixture, "DELETE FROM parent; DROP TABLE child");
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
        TEST(a_rebuild_of_a_tree_keeps_its_rows),
        TEST(refuses_new_violations_and_rolls_back),
        TEST(names_every_table_with_violations),
        TEST(a_renamed_table_keeps_those_who_refer_to_it),
        TEST(refuses_violations_behind_the_back_of_sqlite),
        TEST(bears_old_violations),
        TEST(bears_foreign_keys_that_cannot_be_checked),
        TEST(names_what_a_deferred_constraint_misses),
        TEST(a_dropped_child_settles_its_deferred_violations),
        TEST(a_plain_alteration_bears_old_violations),
    };
    return cmocka_run_group_tests_name("driver/sqlite-foreign-keys", tests, NULL, NULL);
}
