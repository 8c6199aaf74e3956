/* base/file: reading whole files and writing new ones. */

#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* A folder of its own for each test. */
static int enter_folder(void **state)
{
    char *folder = strdup("/tmp/dbalt-test-file-XXXXXX");
    *state = folder;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int leave_folder(void **state)
{
    char *folder = *state;
    unlink("a");
    int result = chdir("/") != 0 || rmdir(folder) != 0;
    free(folder);
    return result;
}

static void write_file(const char *path, size_t size)
{
    CLEANUP(file_cleanup) FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        assert_int_not_equal(putc((int)('a' + i % 26), file), EOF);
}

static void reads_files_of_any_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 4096, 100000};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Text text;
        DbaltError error;
        write_file("a", sizes[i]);

        assert_true(file_read_path(&text, &arena, "a", DBALT_ERROR_SCRIPT, &error));

        assert_int_equal(text.length, sizes[i]);
        assert_int_equal(text.data[text.length], '\0');
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(text.data[j], 'a' + j % 26);
    }
}

static void reads_files_that_tell_no_size(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Text text;
    DbaltError error;

    assert_true(file_read_path(&text, &arena, "/proc/self/status", DBALT_ERROR_SCRIPT, &error));

    assert_true(text.length > 100);
    assert_int_equal(text.data[text.length], '\0');
}

static void tells_of_a_file_that_is_not_there(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Text text = TEXT("untouched");
    DbaltError error;

    errno = 0;
    assert_false(file_read_path(&text, &arena, "absent", DBALT_ERROR_SCRIPT, &error));

    assert_int_equal(errno, ENOENT);
    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_string_equal(error.message, "cannot open \"absent\": No such file or directory");
    assert_true(text_equals(text, TEXT("untouched")));
}

static void refuses_a_folder(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Text text;
    DbaltError error;

    assert_false(file_read_path(&text, &arena, "/tmp", DBALT_ERROR_FOLDER, &error));

    assert_int_equal(error.code, DBALT_ERROR_FOLDER);
    assert_string_equal(error.message, "cannot read \"/tmp\": it is no regular file");
}

static void refuses_a_pipe_without_waiting_for_a_writer(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Text text;
    DbaltError error;
    assert_int_equal(mkfifo("a", 0600), 0);

    assert_false(file_read_path(&text, &arena, "a", DBALT_ERROR_SCRIPT, &error));

    assert_non_null(strstr(error.message, "no regular file"));
}

static void tells_of_a_descriptor_that_cannot_be_read(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Text text;
    DbaltError error;
    assert_false(file_read_all(&text, &arena, -1, "a", SIZE_MAX, DBALT_ERROR_SCRIPT, &error));
    assert_non_null(strstr(error.message, "cannot read \"a\""));

    CLEANUP(descriptor_cleanup) int descriptor = open("a", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_false(file_read_all(&text, &arena, descriptor, "a", SIZE_MAX, DBALT_ERROR_SCRIPT, &error));
    assert_non_null(strstr(error.message, "cannot read \"a\""));
}

static void writes_a_new_file(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Text text;
    DbaltError error;

    assert_true(file_create("a", TEXT("-- dbalt: up\n"), 0600, DBALT_ERROR_FOLDER, &error));

    assert_true(file_read_path(&text, &arena, "a", DBALT_ERROR_SCRIPT, &error));
    assert_true(text_equals(text, TEXT("-- dbalt: up\n")));
    struct stat status;
    assert_int_equal(stat("a", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void never_writes_over_a_file(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Text text;
    DbaltError error;
    write_file("a", 3);

    assert_false(file_create("a", TEXT("other"), 0600, DBALT_ERROR_FOLDER, &error));

    assert_string_equal(error.message, "cannot create \"a\": File exists");
    assert_true(file_read_path(&text, &arena, "a", DBALT_ERROR_SCRIPT, &error));
    assert_true(text_equals(text, TEXT("abc")));
}

static void leaves_no_half_of_a_file(void **state)
{
    (void)state;
    DbaltError error;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 4, .rlim_max = before.rlim_max};
    sighandler_t handler = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);

    bool created = file_create("a", TEXT("more than four bytes"), 0600, DBALT_ERROR_FOLDER, &error);

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_false(created);
    assert_string_equal(error.message, "cannot write \"a\": File too large");
    assert_int_not_equal(access("a", F_OK), 0);
}

static void forgets_what_it_closed(void **state)
{
    (void)state;
    FILE *file = fopen("a", "w");
    int descriptor = dup(0);

    file_cleanup(&file);
    descriptor_cleanup(&descriptor);
    file_cleanup(&file);
    descriptor_cleanup(&descriptor);

    assert_null(file);
    assert_int_equal(descriptor, -1);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(reads_files_of_any_size),
        in_folder(reads_files_that_tell_no_size),
        in_folder(tells_of_a_file_that_is_not_there),
        in_folder(refuses_a_folder),
        in_folder(refuses_a_pipe_without_waiting_for_a_writer),
        in_folder(tells_of_a_descriptor_that_cannot_be_read),
        in_folder(writes_a_new_file),
        in_folder(never_writes_over_a_file),
        in_folder(leaves_no_half_of_a_file),
        in_folder(forgets_what_it_closed),
    };
    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
