#include "cli/settings.h"

#include <stdlib.h>

#include "cli/environment_file.h"

const Option settings_options[] = {
    SETTING(url, .name = "db-url", .synonyms = "db,database-url", .value = "URL", .help = "the database: postgres://... or sqlite:FILE"),
    SETTING(environment_file, .name = "env", .letter = 'e', .value = "FILE", .help = "read DB_URL from FILE instead of .env"),
    SETTING(directory, .name = "dir", .letter = 'd', .value = "FOLDER", .help = "the alterations, instead of ./alterations"),
    SETTING(history_schema, .name = "history-schema", .value = "NAME", .help = "keep the history in this schema, not in \"dbalt\""),
    SETTING(connect_timeout, .name = "connect-timeout", .value = "SECONDS", .help = "give up connecting after that long, not 10 s"),
    SETTING(json, .name = "json", .help = "print objects, one a line, for other programs"),
    SETTING(quiet, .name = "quiet", .letter = 'q', .help = "print results, warnings and errors only"),
    SETTING(verbose, .name = "verbose", .letter = 'v', .help = "print each step, also on a terminal"),
    SETTING(no_color, .name = "no-color", .help = "print without colours (NO_COLOR does the same)"),
    SETTING(help, .name = "help", .letter = 'h', .help = "print help, also for a command"),
    SETTING(version, .name = "version", .letter = 'V', .help = "print the version"),
    OPTIONS_END,
};

/* An empty variable is one that somebody meant to unset. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? NULL : value;
}

bool settings_find_url(const char **url, Arena *arena, const Settings *settings, DbaltError *error)
{
    const char *in_file = NULL;
    const char *path = settings->environment_file == NULL ? ".env" : settings->environment_file;
    const char *nearer = settings->url != NULL ? settings->url : environment("DB_URL");

    /* The default file is looked into only when needed, a named one always, so that a misspelt name does not pass. */
    bool is_read = settings->environment_file != NULL || nearer == NULL;
    if (is_read && !environment_file_find(&in_file, arena, path, "DB_URL", settings->environment_file != NULL, error))
        return false;

    *url = nearer != NULL ? nearer : in_file;
    return true;
}

const char *settings_find_directory(const Settings *settings)
{
    return settings->directory != NULL ? settings->directory : environment("DBALT_DIR");
}
