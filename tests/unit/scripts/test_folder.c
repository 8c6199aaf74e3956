/* scripts/folder: finding alterations, and reading what may be read. */

#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "scripts/folder.h"

/* A folder "in" and a file "outside.sql" beside it, in a place of its own. */
typedef struct Fixture {
    Arena arena;
    const char *root, *in;
} Fixture;

static const char *path_of(Fixture *fixture, const char *name)
{
    return arena_format(&fixture->arena, "%s/%s", fixture->root, name);
}

static void write_file(Fixture *fixture, const char *name, const char *content)
{
    DbaltError error;
    assert_true(file_create(path_of(fixture, name), text_of(content), 0644, DBALT_ERROR_FAILED, &error));
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));
    char pattern[] = "/tmp/dbalt-folder-XXXXXX";
    assert_non_null(mkdtemp(pattern));
    assert_int_equal(chmod(pattern, 0755), 0);
    fixture->root = arena_copy_string(&fixture->arena, pattern);
    fixture->in = path_of(fixture, "in");
    assert_int_equal(mkdir(fixture->in, 0755), 0);
    write_file(fixture, "outside.sql", "outside");

    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    assert_int_equal(system(arena_format(&fixture->arena, "rm -r '%s'", fixture->root)), 0);
    arena_done(&fixture->arena);
    free(fixture);

    return 0;
}

static void finds_alterations_in_order(void **state)
{
    Fixture *fixture = *state;
    static const char *const files[] = {"in/next-300-c.sql", "in/1.0.0-200-b.sql", "in/1.1.0-100-a.sql", "in/README.md", "in/.gitkeep"};
    for (size_t i = 0; i < COUNT(files); i++)
        write_file(fixture, files[i], "");

    CLEANUP(folder_close) Folder folder = {0};
    DbaltError error;
    assert_true(folder_open(&folder, &fixture->arena, fixture->in, &error));
    assert_int_equal(folder.set.count, 3);
    assert_string_equal(folder.set.rows[0].file, "1.1.0-100-a.sql");
    assert_string_equal(folder.set.rows[1].file, "1.0.0-200-b.sql");
    assert_string_equal(folder.set.rows[2].file, "next-300-c.sql");
    assert_int_equal(folder.warning_count, 0);
}

static void finds_more_files_than_one_read_of_the_folder_gives(void **state)
{
    Fixture *fixture = *state;
    for (int i = 0; i < 3000; i++)
        write_file(fixture, arena_format(&fixture->arena, "in/1.0.0-%d-a.sql", i), "");

    CLEANUP(folder_close) Folder folder = {0};
    DbaltError error;
    assert_true(folder_open(&folder, &fixture->arena, fixture->in, &error));
    assert_int_equal(folder.set.count, 3000);
    assert_string_equal(folder.set.rows[2999].file, "1.0.0-2999-a.sql");
}

static void warns_of_misspelt_names_in_order(void **state)
{
    Fixture *fixture = *state;
    write_file(fixture, "in/v1.0.0-100-b.sql", "");
    write_file(fixture, "in/1.0-100-a.sql", "");
    assert_int_equal(mkdir(path_of(fixture, "in/1.0-100-folder.sql"), 0755), 0);

    CLEANUP(folder_close) Folder folder = {0};
    DbaltError error;
    assert_true(folder_open(&folder, &fixture->arena, fixture->in, &error));
    assert_int_equal(folder.set.count, 0);
    assert_int_equal(folder.warning_count, 2);
    assert_ptr_equal(strstr(folder.warnings[0], "\"1.0-100-a.sql\" is ignored: "), folder.warnings[0]);
    assert_ptr_equal(strstr(folder.warnings[1], "\"v1.0.0-100-b.sql\" is ignored: "), folder.warnings[1]);
}

static void refuses_a_folder_that_is_not_there(void **state)
{
    Fixture *fixture = *state;
    static const char *const names[] = {"nowhere", "outside.sql"};
    for (size_t i = 0; i < COUNT(names); i++) {
        Folder folder = {0};
        DbaltError error;
        assert_false(folder_open(&folder, &fixture->arena, path_of(fixture, names[i]), &error));
        assert_int_equal(error.code, DBALT_ERROR_FOLDER);
        assert_non_null(strstr(error.message, path_of(fixture, names[i])));
        assert_non_null(strstr(error.hint, "--dir"));
        assert_non_null(strstr(error.hint, "DBALT_DIR"));
        assert_null(folder.path);
        folder_close(&folder);
    }
}

static void refuses_one_identity_twice(void **state)
{
    Fixture *fixture = *state;
    write_file(fixture, "in/1.0.0-100-a.sql", "");
    write_file(fixture, "in/next-100-a.sql", "");

    Folder folder = {0};
    DbaltError error;
    assert_false(folder_open(&folder, &fixture->arena, fixture->in, &error));
    assert_int_equal(error.code, DBALT_ERROR_FOLDER);
}

/* Reads "a.sql" of the folder. */
static bool read_a(Text *text, Fixture *fixture, const char *folder_path, DbaltError *error)
{
    CLEANUP(folder_close) Folder folder = {0};
    assert_true(folder_open(&folder, &fixture->arena, folder_path, error));
    return folder_read_file(text, &fixture->arena, &folder, "a.sql", SIZE_MAX, error);
}

static void reads_a_file(void **state)
{
    Fixture *fixture = *state;
    write_file(fixture, "in/a.sql", "select 1");

    Text text;
    DbaltError error;
    assert_true(read_a(&text, fixture, fixture->in, &error));
    assert_true(text_equals(text, TEXT("select 1")));
}

static void reads_links_within_the_folder(void **state)
{
    Fixture *fixture = *state;
    /* As Kubernetes mounts a ConfigMap. */
    assert_int_equal(mkdir(path_of(fixture, "in/..2026"), 0755), 0);
    write_file(fixture, "in/..2026/a.sql", "select 1");
    assert_int_equal(symlink("..2026", path_of(fixture, "in/..data")), 0);
    assert_int_equal(symlink("..data/a.sql", path_of(fixture, "in/a.sql")), 0);
    assert_int_equal(symlink("in", path_of(fixture, "link")), 0);

    const char *const folders[] = {fixture->in, path_of(fixture, "link"), path_of(fixture, "in/")};
    for (size_t i = 0; i < COUNT(folders); i++) {
        Text text;
        DbaltError error;
        assert_true(read_a(&text, fixture, folders[i], &error));
        assert_true(text_equals(text, TEXT("select 1")));
    }
}

static void make_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0755), 0);
}

static void make_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0644), 0);
}

static void make_nothing(const char *path)
{
    (void)path;
}

static void make_link_out(const char *path)
{
    assert_int_equal(symlink("../outside.sql", path), 0);
}

static void make_link_to_similar_folder(const char *path)
{
    assert_int_equal(symlink("../in-too/a.sql", path), 0);
}

static void make_absolute_link_out(const char *path)
{
    assert_int_equal(symlink("/etc/passwd", path), 0);
}

static void make_dangling_link(const char *path)
{
    assert_int_equal(symlink("nowhere.sql", path), 0);
}

static void make_circular_link(const char *path)
{
    assert_int_equal(symlink("a.sql", path), 0);
}

static void make_link_to_directory(const char *path)
{
    assert_int_equal(symlink(".", path), 0);
}

static void refuses_what_is_no_file_of_the_folder(void **state)
{
    Fixture *fixture = *state;
    static const struct {
        void (*make)(const char *path);
        const char *message;
    } cases[] = {
        {make_nothing, "No such file"},
        {make_directory, "no regular file"},
        {make_fifo, "no regular file"},
        {make_link_out, "leads out of the folder"},
        {make_link_to_similar_folder, "leads out of the folder"},
        {make_absolute_link_out, "leads out of the folder"},
        {make_dangling_link, "No such file"},
        {make_circular_link, "symbolic link"},
        {make_link_to_directory, "folder"},
    };

    make_directory(path_of(fixture, "in-too"));
    write_file(fixture, "in-too/a.sql", "outside");
    const char *path = path_of(fixture, "in/a.sql");
    for (size_t i = 0; i < COUNT(cases); i++) {
        cases[i].make(path);

        Text text = TEXT("untouched");
        DbaltError error;
        assert_false(read_a(&text, fixture, fixture->in, &error));
        assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
        assert_non_null(strstr(error.message, cases[i].message));
        assert_non_null(strstr(error.message, path));
        assert_string_equal(error.script, path);
        assert_true(text_equals(text, TEXT("untouched")));
        remove(path);
    }
}

static void refuses_a_file_that_may_not_be_read(void **state)
{
    Fixture *fixture = *state;
    write_file(fixture, "in/a.sql", "secret");
    assert_int_equal(chmod(path_of(fixture, "in/a.sql"), 0), 0);

    /* To root nothing is unreadable. */
    bool is_root = geteuid() == 0;
    if (is_root)
        assert_int_equal(seteuid(65534), 0);
    Text text;
    DbaltError error;
    bool read = read_a(&text, fixture, fixture->in, &error);
    if (is_root)
        assert_int_equal(seteuid(0), 0);

    assert_false(read);
    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_non_null(strstr(error.message, "Permission denied"));
    assert_string_equal(error.script, path_of(fixture, "in/a.sql"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_alterations_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_more_files_than_one_read_of_the_folder_gives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(warns_of_misspelt_names_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_folder_that_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_one_identity_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_links_within_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_file_of_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_file_that_may_not_be_read, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("scripts/folder", tests, NULL, NULL);
}
