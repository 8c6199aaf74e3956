/* Fingerprints of a script: SHA-256 of each section, whatever its line ends. */

#include <assert.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "scripts/digest.h"
#include "scripts/script.h"

void digest_init(Digest *digest)
{
    *digest = (Digest){.algorithm = EVP_MD_fetch(NULL, "SHA256", NULL), .all = EVP_MD_CTX_new(), .solid = EVP_MD_CTX_new()};
}

void digest_done(Digest *digest)
{
    EVP_MD_CTX_free(digest->solid);
    EVP_MD_CTX_free(digest->all);
    EVP_MD_free(digest->algorithm);
    *digest = (Digest){0};
}

static void begin(Digest *digest)
{
    int ready = EVP_DigestInit_ex2(digest->all, digest->algorithm, NULL);
    assert(ready == 1);
    (void)ready;
}

void digest_begin(Digest *digest)
{
    begin(digest);
    EVP_MD_CTX_copy_ex(digest->solid, digest->all);
}

/* White space at the end of a section is the way to the next marker, or the last line end that an editor adds. */
static Text without_trailing_space(Text text)
{
    Text trimmed = text_trim(text);
    return text_slice(text, 0, trimmed.length == 0 ? 0 : (size_t)(trimmed.data - text.data) + trimmed.length);
}

/* CRLF and CR alone count as LF. */
static void update_normalized(EVP_MD_CTX *context, Text text)
{
    while (text.length > 0) {
        const char *carriage_return = memchr(text.data, '\r', text.length);
        size_t length = carriage_return == NULL ? text.length : (size_t)(carriage_return - text.data);
        EVP_DigestUpdate(context, text.data, length);
        text = text_slice(text, length, text.length);
        if (text.length == 0)
            return;

        EVP_DigestUpdate(context, "\n", 1);
        text = text_slice(text, text_starts_with(text, TEXT("\r\n")) ? 2 : 1, text.length);
    }
}

void digest_add(Digest *digest, Text part)
{
    Text solid = without_trailing_space(part);
    if (solid.length > 0) {
        update_normalized(digest->all, solid);
        EVP_MD_CTX_copy_ex(digest->solid, digest->all);
    }
    update_normalized(digest->all, text_slice(part, solid.length, part.length));
}

/* Arithmetic, not a table: compilers do it for many digits at a time. */
static char digit_of(unsigned value)
{
    return (char)(value + (value < 10 ? '0' : 'a' - 10));
}

static void finish(char digits[DIGEST_DIGITS + 1], EVP_MD_CTX *context)
{
    unsigned char bytes[DIGEST_DIGITS / 2];
    int done = EVP_DigestFinal_ex(context, bytes, NULL);
    assert(done == 1);
    (void)done;

    for (size_t i = 0; i < sizeof bytes; i++) {
        digits[2 * i] = digit_of(bytes[i] >> 4);
        digits[2 * i + 1] = digit_of(bytes[i] & 15);
    }
    digits[DIGEST_DIGITS] = '\0';
}

const char *digest_end(const Digest *digest, Arena *arena)
{
    char *digits = arena_allocate(arena, DIGEST_DIGITS + 1);
    finish(digits, digest->solid);
    return digits;
}

void digest_whole(char digits[DIGEST_DIGITS + 1], Digest *digest, Text section)
{
    begin(digest);
    update_normalized(digest->all, without_trailing_space(section));
    finish(digits, digest->all);
}

Fingerprint script_fingerprint(Arena *arena, const Script *script)
{
    CLEANUP(digest_done) Digest digest;
    digest_init(&digest);

    Fingerprint fingerprint = {0};
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const Section *section = &script->sections[i];
        if (script->is_module ? i != SECTION_UP : !section->present)
            continue;
        if (section->sha256 != NULL) {
            fingerprint.sections[i] = arena_copy_string(arena, section->sha256);
            continue;
        }

        char *digits = arena_allocate(arena, DIGEST_DIGITS + 1);
        digest_whole(digits, &digest, section->text);
        fingerprint.sections[i] = digits;
    }

    return fingerprint;
}
