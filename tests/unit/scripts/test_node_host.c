/* scripts/node_host: JavaScript alterations, run by the real node; their queries are answered here. */

#include "support/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "scripts/node_host.h"

typedef struct World {
    Arena arena;
    Wait wait;
    NodeHost *host;
    const char *path;    /* of the script */
    const char *queries; /* what it sent, joined by "|" */
    const char *failure; /* SQLSTATE to answer with; NULL = success */
    const char *failing; /* the query that it answers; NULL = all */
} World;

static int set_up(void **state)
{
    World *world = calloc(1, sizeof(*world));
    char folder[] = "/tmp/dbalt-node-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_true(wait_init(&world->wait));
    world->path = arena_format(&world->arena, "%s/1.0.0-1-a.mjs", folder);
    world->queries = "";
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    World *world = *state;
    node_host_stop(world->host);
    unlink(world->path);
    *strrchr((char *)world->path, '/') = '\0';
    rmdir(world->path);
    wait_done(&world->wait);
    arena_done(&world->arena);
    free(world);
    return 0;
}

static void write_script(World *world, const char *text)
{
    DbaltError error;
    assert_true(file_create(world->path, text_of(text), 0644, DBALT_ERROR_FAILED, &error));
}

static void start(World *world, int64_t silence)
{
    DbaltError error;
    const NodeOptions options = {.wait = &world->wait, .url = "postgres://somewhere/db", .silence = silence};
    assert_true(node_host_start(&world->host, &options, &error));
}

static bool fails(const World *world, const char *sql)
{
    return world->failure != NULL && (world->failing == NULL || strcmp(sql, world->failing) == 0);
}

static json_t *answer_to(const World *world, const char *sql)
{
    if (fails(world, sql))
        return json_pack("{s:s, s:s, s:s}", "type", "failure", "message", "no luck", "code", world->failure);
    return json_pack("{s:s, s:s, s:i, s:[{s:s, s:i}], s:[[s]]}", "type", "answer", "command", "SELECT", "rowCount", 1, "fields", "name",
                     "one_number", "type", 23, "rows", "41");
}

static bool answer(json_t *answers, const json_t *queries, bool is_last, void *context, DbaltError *error)
{
    (void)error;
    World *world = context;
    bool has_failed = false;
    for (size_t i = 0; i < json_array_size(queries) && !(is_last && has_failed); i++) {
        const json_t *query = json_array_get(queries, i);
        const char *sql = json_string_value(json_object_get(query, "sql"));
        const char *value = json_string_value(json_array_get(json_object_get(query, "values"), 0));
        const char *mark = i + 1 < json_array_size(queries) ? "+" : is_last ? "." : "|";
        world->queries = arena_format(&world->arena, "%s%s(%s)%s", world->queries, sql, value == NULL ? "" : value, mark);
        json_array_append_new(answers, answer_to(world, sql));
        has_failed |= fails(world, sql);
    }
    if (is_last && !has_failed)
        json_array_clear(answers);
    return true;
}

static bool run(World *world, SectionKind section, DbaltError *error)
{
    return node_host_run(world->host, world->path, section, answer, world, error);
}

static void tells_what_a_script_exports(void **state)
{
    World *world = *state;
    bool present[SECTION_COUNT];
    DbaltError error;
    write_script(world, "export default { up: async () => {}, beforeDown: async () => {} };");
    start(world, WAIT_FOREVER);
    assert_true(node_host_load(present, world->host, world->path, &error));
    assert_true(present[SECTION_UP]);
    assert_false(present[SECTION_DOWN]);
    assert_false(present[SECTION_BEFORE_UP]);
    assert_true(present[SECTION_BEFORE_DOWN]);
}

static void tells_what_a_section_asks_that_is_nothing_but_queries(void **state)
{
    World *world = *state;
    bool present[SECTION_COUNT];
    DbaltError error;
    write_script(world, "import { sql } from 'dbalt';\n"
                        "export default {\n"
                        "    up: async (pool) => { throw new Error('this is more'); },\n"
                        "    down: async (pool) => { await pool.query(sql`select 1`); await pool.query(sql`select 2`); },\n"
                        "};\n");
    const char *other = arena_format(&world->arena, "%s.mjs", world->path);
    const char *const paths[] = {world->path, other};
    assert_int_equal(link(world->path, other), 0);
    start(world, WAIT_FOREVER);
    assert_null(node_host_queries(world->host, world->path)); /* it was not loaded */
    assert_true(node_host_expect(world->host, SECTION_DOWN, paths, 2, NULL, &error));
    const json_t *queries;
    do { /* until it was imported ahead: each makes the host tell of the other anew */
        assert_true(node_host_load(present, world->host, other, &error));
        assert_true(node_host_load(present, world->host, world->path, &error));
        queries = node_host_queries(world->host, world->path);
    } while (queries == NULL);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(json_array_size(queries), 2);
    assert_string_equal(json_string_value(json_array_get(queries, 1)), "select 2");

    assert_true(node_host_expect(world->host, SECTION_UP, paths, 1, "a database", &error));
    assert_false(run(world, SECTION_UP, &error));
    assert_true(run(world, SECTION_DOWN, &error));
    assert_string_equal(world->queries, "select 1()|select 2()|");
    assert_null(node_host_queries(world->host, world->path)); /* of "up", which is expected now */
}

static void tells_the_name_of_the_database(void **state)
{
    World *world = *state;
    DbaltError error;
    write_script(world, "import { sql } from 'dbalt';\n"
                        "export default { up: async (pool) => {\n"
                        "    const name = await pool.oneFirst(sql`select current_database()`);\n"
                        "    await pool.query(sql`insert into t values (${name})`);\n"
                        "} };\n");
    start(world, WAIT_FOREVER);
    assert_true(node_host_expect(world->host, SECTION_UP, NULL, 0, "My db", &error));
    assert_true(run(world, SECTION_UP, &error));
    assert_string_equal(world->queries, "insert into t values ($1)(My db).");
    assert_true(node_host_expect(world->host, SECTION_UP, NULL, 0, NULL, &error));
    world->queries = "";
    assert_true(run(world, SECTION_UP, &error));
    assert_string_equal(world->queries, "select current_database()()|insert into t values ($1)(41).");
}

static void answers_the_queries_of_a_script(void **state)
{
    World *world = *state;
    DbaltError error;
    write_script(world, "import { sql } from 'dbalt';\n"
                        "export default { up: async (pool) => {\n"
                        "    const { oneNumber } = await pool.one(sql`select one_number from t where id = ${'x'}`);\n"
                        "    await pool.query(sql`insert into t values (${oneNumber + 1})`);\n"
                        "}, down: async () => {} };\n");
    start(world, WAIT_FOREVER);
    assert_true(run(world, SECTION_UP, &error));
    assert_string_equal(world->queries, "select one_number from t where id = $1(x)|insert into t values ($1)(42)|");
    assert_true(run(world, SECTION_DOWN, &error));
}

static void takes_the_end_of_a_section_with_its_last_queries(void **state)
{
    World *world = *state;
    DbaltError error;
    write_script(world, "import { sql } from 'dbalt';\n"
                        "export default { up: async (pool) => {\n"
                        "    await pool.query(sql`a`);\n"
                        "    await pool.one(sql`b`);\n"
                        "    await pool.query(sql`c`);\n"
                        "    await pool.query(sql`d`);\n"
                        "}, down: async (pool) => {\n"
                        "    await pool.query(sql`e`);\n"
                        "} };\n");
    start(world, WAIT_FOREVER);
    assert_true(run(world, SECTION_UP, &error));
    assert_true(run(world, SECTION_DOWN, &error));
    assert_string_equal(world->queries, "a()+b()|c()+d().e().");

    world->failure = "23505";
    world->failing = "d";
    assert_false(run(world, SECTION_UP, &error));
    assert_string_equal(error.sqlstate, "23505");
    assert_int_equal(error.line, 6);
    assert_true(run(world, SECTION_DOWN, &error));
}

static void gives_scripts_the_url(void **state)
{
    World *world = *state;
    DbaltError error;
    write_script(world, "import { sql } from 'dbalt';\n"
                        "export default { up: async (pool) => { await pool.query(sql`select ${process.env.DB_URL}`); } };\n");
    start(world, WAIT_FOREVER);
    assert_true(run(world, SECTION_UP, &error));
    assert_string_equal(world->queries, "select $1(postgres://somewhere/db)|");
}

static void tells_the_place_of_a_failure(void **state)
{
    World *world = *state;
    DbaltError error;
    write_script(world, "export default {\n    up: async () => {\n        throw new Error('all wrong');\n    },\n};\n");
    start(world, WAIT_FOREVER);
    assert_false(run(world, SECTION_UP, &error));
    assert_int_equal(error.code, DBALT_ERROR_FAILED);
    assert_string_equal(error.message, "all wrong");
    assert_string_equal(error.script, world->path);
    assert_int_equal(error.line, 3);
}

static void tells_the_sqlstate_of_a_query_that_failed(void **state)
{
    World *world = *state;
    DbaltError error;
    world->failure = "40001";
    write_script(world, "import { sql } from 'dbalt';\nexport default { up: async (pool) => { await pool.query(sql`select 1`); } };\n");
    start(world, WAIT_FOREVER);
    assert_false(run(world, SECTION_UP, &error));
    assert_string_equal(error.sqlstate, "40001");
}

static void survives_what_scripts_do_to_their_process(void **state)
{
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"process.exit(3);", "exit"},
        {"process.kill(process.pid, 'SIGKILL');", "killed by signal 9"},
        {"for (;;) ;", "neither ended nor queried anything for 0.5 s"},
        {"await new Promise(() => {});", "never resolved"},
    };
    World *world = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        DbaltError error;
        write_script(world, arena_format(&world->arena, "export default { up: async () => { %s } };", cases[i].body));
        start(world, 500);
        assert_false(run(world, SECTION_UP, &error));
        assert_int_equal(error.code, DBALT_ERROR_FAILED);
        assert_non_null(strstr(error.message, cases[i].message));
        assert_string_equal(error.script, world->path);
        node_host_stop(world->host);
        world->host = NULL;
        assert_int_equal(unlink(world->path), 0);
    }
}

static void refuses_what_cannot_be_imported(void **state)
{
    World *world = *state;
    bool present[SECTION_COUNT];
    DbaltError error;
    write_script(world, "export default {\n    up: async () => {,\n};\n");
    start(world, WAIT_FOREVER);
    assert_false(node_host_load(present, world->host, world->path, &error));
    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_string_equal(error.script, world->path);
}

static void is_interrupted_while_a_script_runs(void **state)
{
    World *world = *state;
    DbaltError error;
    write_script(world, "export default { up: async () => { await new Promise(() => {}); } };");
    start(world, WAIT_FOREVER);
    wait_cancel(&world->wait);
    assert_false(run(world, SECTION_UP, &error));
    assert_int_equal(error.code, DBALT_ERROR_INTERRUPTED);
}

static void names_what_is_missing_without_node(void **state)
{
    if (getenv("DBALT_TEST_VALGRIND") != NULL)
        return; /* there posix_spawn() does not learn that nothing was started */

    World *world = *state;
    DbaltError error;
    const char *path = arena_copy_string(&world->arena, getenv("PATH"));
    const NodeOptions options = {.wait = &world->wait, .url = "", .silence = WAIT_FOREVER};
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    bool is_started = node_host_start(&world->host, &options, &error);
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_false(is_started);
    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_non_null(strstr(error.message, "node"));
    assert_non_null(strstr(error.hint, "PATH"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_what_a_script_exports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_what_a_section_asks_that_is_nothing_but_queries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_the_name_of_the_database, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_the_queries_of_a_script, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_the_end_of_a_section_with_its_last_queries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_scripts_the_url, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_the_place_of_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_the_sqlstate_of_a_query_that_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_what_scripts_do_to_their_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be_imported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_interrupted_while_a_script_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_what_is_missing_without_node, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("scripts/node_host", tests, NULL, NULL);
}
