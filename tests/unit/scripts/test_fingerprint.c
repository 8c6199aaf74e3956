/* scripts/fingerprint: what counts as a change of a section. */

#include "support/test.h"

#include "base/cleanup.h"
#include "scripts/script.h"

static Script script_with_up(Text text)
{
    return (Script){.path = "a.sql", .sections = {[SECTION_UP] = {.present = true, .text = text, .line = 1}}};
}

static const char *hash(Arena *arena, Text text)
{
    Script script = script_with_up(text);
    return script_fingerprint(arena, &script).sections[SECTION_UP];
}

static void is_sha_256_in_hex(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    assert_string_equal(hash(&arena, TEXT("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(hash(&arena, TEXT("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void is_null_for_absent_sections(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Script script = script_with_up(TEXT("a"));
    script.sections[SECTION_DOWN] = (Section){.present = true};

    Fingerprint fingerprint = script_fingerprint(&arena, &script);
    assert_null(fingerprint.sections[SECTION_BEFORE_UP]);
    assert_null(fingerprint.sections[SECTION_BEFORE_DOWN]);
    assert_string_equal(fingerprint.sections[SECTION_DOWN], hash(&arena, TEXT("")));
}

static void takes_line_ends_and_the_last_blanks_as_nothing(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const same[] = {"a;\nb\n\nc;", "a;\r\nb\r\n\r\nc;", "a;\rb\r\rc;", "a;\nb\r\n\rc;\n", "a;\nb\n\nc;\r\n\r\n \t"};
    const char *expected = hash(&arena, text_of(same[0]));
    for (size_t i = 1; i < COUNT(same); i++)
        assert_string_equal(hash(&arena, text_of(same[i])), expected);
}

static void takes_anything_else_as_a_change(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const others[] = {"a;\nb\nc;", "a;\nb\n\n\nc;", "a; \nb\n\nc;", " a;\nb\n\nc;", "\na;\nb\n\nc;", "A;\nb\n\nc;", ""};
    const char *expected = hash(&arena, TEXT("a;\nb\n\nc;"));
    for (size_t i = 0; i < COUNT(others); i++)
        assert_string_not_equal(hash(&arena, text_of(others[i])), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_sha_256_in_hex),
        cmocka_unit_test(is_null_for_absent_sections),
        cmocka_unit_test(takes_line_ends_and_the_last_blanks_as_nothing),
        cmocka_unit_test(takes_anything_else_as_a_change),
    };
    return cmocka_run_group_tests_name("scripts/fingerprint", tests, NULL, NULL);
}
