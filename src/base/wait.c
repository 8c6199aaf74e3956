#include "base/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

bool wait_init(Wait *wait)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        *wait = (Wait){.cancel_read = -1, .cancel_write = -1};
        return false;
    }

    *wait = (Wait){.cancel_read = ends[0], .cancel_write = ends[1]};
    return true;
}

void wait_done(Wait *wait)
{
    if (wait->cancel_read >= 0)
        close(wait->cancel_read);
    if (wait->cancel_write >= 0)
        close(wait->cancel_write);

    *wait = (Wait){.cancel_read = -1, .cancel_write = -1};
}

void wait_cancel(Wait *wait)
{
    int kept = errno;
    ssize_t written = write(wait->cancel_write, "", 1);
    (void)written; /* a full pipe says it already */
    errno = kept;
}

/* The byte is never taken out of the pipe: the pipe is the state. */
bool wait_is_cancelled(const Wait *wait)
{
    struct pollfd cancel = {.fd = wait->cancel_read, .events = POLLIN};
    int ready;
    do
        ready = poll(&cancel, 1, 0);
    while (ready < 0 && errno == EINTR);

    return ready > 0;
}

int64_t wait_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int poll_timeout(int64_t until)
{
    if (until == WAIT_FOREVER)
        return -1;

    int64_t now = wait_now();
    if (until <= now)
        return 0;

    return until - now > INT_MAX ? INT_MAX : (int)(until - now);
}

static bool guest_is_due(const WaitGuest *guest, const struct pollfd *polled)
{
    return guest != NULL && (polled->revents != 0 || wait_now() >= guest->serve_at);
}

WaitResult wait_for(Wait *wait, int descriptor, short events, int64_t deadline)
{
    for (;;) {
        WaitGuest *guest = wait->guest;
        struct pollfd polled[] = {
            {.fd = descriptor, .events = events},
            {.fd = wait->cancel_told ? -1 : wait->cancel_read, .events = POLLIN},
            {.fd = guest == NULL ? -1 : guest->descriptor, .events = POLLIN},
        };

        int64_t until = guest != NULL && guest->serve_at < deadline ? guest->serve_at : deadline;
        if (poll(polled, sizeof(polled) / sizeof(polled[0]), poll_timeout(until)) < 0) {
            if (errno != EINTR)
                abort(); /* no memory */
            continue;
        }

        /* The guest first: a descriptor that is always ready must not starve it. */
        if (guest_is_due(guest, &polled[2]))
            guest->serve(guest);

        if (polled[1].revents != 0) {
            wait->cancel_told = true;
            return WAIT_CANCELLED;
        }
        if (polled[0].revents != 0)
            return WAIT_READY;
        if (wait_now() >= deadline)
            return WAIT_TIMEOUT;
    }
}

bool wait_sleep(Wait *wait, int64_t milliseconds)
{
    if (wait_is_cancelled(wait)) {
        wait->cancel_told = true;
        return false;
    }

    return wait_for(wait, -1, 0, wait_now() + milliseconds) != WAIT_CANCELLED;
}
