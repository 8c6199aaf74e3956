/* drivers/postgres by a proxy that knows the messages: what goes over the wire, and what comes of silence on it. */

#include "support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "driver/postgres_fixture.h"

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        DATABASE_TEST(a_deploy_is_one_message_and_one_answer),   DATABASE_TEST(a_server_that_falls_silent_is_given_up),
        DATABASE_TEST(an_answer_that_is_lost_is_not_waited_for), DATABASE_TEST(a_slow_statement_is_no_dead_server),
        DATABASE_TEST(an_invalid_index_is_not_dropped_for_ever), DATABASE_TEST(a_question_to_a_silent_server_ends_without_a_limit_too),
    };
    return cmocka_run_group_tests_name("driver/postgres-wire", tests, NULL, NULL);
}
