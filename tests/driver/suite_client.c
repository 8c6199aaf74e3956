#include "driver/suite_client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/statement.h"

bool client_connect(Client *client, const ConnectOptions *given)
{
    *client = (Client){0};
    if (!wait_init(&client->wait))
        abort();

    const Driver *driver = driver_for(given->url, &client->error);
    ConnectOptions options = *given;
    options.history_schema = "dbalt_suite";
    options.wait = &client->wait;
    return driver != NULL && driver->connect(&client->connection, &options, &client->error);
}

bool client_open_patiently(Client *client, const char *url, ClientMode mode, int timeout)
{
    return client_connect(client, &(ConnectOptions){
                                      .url = url,
                                      .create = mode == CLIENT_CREATES,
                                      .read_only = mode == CLIENT_READS,
                                      .timeout = timeout,
                                      .limits = {.lock = 5000},
                                  });
}

bool client_open(Client *client, const char *url, ClientMode mode)
{
    return client_open_patiently(client, url, mode, 10000);
}

void client_close(Client *client)
{
    if (client->connection != NULL)
        client->connection->driver->close(client->connection);
    if (client->canceller > 0)
        waitpid(client->canceller, NULL, 0);
    wait_done(&client->wait);
    client->connection = NULL;
}

static void submit(Client *client, Step step)
{
    client->connection->driver->submit(client->connection, &step);
}

void client_step(Client *client, StepKind kind)
{
    submit(client, (Step){.kind = kind});
}

static size_t count_statements(SqlDialect dialect, Text sql)
{
    StatementReader reader;
    SqlStatement statement;
    size_t count = 0;
    statement_reader_init(&reader, dialect, sql);
    while (statement_next(&statement, &reader))
        count++;
    return count;
}

void client_script(Client *client, const char *sql)
{
    Text text = text_of(sql);
    size_t count = count_statements(client->connection->driver->traits.dialect, text);
    submit(client, (Step){.kind = STEP_SQL, .sql = text, .statement_count = count, .is_script = true});
}

void client_own(Client *client, const char *sql, const char *const *values, size_t count)
{
    submit(client, (Step){.kind = STEP_SQL, .sql = text_of(sql), .values = values, .value_count = count});
}

void client_history(Client *client, HistoryStatement statement, const char *const *values, size_t count)
{
    Text sql = client->connection->driver->history_sql(client->connection, statement);
    submit(client, (Step){.kind = STEP_SQL, .sql = sql, .values = values, .value_count = count});
}

void client_cancel_after(Client *client, int milliseconds)
{
    client->canceller = fork();
    if (client->canceller != 0)
        return;

    poll(NULL, 0, milliseconds);
    wait_cancel(&client->wait);
    _exit(0);
}

static void append_row(Result *result, const Answer *answer)
{
    size_t length = strlen(result->rows);
    for (size_t i = 0; i < answer->field_count; i++) {
        const char *field = answer->fields[i] == NULL ? "NULL" : answer->fields[i];
        const char *end = i + 1 == answer->field_count ? "\n" : "|";
        length += (size_t)snprintf(result->rows + length, sizeof result->rows - length, "%s%s", field, end);
        if (length >= sizeof result->rows)
            abort();
    }
}

Result client_run(Client *client)
{
    Result result = {.ok = true, .offset = -1};
    for (;;) {
        Answer answer;
        client->connection->driver->next(client->connection, &answer);
        switch (answer.kind) {
        case ANSWER_END:
            return result;
        case ANSWER_ROW:
            append_row(&result, &answer);
            break;
        case ANSWER_STATEMENT:
            result.statements++;
            break;
        case ANSWER_DONE:
            result.done++;
            result.affected = answer.affected;
            break;
        case ANSWER_ERROR:
            result.ok = false;
            result.fault = answer.fault;
            result.step = answer.step;
            result.statement = answer.statement;
            result.offset = answer.offset;
            result.error = answer.error;
            break;
        case ANSWER_NOTICE:
            break;
        }
    }
}

Result client_alter(Client *client, const char *sql)
{
    client_step(client, STEP_BEGIN);
    client_script(client, sql);
    client_step(client, STEP_SETTLE);
    client_step(client, STEP_COMMIT);
    return client_run(client);
}

Result client_query(Client *client, const char *sql)
{
    client_own(client, sql, NULL, 0);
    return client_run(client);
}
