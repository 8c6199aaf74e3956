/* Any bytes as a release. What is read must be written so that it reads the same. */

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "core/release.h"
#include "fuzz/target.h"

static void check_release(Arena *arena, Release release)
{
    Release again;
    DbaltError error;
    const char *text = release_format(arena, release);
    assert(release_parse(&again, text, &error));
    assert(release_compare(release, again) == 0);
    assert(strcmp(release_format(arena, again), text) == 0);

    const char *file_name = release_format_file_name(arena, release);
    assert(release_parse_file_name(&again, arena, text_of(file_name)));
    assert(release_compare(release, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) Arena arena = {0};
    Text input = {.data = (const char *)data, .length = size};
    const char *text = arena_copy_text(&arena, input);

    Release release;
    DbaltError error;
    if (release_parse(&release, text, &error))
        check_release(&arena, release);
    else
        assert(error.code == DBALT_ERROR_TARGET && error.message[0] != '\0');

    if (release_parse_file_name(&release, &arena, input))
        check_release(&arena, release);

    return 0;
}
