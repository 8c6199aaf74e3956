/* drivers/postgres: connecting, losing the connection, and cancelling. */

#include "support/test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/postgres_fixture.h"

static void assert_no_password(const DbaltError *error)
{
    const char *const texts[] = {error->message, error->detail, error->hint};
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_null(strstr(texts[i], "ecret"));
        assert_null(strstr(texts[i], "hush"));
    }
}

static void no_url_that_is_wrong_is_repeated(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "postgres://u:secret@host:badport/db",
        "postgres://u:hush%secret@host/db",
        "postgres://u:hush/secret@host/db",
        "postgres://u:12/secret@host/db",
        "postgres://u:hush@secret@host/db",
        "postgres://u:hush?secret@host/db",
        "postgres://u:12?secret@host/db",
        "postgres://host/db?password=hush&secret",
        "postgres://host/db?passwort=secret",
        "postgres://host/db?secret=1=2",
        "postgres://[secret/db",
        "postgres:u:secret@host/db",
    };

    for (size_t i = 0; i < COUNT(urls); i++) {
        DbaltError error;
        if (driver_postgres.check_url(urls[i], &error))
            fail_msg("taken: %s", urls[i]);
        assert_int_equal(error.code, DBALT_ERROR_USAGE);
        assert_no_password(&error);
    }
}

static void takes_the_urls_that_libpq_takes(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "postgres://",
        "postgresql:///db",
        "postgres://u:p%40ss%2F%3A@host:5433/db?sslmode=disable",
        "postgresql://u@a:1,b:2/db?target_session_attrs=read-write",
        "postgres:///db?host=/var/run/postgresql&password=a@b",
        "postgres://?service=shop",
        "postgres://[::1]:5432/db",
        "postgres://u:p:q@host/db",
    };

    for (size_t i = 0; i < COUNT(urls); i++) {
        DbaltError error;
        assert_true(driver_postgres.check_url(urls[i], &error));
    }
}

static void says_which_kinds_of_database_there_are(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *message;
    } cases[] = {
        {"oracle://u:secret@host/db", "databases of \"oracle://\" are not supported"},
        {"u:secret@host/db", "the database URL names no kind of database"},
        {"", "the database URL names no kind of database"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        DbaltError error;
        assert_null(driver_for(cases[i].url, &error));
        assert_int_equal(error.code, DBALT_ERROR_USAGE);
        assert_string_equal(error.message, cases[i].message);
        assert_non_null(strstr(error.hint, "postgresql:"));
    }
}

/* A socket that takes connections for as long as its owner lives, and never says anything. */
static int listen_in_silence(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static void a_silent_server_ends_at_the_timeout(void **state)
{
    (void)state;
    unsigned port;
    int listener = listen_in_silence(&port);
    char url[128];
    snprintf(url, sizeof(url), "postgres://u:secret@127.0.0.1:%u/db", port);

    Client client;
    int64_t begin = wait_now();
    assert_false(client_open_patiently(&client, url, CLIENT_WRITES, 200));
    assert_in_range(wait_now() - begin, 150, 5000);
    assert_int_equal(client.error.code, DBALT_ERROR_DATABASE);
    assert_non_null(strstr(client.error.message, "127.0.0.1"));
    assert_no_password(&client.error);
    client_close(&client);
    close(listener);
}

static void a_silent_host_is_not_the_last(void **state)
{
    (void)state;
    unsigned port;
    int listener = listen_in_silence(&port);
    const char *folder = getenv("DBALT_TEST_POSTGRES_DIR");
    const char *real_port = strstr(fixture_url("", ""), "&port=") + strlen("&port=");
    char url[256];
    snprintf(url, sizeof(url), "postgres://postgres@/postgres?host=127.0.0.1,127.0.0.1,%s&port=%u,%u,%s", folder, port, port, real_port);

    Client client;
    assert_true(client_open_patiently(&client, url, CLIENT_WRITES, 1000));
    assert_string_equal(client_query(&client, "SELECT 1").rows, "1\n");
    client_close(&client);
    close(listener);
}

static void connecting_can_be_cancelled(void **state)
{
    (void)state;
    unsigned port;
    int listener = listen_in_silence(&port);
    char url[128];
    snprintf(url, sizeof(url), "postgres://u@127.0.0.1:%u/db?connect_timeout=60", port);

    Client client = {0};
    DbaltError error;
    ConnectOptions options = {.url = url, .history_schema = "dbalt", .timeout = 60000, .wait = &client.wait};
    assert_true(wait_init(&client.wait));
    fixture_cancel_after(&client, 50);
    assert_false(driver_postgres.connect(&client.connection, &options, &error));
    assert_int_equal(error.code, DBALT_ERROR_INTERRUPTED);
    client_close(&client);
    close(listener);
}

static void says_why_it_cannot_connect(void **state)
{
    (void)state;
    unsigned port;
    int listener = listen_in_silence(&port);
    close(listener);
    char refused[128];
    snprintf(refused, sizeof(refused), "postgres://u:secret@127.0.0.1:%u/db", port);
    char unknown[512];
    snprintf(unknown, sizeof(unknown), "%s&password=secret", fixture_url("postgres", "nowhere"));

    const struct {
        const char *url;
        const char *text;
    } cases[] = {
        {refused, "Connection refused"},
        {unknown, "database \"nowhere\" does not exist"},
        {"postgres://u:secret@host/db?sslmode=nonsense", "sslmode"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Client client;
        assert_false(client_open(&client, cases[i].url, CLIENT_WRITES));
        assert_int_equal(client.error.code, DBALT_ERROR_DATABASE);
        assert_non_null(strstr(client.error.message, cases[i].text));
        assert_null(strchr(client.error.message, '\n'));
        assert_null(strchr(client.error.message, '\t'));
        assert_no_password(&client.error);
        client_close(&client);
    }
}

static void a_lost_connection_is_told_from_a_failed_statement(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "CREATE TABLE t (id int); SELECT pg_terminate_backend(pg_backend_pid())");
    assert_int_equal(result.fault, FAULT_CONNECTION);
    assert_int_equal(result.error.code, DBALT_ERROR_DATABASE);
    assert_int_equal(result.step, 1);

    result = client_alter(&fixture->client, "SELECT 1");
    assert_int_equal(result.fault, FAULT_CONNECTION);
    assert_string_equal(fixture_query(fixture, "SELECT to_regclass('t') IS NULL"), "t\n");
}

static void a_cancel_leaves_no_backend_running(void **state)
{
    Fixture *fixture = *state;
    fixture_cancel_after(&fixture->client, 100);
    Result result = client_alter(&fixture->client, "CREATE TABLE t (id int); SELECT pg_sleep(300)");

    assert_int_equal(result.fault, FAULT_CANCELLED);
    assert_int_equal(result.error.code, DBALT_ERROR_INTERRUPTED);
    assert_string_equal(fixture_query(fixture, SLEEPERS), "0\n");
    assert_string_equal(fixture_query(fixture, "SELECT to_regclass('t') IS NULL"), "t\n");
    assert_true(client_alter(&fixture->client, "SELECT 1").ok);
}

static void a_cancel_stops_the_feeding_of_a_copy(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    static char data[32 * 1024 * 1024];
    memset(data, '\n', sizeof(data));
    assert_true(client_alter(client, "CREATE TABLE t (name text);"
                                     "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(300); END $$;"
                                     "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()")
                    .ok);

    fixture_cancel_after(client, 300);
    client_step(client, STEP_BEGIN);
    client_script(client, "COPY t FROM STDIN");
    Step step = {.kind = STEP_COPY_DATA, .sql = {.data = data, .length = sizeof(data)}};
    client->connection->driver->submit(client->connection, &step);
    client_step(client, STEP_COMMIT);
    Result result = client_run(client);

    assert_int_equal(result.fault, FAULT_CANCELLED);
    assert_string_equal(fixture_query(fixture, SLEEPERS), "0\n");
    assert_true(client_alter(client, "SELECT 1").ok);
}

static void sleep_in_a_transaction(const char *url)
{
    Client client;
    if (client_open(&client, url, CLIENT_WRITES))
        client_alter(&client, "SELECT pg_sleep(300)");
    _exit(1);
}

static void the_server_ends_what_a_killed_client_ran(void **state)
{
    Fixture *fixture = *state;
    if (atoi(fixture_query(fixture, "SHOW server_version_num")) < 140000)
        return; /* it cannot: tests/cli/interrupt.bats has what becomes of it then */

    pid_t child = fork();
    if (child == 0)
        sleep_in_a_transaction(fixture->url);

    bool began = fixture_becomes(fixture, SLEEPERS, "1\n");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(began);
    assert_true(fixture_becomes(fixture, SLEEPERS, "0\n"));
}

#define SESSIONS "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dbalt'"

/* The server has let us in before anybody waited for it. */
static void connecting_goes_on_while_something_else_is_done(void **state)
{
    Fixture *fixture = *state;
    assert_true(fixture_becomes(fixture, SESSIONS, "1\n"));
    void *dialled = driver_postgres.dial(fixture->url);
    assert_true(fixture_becomes(fixture, SESSIONS, "2\n"));

    Connection *connection = NULL;
    DbaltError error;
    ConnectOptions options = {
        .url = fixture->url, .history_schema = "dbalt", .timeout = 10000, .dialled = dialled, .wait = &fixture->client.wait};
    assert_true(driver_postgres.connect(&connection, &options, &error));
    assert_string_equal(fixture_query(fixture, SESSIONS), "2\n");
    driver_postgres.close(connection);

    driver_postgres.hang_up(driver_postgres.dial(fixture->url));
    driver_postgres.hang_up(driver_postgres.dial("postgres://nobody@127.0.0.1:1/none"));
    assert_null(driver_postgres.dial("postgres://%zz"));
    assert_true(fixture_becomes(fixture, SESSIONS, "1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_url_that_is_wrong_is_repeated),
        cmocka_unit_test(takes_the_urls_that_libpq_takes),
        cmocka_unit_test(says_which_kinds_of_database_there_are),
        cmocka_unit_test(a_silent_server_ends_at_the_timeout),
        cmocka_unit_test(a_silent_host_is_not_the_last),
        cmocka_unit_test(connecting_can_be_cancelled),
        cmocka_unit_test(says_why_it_cannot_connect),
        DATABASE_TEST(connecting_goes_on_while_something_else_is_done),
        DATABASE_TEST(a_lost_connection_is_told_from_a_failed_statement),
        DATABASE_TEST(a_cancel_leaves_no_backend_running),
        DATABASE_TEST(a_cancel_stops_the_feeding_of_a_copy),
        DATABASE_TEST(the_server_ends_what_a_killed_client_ran),
    };
    return cmocka_run_group_tests_name("driver/postgres-connection", tests, NULL, NULL);
}
