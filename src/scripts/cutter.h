/* Cutter: the sections of a script, of a text that is all of it, or of one portion after the other. */

#ifndef SCRIPTS_CUTTER_H
#define SCRIPTS_CUTTER_H

#include "base/source.h"
#include "scripts/digest.h"
#include "scripts/script.h"
#include "sql/lexer.h"
#include "sql/portion.h"

/* What a script that is read in portions takes besides. */
typedef struct Scan {
    Arena *arena;
    Source source;
    Digest *digest;         /* of the section being read */
    size_t statement_count; /* of it, so far */
    size_t fed;             /* offset in the text that the digest has come to */
    size_t lines;           /* line ends in the text but for its last byte, which the next begins with */
    size_t copy_data;       /* offset in the source of the data of the present COPY */
} Scan;

/* A script being cut. */
typedef struct Cutter {
    Script script;
    Text text;    /* all of it, or a portion */
    size_t base;  /* of text in all of it */
    size_t lines; /* line ends before base */
    Scan *scan;   /* NULL = text is all of it */
    Lexer lexer;
    Token last;          /* TOKEN_END before the first */
    bool has_marker;     /* one was read */
    bool has_preamble;   /* SQL stands before the first marker */
    size_t preamble;     /* where it begins, in all of it */
    SectionKind section; /* being read, when has_marker */
    size_t begin;        /* of its text, in all of it */
} Cutter;

/*
 * Checks the bytes of cutter->text, and takes its tokens from the offset on. copies: it ends with a COPY whose data are in the next
 * portion. Refuses what script_parse() refuses.
 */
bool cutter_take(Cutter *cutter, size_t offset, bool copies, DbaltError *error);

/* The same for a portion of COPY data; begin: of what it shows of the portion before. */
bool cutter_take_copy_data(Cutter *cutter, const Portion *portion, size_t begin, DbaltError *error);

/* Hashes what comes before the offset in cutter->text, of a script that is read in portions. */
void cutter_feed(Cutter *cutter, size_t offset);

/* Behind all of the text: a file without a marker is all "up". */
void cutter_end(Cutter *cutter);

#endif
