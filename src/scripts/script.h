/* Script: the sections of a SQL alteration's file. */

#ifndef SCRIPTS_SCRIPT_H
#define SCRIPTS_SCRIPT_H

#include "base/source.h"
#include "core/state.h"
#include "scripts/folder.h"
#include "sql/dialect.h"

typedef struct Section {
    bool present;
    Text text;   /* as written: from behind the marker's line to before the next marker's line */
    size_t line; /* 1-based line of its first byte in the file */

    /* Of a long script. */
    bool is_streamed;       /* it stays in the file: text has no data, but its length; scripts/stream.h reads it */
    size_t offset;          /* of its first byte in the file */
    size_t statement_count; /* in it */
    const char *sha256;     /* its fingerprint; NULL = to be made of its text */
} Section;

/* A part of a section to be sent as one: SQL of several statements, or the data of the COPY that ended the piece before. */
typedef struct Piece {
    Text text;
    bool is_copy_data;
    size_t statement_count; /* 0 for data */
} Piece;

typedef struct Pieces {
    const Piece *rows;
    size_t count;
    size_t statement_count; /* of all */
    bool copies;            /* there is a COPY among them, from or to the client */
    bool stays;             /* there is one that must not be sent ahead */
} Pieces;

typedef struct Script {
    const char *path; /* for errors: "<folder>/<file>", or "history of <identity>" */
    bool is_module;   /* JavaScript: all of it is "up" to the fingerprint; what it exports is known when the Node host has loaded it */
    Pieces queries;   /* all that a module does in the section that its turn is for, as far as that is known before it runs; else none */
    SqlDialect dialect;
    Section sections[SECTION_COUNT];

    /* Of a long script: where it is read again. */
    const Folder *folder; /* borrowed */
    const char *file;     /* likewise */
    size_t file_length;
} Script;

/* Without the byte order mark that some editors begin a file with. */
Text script_without_mark(Text text);

/*
 * Cuts text into sections; borrows it. Passes over a byte order mark. Refuses (DBALT_ERROR_SCRIPT, with line and column) what
 * is no UTF-8, NUL bytes, a marker twice, an unknown or misspelt marker, one behind SQL on the same line, SQL before the first
 * marker, a string, comment or COPY data left open, commands of psql and the sqlite3 shell.
 */
bool script_parse(Script *script, const char *path, SqlDialect dialect, Text text, DbaltError *error);

/*
 * The same for a long script, in portions of this size: its "up" stays in the source when it is longer than that, the other sections
 * live in the arena. What is handed on in script->folder and script->file is the caller's.
 */
bool script_scan(Script *script, Arena *arena, const char *path, SqlDialect dialect, Source source, size_t size, DbaltError *error);

/* The text of a section; descriptor is that of the file, for one that stays there. */
Source script_source(const Script *script, SectionKind section, int descriptor);

/* Fails: what was read is not what was checked. */
bool script_refuse_change(DbaltError *error, const char *path);

/* Longer than one portion: it is sent as a stream (scripts/stream.h). */
bool script_is_long(const Script *script, SectionKind section);

/* Reads a file of the folder, and cuts it when it is SQL; its text lives in the arena. The folder must live as long as a long script. */
bool script_load(Script *script, Arena *arena, const Folder *folder, const Alteration *alteration, SqlDialect dialect, DbaltError *error);

/* The hashes of all sections, in the arena. */
Fingerprint script_fingerprint(Arena *arena, const Script *script);

/*
 * Refuses what cannot run in a section: in "up" and "down" transaction control and statements that the database refuses in a
 * transaction; in "before-*" COPY data are fine, transaction control is not. warning: one line or NULL, for what libpg_query
 * cannot read, and for a lock_timeout of the script's own.
 */
bool script_judge(const char **warning, Arena *arena, const Script *script, SectionKind section, DbaltError *error);

/* The whole section in the fewest pieces: one, unless it has COPY data, or is a module's. None of a long one: it is a stream. */
Pieces script_pieces(Arena *arena, const Script *script, SectionKind section);

/* Each statement by itself, COPY data behind theirs: for what runs outside a transaction. */
Pieces script_statements(Arena *arena, const Script *script, SectionKind section);

/*
 * Completes an error with path, line, column and the text of that line: by byte offset in the section when it is not
 * negative, else by the statement's index (its first byte), unless it is a stream; when there is no such statement, by path alone. A
 * long line is cut; when the column lies beyond the cut, error->statement stays empty: a caret could not be set.
 */
void script_locate(DbaltError *error, const Script *script, SectionKind section, long offset, size_t statement);

/* The same by an offset in the section and so many line feeds behind it. */
void script_locate_line(DbaltError *error, const Script *script, SectionKind section, size_t offset, size_t lines);

#endif
