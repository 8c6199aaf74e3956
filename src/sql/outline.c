#include "sql/outline.h"

#include <string.h>

#include "sql/lexer.h"

/* Where backslashes escape depends on a setting of the session that we do not know: the string may end elsewhere, and so what is behind. */
static bool may_end_elsewhere(Text string)
{
    return memchr(string.data, '\\', string.length) != NULL;
}

/* Names in quotes stay: they are no values. */
static Text shown(Token token)
{
    return token.kind == TOKEN_STRING || token.kind == TOKEN_COPY_DATA ? TEXT("'...'") : token.text;
}

/* As many bytes as there is room for, whole characters. */
static size_t fitting(Text text, size_t room)
{
    if (text.length <= room)
        return text.length;
    while (room > 0 && ((unsigned char)text.data[room] & 0xc0) == 0x80)
        room--;
    return room;
}

const char *outline_of(Arena *arena, SqlDialect dialect, Text sql, size_t longest)
{
    char *outline = arena_allocate(arena, longest + sizeof("..."));
    size_t used = 0;
    size_t behind = 0; /* where the token before ended: a gap becomes a space */
    Lexer lexer;
    lexer_init(&lexer, dialect, sql);

    for (Token token = lexer_next(&lexer); token.kind != TOKEN_END && token.kind != TOKEN_COMMENT; token = lexer_next(&lexer)) {
        Text text = shown(token);
        if (used > 0 && token.offset > behind && used < longest)
            outline[used++] = ' ';
        behind = token.offset + token.text.length;

        bool ends = token.kind == TOKEN_STRING && may_end_elsewhere(token.text);
        size_t length = fitting(text, longest - used);
        memcpy(outline + used, text.data, length);
        used += length;
        if (ends || length < text.length) {
            memcpy(outline + used, "...", 3);
            used += 3;
            break;
        }
    }

    while (used > 0 && (outline[used - 1] == ';' || outline[used - 1] == ' '))
        used--;
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)outline[i] < 0x20 || outline[i] == 0x7f)
            outline[i] = ' ';
    outline[used] = '\0';
    return outline;
}
