#include "cli/settings.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
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

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* An installation by npm, and the image or a checkout. */
static const char *find_logto(void)
{
    static const char *const folders[] = {"node_modules/@logto/schemas/alterations-js", "packages/schemas/alterations-js"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        if (is_folder(folders[i]))
            return folders[i];
    }
    return NULL;
}

const char *settings_find_directory(const Settings *settings)
{
    const char *named = settings->directory != NULL ? settings->directory : environment("DBALT_DIR");
    return named != NULL || is_folder("alterations") ? named : find_logto();
}

DbaltStateKeeping settings_find_state(const Settings *settings)
{
    if (settings->state == NULL || strcmp(settings->state, "auto") == 0)
        return DBALT_STATE_AUTO;
    return strcmp(settings->state, "logto") == 0 ? DBALT_STATE_LOGTO : DBALT_STATE_OWN;
}

int settings_find_script_timeout(void)
{
    enum { LOGTOS = 60000 };
    const char *text = environment("DATABASE_STATEMENT_TIMEOUT");
    if (environment("DISABLE_TIMEOUT") != NULL || (text != NULL && strcmp(text, "DISABLE_TIMEOUT") == 0))
        return 0;

    /* What is no number is not taken for one, as in Logto; what is none of ours is not refused. */
    char *end = NULL;
    long value = text == NULL ? 0 : strtol(text, &end, 10);
    return value > 0 && value <= INT_MAX && *end == '\0' ? (int)value : LOGTOS;
}

bool settings_may_ask(int descriptor)
{
    return isatty(descriptor) && environment("CI") == NULL;
}
