/* Digest: the SHA-256 of a section that comes part by part. White space at its end does not count, nor do its line ends. */

#ifndef SCRIPTS_DIGEST_H
#define SCRIPTS_DIGEST_H

#include "base/arena.h"

#define DIGEST_DIGITS 64

typedef struct Digest {
    struct evp_md_st *algorithm;       /* owned, as what follows */
    struct evp_md_ctx_st *all, *solid; /* of what came; of that up to its last byte that is no white space */
} Digest;

void digest_init(Digest *digest);

/* For CLEANUP. */
void digest_done(Digest *digest);

/* Begins anew. */
void digest_begin(Digest *digest);

/* A part must not begin between a carriage return and its line feed. */
void digest_add(Digest *digest, Text part);

/* In hexadecimal digits, in the arena. */
const char *digest_end(const Digest *digest, Arena *arena);

/* Of a section that is here as a whole. */
void digest_whole(char digits[DIGEST_DIGITS + 1], Digest *digest, Text section);

#endif
