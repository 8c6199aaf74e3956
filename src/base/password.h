/* Password: keeps passwords out of the process title, out of what is printed and out of what is stored. */

#ifndef BASE_PASSWORD_H
#define BASE_PASSWORD_H

#include <dbalt/error.h>

#include "base/arena.h"
#include "base/text.h"

/* In place of a password. */
#define PASSWORD_HIDDEN "***"

/* Those that are looked for wherever they stand. Zero-initialized: none. */
typedef struct Passwords {
    Text *rows;
    size_t count, capacity;
} Passwords;

/*
 * Those of a URL (NULL = none), as it writes them and decoded, and that of PGPASSWORD; in the arena. Not among them: one of less than
 * four characters, and one that is a word of the URL besides, like its user. Too much would be hidden, and that would tell the latter.
 */
Passwords password_learn(Arena *arena, const char *url);

/*
 * Overwrites the password of "scheme://user:password@..." and the values of "password=" and "sslpassword=" (and of names written with
 * "%"), wherever they stand in the string, in place; what becomes free at its end is filled with NULs. When in doubt it hides more.
 */
void password_hide(char *string);

/* Text with those hidden that stand in URLs and parameters, and those that are known; in the arena. NULL is NULL. */
const char *password_copy_hidden(Arena *arena, const char *text, const Passwords *known);

/* The same for message, detail, hint and statement, in place. */
void password_hide_in_error(DbaltError *error, const Passwords *known);

#endif
