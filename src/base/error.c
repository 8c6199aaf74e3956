#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Larger than any text of an error. */
#define SCRATCH_SIZE 4096

static void copy_cut(char *buffer, size_t size, const char *text)
{
    static const char ellipsis[] = "...";
    assert(size > sizeof(ellipsis) && size <= SCRATCH_SIZE);

    size_t length = strlen(text);
    if (length < size) {
        memcpy(buffer, text, length + 1);
        return;
    }

    size_t kept = size - sizeof(ellipsis);
    while (kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80)
        kept--;

    memcpy(buffer, text, kept);
    memcpy(buffer + kept, ellipsis, sizeof(ellipsis));
}

/* By way of a scratch buffer: the arguments may be what stands in the buffer now. */
__attribute__((format(printf, 3, 0))) static void set(char *buffer, size_t size, const char *format, va_list arguments)
{
    char scratch[SCRATCH_SIZE] = "";
    vsnprintf(scratch, sizeof(scratch), format, arguments);
    copy_cut(buffer, size, scratch);
}

void error_set(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set(buffer, size, format, arguments);
    va_end(arguments);
}

__attribute__((format(printf, 3, 0))) static void fill(DbaltError *error, DbaltErrorCode code, const char *format, va_list arguments)
{
    DbaltError filled = {.code = code};
    set(filled.message, sizeof(filled.message), format, arguments);
    *error = filled;
}

bool fail(DbaltError *error, DbaltErrorCode code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, code, format, arguments);
    va_end(arguments);

    return false;
}

bool fail_errno(DbaltError *error, DbaltErrorCode code, const char *format, ...)
{
    int number = errno;

    va_list arguments;
    va_start(arguments, format);
    fill(error, code, format, arguments);
    va_end(arguments);

    error_set(error->message, sizeof(error->message), "%s: %s", error->message, strerror(number));
    errno = number;
    return false;
}

bool fail_context(DbaltError *error, const char *format, ...)
{
    char context[sizeof(error->message)];
    va_list arguments;
    va_start(arguments, format);
    set(context, sizeof(context), format, arguments);
    va_end(arguments);

    error_set(error->message, sizeof(error->message), "%s: %s", context, error->message);
    return false;
}

bool fail_hint(DbaltError *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set(error->hint, sizeof(error->hint), format, arguments);
    va_end(arguments);

    return false;
}

bool fail_detail(DbaltError *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set(error->detail, sizeof(error->detail), format, arguments);
    va_end(arguments);

    return false;
}

bool fail_add_detail(DbaltError *error, const char *format, ...)
{
    char line[sizeof(error->detail)];
    va_list arguments;
    va_start(arguments, format);
    set(line, sizeof(line), format, arguments);
    va_end(arguments);

    return fail_detail(error, "%s%s%s", error->detail, error->detail[0] == '\0' ? "" : "\n", line);
}
