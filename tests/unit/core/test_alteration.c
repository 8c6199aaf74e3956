/* core/alteration: file names, and sets of alterations. */

#include "world.h"

#include "base/cleanup.h"

static void reads_every_part_of_a_file_name(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const struct {
        const char *file, *release, *identity;
        Kind kind;
    } cases[] = {
        {"1.0.0-1663923770-create-users.sql", "1.0.0", "1663923770-create-users", KIND_SQL},
        {"1.0.0_beta.10-1663923770.25-a.sql", "1.0.0-beta.10", "1663923770.25-a", KIND_SQL},
        {"1.0.0_x_y+b.1-1-a.sql", "1.0.0-x-y+b.1", "1-a", KIND_SQL},
        {"next-1663923770-a.js", "next", "1663923770-a", KIND_JAVASCRIPT},
        {"next-1663923770-a.mjs", "next", "1663923770-a", KIND_JAVASCRIPT},
        {"next-1663923770-a.ts", "next", "1663923770-a", KIND_JAVASCRIPT},
        {"next-007.50-a.sql", "next", "7.5-a", KIND_SQL},
        {"1.0.0-1-a.b.c.sql", "1.0.0", "1-a.b.c", KIND_SQL},
        {"1.0.0-1-a.test.js", "1.0.0", "1-a.test", KIND_JAVASCRIPT},
        {"1.0.0-1-2-3.sql", "1.0.0", "1-2-3", KIND_SQL},
        {"1.0.0-2022-09-23-a.js", "1.0.0", "2022-09-23-a", KIND_JAVASCRIPT},
        {"1.0.0-1--.sql", "1.0.0", "1--", KIND_SQL},
        {"1.0.0-1-\xc3\xa4 \xe2\x82\xac's \"x\".sql", "1.0.0", "1-\xc3\xa4 \xe2\x82\xac's \"x\"", KIND_SQL},
        {"1.0.0-1-x.SQL.sql", "1.0.0", "1-x.SQL", KIND_SQL},
        {"99999999999999999999.0.0-1-a.sql", "99999999999999999999.0.0", "1-a", KIND_SQL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Alteration alteration = world_alteration(&arena, cases[i].file);
        assert_string_equal(release_format(&arena, alteration.release), cases[i].release);
        assert_string_equal(alteration.identity.text, cases[i].identity);
        assert_int_equal(alteration.kind, cases[i].kind);
        assert_string_equal(alteration.file, cases[i].file);
    }
}

static void keeps_its_own_copy_of_the_name(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    char file[] = "1.0.0-1-a.sql";

    Alteration alteration = world_alteration(&arena, file);
    memset(file, 'x', sizeof(file) - 1);

    assert_string_equal(alteration.file, "1.0.0-1-a.sql");
    assert_string_equal(release_format(&arena, alteration.release), "1.0.0");
    assert_true(text_equals(alteration.identity.name, TEXT("a")));
}

static void keeps_its_identity_when_released(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};

    assert_string_equal(world_alteration(&arena, "next-1663923770-a.sql").identity.text,
                        world_alteration(&arena, "1.3.0-1663923770-a.sql").identity.text);
}

static void tells_what_is_wrong_with_a_misspelt_name(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const struct {
        const char *file, *reason;
    } cases[] = {
        {"next1-1663923770-a.sql", "\"next1\" is no release: a release has three numbers, as in \"1.2.0\""},
        {"1.0-1663923770-a.sql", "\"1.0\" is no release: a release has three numbers, as in \"1.2.0\""},
        {"1.0.01-1663923770-a.sql", "\"1.0.01\" is no release: one of its numbers begins with 0"},
        {"1.0.0_-1663923770-a.sql", "\"1.0.0_\" is no release"},
        {"Next-1663923770-a.sql", "\"Next\" is no release: \"next\" is written in lower case"},
        {"v1.0.0-1663923770-a.sql", "\"v1.0.0\" is no release: file names have no \"v\" before it"},
        {"1663923770-a.sql", "\"1663923770\" is no release"},
        {"users-1663923770-a.sql", "\"users\" is no release"},
        {"V1__init.sql", "is no release"},
        {"1.0.0.sql", "\"1.0.0.sql\" is no release"},
        {"next-a.sql", "\"a\" is no timestamp"},
        {"next_1663923770_a.sql", "is no release"},
        {"1.0.0-beta.1-1663923770-a.sql", "\"beta.1\" is no timestamp: Unix seconds go behind the release, and \"_\" before a pre-release"},
        {"1.0.0-16639237701-a.sql", "\"16639237701\" is no timestamp: Unix seconds have at most 10 digits"},
        {"1.0.0-1663923770123-a.sql", "\"1663923770123\" is no timestamp: Unix seconds have at most 10 digits"},
        {"1.0.0-1663923770.-a.sql", "\"1663923770.\" is no timestamp"},
        {"1.0.0--a.sql", "it has no timestamp behind the release"},
        {"1.0.0-1663923770.sql", "it has no name behind the timestamp"},
        {"1.0.0-1663923770-.sql", "it has no name behind the timestamp"},
        {"1.0.0-1663923770-a.SQL", "\".SQL\" must be in lower case"},
        {"1.0.0-1663923770-a.Ts", "\".Ts\" must be in lower case"},
        {"1.0.0-1663923770-a", "it ends neither in \".sql\" nor in \".js\", \".mjs\" or \".ts\""},
        {"1.0.0-1663923770-a.slq", "it ends neither in \".sql\" nor in \".js\", \".mjs\" or \".ts\""},
        {"1.0.0-1663923770-a.sql.gz", "it ends neither in \".sql\""},
        {"1.0.0-1663923770-l\xff.sql", "its name is no UTF-8"},
        {"1.0.0-1663923770-a\x1b[2J.sql", "or has characters that cannot be seen"},
        {"1.0.0-1663923770-a\xe2\x80\xae.sql", "or has characters that cannot be seen"},
        {"1.0.0-1663923770-a\xc2\x9b.sql", "or has characters that cannot be seen"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Alteration untouched = {.file = "untouched"};
        const char *reason = NULL;
        FileNameVerdict verdict = alteration_parse(&untouched, &arena, cases[i].file, &reason);

        assert_int_equal(verdict, FILE_NAME_MISSPELT);
        assert_non_null(strstr(reason, cases[i].reason));
        assert_null(strchr(reason, '\n'));
        assert_string_equal(untouched.file, "untouched");
    }
}

static void passes_over_what_nobody_meant(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const others[] = {
        "README.md",
        ".gitkeep",
        ".1.0.0-1663923770-a.sql.swp",
        "notes.txt",
        "package.json",
        "tsconfig.json",
        "helpers.js",
        "next.config.js",
        "nextjs-helper.mjs",
        "Makefile",
        "a",
        "",
        "-",
        "schema.sql",
        "1.0.0-1663923770-a.js.map",
        "1.0.0-1663923770-a.d.ts",
        "1.0.0-1663923770-a.sql~",
        "1.0.0-1663923770-a.sql.orig",
        "1.0.0-1663923770-a.md",
        "2024-notes",
    };

    for (size_t i = 0; i < COUNT(others); i++) {
        Alteration alteration;
        const char *reason;
        assert_int_equal(alteration_parse(&alteration, &arena, others[i], &reason), FILE_NAME_OTHER);
    }
}

static void names_kinds_as_the_history_keeps_them(void **state)
{
    (void)state;
    assert_string_equal(kind_name(KIND_SQL), "sql");
    assert_string_equal(kind_name(KIND_JAVASCRIPT), "javascript");
}

static void sorts_a_set_by_identity_whatever_the_release(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    AlterationSet set = world_set(&arena, (const char *[]){"1.0.0-10-a.sql", "next-9-z.sql", "1.0.0-10.5-a.sql", "2.0.0-10-B.sql", NULL});
    static const char *const expected[] = {"9-z", "10-B", "10-a", "10.5-a"};

    assert_int_equal(set.count, COUNT(expected));
    for (size_t i = 0; i < set.count; i++)
        assert_string_equal(set.rows[i].identity.text, expected[i]);
}

static void refuses_two_files_of_one_identity(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const pairs[][2] = {
        {"next-1-a.sql", "1.0.0-1-a.sql"},
        {"1.0.0-1-a.sql", "1.0.0-1-a.js"},
        {"1.0.0-1.50-a.sql", "1.0.0-01.5-a.sql"},
    };

    for (size_t i = 0; i < COUNT(pairs); i++) {
        Alteration rows[] = {world_alteration(&arena, pairs[i][0]), world_alteration(&arena, "1.0.0-1-b.sql"),
                             world_alteration(&arena, pairs[i][1])};
        AlterationSet untouched = {.count = 42};
        DbaltError error;

        assert_false(alteration_set_build(&untouched, rows, COUNT(rows), &error));

        assert_int_equal(error.code, DBALT_ERROR_FOLDER);
        assert_non_null(strstr(error.message, pairs[i][0]));
        assert_non_null(strstr(error.message, pairs[i][1]));
        assert_string_not_equal(error.hint, "");
        assert_int_equal(untouched.count, 42);
    }
}

static void builds_a_set_of_nothing(void **state)
{
    (void)state;
    AlterationSet set;
    DbaltError error;

    assert_true(alteration_set_build(&set, NULL, 0, &error));
    assert_int_equal(set.count, 0);
}

static void finds_each_of_a_set_and_nothing_else(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    AlterationSet set = world_set(&arena, (const char *[]){"1.0.0-1-a.sql", "1.0.0-1-b.sql", "1.0.0-5-a.sql", "next-7-a.sql", NULL});

    for (size_t i = 0; i < set.count; i++)
        assert_int_equal(alteration_set_find(set, set.rows[i].identity), i);

    static const char *const absent[] = {"0-a", "1-aa", "1-c", "6-a", "7-b"};
    for (size_t i = 0; i < COUNT(absent); i++) {
        Identity identity;
        assert_true(identity_parse(&identity, &arena, text_of(absent[i])));
        assert_int_equal(alteration_set_find(set, identity), set.count);
    }
}

static void knows_the_latest_release_but_not_next(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    AlterationSet set = world_set(&arena, (const char *[]){"1.10.0-1-a.sql", "1.9.0-2-a.sql", "1.10.0_rc.1-3-a.sql", "next-4-a.sql", NULL});
    Release latest;

    assert_true(alteration_set_latest(&latest, set));
    assert_string_equal(release_format(&arena, latest), "1.10.0");
}

static void knows_no_latest_release_where_there_is_none(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    AlterationSet set = world_set(&arena, (const char *[]){"next-4-a.sql", NULL});
    Release untouched = {.major = TEXT("42")};

    assert_false(alteration_set_latest(&untouched, set));
    assert_false(alteration_set_latest(&untouched, (AlterationSet){0}));
    assert_true(text_equals(untouched.major, TEXT("42")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_part_of_a_file_name),
        cmocka_unit_test(keeps_its_own_copy_of_the_name),
        cmocka_unit_test(keeps_its_identity_when_released),
        cmocka_unit_test(tells_what_is_wrong_with_a_misspelt_name),
        cmocka_unit_test(passes_over_what_nobody_meant),
        cmocka_unit_test(names_kinds_as_the_history_keeps_them),
        cmocka_unit_test(sorts_a_set_by_identity_whatever_the_release),
        cmocka_unit_test(refuses_two_files_of_one_identity),
        cmocka_unit_test(builds_a_set_of_nothing),
        cmocka_unit_test(finds_each_of_a_set_and_nothing_else),
        cmocka_unit_test(knows_the_latest_release_but_not_next),
        cmocka_unit_test(knows_no_latest_release_where_there_is_none),
    };
    return cmocka_run_group_tests_name("core/alteration", tests, NULL, NULL);
}
