/* Url: from "sqlite:FILE" to a file that is there and may be used. */

#ifndef DRIVERS_SQLITE_URL_H
#define DRIVERS_SQLITE_URL_H

#include "drivers/driver.h"

bool sqlite_url_check(const char *url, DbaltError *error);

/*
 * The absolute path of the URL's file, in the arena. Makes an empty file, for its owner alone, where there is none and
 * options->create says so. Fails with DBALT_ERROR_DATABASE for what could be neither read nor, unless read_only, written.
 */
bool sqlite_url_find_file(const char **path, Arena *arena, const ConnectOptions *options, DbaltError *error);

#endif
