#include "drivers/sqlite/deploy_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Far behind SQLite's own lock bytes (at 1 GiB) and behind the largest database that it can make (2^48 bytes). */
#define LOCK_OFFSET ((off_t)1 << 62)

/*
 * A lock of the open file description, not of the process, so it neither meets SQLite's own locks nor is dropped when SQLite
 * closes a descriptor. The other way round there is no such protection: closing any descriptor of a file drops all locks of
 * the process on it (https://sqlite.org/howtocorrupt.html, 2.2). So ours stays open until SQLite has closed the database.
 */
static int set_lock(int descriptor, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = LOCK_OFFSET, .l_len = 1};
    return fcntl(descriptor, F_OFD_SETLK, &lock);
}

bool sqlite_deploy_lock_try(SqliteConnection *connection, bool *taken, DbaltError *error)
{
    if (connection->lock_descriptor < 0)
        connection->lock_descriptor = open(connection->path, O_RDWR | O_CLOEXEC);
    if (connection->lock_descriptor < 0)
        return fail_errno(error, DBALT_ERROR_DATABASE, "cannot open \"%s\" to lock it", connection->path);

    connection->lock_is_held = set_lock(connection->lock_descriptor, F_WRLCK) == 0;
    if (!connection->lock_is_held && errno != EAGAIN && errno != EACCES)
        return fail_errno(error, DBALT_ERROR_DATABASE, "cannot lock \"%s\"", connection->path);

    *taken = connection->lock_is_held;
    return true;
}

void sqlite_deploy_lock_release(SqliteConnection *connection)
{
    if (connection->lock_is_held)
        set_lock(connection->lock_descriptor, F_UNLCK);
    connection->lock_is_held = false;
}

void sqlite_deploy_lock_close(SqliteConnection *connection)
{
    if (connection->lock_descriptor >= 0)
        close(connection->lock_descriptor);
    connection->lock_descriptor = -1;
    connection->lock_is_held = false;
}
