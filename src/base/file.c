#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

void file_cleanup(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
    *file = NULL;
}

void descriptor_cleanup(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

bool file_read_all(Text *text, Arena *arena, int descriptor, const char *path, size_t most, DbaltErrorCode code, DbaltError *error)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return fail_errno(error, code, "cannot read \"%s\"", path);
    if (!S_ISREG(status.st_mode))
        return fail(error, code, "cannot read \"%s\": it is no regular file", path);
    if ((size_t)status.st_size > most) {
        *text = (Text){.length = (size_t)status.st_size};
        return true;
    }

    /* One byte more than the file has is room for the NUL. */
    size_t capacity = (size_t)status.st_size + 1;
    size_t length = 0;
    char *bytes = arena_allocate(arena, capacity);
    for (;;) {
        ssize_t got = read(descriptor, bytes + length, capacity - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(error, code, "cannot read \"%s\"", path);
        if (got == 0)
            break;

        length += (size_t)got;
        if (length == (size_t)status.st_size)
            break; /* as expected: asking for more costs as much as the file itself */
        bytes = arena_grow(arena, bytes, length, &capacity, 1);
    }

    *text = (Text){.data = bytes, .length = length};
    return true;
}

bool file_read_path(Text *text, Arena *arena, const char *path, DbaltErrorCode code, DbaltError *error)
{
    /* O_NONBLOCK: opening a FIFO must not hang. */
    CLEANUP(descriptor_cleanup) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return fail_errno(error, code, "cannot open \"%s\"", path);

    return file_read_all(text, arena, descriptor, path, SIZE_MAX, code, error);
}

static bool write_all(int descriptor, Text text)
{
    for (size_t written = 0; written < text.length;) {
        ssize_t put = write(descriptor, text.data + written, text.length - written);
        if (put < 0 && errno != EINTR)
            return false;
        if (put > 0)
            written += (size_t)put;
    }

    return true;
}

bool file_create(const char *path, Text text, unsigned mode, DbaltErrorCode code, DbaltError *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (descriptor < 0)
        return fail_errno(error, code, "cannot create \"%s\"", path);

    bool written = write_all(descriptor, text) && fsync(descriptor) == 0;
    int reason = errno;
    if (close(descriptor) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written)
        return true;

    unlink(path);
    errno = reason;
    return fail_errno(error, code, "cannot write \"%s\"", path);
}
