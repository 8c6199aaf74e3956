/* Wait: the one place in which dbalt sleeps: poll(2) with a deadline and a cancel descriptor. */

#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/* No deadline. */
#define WAIT_FOREVER INT64_MAX

typedef enum WaitResult {
    WAIT_READY,     /* the descriptor can be read or written, or has an error to be read */
    WAIT_TIMEOUT,   /* the deadline has passed */
    WAIT_CANCELLED, /* wait_cancel() was called: told once */
} WaitResult;

/* Something that must go on while dbalt waits for something else, such as the heartbeat of a lock. */
typedef struct WaitGuest {
    int descriptor;                         /* polled too; -1 = none */
    bool writes;                            /* polled for writing instead of reading */
    int64_t serve_at;                       /* by wait_now(): serve is called then at the latest */
    void (*serve)(struct WaitGuest *guest); /* must not block nor wait; sets serve_at anew */
    void *context;                          /* the owner's */
} WaitGuest;

/* As many as one connection needs: the heartbeat of its lock, and who watches its statements. */
#define WAIT_GUESTS 2

typedef struct Wait {
    int cancel_read;                /* owned pipe */
    int cancel_write;               /* owned */
    bool cancel_told;               /* WAIT_CANCELLED was returned once */
    WaitGuest *guests[WAIT_GUESTS]; /* borrowed; NULL = none */
    bool (*work)(void *context);    /* NULL = none */
    void *work_context;             /* borrowed */
} Wait;

/* Serves the guest from now on, whenever something is waited for; asserts that there is room for it. Twice is once. */
void wait_admit(Wait *wait, WaitGuest *guest);

/* Fine for one that is no guest. */
void wait_dismiss(Wait *wait, const WaitGuest *guest);

/*
 * What to do instead of sleeping: called as long as there is something to wait for and it returns true (there is more). It does a little
 * at a time, since what is waited for is not seen meanwhile. NULL: nothing any more.
 */
void wait_occupy(Wait *wait, bool (*work)(void *context), void *context);

/* Makes the pipe, non-blocking and close-on-exec. False with errno when the system refuses. */
bool wait_init(Wait *wait);
void wait_done(Wait *wait);

/* Async-signal-safe. */
void wait_cancel(Wait *wait);

/* True once wait_cancel() was called. */
bool wait_is_cancelled(const Wait *wait);

/* Milliseconds of the monotonic clock. */
int64_t wait_now(void);

/*
 * Waits until the descriptor (-1 = none) is ready for events (POLLIN, POLLOUT), the deadline (of wait_now()) or a cancel.
 * A cancel is told by the first call after it alone, so that the answer to what was cancelled can still be awaited.
 */
WaitResult wait_for(Wait *wait, int descriptor, short events, int64_t deadline);

/* Sleeps; false when cancelled, whether told before or not. */
bool wait_sleep(Wait *wait, int64_t milliseconds);

#endif
