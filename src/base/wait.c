#include "base/wait.h"

#include <assert.h>
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

void wait_admit(Wait *wait, WaitGuest *guest)
{
    size_t room = WAIT_GUESTS;
    for (size_t i = 0; i < WAIT_GUESTS; i++) {
        if (wait->guests[i] == guest)
            return;
        if (wait->guests[i] == NULL)
            room = i;
    }
    assert(room < WAIT_GUESTS);
    wait->guests[room] = guest;
}

void wait_dismiss(Wait *wait, const WaitGuest *guest)
{
    for (size_t i = 0; i < WAIT_GUESTS; i++)
        if (wait->guests[i] == guest)
            wait->guests[i] = NULL;
}

void wait_occupy(Wait *wait, bool (*work)(void *context), void *context)
{
    wait->work = work;
    wait->work_context = context;
}

static struct pollfd guest_polled(const WaitGuest *guest)
{
    return (struct pollfd){.fd = guest == NULL ? -1 : guest->descriptor, .events = guest != NULL && guest->writes ? POLLOUT : POLLIN};
}

/* One guest may send another away. */
static void serve_guests(Wait *wait, const struct pollfd *polled)
{
    for (size_t i = 0; i < WAIT_GUESTS; i++) {
        WaitGuest *guest = wait->guests[i];
        if (guest != NULL && (polled[i].revents != 0 || wait_now() >= guest->serve_at))
            guest->serve(guest);
    }
}

static int64_t earliest(const Wait *wait, int64_t deadline)
{
    for (size_t i = 0; i < WAIT_GUESTS; i++)
        if (wait->guests[i] != NULL && wait->guests[i]->serve_at < deadline)
            deadline = wait->guests[i]->serve_at;
    return deadline;
}

WaitResult wait_for(Wait *wait, int descriptor, short events, int64_t deadline)
{
    for (;;) {
        struct pollfd polled[2 + WAIT_GUESTS] = {
            {.fd = descriptor, .events = events},
            {.fd = wait->cancel_told ? -1 : wait->cancel_read, .events = POLLIN},
        };
        for (size_t i = 0; i < WAIT_GUESTS; i++)
            polled[2 + i] = guest_polled(wait->guests[i]);

        int timeout = wait->work != NULL ? 0 : poll_timeout(earliest(wait, deadline));
        if (poll(polled, sizeof(polled) / sizeof(polled[0]), timeout) < 0) {
            if (errno != EINTR)
                abort(); /* no memory */
            continue;
        }

        /* The guests first: a descriptor that is always ready must not starve them. */
        serve_guests(wait, &polled[2]);

        if (polled[1].revents != 0) {
            wait->cancel_told = true;
            return WAIT_CANCELLED;
        }
        if (polled[0].revents != 0)
            return WAIT_READY;
        if (wait_now() >= deadline)
            return WAIT_TIMEOUT;
        if (wait->work != NULL && !wait->work(wait->work_context))
            wait->work = NULL;
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
