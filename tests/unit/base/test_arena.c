/* base/arena: memory that lives and dies together. */

#include "support/test.h"

#include <stdalign.h>

#include "base/arena.h"
#include "base/cleanup.h"

static bool is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }

    return true;
}

static void gives_zeroed_and_aligned_memory_of_any_size(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const size_t sizes[] = {0, 1, 7, 16, 4000, 5000, 16 * 1024, 100 * 1024, 3, 2 * 1024 * 1024, 1};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        unsigned char *memory = arena_allocate(&arena, sizes[i]);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        assert_true(is_zero(memory, sizes[i]));
        memset(memory, 0xFF, sizes[i]);
    }
}

static void keeps_what_it_gave_before(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    const char *copies[1000];

    for (size_t i = 0; i < COUNT(copies); i++)
        copies[i] = arena_format(&arena, "number %zu %*s", i, (int)(i % 300), "");
    for (size_t i = 0; i < COUNT(copies); i++)
        assert_string_equal(copies[i], arena_format(&arena, "number %zu %*s", i, (int)(i % 300), ""));
}

static void is_of_use_again_when_done(void **state)
{
    (void)state;
    Arena arena = {0};
    arena_copy_string(&arena, "a");
    arena_done(&arena);
    assert_null(arena.blocks);

    assert_string_equal(arena_copy_string(&arena, "b"), "b");
    arena_done(&arena);
    arena_done(&arena);
}

static void grows_an_array_only_when_it_is_full(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    int *numbers = NULL;
    size_t capacity = 0;

    for (size_t count = 0; count < 1000; count++) {
        int *before = numbers;
        size_t room = capacity;
        numbers = arena_grow(&arena, numbers, count, &capacity, sizeof(*numbers));

        if (count < room)
            assert_ptr_equal(numbers, before);
        else
            assert_true(capacity >= 2 * room && capacity > count);
        numbers[count] = (int)count;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
}

static void copies_and_terminates_texts(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};

    assert_string_equal(arena_copy_text(&arena, text_slice(TEXT("abcdef"), 1, 3)), "bcd");
    assert_string_equal(arena_copy_text(&arena, (Text){0}), "");
    assert_string_equal(arena_copy_string(&arena, "whole"), "whole");
}

static void formats_texts_longer_than_a_block(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};

    const char *text = arena_format(&arena, "%*d", 100000, 7);

    assert_int_equal(strlen(text), 100000);
    assert_int_equal(text[99999], '7');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_and_aligned_memory_of_any_size),
        cmocka_unit_test(keeps_what_it_gave_before),
        cmocka_unit_test(is_of_use_again_when_done),
        cmocka_unit_test(grows_an_array_only_when_it_is_full),
        cmocka_unit_test(copies_and_terminates_texts),
        cmocka_unit_test(formats_texts_longer_than_a_block),
    };
    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
