/* Arena: memory for results that live and die together. */

#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/text.h"

/* Grows in blocks; what is in it is freed at once, never singly. Zero-initialize it: `CLEANUP(arena_done) Arena arena = {0}`. */
typedef struct Arena {
    struct ArenaBlock *blocks; /* owned, newest first */
} Arena;

/* Frees everything; the arena may be used again. */
void arena_done(Arena *arena);

/* Zeroed memory, aligned for any type; never NULL (out of memory aborts). Size 0 is fine. */
void *arena_allocate(Arena *arena, size_t size);

/* A zeroed array. Aborts when count * size overflows. */
void *arena_allocate_array(Arena *arena, size_t count, size_t size);

/* The array moved to at least twice its room when count has reached *capacity; *capacity is updated. For append loops. */
void *arena_grow(Arena *arena, void *array, size_t count, size_t *capacity, size_t size);

/* NUL-terminated copies. */
char *arena_copy_string(Arena *arena, const char *string);
char *arena_copy_text(Arena *arena, Text text);

/* A copy that jansson takes: bytes that are no UTF-8 become U+FFFD. A database can answer in any encoding. */
const char *arena_copy_valid(Arena *arena, Text text);

/* printf into the arena. */
char *arena_format(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_format_list(Arena *arena, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

#endif
