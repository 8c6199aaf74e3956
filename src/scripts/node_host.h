/*
 * Node host: one `node` that runs the JavaScript alterations of a deploy. Their queries come over a pipe and are answered by the
 * caller, who owns connection and transaction. The other side is node/host.mjs; node/README.md has the protocol.
 */

#ifndef SCRIPTS_NODE_HOST_H
#define SCRIPTS_NODE_HOST_H

#include <jansson.h>

#include "base/wait.h"
#include "core/state.h"

typedef struct NodeHost NodeHost;

typedef struct NodeOptions {
    Wait *wait;       /* borrowed for the life of the host */
    const char *url;  /* of the database: DB_URL in the scripts' environment */
    bool interactive; /* a person is there to answer what a script asks */
    int64_t silence;  /* milliseconds that a script may neither query nor end; WAIT_FOREVER = no limit */
} NodeOptions;

/*
 * Answers queries that were asked at once, objects with "sql" and perhaps "values": appends an "answer" or "failure" object of the
 * protocol for each, in order, without its id. is_last: the section has ended with them, and hears only of one that fails: none, or all
 * up to that. False ends the run: *error says why.
 */
typedef bool NodeQueries(json_t *answers, const json_t *queries, bool is_last, void *context, DbaltError *error);

/*
 * The caller owns *host. It goes on while node comes up: whatever is asked first waits for that. DBALT_ERROR_SCRIPT, here or there,
 * when there is no node, or one that is too old.
 */
bool node_host_start(NodeHost **host, const NodeOptions *options, DbaltError *error);

/* Asks it to end, kills it when it does not, frees all. NULL is fine. */
void node_host_stop(NodeHost *host);

/*
 * Tells which section of which scripts will be run, in order, so that they are imported while the database is at work; and the name of
 * the database, which scripts ask for, in UTF-8 (NULL = it is not known).
 */
bool node_host_expect(NodeHost *host, SectionKind section, const char *const *paths, size_t count, const char *database, DbaltError *error);

/* Imports a script and tells which sections it exports. DBALT_ERROR_SCRIPT, with the place, when it cannot be imported. */
bool node_host_load(bool present[SECTION_COUNT], NodeHost *host, const char *path, DbaltError *error);

/*
 * The queries that the expected section of a script that was loaded consists of, if it is nothing but queries, of which each is its
 * text: strings, borrowed until the host is asked for something else. Whoever executes them need not run it. Else NULL.
 */
const json_t *node_host_queries(const NodeHost *host, const char *path);

/*
 * Runs a section, answering its queries, until it ends. When it throws, ends its process, stays silent or never resolves:
 * DBALT_ERROR_FAILED with script, line, column and its own message; sqlstate when a query's failure was the reason.
 */
bool node_host_run(NodeHost *host, const char *path, SectionKind section, NodeQueries *answer, void *context, DbaltError *error);

#endif
