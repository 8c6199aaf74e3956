#include "scripts/node_host.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "scripts/host_message.h"

enum {
    START_WITHIN = 30000, /* milliseconds: a cold disk and a slow machine */
    LOAD_WITHIN = 60000,
    END_WITHIN = 2000,
    CHUNK = 64 * 1024,
};

extern const char node_host_source[]; /* made from node/host.mjs */

struct NodeHost {
    Wait *wait;
    Child child;
    bool interactive;
    bool is_ready; /* it has said so */
    int64_t silence;
    char *buffer; /* owned: what was read and not yet taken */
    size_t length, capacity, taken;
    HostMessage told; /* owned: the last that told what is known of the scripts that come */
};

static void string_cleanup(char **string)
{
    free(*string);
}

/* What became of a child that no longer speaks. */
static bool fail_ended(NodeHost *host, const char *path, DbaltError *error)
{
    int status = 0;
    child_stop(&host->child, host->wait, wait_now() + END_WITHIN, &status);
    if (WIFSIGNALED(status))
        fail(error, DBALT_ERROR_FAILED, "node was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        fail(error, DBALT_ERROR_FAILED, "the script ended its process with exit code %d", WEXITSTATUS(status));
    error_set(error->script, sizeof error->script, "%s", path);
    return false;
}

static bool fail_silent(NodeHost *host, const char *path, int64_t waited, DbaltError *error)
{
    child_stop(&host->child, host->wait, 0, NULL);
    fail(error, DBALT_ERROR_FAILED, "the script neither ended nor queried anything for %g s", (double)waited / 1000);
    error_set(error->script, sizeof error->script, "%s", path);
    return fail_hint(error, "set DATABASE_STATEMENT_TIMEOUT to more milliseconds, or to DISABLE_TIMEOUT for no limit");
}

static bool wait_for_child(NodeHost *host, int descriptor, short events, const char *path, int64_t patience, DbaltError *error)
{
    int64_t deadline = patience == WAIT_FOREVER ? WAIT_FOREVER : wait_now() + patience;
    switch (wait_for(host->wait, descriptor, events, deadline)) {
    case WAIT_READY:
        return true;
    case WAIT_CANCELLED:
        child_stop(&host->child, host->wait, 0, NULL);
        return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted");
    case WAIT_TIMEOUT:
        break;
    }
    return fail_silent(host, path, patience, error);
}

/* Of a node that has ended no descriptor is left. */
static bool require_node(const NodeHost *host, DbaltError *error)
{
    return host->child.pid >= 0 || fail(error, DBALT_ERROR_FAILED, "node has ended");
}

static bool send_text(NodeHost *host, Text text, const char *path, DbaltError *error)
{
    if (!require_node(host, error))
        return false;

    for (size_t sent = 0; sent < text.length;) {
        ssize_t written = send(host->child.to, text.data + sent, text.length - sent, MSG_NOSIGNAL);
        if (written >= 0)
            sent += (size_t)written;
        else if (errno != EAGAIN && errno != EINTR)
            return fail_ended(host, path, error);
        else if (!wait_for_child(host, host->child.to, POLLOUT, path, LOAD_WITHIN, error))
            return false;
    }
    return true;
}

static Text line_of(Arena *arena, const json_t *object)
{
    CLEANUP(string_cleanup) char *text = json_dumps(object, JSON_COMPACT);
    if (text == NULL)
        abort(); /* no memory */
    return text_of(arena_format(arena, "%s\n", text));
}

static bool send_object(NodeHost *host, const json_t *object, const char *path, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    return send_text(host, line_of(&arena, object), path, error);
}

static bool read_more(NodeHost *host, const char *path, int64_t patience, DbaltError *error)
{
    if (host->capacity - host->length < CHUNK) {
        host->capacity = host->capacity * 2 + CHUNK;
        host->buffer = realloc(host->buffer, host->capacity);
        if (host->buffer == NULL)
            abort();
    }

    ssize_t count = read(host->child.from, host->buffer + host->length, CHUNK);
    if (count > 0) {
        host->length += (size_t)count;
        return true;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return wait_for_child(host, host->child.from, POLLIN, path, patience, error);
    return fail_ended(host, path, error);
}

static bool receive(HostMessage *message, NodeHost *host, const char *path, int64_t patience, DbaltError *error)
{
    if (!require_node(host, error))
        return false;

    size_t searched = host->taken;
    const char *end = NULL;
    while (host->length == searched || (end = memchr(host->buffer + searched, '\n', host->length - searched)) == NULL) {
        searched = host->length;
        if (!read_more(host, path, patience, error))
            return false;
    }

    const char *line = host->buffer + host->taken;
    bool is_read = host_message_read(message, (Text){.data = line, .length = (size_t)(end - line)}, error);
    host->taken = (size_t)(end + 1 - host->buffer);
    if (host->taken == host->length)
        host->taken = host->length = 0;
    return is_read;
}

void node_host_stop(NodeHost *host)
{
    if (host == NULL)
        return;

    child_stop(&host->child, host->wait, wait_now() + END_WITHIN, NULL);
    host_message_done(&host->told);
    free(host->buffer);
    free(host);
}

/* "ready" of the protocol; a node that is too old says so instead. */
static bool await_ready(NodeHost *host, DbaltError *error)
{
    CLEANUP(host_message_done) HostMessage hello = {0};
    if (host->is_ready)
        return true;
    if (!receive(&hello, host, "node", START_WITHIN, error)) {
        if (error->code != DBALT_ERROR_INTERRUPTED)
            fail(error, DBALT_ERROR_SCRIPT, "node ends before it runs anything");
        return fail_hint(error, "\"node --version\" must work here, and print v20 or newer");
    }
    if (hello.kind == HOST_FAILED)
        return fail(error, DBALT_ERROR_SCRIPT, "%s", host_message_text(&hello, "message"));
    host->is_ready = hello.kind == HOST_READY;
    return host->is_ready || host_message_fail_out_of_turn(&hello, error);
}

bool node_host_start(NodeHost **result, const NodeOptions *options, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *const arguments[] = {"node", "--input-type=module", "--eval", node_host_source, NULL};
    const char *const extra[] = {arena_format(&arena, "DB_URL=%s", options->url), NULL};

    Child child;
    if (!child_start(&child, arguments, extra)) {
        fail_errno(error, DBALT_ERROR_SCRIPT, "cannot start node, which runs JavaScript alterations");
        return fail_hint(error, "install Node.js 20 or newer, and have it on the PATH");
    }

    NodeHost *host = calloc(1, sizeof *host);
    if (host == NULL)
        abort();
    *host = (NodeHost){.wait = options->wait, .child = child, .interactive = options->interactive, .silence = options->silence};
    *result = host;
    return true;
}

bool node_host_expect(NodeHost *host, SectionKind section, const char *const *paths, size_t count, const char *database, DbaltError *error)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(paths[i]));

    json_auto_t *message = json_pack("{s:s, s:s, s:o}", "type", "expect", "section", host_message_section(section), "paths", list);
    if (database != NULL)
        json_object_set_new(message, "database", json_string(database));
    return await_ready(host, error) && send_object(host, message, "node", error);
}

/* Takes over the message. */
static void keep_told(NodeHost *host, HostMessage *message)
{
    host_message_done(&host->told);
    host->told = *message;
    *message = (HostMessage){0};
}

bool node_host_load(bool present[SECTION_COUNT], NodeHost *host, const char *path, DbaltError *error)
{
    if (host_message_known(&host->told, path) == NULL) {
        json_auto_t *request = json_pack("{s:s, s:s}", "type", "load", "path", path);
        CLEANUP(host_message_done) HostMessage answer = {0};
        if (!await_ready(host, error) || !send_object(host, request, path, error) || !receive(&answer, host, path, LOAD_WITHIN, error))
            return false;
        if (answer.kind == HOST_FAILED)
            return host_message_fail(&answer, path, DBALT_ERROR_SCRIPT, error);
        if (answer.kind != HOST_LOADED)
            return host_message_fail_out_of_turn(&answer, error);
        keep_told(host, &answer);
    }

    host_message_sections(present, host_message_known(&host->told, path));
    return true;
}

const json_t *node_host_queries(const NodeHost *host, const char *path)
{
    return json_object_get(host_message_known(&host->told, path), "queries");
}

/* The queries that came at once, from the first on; all but the last say that there are more, or that the section has ended. */
static bool receive_queries(json_t *queries, bool *is_last, NodeHost *host, const HostMessage *first, const char *path, DbaltError *error)
{
    json_array_append(queries, first->object);
    while (!*is_last && json_is_true(json_object_get(json_array_get(queries, json_array_size(queries) - 1), "more"))) {
        CLEANUP(host_message_done) HostMessage next = {0};
        if (!receive(&next, host, path, host->silence, error))
            return false;
        if (next.kind != HOST_QUERY && next.kind != HOST_DONE)
            return host_message_fail_out_of_turn(&next, error);
        *is_last = next.kind == HOST_DONE;
        if (*is_last)
            keep_told(host, &next);
        else
            json_array_append(queries, next.object);
    }
    return true;
}

/* *is_done: the section had ended, and nothing failed. */
static bool answer_queries(bool *is_done, NodeHost *host, const HostMessage *first, const char *path, NodeQueries *answerer, void *context,
                           DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    json_auto_t *queries = json_array();
    json_auto_t *answers = json_array();
    bool is_last = false;
    if (!receive_queries(queries, &is_last, host, first, path, error) || !answerer(answers, queries, is_last, context, error))
        return false;

    *is_done = is_last && json_array_size(answers) == 0;
    for (size_t i = 0; i < json_array_size(answers); i++) {
        json_t *answer = json_array_get(answers, i);
        json_object_set(answer, "id", json_object_get(json_array_get(queries, i), "id"));
        if (!send_text(host, line_of(&arena, answer), path, error))
            return false;
    }
    return true;
}

bool node_host_run(NodeHost *host, const char *path, SectionKind section, NodeQueries *answer, void *context, DbaltError *error)
{
    json_auto_t *request = json_pack("{s:s, s:s, s:s, s:b}", "type", "run", "path", path, "section", host_message_section(section),
                                     "interactive", host->interactive);
    if (!await_ready(host, error) || !send_object(host, request, path, error))
        return false;

    for (bool is_done = false; !is_done;) {
        CLEANUP(host_message_done) HostMessage message = {0};
        if (!receive(&message, host, path, host->silence, error))
            return false;

        switch (message.kind) {
        case HOST_DONE:
            keep_told(host, &message);
            return true;
        case HOST_FAILED:
            return host_message_fail(&message, path, DBALT_ERROR_FAILED, error);
        case HOST_QUERY:
            if (!answer_queries(&is_done, host, &message, path, answer, context, error))
                return false;
            break;
        default:
            return host_message_fail_out_of_turn(&message, error);
        }
    }
    return true;
}
