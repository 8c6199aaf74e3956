#include "scripts/stream.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"

/* What was put behind the section counts as well: somebody is still at it. */
static bool is_unchanged(const ScriptStream *stream)
{
    CLEANUP(arena_done) Arena arena = {0};
    struct stat status;
    return fstat(stream->descriptor, &status) == 0 && (size_t)status.st_size == stream->script->file_length &&
           strcmp(digest_end(&stream->digest, &arena), stream->section->sha256) == 0;
}

static bool next(SqlReader *reader, Portion *portion, DbaltError *error)
{
    ScriptStream *stream = (ScriptStream *)reader;
    if (!portion_next(&stream->portions, portion, error))
        return false;

    digest_add(&stream->digest, portion->raw);
    return !portion->is_last || !stream->section->is_streamed || is_unchanged(stream) || script_refuse_change(error, stream->script->path);
}

bool script_stream_open(ScriptStream *stream, const Script *script, SectionKind section, DbaltError *error)
{
    const Section *found = &script->sections[section];
    CLEANUP(descriptor_cleanup) int descriptor = -1;
    if (found->is_streamed && !folder_open_file(&descriptor, script->folder, script->file, error))
        return false;

    *stream = (ScriptStream){.script = script, .section = found, .descriptor = descriptor};
    portion_reader_init(&stream->portions, script->dialect, script_source(script, section, descriptor), PORTION_SIZE);
    stream->portions.reader.next = next;
    digest_init(&stream->digest);
    digest_begin(&stream->digest);
    descriptor = -1;
    return true;
}

void script_stream_close(ScriptStream *stream)
{
    if (stream->script == NULL)
        return;

    portion_reader_done(&stream->portions);
    digest_done(&stream->digest);
    descriptor_cleanup(&stream->descriptor);
    stream->script = NULL;
}
