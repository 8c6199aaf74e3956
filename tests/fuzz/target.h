/*
 * What a fuzz target defines: the entry point of libFuzzer. `make fuzz` searches with it; built as a test it runs over its corpus and
 * some mutations of it (run_corpus.c). What a search found goes into the corpus once it is mended.
 */

#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
