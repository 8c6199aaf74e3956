/* Portion: long SQL cut at the ends of statements, so that no more than a part of it is in memory. */

#ifndef SQL_PORTION_H
#define SQL_PORTION_H

#include "base/source.h"
#include "sql/dialect.h"

/* As long as a portion is, unless a single statement is longer. */
#define PORTION_SIZE ((size_t)1024 * 1024)

/* A part of the SQL; valid until the next one is read. */
typedef struct Portion {
    Text text;              /* whole statements, or data of the COPY ... FROM STDIN that ended the portion before */
    size_t offset;          /* of text in the SQL */
    Text raw;               /* text with what stands around it: in a row they are all of the SQL */
    size_t raw_offset;      /* of raw in the SQL */
    size_t statement_count; /* 0 for data */
    bool copies;            /* its last statement is a COPY whose data come next */
    bool is_copy_data;
    bool ends_copy; /* the last of its data */
    bool unclosed;  /* likewise, but the line "\." is missing */
    bool is_last;   /* of the SQL */
} Portion;

/* Who hands out portions, one after the other up to the last; it stands first in a struct of its own. */
typedef struct SqlReader {
    bool (*next)(struct SqlReader *reader, Portion *portion, DbaltError *error);
} SqlReader;

/* Cuts portions from a source. */
typedef struct PortionReader {
    SqlReader reader;
    SqlDialect dialect;
    Source source;
    size_t size; /* that a portion should have */

    /* Internal. */
    char *bytes; /* owned; from offset at of the source on */
    size_t room;
    size_t at;
    size_t length; /* of what was read */
    size_t used;   /* of these the portions so far */
    bool source_ended;
    enum { COPY_NONE, COPY_BEGINS, COPY_GOES_ON } copy; /* what comes next are its data */
} PortionReader;

void portion_reader_init(PortionReader *reader, SqlDialect dialect, Source source, size_t size);

/* For CLEANUP: frees its buffer. */
void portion_reader_done(PortionReader *reader);

/* The next portion. A marker ends one, with its line. */
bool portion_next(PortionReader *reader, Portion *portion, DbaltError *error);

/*
 * raw as the lexer wants it: with the byte that stands before it, if any, which tells whether it begins a line. The lexer is to
 * begin at *offset of the result.
 */
Text portion_in_context(size_t *offset, const Portion *portion);

#endif
