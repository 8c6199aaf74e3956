/* Fingerprints of a script: SHA-256 of each section, whatever its line ends. */

#include <assert.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "scripts/script.h"

static void context_cleanup(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static void algorithm_cleanup(EVP_MD **algorithm)
{
    EVP_MD_free(*algorithm);
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

static const char *hash(Arena *arena, EVP_MD_CTX *context, const EVP_MD *algorithm, Text text)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    int ready = EVP_DigestInit_ex2(context, algorithm, NULL);
    update_normalized(context, without_trailing_space(text));
    int done = EVP_DigestFinal_ex(context, bytes, &length);
    assert(ready == 1 && done == 1);
    (void)ready, (void)done;

    char *hex = arena_allocate(arena, 2 * length + 1);
    for (unsigned i = 0; i < length; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }

    return hex;
}

Fingerprint script_fingerprint(Arena *arena, const Script *script)
{
    CLEANUP(algorithm_cleanup) EVP_MD *algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    CLEANUP(context_cleanup) EVP_MD_CTX *context = EVP_MD_CTX_new();

    Fingerprint fingerprint = {0};
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (script->is_module ? i == SECTION_UP : script->sections[i].present)
            fingerprint.sections[i] = hash(arena, context, algorithm, script->sections[i].text);
    }

    return fingerprint;
}
