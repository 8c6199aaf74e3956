/* The table of drivers, and which of them a URL is for. */

#include "drivers/driver.h"

#include <string.h>

#include "base/cleanup.h"

static const Driver *const drivers[] = {
    &driver_postgres,
    &driver_sqlite,
};

static const char *supported_schemes(Arena *arena)
{
    const char *list = "";
    for (size_t i = 0; i < COUNT(drivers); i++)
        for (const char *const *scheme = drivers[i]->schemes; *scheme != NULL; scheme++)
            list = arena_format(arena, "%s%s%s", list, *list == '\0' ? "" : ", ", *scheme);

    return list;
}

const Driver *driver_for(const char *url, DbaltError *error)
{
    Text text = text_of(url);
    for (size_t i = 0; i < COUNT(drivers); i++)
        for (const char *const *scheme = drivers[i]->schemes; *scheme != NULL; scheme++)
            if (text_starts_with(text, text_of(*scheme)))
                return drivers[i];

    /* Only what can be nothing but a scheme is echoed: anything else may be a piece of a password. */
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+";
    size_t scheme = strspn(url, letters);
    if (scheme > 0 && text_starts_with(text_slice(text, scheme, text.length), TEXT("://")))
        fail(error, DBALT_ERROR_USAGE, "databases of \"%.*s://\" are not supported", (int)scheme, url);
    else
        fail(error, DBALT_ERROR_USAGE, "the database URL names no kind of database");

    CLEANUP(arena_done) Arena arena = {0};
    fail_hint(error, "a database URL begins with one of: %s", supported_schemes(&arena));
    return NULL;
}
