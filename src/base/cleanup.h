/* CLEANUP: releases a variable's resource at the end of its scope. */

#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

/* `CLEANUP(arena_done) Arena arena = {0};` calls arena_done(&arena) when the scope is left, however it is left. */
#define CLEANUP(function) __attribute__((cleanup(function)))

#endif
