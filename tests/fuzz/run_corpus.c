/*
 * Runs a fuzz target over its corpus, then over pseudo-random mutations of it: the same ones at every run.
 *
 * usage: fuzz-TARGET CORPUS MUTATIONS [KEEP]    KEEP is a file that holds each input before it runs: the culprit after a crash
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "fuzz/target.h"

#define LONGEST_INPUT 8192

typedef struct Corpus {
    Text *texts;
    size_t count;
} Corpus;

typedef struct Input {
    uint8_t bytes[LONGEST_INPUT];
    size_t length;
} Input;

/* What means something to one of those who read. */
static const Text dictionary[] = {
    TEXT("'"),
    TEXT("\""),
    TEXT("$$"),
    TEXT("$a$"),
    TEXT("/*"),
    TEXT("*/"),
    TEXT("--"),
    TEXT("\n"),
    TEXT("\r\n"),
    TEXT("\r"),
    TEXT(";"),
    TEXT("("),
    TEXT(")"),
    TEXT("["),
    TEXT("]"),
    TEXT("`"),
    TEXT("E'"),
    TEXT("U&'"),
    TEXT("\\"),
    TEXT("\n-- dbalt: up\n"),
    TEXT(" begin "),
    TEXT(" atomic "),
    TEXT(" end"),
    TEXT(" case "),
    TEXT("\n-- dbalt: down\n"),
    TEXT("create "),
    TEXT("trigger "),
    TEXT("function "),
    TEXT("\n\\.\n"),
    TEXT("copy a from stdin;\n"),
    TEXT("commit;"),
    TEXT("vacuum;"),
    TEXT("\xEF\xBB\xBF"),
    TEXT("\xC3\xA9"),
    TEXT("index concurrently "),
    TEXT("1.0.0"),
    TEXT("-"),
    TEXT("_"),
    TEXT("+"),
    TEXT("next-"),
    TEXT("1663923770"),
    TEXT(".5"),
    TEXT("0"),
    TEXT(".sql"),
    TEXT("v"),
    TEXT("postgres://"),
    TEXT("@"),
    TEXT(":"),
    TEXT("/"),
    TEXT("?"),
    TEXT("&"),
    TEXT("="),
    TEXT("%40"),
    TEXT("password="),
    TEXT("DB_URL="),
    TEXT("export "),
    TEXT("#"),
    TEXT("{"),
    TEXT("}"),
    TEXT(","),
    TEXT("null"),
    TEXT("\"type\":\"failed\""),
    TEXT("\\u202e"),
    TEXT("\x1b[31m"),
    TEXT("\xe2\x80\xae"),
};

/* xorshift64*: good enough to choose mutations, and the same everywhere. */
static size_t random_below(uint64_t *state, size_t limit)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;

    return limit == 0 ? 0 : (size_t)((*state * UINT64_C(2685821657736338717)) >> 33) % limit;
}

static void replace(Input *input, size_t offset, size_t length, Text with)
{
    size_t rest = input->length - offset - length;
    if (offset + with.length + rest > sizeof(input->bytes))
        return;

    memmove(input->bytes + offset + with.length, input->bytes + offset + length, rest);
    memcpy(input->bytes + offset, with.data, with.length);
    input->length = offset + with.length + rest;
}

static Text any_slice(uint64_t *state, Text text)
{
    size_t offset = random_below(state, text.length + 1);
    return text_slice(text, offset, random_below(state, text.length - offset + 1));
}

static void mutate(Input *input, uint64_t *state, const Corpus *corpus)
{
    size_t offset = random_below(state, input->length + 1);
    size_t length = random_below(state, input->length - offset + 1);
    switch (random_below(state, 5)) {
    case 0:
        replace(input, offset, length % 16, TEXT(""));
        break;
    case 1:
        replace(input, offset, 0, any_slice(state, corpus->texts[random_below(state, corpus->count)]));
        break;
    case 2:
        if (offset < input->length)
            input->bytes[offset] = (uint8_t)random_below(state, 256);
        break;
    default:
        replace(input, offset, 0, dictionary[random_below(state, COUNT(dictionary))]);
        break;
    }
}

static void run(const uint8_t *bytes, size_t length, const char *keep)
{
    if (keep != NULL) {
        CLEANUP(file_cleanup) FILE *file = fopen(keep, "we");
        if (file != NULL)
            fwrite(bytes, 1, length, file);
    }

    /* On the heap, exactly as long as it is: a sanitizer sees what is read beyond it. */
    uint8_t *copy = malloc(length == 0 ? 1 : length);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, length);
    LLVMFuzzerTestOneInput(copy, length);
    free(copy);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool read_corpus(Corpus *corpus, Arena *arena, const char *path, DbaltError *error)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count <= 0)
        return fail_errno(error, DBALT_ERROR_FAILED, "no corpus in \"%s\"", path);

    corpus->texts = arena_allocate_array(arena, (size_t)count, sizeof(*corpus->texts));
    bool read = true;
    for (int i = 0; i < count; i++) {
        const char *file = arena_format(arena, "%s/%s", path, entries[i]->d_name);
        read = read && file_read_path(&corpus->texts[corpus->count++], arena, file, DBALT_ERROR_FAILED, error);
        free(entries[i]);
    }
    free(entries);

    return read;
}

int main(int count, char **arguments)
{
    CLEANUP(arena_done) Arena arena = {0};
    Corpus corpus = {0};
    DbaltError error;
    if (count < 3 || !read_corpus(&corpus, &arena, arguments[1], &error)) {
        fprintf(stderr, "%s\n", count < 3 ? "usage: fuzz-TARGET CORPUS MUTATIONS [KEEP]" : error.message);
        return EXIT_FAILURE;
    }

    const char *keep = count > 3 ? arguments[3] : NULL;
    for (size_t i = 0; i < corpus.count; i++)
        run((const uint8_t *)corpus.texts[i].data, corpus.texts[i].length, keep);

    uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    for (long left = strtol(arguments[2], NULL, 10); left > 0; left--) {
        Input input = {0};
        replace(&input, 0, 0, text_slice(corpus.texts[random_below(&state, corpus.count)], 0, sizeof(input.bytes)));
        for (size_t changes = 1 + random_below(&state, 6); changes > 0; changes--)
            mutate(&input, &state, &corpus);
        run(input.bytes, input.length, keep);
    }

    return EXIT_SUCCESS;
}
