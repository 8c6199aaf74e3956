/* drivers/postgres: connecting, losing the connection, cancelling, and what goes over the wire. */

#include "support/test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "driver/postgres_fixture.h"

#define SLEEPERS "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"

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

typedef struct Proxy {
    pid_t pid;
    unsigned port;
    char log[64];
} Proxy;

static void proxy_start(Proxy *proxy)
{
    const char *program = getenv("DBALT_TEST_WIRE_PROXY");
    const char *folder = getenv("DBALT_TEST_POSTGRES_DIR");
    const char *port = strstr(fixture_url("", ""), "&port=");
    assert_true(program != NULL && folder != NULL && port != NULL);

    strcpy(proxy->log, "/tmp/dbalt-wire-XXXXXX");
    close(mkstemp(proxy->log));
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    proxy->pid = fork();
    if (proxy->pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, "0", folder, port + strlen("&port="), proxy->log, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    assert_int_equal(fscanf(output, "%u", &proxy->port), 1);
    fclose(output);
}

static void proxy_stop(Proxy *proxy)
{
    kill(proxy->pid, SIGKILL);
    waitpid(proxy->pid, NULL, 0);
    unlink(proxy->log);
}

/* Messages of the first connection since it began: all of the frontend, and the backend's of a type. */
static void count_messages(const Proxy *proxy, size_t *sent, size_t *ready)
{
    FILE *log = fopen(proxy->log, "re");
    char side;
    char type[16];
    unsigned number;
    *sent = *ready = 0;
    while (fscanf(log, "%u %c %15s %*u", &number, &side, type) == 3) {
        *sent += number == 1 && side == 'F';
        *ready += number == 1 && side == 'B' && strcmp(type, "Z") == 0;
    }
    fclose(log);
}

static void a_deploy_is_one_message_and_one_answer(void **state)
{
    Fixture *fixture = *state;
    Proxy proxy;
    proxy_start(&proxy);
    char url[256];
    snprintf(url, sizeof(url), "postgres://postgres@127.0.0.1:%u/%s?sslmode=disable&gssencmode=disable", proxy.port, fixture->database);
    Client client;
    bool opened = client_open(&client, url, CLIENT_WRITES);
    client_history(&client, HISTORY_CREATE, NULL, 0);
    bool created = client_run(&client).ok;

    size_t sent_before, sent_after, ready_before, ready_after;
    count_messages(&proxy, &sent_before, &ready_before);
    static const char *const values[] = {"1-a", "1.0.0", "a", "sql", NULL, "u", "d", NULL, "DROP TABLE t", NULL, "me", "here", "0.1.0", ""};
    client_step(&client, STEP_BEGIN);
    client_history(&client, HISTORY_GUARD_DEPLOY, values, COUNT(values));
    client_script(&client, "CREATE TABLE t (id int);\nINSERT INTO t VALUES (1); SELECT * FROM t;");
    client_step(&client, STEP_SETTLE);
    client_history(&client, HISTORY_FINISH_DEPLOY, (const char *const[]){"1-a", "1.0.0", "u", "ada", "host", "0"}, 6);
    client_step(&client, STEP_COMMIT);
    Result result = client_run(&client);
    count_messages(&proxy, &sent_after, &ready_after);
    client_close(&client);
    proxy_stop(&proxy);

    assert_true(opened && created && result.ok);
    assert_int_equal(result.done, 6);
    assert_int_equal(sent_after - sent_before, 1);
    assert_int_equal(ready_after - ready_before, 1);
    assert_string_equal(fixture_query(fixture, "SELECT kind, identity, release, sha256 FROM dbalt_suite.event"), "deploy|1-a|1.0.0|u\n");
}

/* Connects by the proxy; what runs may be silent for a second. */
static void open_by_proxy(Client *client, char *url, size_t size, const Fixture *fixture, const Proxy *proxy)
{
    snprintf(url, size, "postgres://postgres@127.0.0.1:%u/%s?sslmode=disable&gssencmode=disable", proxy->port, fixture->database);
    ConnectOptions options = {.url = url, .timeout = 10000, .limits = {.lock = 5000, .answer = 1000}};
    assert_true(client_connect(client, &options));
}

/* Another process sends the proxy a signal as soon as there is one of those that the query counts. */
static pid_t signal_later(const Fixture *fixture, const Proxy *proxy, int number, const char *query)
{
    pid_t child = fork();
    if (child != 0)
        return child;

    fixture_becomes(fixture, query, "1\n");
    kill(proxy->pid, number);
    _exit(0);
}

static void a_server_that_falls_silent_is_given_up(void **state)
{
    Fixture *fixture = *state;
    Proxy proxy;
    Client client;
    char url[256];
    bool taken;
    DbaltError error;
    proxy_start(&proxy);
    open_by_proxy(&client, url, sizeof(url), fixture, &proxy);
    assert_true(driver_postgres.lock_try(client.connection, &taken, &error) && taken);

    pid_t child = signal_later(fixture, &proxy, SIGSTOP, SLEEPERS);
    Result result = client_alter(&client, "SELECT pg_sleep(300)");
    waitpid(child, NULL, 0);
    client_close(&client);
    proxy_stop(&proxy);

    assert_int_equal(result.fault, FAULT_CONNECTION);
    assert_int_equal(result.error.code, DBALT_ERROR_DATABASE);
    assert_string_equal(result.error.message, "the database server gave no sign of life for 1 s");
}

static void a_slow_statement_is_no_dead_server(void **state)
{
    Fixture *fixture = *state;
    Client client;
    bool taken;
    DbaltError error;
    ConnectOptions options = {.url = fixture->url, .timeout = 10000, .limits = {.lock = 5000, .answer = 1000}};
    assert_true(client_connect(&client, &options));
    assert_true(driver_postgres.lock_try(client.connection, &taken, &error) && taken);

    assert_true(client_alter(&client, "SELECT pg_sleep(3)").ok);

    /* It is the heartbeat of the lock that tells. */
    driver_postgres.lock_release(client.connection);
    assert_int_equal(client_alter(&client, "SELECT pg_sleep(30)").fault, FAULT_CONNECTION);
    client_close(&client);
}

static void take_report(const Report *report, void *context)
{
    size_t *count = context;
    assert_null(report->blockers);
    (*count)++;
}

/* The server lives and has done its work; but the answer was lost on its way, or the connection with it. */
static void an_answer_that_is_lost_is_not_waited_for(void **state)
{
    Fixture *fixture = *state;
    Proxy proxy;
    Client client;
    char url[256];
    bool taken;
    DbaltError error;
    size_t reports = 0;
    proxy_start(&proxy);
    snprintf(url, sizeof(url), "postgres://postgres@127.0.0.1:%u/%s?sslmode=disable&gssencmode=disable", proxy.port, fixture->database);
    ConnectOptions options = {
        .url = url, .timeout = 10000, .limits = {.lock = 5000, .answer = 4000}, .watch = take_report, .watch_context = &reports};
    assert_true(client_connect(&client, &options));
    assert_true(driver_postgres.lock_try(client.connection, &taken, &error) && taken);

    pid_t child = signal_later(fixture, &proxy, SIGUSR1, SLEEPERS);
    Result result = client_alter(&client, "SELECT pg_sleep(3)");
    waitpid(child, NULL, 0);
    client_close(&client);
    proxy_stop(&proxy);

    assert_true(reports > 0);
    assert_int_equal(result.fault, FAULT_CONNECTION);
    assert_string_equal(result.error.message, "the database server gave no sign of life for 4 s");
}

#define DROPPERS "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND state = 'active' AND pid <> pg_backend_pid()"

/* Clearing away waits for whoever uses the table, and for nobody who is dead. */
static void an_invalid_index_is_not_dropped_for_ever(void **state)
{
    Fixture *fixture = *state;
    Proxy proxy;
    Client client;
    Client user;
    char url[256];
    bool taken;
    DbaltError error;
    CLEANUP(arena_done) Arena arena = {0};
    const char *cleared;
    Text statement = TEXT("CREATE UNIQUE INDEX CONCURRENTLY i ON t (id)");
    assert_true(client_alter(&fixture->client, "CREATE TABLE t (id int); INSERT INTO t VALUES (1), (1)").ok);
    client_script(&fixture->client, statement.data);
    assert_false(client_run(&fixture->client).ok);
    assert_true(client_open(&user, fixture->url, CLIENT_WRITES));
    client_step(&user, STEP_BEGIN);
    client_script(&user, "SELECT * FROM t");
    assert_true(client_run(&user).ok);

    proxy_start(&proxy);
    open_by_proxy(&client, url, sizeof(url), fixture, &proxy);
    assert_true(driver_postgres.lock_try(client.connection, &taken, &error) && taken);
    pid_t child = signal_later(fixture, &proxy, SIGSTOP, DROPPERS);
    bool is_cleared = driver_postgres.clear_leftover(client.connection, &cleared, &arena, statement, &error);
    waitpid(child, NULL, 0);
    client_close(&client);
    client_close(&user);
    proxy_stop(&proxy);

    assert_false(is_cleared);
    assert_int_equal(error.code, DBALT_ERROR_DATABASE);
    assert_non_null(strstr(error.message, "cannot drop the invalid index i"));
    assert_non_null(strstr(error.message, "no sign of life for 1 s"));
}

/* dbalt's own questions are answered at once or not at all. */
static void a_question_to_a_silent_server_ends_without_a_limit_too(void **state)
{
    Fixture *fixture = *state;
    Proxy proxy;
    Client client;
    char url[256];
    proxy_start(&proxy);
    snprintf(url, sizeof(url), "postgres://postgres@127.0.0.1:%u/%s?sslmode=disable&gssencmode=disable", proxy.port, fixture->database);
    assert_true(client_open_patiently(&client, url, CLIENT_WRITES, 500));

    kill(proxy.pid, SIGSTOP);
    client_history(&client, HISTORY_READ_LAYOUT, NULL, 0);
    Result result = client_run(&client);
    client_close(&client);
    proxy_stop(&proxy);
    assert_int_equal(result.fault, FAULT_CONNECTION);
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
        DATABASE_TEST(a_server_that_falls_silent_is_given_up),
        DATABASE_TEST(an_answer_that_is_lost_is_not_waited_for),
        DATABASE_TEST(a_slow_statement_is_no_dead_server),
        DATABASE_TEST(an_invalid_index_is_not_dropped_for_ever),
        DATABASE_TEST(a_question_to_a_silent_server_ends_without_a_limit_too),
        DATABASE_TEST(a_deploy_is_one_message_and_one_answer),
    };
    return cmocka_run_group_tests_name("driver/postgres-connection", tests, NULL, NULL);
}
