#include "base/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

Source source_of(Text text)
{
    return (Source){.text = text, .descriptor = -1};
}

Source source_slice(Source source, size_t offset, size_t length)
{
    source.text = text_slice(source.text, offset, length);
    source.begin += offset;
    source.length = length;
    return source;
}

bool source_read(size_t *got, const Source *source, char *buffer, size_t room, size_t offset, DbaltError *error)
{
    if (source->descriptor < 0) {
        Text part = text_slice(source->text, offset, room);
        if (part.length > 0)
            memcpy(buffer, part.data, part.length);
        *got = part.length;
        return true;
    }

    size_t left = offset < source->length ? source->length - offset : 0;
    size_t wanted = room < left ? room : left;
    for (*got = 0; *got < wanted;) {
        ssize_t count = pread(source->descriptor, buffer + *got, wanted - *got, (off_t)(source->begin + offset + *got));
        if (count < 0 && errno != EINTR)
            return fail_errno(error, DBALT_ERROR_SCRIPT, "cannot read \"%s\"", source->path);
        if (count == 0)
            break;
        if (count > 0)
            *got += (size_t)count;
    }
    return true;
}
