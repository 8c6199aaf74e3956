#include "drivers/postgres/libpq.h"

#include <dlfcn.h>
#include <string.h>

#define LIBPQ_FIND(name) found = found && find(&libpq_loaded.call_##name, library, #name)

Libpq libpq_loaded;

static bool find(void *function, void *library, const char *name)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

bool libpq_load(DbaltError *error)
{
    if (libpq_loaded.is_complete)
        return true;

    /* Never unloaded: libraries that it brings along do not expect that. */
    void *library = dlopen(LIBPQ_FILE, RTLD_LAZY | RTLD_LOCAL);
    bool found = library != NULL;
    LIBPQ_FUNCTIONS(LIBPQ_FIND)
    libpq_loaded.is_complete = found;
    if (found)
        return true;

    fail(error, DBALT_ERROR_DATABASE, "cannot load PostgreSQL's client library: %s", dlerror());
    return fail_hint(error, "install libpq, version 14 or newer: Debian calls it libpq5");
}
