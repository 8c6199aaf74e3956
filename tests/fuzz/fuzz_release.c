/* Any bytes as a release, an identity and a file name. What is read must be written so that it reads the same. */

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "core/alteration.h"
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

static void check_identity(Arena *arena, Identity identity)
{
    Identity again;
    assert(identity_parse(&again, arena, text_of(identity.text)));
    assert(strcmp(again.text, identity.text) == 0);
    assert(identity_compare(identity, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *text = arena_copy_text(&arena, (Text){.data = (const char *)data, .length = size});

    Release release;
    DbaltError error;
    if (release_parse(&release, text, &error))
        check_release(&arena, release);
    else
        assert(error.code == DBALT_ERROR_TARGET && error.message[0] != '\0');

    Identity identity;
    if (identity_parse(&identity, &arena, text_of(text)))
        check_identity(&arena, identity);

    Alteration alteration;
    const char *reason = NULL;
    FileNameVerdict verdict = alteration_parse(&alteration, &arena, text, &reason);
    if (verdict == FILE_NAME_ALTERATION) {
        check_release(&arena, alteration.release);
        check_identity(&arena, alteration.identity);
        assert(strcmp(alteration.file, text) == 0);
    }
    assert((verdict == FILE_NAME_MISSPELT) == (reason != NULL));

    return 0;
}
