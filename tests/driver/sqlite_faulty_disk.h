/* FaultyDisk: the system under SQLite, whose files fail when told. */

#ifndef DRIVER_SQLITE_FAULTY_DISK_H
#define DRIVER_SQLITE_FAULTY_DISK_H

typedef enum FaultyCall {
    FAULTY_NONE,
    FAULTY_READ,
    FAULTY_WRITE,
    FAULTY_SYNC,
} FaultyCall;

/* Puts it under all connections that this process opens from now on. */
void faulty_disk_install(void);

/* From now on calls on files of that kind (SQLITE_OPEN_MAIN_DB, _MAIN_JOURNAL, _WAL) give the result code; FAULTY_NONE mends the disk. */
void faulty_disk_fails(FaultyCall call, int kind, int code);

#endif
