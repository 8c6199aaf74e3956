/* dbalt: what went wrong, where, and what to do about it. */

#ifndef DBALT_ERROR_H
#define DBALT_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* What kind of failure it is. dbalt_exit_code() maps each to the exit code of the command line (docs/exit-codes.md). */
typedef enum DbaltErrorCode {
    DBALT_OK,
    DBALT_ERROR_FAILED,      /* an alteration or other work failed (exit 1) */
    DBALT_ERROR_USAGE,       /* the command, an option or a URL makes no sense (exit 2) */
    DBALT_ERROR_TARGET,      /* the target is no release, "latest" or "next" (exit 2) */
    DBALT_ERROR_FOLDER,      /* the folder cannot be read, or holds one identity twice (exit 2) */
    DBALT_ERROR_SCRIPT,      /* a script cannot be read, or cannot be run as it is written (exit 2) */
    DBALT_ERROR_NO_WAY_BACK, /* a roll back would need a "down" that is nowhere (exit 2) */
    DBALT_ERROR_UNDEPLOYED,  /* the check found undeployed alterations (exit 3) */
    DBALT_ERROR_DISAGREE,    /* history and folder disagree (exit 4) */
    DBALT_ERROR_LOCKED,      /* another deploy holds the lock (exit 5) */
    DBALT_ERROR_DATABASE,    /* the database cannot be reached, refuses us, or its history is newer (exit 6) */
    DBALT_ERROR_INTERRUPTED, /* dbalt_cancel() was called; the running statement was rolled back (exit 130) */
} DbaltErrorCode;

/*
 * One failure. Plain data, nothing to free: copy it as you like. Strings are UTF-8, never NULL, "" when there is nothing
 * to say, and end in "..." where they had to be cut.
 */
typedef struct DbaltError {
    DbaltErrorCode code;
    char message[1024];  /* one line, lower case start, no final period */
    char detail[2048];   /* the database's detail, or a list, a line each */
    char hint[1024];     /* what to do about it */
    char sqlstate[6];    /* of PostgreSQL (Appendix A of its manual), else "" */
    char script[512];    /* path of the script, or "history of <identity>" */
    int line;            /* 1-based line in the script; 0 = not known */
    int column;          /* 1-based column in characters; 0 = not known */
    char statement[512]; /* that line of the script, for the caret under it */
} DbaltError;

#ifdef __cplusplus
}
#endif

#endif
