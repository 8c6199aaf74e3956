/* Filling a DbaltError. */

#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include <dbalt/error.h>

/* Fills error (everything else in it is cleared) and returns false: `return fail(error, DBALT_ERROR_TARGET, "...")`. */
bool fail(DbaltError *error, DbaltErrorCode code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the text of errno. */
bool fail_errno(DbaltError *error, DbaltErrorCode code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "<context>: " before the message of a filled error; returns false. */
bool fail_context(DbaltError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the hint of a filled error; returns false: `return fail_hint(error, "...")` after fail(). */
bool fail_hint(DbaltError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the detail likewise. */
bool fail_detail(DbaltError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a line to the detail; returns false. */
bool fail_add_detail(DbaltError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes text into a fixed buffer, cut at a character's border with "..." when too long. */
void error_set(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
