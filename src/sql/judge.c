#include "sql/judge.h"

#include "sql/judge_postgres.h"

/* A statement that has to be looked at: by its first words, and by words further on. */
typedef struct Suspect {
    const char *first;
    const char *second;   /* NULL = any */
    const char *contains; /* NULL = any */
    const char *lacks;    /* NULL = none */
    bool has_value;       /* "=" or "(" is in it */
    const char *what;     /* SQLite: its name, NULL = the first word */
    Judgement judgement;  /* SQLite; on PostgreSQL libpg_query says */
} Suspect;

static const Suspect postgres_suspects[] = {
    {.first = "BEGIN"},
    {.first = "START"},
    {.first = "COMMIT"},
    {.first = "END"},
    {.first = "ROLLBACK"},
    {.first = "ABORT"},
    {.first = "PREPARE", .second = "transaction"},
    {.first = "VACUUM"},
    {.first = "CLUSTER"},
    {.first = "REINDEX"},
    {.first = "DISCARD"},
    {.first = "CREATE", .second = "index", .contains = "concurrently"},
    {.first = "CREATE", .second = "unique", .contains = "concurrently"},
    {.first = "CREATE", .second = "database"},
    {.first = "CREATE", .second = "tablespace"},
    {.first = "CREATE", .second = "subscription"},
    {.first = "DROP", .second = "index", .contains = "concurrently"},
    {.first = "DROP", .second = "database"},
    {.first = "DROP", .second = "tablespace"},
    {.first = "DROP", .second = "subscription"},
    {.first = "ALTER", .second = "system"},
    {.first = "ALTER", .second = "database", .contains = "tablespace"},
    {.first = "ALTER", .second = "subscription"},
    {.first = "ALTER", .second = "table", .contains = "concurrently"},
    {.first = "SET", .contains = "lock_timeout"},
    {.first = "RESET", .second = "lock_timeout"},
    {.first = "RESET", .second = "all"},
    {.first = NULL},
};

static const Suspect sqlite_suspects[] = {
    {.first = "BEGIN", .judgement = JUDGED_TRANSACTION_CONTROL},
    {.first = "COMMIT", .judgement = JUDGED_TRANSACTION_CONTROL},
    {.first = "END", .judgement = JUDGED_TRANSACTION_CONTROL},
    {.first = "ROLLBACK", .lacks = "to", .judgement = JUDGED_TRANSACTION_CONTROL},
    {.first = "VACUUM", .judgement = JUDGED_OUTSIDE_ONLY},
    /* ATTACH alone would work, but what is attached in a transaction cannot be detached in it, and would leak. */
    {.first = "ATTACH", .judgement = JUDGED_OUTSIDE_ONLY},
    {.first = "DETACH", .judgement = JUDGED_OUTSIDE_ONLY},
    {.first = "PRAGMA", .contains = "journal_mode", .has_value = true, .what = "PRAGMA journal_mode", .judgement = JUDGED_OUTSIDE_ONLY},
    {.first = "PRAGMA", .contains = "synchronous", .has_value = true, .what = "PRAGMA synchronous", .judgement = JUDGED_OUTSIDE_ONLY},
    {.first = "PRAGMA", .contains = "wal_checkpoint", .what = "PRAGMA wal_checkpoint", .judgement = JUDGED_OUTSIDE_ONLY},
    {.first = NULL},
};

static bool is_word(Token token, const char *word)
{
    return token.kind == TOKEN_WORD && text_equals_ignoring_case(token.text, text_of(word));
}

static bool contains_word(Lexer lexer, const char *word)
{
    for (Token token = lexer_next(&lexer); token.kind != TOKEN_END; token = lexer_next(&lexer)) {
        if (is_word(token, word))
            return true;
    }

    return false;
}

static bool contains_value(Lexer lexer)
{
    for (Token token = lexer_next(&lexer); token.kind != TOKEN_END; token = lexer_next(&lexer)) {
        if (token.kind == TOKEN_SYMBOL && (token.text.data[0] == '=' || token.text.data[0] == '('))
            return true;
    }

    return false;
}

/* rest reads what is behind the first word; each look into it takes a copy. */
static bool fits(const Suspect *suspect, Token first, Lexer rest)
{
    if (!is_word(first, suspect->first))
        return false;

    Lexer behind_first = rest;
    if (suspect->second != NULL && !is_word(lexer_next(&behind_first), suspect->second))
        return false;
    if (suspect->contains != NULL && !contains_word(rest, suspect->contains))
        return false;
    if (suspect->lacks != NULL && contains_word(rest, suspect->lacks))
        return false;

    return !suspect->has_value || contains_value(rest);
}

Judgement judge_statement(const char **what, Arena *arena, SqlDialect dialect, Text statement)
{
    Lexer lexer;
    lexer_init(&lexer, dialect, statement);
    Token first = lexer_next(&lexer);

    for (const Suspect *suspect = dialect == SQL_POSTGRES ? postgres_suspects : sqlite_suspects; suspect->first != NULL; suspect++) {
        if (!fits(suspect, first, lexer))
            continue;

        *what = suspect->what != NULL ? suspect->what : suspect->first;
        return dialect == SQL_POSTGRES ? judge_postgres(what, arena, statement) : suspect->judgement;
    }

    return JUDGED_FINE;
}
