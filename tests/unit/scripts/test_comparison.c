/* scripts/comparison: telling that a file is what was deployed without reading its SQL. */

#include "support/test.h"

#include "base/cleanup.h"
#include "scripts/comparison.h"
#include "scripts/script.h"

/* As script_parse() finds it. */
static Fingerprint deployed(Arena *arena, const char *text)
{
    Script script;
    DbaltError error;
    assert_true(script_parse(&script, "a.sql", SQL_POSTGRES, text_of(text), &error));
    return script_fingerprint(arena, &script);
}

static bool is_same(const char *text, const Fingerprint *fingerprint)
{
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(comparison_done) Comparison comparison;
    comparison_init(&comparison);
    Fingerprint read;
    return comparison_read(&read, &arena, &comparison, text_of(text), KIND_SQL) && fingerprint_is_same(&read, fingerprint);
}

static void finds_the_same_in_what_was_deployed(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const texts[] = {
        "select 1;",
        "-- dbalt: up\nselect 1;\n",
        "-- dbalt: up\r\nselect 1;\r\n\r\n-- dbalt: down\r\nselect 2;\r\n",
        "\xEF\xBB\xBF-- dbalt: up\nselect 1;",
        "-- Why.\n--\n\n-- dbalt: before-up\nselect 0;\n--dbalt:up\nselect 1; -- dbalt\n-- dbalt: down\n-- dbalt: before-down\n",
        "-- dbalt: down\n\n-- dbalt: up\nselect '\n -- dbalt: down\n';",
        "-- dbalt: up",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        Fingerprint fingerprint = deployed(&arena, texts[i]);
        assert_true(is_same(texts[i], &fingerprint));
    }
}

static void takes_what_does_not_count_for_the_same(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Fingerprint fingerprint = deployed(&arena, "-- dbalt: up\nselect\n1;\n-- dbalt: down\nselect 2;");
    assert_true(is_same("-- dbalt: up\r\nselect\r\n1;\r\n\r\n-- dbalt: down\r\nselect 2;\r\n", &fingerprint));
    assert_true(is_same("-- A comment.\n-- dbalt: down\nselect 2;\n--  dbalt :  up \nselect\n1;", &fingerprint));
}

static void finds_every_difference(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Fingerprint fingerprint = deployed(&arena, "-- dbalt: up\nselect 1;\n-- dbalt: down\n");
    static const char *const others[] = {
        "-- dbalt: up\nselect 2;\n-- dbalt: down\n",
        "-- dbalt: up\nselect 1;\n-- dbalt: down\nselect 2;",
        "-- dbalt: up\nselect 1;\n",
        "-- dbalt: up\nselect 1;\n-- dbalt: down\n-- dbalt: before-up\n",
        "-- dbalt: up\n-- dbalt: down\nselect 1;",
        "select 1;",
        "",
    };
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(is_same(others[i], &fingerprint));
}

/* Marker lines that are no markers, and files that are no scripts: reading the SQL has to tell. */
static void leaves_what_is_not_clear_to_others(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Fingerprint in_string = deployed(&arena, "-- dbalt: up\nselect '\n-- dbalt: down\n';");
    assert_false(is_same("-- dbalt: up\nselect '\n-- dbalt: down\n';", &in_string));

    Fingerprint fingerprint = deployed(&arena, "-- dbalt: up\nselect 1;\n-- dbalt: down\n");
    static const char *const unclear[] = {
        "/*\n-- dbalt: up\nselect 1;\n-- dbalt: down\n",
        "select 0;\n-- dbalt: up\nselect 1;\n-- dbalt: down\n",
        "-- dbalt up\n-- dbalt: up\nselect 1;\n-- dbalt: down\n",
        " -- dbalt: up\n-- dbalt: up\nselect 1;\n-- dbalt: down\n",
        "\r-- dbalt: up\n-- dbalt: up\nselect 1;\n-- dbalt: down\n",
        "-- a comment\rselect 0;\n-- dbalt: up\nselect 1;\n-- dbalt: down\n",
        "-- dbalt: up\nselect 0;\n-- dbalt: down\n-- dbalt: up\nselect 1;\n",
        "-- \xFF\n-- dbalt: up\nselect 1;\n-- dbalt: down\n",
        "-- dbalt: up\nselect 1;\n-- \r dbalt: down\n",
        "-- dbalt: up\nselect 1;\r-- dbalt: down\n",
        "-- dbalt: up\nselect\r1;\n-- dbalt: down\n",
    };
    for (size_t i = 0; i < COUNT(unclear); i++)
        assert_false(is_same(unclear[i], &fingerprint));

    assert_false(is_same("select 1;", &(Fingerprint){0})); /* another program's history has no hashes */
}

static void takes_a_module_as_a_whole(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Text text = TEXT("/*\n-- dbalt: up\n*/ export default {};\n");
    Script script = {.path = "a.js", .is_module = true, .sections = {[SECTION_UP] = {.present = true, .text = text, .line = 1}}};
    Fingerprint fingerprint = script_fingerprint(&arena, &script);
    CLEANUP(comparison_done) Comparison comparison;
    comparison_init(&comparison);
    Fingerprint read;
    assert_true(comparison_read(&read, &arena, &comparison, text, KIND_JAVASCRIPT) && fingerprint_is_same(&read, &fingerprint));
    assert_true(comparison_read(&read, &arena, &comparison, TEXT("export default {};"), KIND_JAVASCRIPT));
    assert_false(fingerprint_is_same(&read, &fingerprint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_same_in_what_was_deployed),
        cmocka_unit_test(takes_what_does_not_count_for_the_same),
        cmocka_unit_test(finds_every_difference),
        cmocka_unit_test(leaves_what_is_not_clear_to_others),
        cmocka_unit_test(takes_a_module_as_a_whole),
    };
    return cmocka_run_group_tests_name("scripts/comparison", tests, NULL, NULL);
}
