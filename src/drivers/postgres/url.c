#include "drivers/postgres/url.h"

#include <string.h>

#include "base/text.h"
#include "drivers/postgres/libpq.h"

static bool fail_url(DbaltError *error, const char *reason)
{
    fail(error, DBALT_ERROR_USAGE, "the database URL cannot be read: %s", reason);
    return fail_hint(error,
                     "in a user name or password write \"@\" as %%40, \"/\" as %%2F, \":\" as %%3A, \"?\" as %%3F and \"%%\" as %%25");
}

/*
 * libpq takes what stands before the first "@" as user and password unless a "/" comes first; a "?" does not stop it. What a
 * password with one of these leaves over would come back as the name of a host, database or user in some message.
 */
static const char *shape_problem(const char *url)
{
    Text text = text_of(url);
    if (!text_starts_with(text, TEXT("postgres://")) && !text_starts_with(text, TEXT("postgresql://")))
        return "it does not begin with \"postgres://\" or \"postgresql://\"";

    const char *rest = strstr(url, "://") + strlen("://");
    const char *end = rest + strcspn(rest, "@/");
    if (*end == '@' && strcspn(rest, "?") < (size_t)(end - rest))
        return "there is a \"?\" before its \"@\"";

    const char *behind = *end == '@' ? end + 1 : rest;
    if (strcspn(behind, "@") < strcspn(behind, "?"))
        return "there is a \"@\" or \"/\" too many";

    return NULL;
}

static bool is_port_list(const char *ports)
{
    return ports[strspn(ports, "0123456789,")] == '\0';
}

bool postgres_url_check(const char *url, DbaltError *error)
{
    const char *problem = shape_problem(url);
    if (problem != NULL)
        return fail_url(error, problem);
    if (!libpq_load(error))
        return false;

    char *said = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &said);
    PQfreemem(said); /* it quotes the URL */
    if (options == NULL)
        return fail_url(error, "a part of it is misspelt, or a parameter behind the \"?\" is unknown");

    bool fine = true;
    for (PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, "port") == 0 && option->val != NULL && !is_port_list(option->val))
            fine = false;

    PQconninfoFree(options);
    return fine || fail_url(error, "its port is no number");
}
