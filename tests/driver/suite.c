/* Runs the suite. usage: test-driver-suite sqlite|postgres (the latter with DBALT_TEST_POSTGRES_URL) */

#include "driver/suite.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_postgres;

static const char table_sql[] = "CREATE TABLE item (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE)";

static void remove_file(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

int suite_set_up(void **state)
{
    SuiteFixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    strcpy(fixture->folder, "/tmp/dbalt-suite-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        return -1;

    if (is_postgres)
        snprintf(fixture->url, sizeof fixture->url, "%s", getenv("DBALT_TEST_POSTGRES_URL"));
    else
        snprintf(fixture->url, sizeof fixture->url, "sqlite:%s/suite.db", fixture->folder);
    if (!client_open(&fixture->client, fixture->url, CLIENT_CREATES)) {
        print_error("%s\n", fixture->client.error.message);
        return -1;
    }

    if (is_postgres && !client_alter(&fixture->client, "DROP TABLE IF EXISTS item; DROP SCHEMA IF EXISTS dbalt_suite CASCADE").ok)
        return -1;
    return client_alter(&fixture->client, table_sql).ok ? 0 : -1;
}

int suite_tear_down(void **state)
{
    SuiteFixture *fixture = *state;
    client_close(&fixture->client);
    remove_file(fixture->folder, "suite.db");
    remove_file(fixture->folder, "suite.db-journal");
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

void assert_committed(SuiteFixture *fixture, const char *sql, const char *rows)
{
    Client other;
    assert_true(client_open(&other, fixture->url, CLIENT_READS));
    Result result = client_query(&other, sql);
    client_close(&other);
    assert_true(result.ok);
    assert_string_equal(result.rows, rows);
}

int main(int count, char **arguments)
{
    const SuiteTests *const parts[] = {&suite_batches, &suite_history, &suite_locks};
    struct CMUnitTest tests[64];
    size_t test_count = 0;
    for (size_t i = 0; i < COUNT(parts); i++) {
        assert(test_count + parts[i]->count <= COUNT(tests));
        memcpy(tests + test_count, parts[i]->rows, parts[i]->count * sizeof *tests);
        test_count += parts[i]->count;
    }

    is_postgres = count == 2 && strcmp(arguments[1], "postgres") == 0;
    const char *name = is_postgres ? "driver/suite-postgres" : "driver/suite-sqlite";
    return _cmocka_run_group_tests(name, tests, test_count, NULL, NULL);
}
