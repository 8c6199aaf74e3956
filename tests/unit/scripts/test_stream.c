/* scripts/stream: a long section read again, and a file that is no longer what was checked. */

#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "scripts/stream.h"

// Long, so that several portions are few statements: valgrind runs this test, too.
#define FILLING "0123456789012345678901234567890123456789"
#define ROW "insert into a values ('\xC3\xA9', '" FILLING FILLING FILLING "');\r\n"

typedef struct Fixture {
    Arena arena;
    char place[32];
    const char *path;
    Folder folder;
    Script script;
} Fixture;

/* "up" of several portions, between other sections. */
static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    DbaltError error;
    strcpy(fixture->place, "/tmp/dbalt-stream-XXXXXX");
    assert_non_null(mkdtemp(fixture->place));
    fixture->path = arena_format(&fixture->arena, "%s/1.0.0-1-a.sql", fixture->place);

    FILE *file = fopen(fixture->path, "we");
    fputs("-- dbalt: down\r\ndrop table a;\r\n-- dbalt: up\r\n", file);
    for (size_t length = 0; length < 3 * PORTION_SIZE; length += strlen(ROW))
        fputs(ROW, file);
    fputs("-- dbalt: before-down\r\nvacuum;", file);
    fclose(file);

    assert_true(folder_open(&fixture->folder, &fixture->arena, fixture->place, &error));
    assert_true(script_load(&fixture->script, &fixture->arena, &fixture->folder, &fixture->folder.set.rows[0], SQL_POSTGRES, &error));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    folder_close(&fixture->folder);
    unlink(fixture->path);
    rmdir(fixture->place);
    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

/* Up to the last portion, or to a failure. */
static bool read_all(size_t *statements, size_t *portions, const Script *script, DbaltError *error)
{
    CLEANUP(script_stream_close) ScriptStream stream = {0};
    if (!script_stream_open(&stream, script, SECTION_UP, error))
        return false;

    *statements = *portions = 0;
    SqlReader *reader = &stream.portions.reader;
    for (Portion portion = {0}; !portion.is_last; ++*portions) {
        if (!reader->next(reader, &portion, error))
            return false;
        assert_true(portion.raw.length <= PORTION_SIZE + 1);
        *statements += portion.statement_count;
    }
    return true;
}

static void a_long_section_stays_in_the_file(void **state)
{
    Fixture *fixture = *state;
    const Script *script = &fixture->script;
    const Section *up = &script->sections[SECTION_UP];
    assert_true(script_is_long(script, SECTION_UP));
    assert_true(up->is_streamed);
    assert_null(up->text.data);
    assert_int_equal(up->line, 4);
    assert_true(text_equals(script->sections[SECTION_DOWN].text, TEXT("drop table a;\r\n")));
    assert_true(text_equals(script->sections[SECTION_BEFORE_DOWN].text, TEXT("vacuum;")));
    assert_int_equal(script->sections[SECTION_BEFORE_DOWN].line, 4 + up->statement_count + 1);

    size_t statements;
    size_t portions;
    DbaltError error;
    assert_true(read_all(&statements, &portions, script, &error));
    assert_int_equal(statements, up->statement_count);
    assert_int_equal(statements, up->text.length / strlen(ROW));
    assert_true(portions >= 3);
}

static void its_places_are_found(void **state)
{
    Fixture *fixture = *state;
    DbaltError error = {0};
    script_locate(&error, &fixture->script, SECTION_UP, (long)(20000 * strlen(ROW) + 26), 20000);
    assert_int_equal(error.line, 20004);
    assert_int_equal(error.column, 26);
    assert_int_equal(strlen(error.statement), strlen(ROW) - strlen("\r\n"));
    assert_memory_equal(error.statement, ROW, strlen(error.statement));

    script_locate_line(&error, &fixture->script, SECTION_UP, 5, 10000);
    assert_int_equal(error.line, 10004);
    assert_int_equal(error.column, 1);
}

static void judges_what_is_in_the_middle(void **state)
{
    Fixture *fixture = *state;
    const char *warning;
    DbaltError error;
    assert_true(script_judge(&warning, &fixture->arena, &fixture->script, SECTION_UP, &error));

    int descriptor = open(fixture->path, O_WRONLY | O_CLOEXEC);
    size_t offset = fixture->script.sections[SECTION_UP].offset + 18000 * strlen(ROW);
    assert_int_equal(pwrite(descriptor, "commit;                    --", 29, (off_t)offset), 29);
    close(descriptor);
    assert_true(script_load(&fixture->script, &fixture->arena, &fixture->folder, &fixture->folder.set.rows[0], SQL_POSTGRES, &error));
    assert_false(script_judge(&warning, &fixture->arena, &fixture->script, SECTION_UP, &error));
    assert_int_equal(error.line, 18004);
    assert_non_null(strstr(error.message, "COMMIT"));
}

static void overwrite(Fixture *fixture)
{
    int descriptor = open(fixture->path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(descriptor, "y", 1, 2 * 1024 * 1024), 1);
    close(descriptor);
}

static void lengthen(Fixture *fixture)
{
    FILE *file = fopen(fixture->path, "ae");
    fputs(" ", file);
    fclose(file);
}

static void cut_off(Fixture *fixture)
{
    assert_int_equal(truncate(fixture->path, 2 * 1024 * 1024), 0);
}

static void replace(Fixture *fixture)
{
    const char *other = arena_format(&fixture->arena, "%s/other", fixture->place);
    DbaltError error;
    assert_true(file_create(other, TEXT("select 1;"), 0644, DBALT_ERROR_FAILED, &error));
    assert_int_equal(rename(other, fixture->path), 0);
}

static void refuses_a_file_that_changed(void **state)
{
    static void (*const changes[])(Fixture * fixture) = {overwrite, lengthen, cut_off, replace};
    for (size_t i = 0; i < COUNT(changes); i++) {
        Fixture *fixture = *state;
        changes[i](fixture);

        size_t statements;
        size_t portions;
        DbaltError error;
        assert_false(read_all(&statements, &portions, &fixture->script, &error));
        assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
        assert_string_equal(error.message, "the file changed while it was read");
        assert_string_equal(error.script, fixture->path);
        tear_down(state);
        set_up(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_long_section_stays_in_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(its_places_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(judges_what_is_in_the_middle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_file_that_changed, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("scripts/stream", tests, NULL, NULL);
}
