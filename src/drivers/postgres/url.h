/* URL: whether a database URL makes sense, said without repeating any of it: every part may hold a piece of a password. */

#ifndef DRIVERS_POSTGRES_URL_H
#define DRIVERS_POSTGRES_URL_H

#include <stdbool.h>

#include "base/error.h"

/* DBALT_ERROR_USAGE. */
bool postgres_url_check(const char *url, DbaltError *error);

#endif
