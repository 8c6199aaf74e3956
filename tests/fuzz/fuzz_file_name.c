/* Any bytes as a file name and as an identity. What is read must be written so that it reads the same, and be fit to print. */

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "core/alteration.h"
#include "fuzz/target.h"

static void check_identity(Arena *arena, Identity identity)
{
    Identity again;
    assert(identity_parse(&again, arena, text_of(identity.text)));
    assert(strcmp(again.text, identity.text) == 0);
    assert(identity_compare(identity, again) == 0);
}

static void check_alteration(Arena *arena, Alteration alteration, Text text)
{
    check_identity(arena, alteration.identity);
    assert(text_equals(text_of(alteration.file), text));
    for (size_t at = 0, length = 0; at < text.length; at += length) {
        int32_t character = text_character(text_slice(text, at, text.length), &length);
        assert(character >= 0 && !text_is_harmful(character));
    }

    /* Releasing it keeps its identity. */
    Alteration released;
    const char *reason = NULL;
    const char *behind = strchr(alteration.file, '-');
    assert(alteration_parse(&released, arena, arena_format(arena, "2.0.0%s", behind), &reason) == FILE_NAME_ALTERATION);
    assert(identity_compare(released.identity, alteration.identity) == 0 && released.kind == alteration.kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *text = arena_copy_text(&arena, (Text){.data = (const char *)data, .length = size});

    Identity identity;
    if (identity_parse(&identity, &arena, text_of(text)))
        check_identity(&arena, identity);

    Timestamp earlier;
    Timestamp timestamp;
    if (timestamp_parse(&timestamp, text_of(text)) && timestamp_subtract_second(&earlier, timestamp))
        assert(timestamp_compare(earlier, timestamp) < 0);

    Alteration alteration;
    const char *reason = NULL;
    FileNameVerdict verdict = alteration_parse(&alteration, &arena, text, &reason);
    if (verdict == FILE_NAME_ALTERATION)
        check_alteration(&arena, alteration, text_of(text));
    assert((verdict == FILE_NAME_MISSPELT) == (reason != NULL));

    return 0;
}
