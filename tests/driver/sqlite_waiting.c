/* How the SQLite driver waits for others, and how a cancel ends that. */

#include "support/test.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/sqlite_fixture.h"

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
    SqliteFixture *fixture = *state;
    assert_alters(fixture, "CREATE TABLE counter (n); CREATE TABLE log (n UNIQUE); INSERT INTO counter VALUES (0)");

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

static Blocker block(SqliteFixture *fixture, const char *begin)
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

static void assert_waits_for(SqliteFixture *fixture, const char *begin)
{
    Blocker blocker = block(fixture, begin);
    WaitGuest guest = {.descriptor = -1, .serve_at = wait_now() + 150, .serve = serve_unblock, .context = &blocker};
    wait_admit(&fixture->client.wait, &guest);
    Result result = client_alter(&fixture->client, "INSERT INTO item VALUES (1)");
    wait_dismiss(&fixture->client.wait, &guest);

    assert_true(result.ok);
    assert_int_equal(blocker.until, -1);
    waitpid(blocker.process, NULL, 0);
}

static void waits_for_another_writer_and_for_readers(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, "CREATE TABLE item (id)");
    assert_waits_for(fixture, "BEGIN IMMEDIATE");
    assert_waits_for(fixture, "BEGIN EXCLUSIVE");
    assert_waits_for(fixture, "BEGIN; SELECT * FROM item");
}

static void a_cancel_ends_the_wait(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const begins[] = {"BEGIN IMMEDIATE", "BEGIN; SELECT * FROM item"};
    assert_alters(fixture, "CREATE TABLE item (id)");

    for (size_t i = 0; i < COUNT(begins); i++) {
        Client client;
        assert_true(client_open(&client, fixture->url, CLIENT_WRITES));
        Blocker blocker = block(fixture, begins[i]);
        client_cancel_after(&client, 100);
        Result result = client_alter(&client, "INSERT INTO item VALUES (1)");
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
    SqliteFixture *fixture = *state;
    char *script = malloc(STATEMENTS * strlen(statement) + 1);
    for (size_t i = 0; i < STATEMENTS; i++)
        memcpy(script + i * strlen(statement), statement, sizeof statement);

    client_step(&fixture->client, STEP_BEGIN);
    assert_true(client_run(&fixture->client).ok);
    fixture->client.connection->driver->submit(fixture->client.connection,
                                               &(Step){.kind = STEP_SQL, .sql = text_of(script), .is_script = true});
    client_cancel_after(&fixture->client, 20);
    Result result = client_run(&fixture->client);
    free(script);

    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writers_wait_for_each_other),
        TEST(waits_for_another_writer_and_for_readers),
        TEST(a_cancel_ends_the_wait),
        TEST(a_cancel_stops_a_script_of_many_small_statements),
    };
    return cmocka_run_group_tests_name("driver/sqlite-waiting", tests, NULL, NULL);
}
