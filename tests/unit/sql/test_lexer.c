/* sql/lexer: tokens of both dialects. */

#include "support/test.h"

#include <stdio.h>

#include "sql/lexer.h"

/* Writes tokens as "word:select symbol:1 ;" with "!" behind what is unclosed. */
static const char *tokens_of(SqlDialect dialect, const char *sql)
{
    static const char *const names[] = {
        [TOKEN_END] = "end",       [TOKEN_WORD] = "word",          [TOKEN_QUOTED] = "quoted",
        [TOKEN_STRING] = "string", [TOKEN_SYMBOL] = "symbol",      [TOKEN_SEMICOLON] = "semicolon",
        [TOKEN_MARKER] = "marker", [TOKEN_COPY_DATA] = "copydata", [TOKEN_COMMENT] = "comment",
    };
    static char written[4096];
    size_t length = 0;

    Lexer lexer;
    lexer_init(&lexer, dialect, text_of(sql));
    for (Token token = lexer_next(&lexer); token.kind != TOKEN_END; token = lexer_next(&lexer)) {
        assert_ptr_equal(token.text.data, sql + token.offset);
        length += (size_t)snprintf(written + length, sizeof(written) - length, "%s%s:%.*s%s", length == 0 ? "" : " ", names[token.kind],
                                   TEXT_ARGUMENTS(token.text), token.unclosed ? "!" : "");
        assert_true(length < sizeof(written));
    }
    assert_int_equal(lexer.offset, strlen(sql));

    written[length] = '\0';
    return written;
}

typedef struct Case {
    const char *sql, *tokens;
} Case;

static void check(SqlDialect dialect, const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_string_equal(tokens_of(dialect, cases[i].sql), cases[i].tokens);
}

static void reads_words_numbers_and_symbols(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"", ""},
        {" \t\r\n\f\v", ""},
        {"select a1_$ from b", "word:select word:a1_$ word:from word:b"},
        {"größe ключ 名", "word:größe word:ключ word:名"},
        {"1 1.5e10 0x1F", "symbol:1 symbol:1.5e10 symbol:0x1F"},
        {"a<=b", "word:a symbol:< symbol:= word:b"},
        {"a-b/c", "word:a symbol:- word:b symbol:/ word:c"},
        {"f(a);", "word:f symbol:( word:a symbol:) semicolon:;"},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
    check(SQL_SQLITE, cases, COUNT(cases));
}

static void reads_strings_of_postgres(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"'a''b;'", "string:'a''b;'"},
        {"'a\\';", "string:'a\\' semicolon:;"},
        {"E'a\\';b';", "string:E'a\\';b' semicolon:;"},
        {"e'\\\\';", "string:e'\\\\' semicolon:;"},
        {"e'a''b\\''", "string:e'a''b\\''"},
        {"e'a'\n 'b\\';c';", "string:e'a'\n 'b\\';c' semicolon:;"},
        {"e'a' 'b\\';", "string:e'a' string:'b\\' semicolon:;"},
        {"U&'a\\';", "string:U&'a\\' semicolon:;"},
        {"u&\"a;\";", "quoted:u&\"a;\" semicolon:;"},
        {"N'a' b'1' X'f'", "string:N'a' string:b'1' string:X'f'"},
        {"be'a\\';", "word:be string:'a\\' semicolon:;"},
        {"u & 'a'", "word:u symbol:& string:'a'"},
        {"\"a\"\"b;\"", "quoted:\"a\"\"b;\""},
        {"\"a\\\";", "quoted:\"a\\\" semicolon:;"},
        {"`a`", "symbol:` word:a symbol:`"},
        {"a[1]", "word:a symbol:[ symbol:1 symbol:]"},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
}

static void reads_dollar_quotes_of_postgres(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"$$a;'b$$;", "string:$$a;'b$$ semicolon:;"}, {"$tag$a;$$;$tag2$;$tag$;", "string:$tag$a;$$;$tag2$;$tag$ semicolon:;"},
        {"$é1_$;$é1_$", "string:$é1_$;$é1_$"},        {"$a$ $$a$", "string:$a$ $$a$"},
        {"$$ $$$$ $$", "string:$$ $$ string:$$ $$"},  {"a$b$c;$b", "word:a$b$c semicolon:; symbol:$ word:b"},
        {"$1;$1", "symbol:$1 semicolon:; symbol:$1"}, {"1$$;$$", "symbol:1 string:$$;$$"},
        {"$1a$;", "symbol:$1 word:a$ semicolon:;"},   {"$ $", "symbol:$ symbol:$"},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
}

static void reads_strings_and_names_of_sqlite(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"'a''b;'", "string:'a''b;'"},
        {"'\\';", "string:'\\' semicolon:;"},
        {"e'\\';", "word:e string:'\\' semicolon:;"},
        {"x'00'", "word:x string:'00'"},
        {"\"a;\"\"\"", "quoted:\"a;\"\"\""},
        {"[a;'b]", "quoted:[a;'b]"},
        {"`a``;`", "quoted:`a``;`"},
        {"$a$;$a$", "symbol:$a$ semicolon:; symbol:$a$"},
        {"$$;$$", "symbol:$$ semicolon:; symbol:$$"},
    };
    check(SQL_SQLITE, cases, COUNT(cases));
}

static void passes_over_comments(void **state)
{
    (void)state;
    static const Case both[] = {
        {"a -- ; '\nb", "word:a word:b"},
        {"a--", "word:a"},
        {"a/* ; ' */b", "word:a word:b"},
        {"a +/* */ b", "word:a symbol:+ word:b"},
        {"/*/ a */ b", "word:b"},
        {"/***/b", "word:b"},
        {"'--' \"/*\"", "string:'--' quoted:\"/*\""},
    };
    check(SQL_POSTGRES, both, COUNT(both));
    check(SQL_SQLITE, both, COUNT(both));

    static const Case postgres[] = {{"/* /* */ ; */ b", "word:b"}, {"/*/**/;*/b", "word:b"}, {"-- a\rb", "word:b"}};
    check(SQL_POSTGRES, postgres, COUNT(postgres));

    static const Case sqlite[] = {{"/* /* */ b", "word:b"}, {"-- a\rb\nc", "word:c"}};
    check(SQL_SQLITE, sqlite, COUNT(sqlite));
}

static void tells_what_is_left_open(void **state)
{
    (void)state;
    static const Case both[] = {
        {"a 'b;", "word:a string:'b;!"},    {"'a''", "string:'a''!"}, {"\"a;", "quoted:\"a;!"},
        {"a /* b", "word:a comment:/* b!"}, {"/*", "comment:/*!"},
    };
    check(SQL_POSTGRES, both, COUNT(both));
    check(SQL_SQLITE, both, COUNT(both));

    static const Case postgres[] = {
        {"$a$ $b$", "string:$a$ $b$!"}, {"e'a\\'", "string:e'a\\'!"}, {"e'\\", "string:e'\\!"}, {"/* /* */", "comment:/* /* */!"}};
    check(SQL_POSTGRES, postgres, COUNT(postgres));

    static const Case sqlite[] = {{"[a", "quoted:[a!"}, {"`a", "quoted:`a!"}};
    check(SQL_SQLITE, sqlite, COUNT(sqlite));
}

static void tells_markers_on_lines_of_their_own(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"-- dbalt: up", "marker:-- dbalt: up"},
        {"a\n  -- dbalt: up \r\nb", "word:a marker:  -- dbalt: up  word:b"},
        {"a\r-- dbalt: up\rb", "word:a marker:-- dbalt: up word:b"},
        {"a\n-- dbalt up\nb", "word:a marker:-- dbalt up word:b"},
        {"a; -- dbalt: down\nb", "word:a semicolon:; marker:-- dbalt: down word:b"},
        {"a; -- Dbalt: down\nb", "word:a semicolon:; word:b"},
        {"-- dbalt is fine\nb", "word:b"},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
    check(SQL_SQLITE, cases, COUNT(cases));
}

static void takes_markers_in_quotes_as_text(void **state)
{
    (void)state;
    static const Case both[] = {
        {"'\n-- dbalt: up\n'", "string:'\n-- dbalt: up\n'"},
        {"\"\n-- dbalt: up\n\"", "quoted:\"\n-- dbalt: up\n\""},
        {"/*\n-- dbalt: up\n*/", ""},
    };
    check(SQL_POSTGRES, both, COUNT(both));
    check(SQL_SQLITE, both, COUNT(both));

    static const Case postgres[] = {{"$$\n-- dbalt: up\n$$", "string:$$\n-- dbalt: up\n$$"}};
    check(SQL_POSTGRES, postgres, COUNT(postgres));
}

static void ends_no_statement_within_brackets_on_postgres(void **state)
{
    (void)state;
    static const Case postgres[] = {
        {"(a;(b);c);", "symbol:( word:a symbol:; symbol:( word:b symbol:) symbol:; word:c symbol:) semicolon:;"},
        {");", "symbol:) semicolon:;"},
    };
    check(SQL_POSTGRES, postgres, COUNT(postgres));

    static const Case sqlite[] = {{"(a;", "symbol:( word:a semicolon:;"}};
    check(SQL_SQLITE, sqlite, COUNT(sqlite));
}

static void reads_copy_data_behind_the_line_of_the_semicolon(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"copy a from stdin;\n1\t'\n\\.\nb", "word:copy word:a word:from word:stdin semicolon:; copydata:1\t'\n\\.\n word:b"},
        {"copy a from stdin; -- all\r\n1\r\n\\.\r\nb", "word:copy word:a word:from word:stdin semicolon:; copydata:1\r\n\\.\r\n word:b"},
        {"copy a from stdin;\n\\.\n", "word:copy word:a word:from word:stdin semicolon:; copydata:\\.\n"},
        {"copy a from stdin;\n1\\.\n\\.x\n \\.\n\\.", "word:copy word:a word:from word:stdin semicolon:; copydata:1\\.\n\\.x\n \\.\n\\."},
        {"copy a from stdin;\n1\n", "word:copy word:a word:from word:stdin semicolon:; copydata:1\n!"},
        {"copy a from stdin;", "word:copy word:a word:from word:stdin semicolon:; copydata:!"},
        {"copy a from stdin;\n-- dbalt: up\n\\.\n", "word:copy word:a word:from word:stdin semicolon:; copydata:-- dbalt: up\n\\.\n"},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));

    static const Case sqlite[] = {{"copy a from stdin;\nb", "word:copy word:a word:from word:stdin semicolon:; word:b"}};
    check(SQL_SQLITE, sqlite, COUNT(sqlite));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_words_numbers_and_symbols),
        cmocka_unit_test(reads_strings_of_postgres),
        cmocka_unit_test(reads_dollar_quotes_of_postgres),
        cmocka_unit_test(reads_strings_and_names_of_sqlite),
        cmocka_unit_test(passes_over_comments),
        cmocka_unit_test(tells_what_is_left_open),
        cmocka_unit_test(tells_markers_on_lines_of_their_own),
        cmocka_unit_test(takes_markers_in_quotes_as_text),
        cmocka_unit_test(ends_no_statement_within_brackets_on_postgres),
        cmocka_unit_test(reads_copy_data_behind_the_line_of_the_semicolon),
    };
    return cmocka_run_group_tests_name("sql/lexer", tests, NULL, NULL);
}
