/* base/new_file: files that are seen only once they are whole. */

#include "support/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/new_file.h"

static char folder[64];

static int enter_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/dbalt-test-new-file-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int leave_folder(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    unlink(arena_format(&arena, "%s/a", folder));
    return rmdir(folder);
}

static size_t count_files(void)
{
    size_t count = 0;
    DIR *open = opendir(folder);
    assert_non_null(open);
    for (struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open))
        count += entry->d_name[0] != '.';
    closedir(open);
    return count;
}

static void write_file(const char *path, const char *text)
{
    CLEANUP(file_cleanup) FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

static void assert_text(const char *path, const char *text)
{
    CLEANUP(arena_done) Arena arena = {0};
    Text found;
    DbaltError error;
    assert_true(file_read_path(&found, &arena, path, DBALT_ERROR_FAILED, &error));
    assert_string_equal(found.data, text);
}

static void gets_its_name_when_it_is_whole(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(new_file_cleanup) NewFile file = {0};
    DbaltError error;
    struct stat status;
    const char *path = arena_format(&arena, "%s/a", folder);
    assert_true(new_file_begin(&file, &arena, path, &error));
    assert_int_equal(access(path, F_OK), -1);
    write_file(file.temporary, "whole");
    assert_true(new_file_finish(&file, &error));
    assert_text(path, "whole");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(count_files(), 1);
}

static void never_goes_over_a_file(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    DbaltError error;
    const char *path = arena_format(&arena, "%s/a", folder);
    {
        CLEANUP(new_file_cleanup) NewFile file = {0};
        assert_true(new_file_begin(&file, &arena, path, &error));
        write_file(path, "another's");
        assert_false(new_file_finish(&file, &error));
        assert_non_null(strstr(error.message, "File exists"));
    }
    assert_text(path, "another's");
    assert_int_equal(count_files(), 1);
}

static void leaves_nothing_when_it_is_given_up(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    DbaltError error;
    {
        CLEANUP(new_file_cleanup) NewFile file = {0};
        assert_true(new_file_begin(&file, &arena, arena_format(&arena, "%s/a", folder), &error));
        assert_int_equal(count_files(), 1);
    }
    assert_int_equal(count_files(), 0);
}

static void tells_of_a_folder_that_is_not_there(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(new_file_cleanup) NewFile file = {0};
    DbaltError error;
    assert_false(new_file_begin(&file, &arena, "/nowhere/a", &error));
    assert_string_equal(error.message, "cannot create \"/nowhere/a\": No such file or directory");
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(gets_its_name_when_it_is_whole),
        in_folder(never_goes_over_a_file),
        in_folder(leaves_nothing_when_it_is_given_up),
        in_folder(tells_of_a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests_name("base/new_file", tests, NULL, NULL);
}
