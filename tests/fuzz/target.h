/*
 * What a fuzz target defines: the entry point of libFuzzer. Built as a test it runs over its corpus and some mutations of it
 * (run_corpus.c). To search for longer:
 *
 *   clang -std=c17 -D_GNU_SOURCE -g -fsanitize=fuzzer,address,undefined -Iinclude -Isrc -Itests tests/fuzz/fuzz_script.c \
 *     src/base/[!p]*.c src/core/?*.c src/sql/?*.c src/scripts/?*.c -l:libpg_query.a -ljansson -lcrypto -lpthread -lm -o /tmp/fuzz-script
 *   /tmp/fuzz-script /tmp/found tests/fuzz/corpus/script
 */

#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
