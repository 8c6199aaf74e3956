/* Password: keeps those in URLs out of the process title and out of messages. */

#ifndef CLI_PASSWORD_H
#define CLI_PASSWORD_H

#include <dbalt/error.h>

/* In place of a password. */
#define PASSWORD_HIDDEN "***"

/*
 * Overwrites the password of "scheme://user:password@..." and the values of "password=" and "sslpassword=" (and of names written with
 * "%"), wherever they stand in the string, in place; what becomes free at its end is filled with NULs. When in doubt it hides more.
 */
void password_hide(char *string);

/* The same for each string: main()'s own, since they are what "ps" shows. Copy them before. */
void password_hide_in_arguments(int count, char **arguments);

/* The same for message, detail and hint. */
void password_hide_in_error(DbaltError *error);

#endif
