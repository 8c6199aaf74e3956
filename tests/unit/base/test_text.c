/* base/text: slices, comparisons, UTF-8. */

#include "support/test.h"

#include "base/text.h"

#define assert_text(text, expected) assert_true(text_equals(text, text_of(expected)))

static void slices_only_what_is_there(void **state)
{
    (void)state;
    static const struct {
        size_t offset, length;
        const char *expected;
    } cases[] = {
        {0, 3, "abc"}, {1, 3, "bcd"}, {2, 99, "cde"}, {4, 1, "e"}, {5, 1, ""}, {99, 1, ""}, {0, 0, ""}, {1, SIZE_MAX, "bcde"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_text(text_slice(TEXT("abcde"), cases[i].offset, cases[i].length), cases[i].expected);
}

static void slices_nothing_from_nothing(void **state)
{
    (void)state;
    assert_int_equal(text_slice((Text){0}, 0, 1).length, 0);
    assert_int_equal(text_slice((Text){0}, 3, 1).length, 0);
}

static void takes_empty_texts_without_data(void **state)
{
    (void)state;
    Text nothing = {0};

    assert_true(text_equals(nothing, TEXT("")));
    assert_int_equal(text_compare(nothing, TEXT("")), 0);
    assert_true(text_starts_with(TEXT("a"), nothing));
    assert_int_equal(text_trim(nothing).length, 0);
    assert_int_equal(text_find(nothing, TEXT("a")), 0);
    assert_int_equal(text_invalid_utf8(nothing), 0);
    assert_int_equal(text_count_characters(nothing), 0);
    assert_int_equal(text_offset_of_character(nothing, 1), 0);
}

static void ignores_the_case_of_ascii_letters_alone(void **state)
{
    (void)state;
    assert_true(text_equals_ignoring_case(TEXT("LaTeSt"), TEXT("lAtEsT")));
    assert_false(text_equals_ignoring_case(TEXT("latest"), TEXT("lates")));
    assert_false(text_equals_ignoring_case(TEXT("[a"), TEXT("{a")));
    assert_false(text_equals_ignoring_case(TEXT("Ä"), TEXT("ä")));
}

static void tells_how_a_text_begins_and_ends(void **state)
{
    (void)state;
    assert_true(text_starts_with(TEXT("next-1"), TEXT("next")));
    assert_false(text_starts_with(TEXT("ne"), TEXT("next")));
    assert_true(text_ends_with(TEXT("a.sql"), TEXT(".sql")));
    assert_false(text_ends_with(TEXT("sql"), TEXT(".sql")));
}

static void orders_by_bytes_with_a_prefix_first(void **state)
{
    (void)state;
    static const struct {
        const char *smaller, *larger;
    } pairs[] = {{"", "a"}, {"a", "ab"}, {"ab", "b"}, {"B", "a"}, {"z", "\xc3\xa4"}};

    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_true(text_compare(text_of(pairs[i].smaller), text_of(pairs[i].larger)) < 0);
        assert_true(text_compare(text_of(pairs[i].larger), text_of(pairs[i].smaller)) > 0);
    }
}

static void trims_blanks_and_line_ends(void **state)
{
    (void)state;
    assert_text(text_trim(TEXT(" \t\r\n a b \r\n")), "a b");
    assert_text(text_trim(TEXT(" \n")), "");
    assert_text(text_trim(TEXT("\fa")), "\fa");
}

static void finds_the_first_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *needle;
        size_t expected;
    } cases[] = {{"a-b-c", "-", 1}, {"abc", "d", 3}, {"abc", "abcd", 3}, {"abc", "", 0}, {"", "a", 0}, {"aab", "ab", 1}};

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(text_find(text_of(cases[i].text), text_of(cases[i].needle)), cases[i].expected);
}

static void finds_a_needle_whatever_its_case(void **state)
{
    (void)state;
    assert_int_equal(text_find_ignoring_case(TEXT("the sySYSTEMS"), TEXT("Systems")), 6);
    assert_int_equal(text_find_ignoring_case(TEXT("system"), TEXT("systems")), 6);
    assert_int_equal(text_find_ignoring_case(TEXT("{a"), TEXT("[A")), 2);
    assert_int_equal(text_find_ignoring_case((Text){0}, TEXT("a")), 0);
}

static void takes_only_digits_for_a_number(void **state)
{
    (void)state;
    assert_true(text_is_number(TEXT("0123456789")));
    assert_false(text_is_number(TEXT("")));
    assert_false(text_is_number(TEXT("1a")));
    assert_false(text_is_number(TEXT("-1")));
}

static void accepts_utf8(void **state)
{
    (void)state;
    static const char *const valid[] = {
        "",
        "select 1",
        "a longer text of ASCII alone",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "1234567\xc3\xa4 and 12345678 \xe2\x82\xac",
    };

    for (size_t i = 0; i < COUNT(valid); i++)
        assert_int_equal(text_invalid_utf8(text_of(valid[i])), strlen(valid[i]));
}

static void finds_the_first_byte_that_is_no_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
    } cases[] = {
        {"\x80", 0},             /* a continuation by itself */
        {"\xc0\x80", 0},         /* overlong */
        {"\xc1\xbf", 0},         /* overlong */
        {"\xe0\x9f\xbf", 0},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
        {"\xed\xa0\x80", 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"a\xc3", 1},         /* cut off at the end */
        {"ab\xe2\x82", 2},    /* likewise */
        {"\xf0\x90\x80", 0},  /* likewise */
        {"\xe2\x82x", 0},     /* no third byte */
        {"\xf0\x90\x80x", 0}, /* no fourth byte */
        {"12345678\xe4", 8},  /* Latin-1, behind a whole word */
        {"123456789012\xe4r", 12},
        {"\xc3\xa4\xe4", 2},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(text_invalid_utf8(text_of(cases[i].text)), cases[i].offset);
}

static void reads_one_character(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t character;
        size_t length;
    } cases[] = {
        {"ab", 'a', 1},          {"\xc3\xa4", 0xE4, 2}, {"\xe2\x80\xae.", 0x202E, 3}, {"\xf0\x9f\x98\x80", 0x1F600, 4},
        {"\xf0\x9f\x98", -1, 1}, {"\xff", -1, 1},       {"\xed\xa0\x80", -1, 1},      {"\x80", -1, 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t length = 0;
        assert_int_equal(text_character(text_of(cases[i].text), &length), cases[i].character);
        assert_int_equal(length, cases[i].length);
    }
}

static void tells_what_would_lead_a_terminal(void **state)
{
    (void)state;
    static const int32_t harmful[] = {0, '\t', '\n', 0x1B, 0x7F, 0x9B, 0x061C, 0x200B, 0x2028, 0x202E, 0x2066, 0xFEFF, 0xE0041};
    static const int32_t harmless[] = {' ', '~', 0xA0, 0xE4, 0x200D, 0x2030, 0x65E5, 0x1F600};

    for (size_t i = 0; i < COUNT(harmful); i++)
        assert_true(text_is_harmful(harmful[i]));
    for (size_t i = 0; i < COUNT(harmless); i++)
        assert_false(text_is_harmful(harmless[i]));
}

static void counts_characters_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_count_characters(TEXT("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z")), 5);
}

static void finds_the_byte_of_a_character(void **state)
{
    (void)state;
    static const size_t offsets[] = {0, 1, 3, 6, 10, 11, 11};

    for (size_t i = 0; i < COUNT(offsets); i++)
        assert_int_equal(text_offset_of_character(TEXT("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"), i), offsets[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_only_what_is_there),
        cmocka_unit_test(slices_nothing_from_nothing),
        cmocka_unit_test(takes_empty_texts_without_data),
        cmocka_unit_test(ignores_the_case_of_ascii_letters_alone),
        cmocka_unit_test(tells_how_a_text_begins_and_ends),
        cmocka_unit_test(orders_by_bytes_with_a_prefix_first),
        cmocka_unit_test(trims_blanks_and_line_ends),
        cmocka_unit_test(finds_the_first_place),
        cmocka_unit_test(finds_a_needle_whatever_its_case),
        cmocka_unit_test(takes_only_digits_for_a_number),
        cmocka_unit_test(accepts_utf8),
        cmocka_unit_test(finds_the_first_byte_that_is_no_utf8),
        cmocka_unit_test(reads_one_character),
        cmocka_unit_test(tells_what_would_lead_a_terminal),
        cmocka_unit_test(counts_characters_not_bytes),
        cmocka_unit_test(finds_the_byte_of_a_character),
    };
    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
