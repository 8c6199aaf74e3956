#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK_SIZE ((size_t)1024)
#define LARGEST_BLOCK_SIZE ((size_t)1024 * 1024)

typedef struct ArenaBlock {
    struct ArenaBlock *older; /* owned */
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
} ArenaBlock;

void arena_done(Arena *arena)
{
    while (arena->blocks != NULL) {
        ArenaBlock *block = arena->blocks;
        arena->blocks = block->older;
        free(block);
    }
}

/* calloc, so that a large block costs no pass over its memory: the system hands out zeroed pages. */
static ArenaBlock *new_block(size_t size)
{
    ArenaBlock *block = calloc(1, sizeof(*block) + size);
    if (block == NULL)
        abort();

    block->size = size;
    return block;
}

static size_t next_block_size(const Arena *arena)
{
    if (arena->blocks == NULL)
        return FIRST_BLOCK_SIZE;

    return arena->blocks->size < LARGEST_BLOCK_SIZE / 2 ? arena->blocks->size * 2 : LARGEST_BLOCK_SIZE;
}

static void *take(ArenaBlock *block, size_t size)
{
    void *memory = block->bytes + block->used;
    block->used += size;
    return memory;
}

void *arena_allocate(Arena *arena, size_t size)
{
    if (size > SIZE_MAX - sizeof(ArenaBlock) - alignof(max_align_t))
        abort();

    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    ArenaBlock *newest = arena->blocks;
    if (newest != NULL && newest->size - newest->used >= size)
        return take(newest, size);

    size_t block_size = next_block_size(arena);
    if (newest != NULL && size > block_size / 4) {
        /* A block of its own, behind the newest, whose rest stays of use. */
        ArenaBlock *own = new_block(size);
        own->older = newest->older;
        newest->older = own;
        return take(own, size);
    }

    ArenaBlock *block = new_block(size > block_size / 4 ? size : block_size);
    block->older = newest;
    arena->blocks = block;
    return take(block, size);
}

void *arena_allocate_array(Arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        abort();

    return arena_allocate(arena, bytes);
}

void *arena_grow(Arena *arena, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;

    /* Four times: what is moved stays behind, while pages that are not used yet cost nothing. */
    size_t room = *capacity < 8 ? 16 : *capacity * 4;
    void *moved = arena_allocate_array(arena, room, size);
    if (count > 0)
        memcpy(moved, array, count * size);

    *capacity = room;
    return moved;
}

char *arena_copy_string(Arena *arena, const char *string)
{
    return arena_copy_text(arena, text_of(string));
}

char *arena_copy_text(Arena *arena, Text text)
{
    char *copy = arena_allocate(arena, text.length + 1);
    if (text.length > 0)
        memcpy(copy, text.data, text.length);

    return copy;
}

char *arena_format(Arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_format_list(arena, format, arguments);
    va_end(arguments);

    return text;
}

char *arena_format_list(Arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        abort(); /* longer than INT_MAX */

    char *text = arena_allocate(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

const char *arena_copy_valid(Arena *arena, Text text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *valid = arena_allocate(arena, text.length * (sizeof(replacement) - 1) + 1);
    char *end = valid;

    for (size_t at = 0, length = 0; at < text.length; at += length) {
        bool is_valid = text_character(text_slice(text, at, text.length), &length) >= 0;
        Text character = is_valid ? text_slice(text, at, length) : text_of(replacement);
        for (size_t i = 0; i < character.length; i++)
            *end++ = character.data[i];
    }

    return valid;
}
