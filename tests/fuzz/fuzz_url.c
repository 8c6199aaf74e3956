/*
 * Any bytes as a database URL. No complaint repeats a password, and where one is hidden libpq finds none any more.
 */

#include <assert.h>
#include <libpq-fe.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/password.h"
#include "drivers/postgres/url.h"
#include "drivers/sqlite/url.h"
#include "fuzz/target.h"

static bool is_secret(const PQconninfoOption *option)
{
    static const char *const names[] = {"password", "sslpassword"};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(option->keyword, names[i]) == 0)
            return option->val != NULL && option->val[strspn(option->val, "*")] != '\0';
    }

    return false;
}

static void check_hidden(const char *url)
{
    char *said = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &said);
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
        assert(!is_secret(option));

    PQconninfoFree(options);
    PQfreemem(said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *text = arena_copy_text(&arena, (Text){.data = (const char *)data, .length = size});
    Passwords known = password_learn(&arena, text);
    DbaltError error;

    /* What is refused is refused without a word of it. */
    if (!postgres_url_check(text, &error))
        assert(error.code == DBALT_ERROR_USAGE && error.hint[0] != '\0');

    const char *sqlite = arena_format(&arena, "sqlite:%s", text);
    if (!sqlite_url_check(sqlite, &error)) {
        assert(error.code == DBALT_ERROR_USAGE && error.hint[0] != '\0');
        password_hide_in_error(&error, &known);
    }

    char *hidden = arena_copy_string(&arena, text);
    password_hide(hidden);
    assert(strlen(hidden) <= strlen(text));
    if (strncmp(text, "postgres", strlen("postgres")) == 0)
        check_hidden(hidden);

    return 0;
}
