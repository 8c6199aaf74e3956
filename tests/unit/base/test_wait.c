/* base/wait: descriptors, deadlines, cancels and guests. */

#include "support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/wait.h"

/* A pipe and a wait for each test. */
typedef struct World {
    Wait wait;
    int reading, writing;
} World;

static int set_up(void **state)
{
    static World world;
    int ends[2];
    if (!wait_init(&world.wait) || pipe2(ends, O_CLOEXEC) != 0)
        return -1;

    world.reading = ends[0];
    world.writing = ends[1];
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    World *world = *state;
    wait_done(&world->wait);
    descriptor_cleanup(&world->reading);
    descriptor_cleanup(&world->writing);
    return 0;
}

static void fill(World *world)
{
    assert_int_equal(write(world->writing, "x", 1), 1);
}

static void tells_that_a_descriptor_is_ready(void **state)
{
    World *world = *state;
    fill(world);

    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, WAIT_FOREVER), WAIT_READY);
    assert_int_equal(wait_for(&world->wait, world->writing, POLLOUT, WAIT_FOREVER), WAIT_READY);
}

static void tells_that_the_other_end_is_gone(void **state)
{
    World *world = *state;
    descriptor_cleanup(&world->writing);

    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, WAIT_FOREVER), WAIT_READY);
}

static void looks_even_when_the_deadline_has_passed(void **state)
{
    World *world = *state;
    fill(world);

    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, 0), WAIT_READY);
}

static void gives_up_at_the_deadline_and_not_before(void **state)
{
    World *world = *state;
    int64_t deadline = wait_now() + 20;

    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, deadline), WAIT_TIMEOUT);

    assert_true(wait_now() >= deadline);
    assert_int_equal(wait_for(&world->wait, -1, 0, deadline), WAIT_TIMEOUT);
}

static void tells_a_cancel_once(void **state)
{
    World *world = *state;
    fill(world);
    assert_false(wait_is_cancelled(&world->wait));

    wait_cancel(&world->wait);
    wait_cancel(&world->wait);

    assert_true(wait_is_cancelled(&world->wait));
    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, WAIT_FOREVER), WAIT_CANCELLED);
    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, WAIT_FOREVER), WAIT_READY);
    assert_true(wait_is_cancelled(&world->wait));
}

static void survives_more_cancels_than_a_pipe_holds(void **state)
{
    World *world = *state;
    for (int i = 0; i < 100000; i++)
        wait_cancel(&world->wait);

    assert_true(wait_is_cancelled(&world->wait));
}

static void sleeps_until_the_time_is_over(void **state)
{
    World *world = *state;
    int64_t start = wait_now();

    assert_true(wait_sleep(&world->wait, 20));
    assert_true(wait_now() - start >= 20);
}

static void does_not_sleep_once_cancelled(void **state)
{
    World *world = *state;
    wait_cancel(&world->wait);

    assert_false(wait_sleep(&world->wait, 60 * 1000));
    assert_false(wait_sleep(&world->wait, 60 * 1000));
    fill(world);
    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, WAIT_FOREVER), WAIT_READY);
}

typedef struct Served {
    int count;
    int64_t pause;
    int drain; /* a descriptor to be read, or -1 */
} Served;

static void serve(WaitGuest *guest)
{
    Served *served = guest->context;
    served->count++;
    guest->serve_at = wait_now() + served->pause;

    char byte;
    if (served->drain >= 0)
        assert_int_equal(read(served->drain, &byte, 1), 1);
}

static void serves_a_guest_when_its_time_has_come(void **state)
{
    World *world = *state;
    Served served = {.pause = 5, .drain = -1};
    WaitGuest guest = {.descriptor = -1, .serve_at = wait_now(), .serve = serve, .context = &served};
    wait_admit(&world->wait, &guest);

    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, wait_now() + 50), WAIT_TIMEOUT);

    assert_in_range(served.count, 2, 11);
}

static void serves_a_guest_whose_descriptor_is_ready(void **state)
{
    World *world = *state;
    Served served = {.pause = 60 * 1000, .drain = world->reading};
    WaitGuest guest = {.descriptor = world->reading, .serve_at = WAIT_FOREVER, .serve = serve, .context = &served};
    wait_admit(&world->wait, &guest);
    fill(world);

    assert_int_equal(wait_for(&world->wait, -1, 0, wait_now() + 20), WAIT_TIMEOUT);

    assert_int_equal(served.count, 1);
}

static void serves_as_many_guests_as_there_is_room_for(void **state)
{
    World *world = *state;
    Served served[WAIT_GUESTS];
    WaitGuest guests[WAIT_GUESTS];
    for (size_t i = 0; i < WAIT_GUESTS; i++) {
        served[i] = (Served){.pause = 60 * 1000, .drain = -1};
        guests[i] = (WaitGuest){.descriptor = -1, .serve_at = wait_now(), .serve = serve, .context = &served[i]};
        wait_admit(&world->wait, &guests[i]);
        wait_admit(&world->wait, &guests[i]);
    }

    assert_int_equal(wait_for(&world->wait, -1, 0, wait_now() + 20), WAIT_TIMEOUT);
    for (size_t i = 0; i < WAIT_GUESTS; i++)
        assert_int_equal(served[i].count, 1);

    wait_dismiss(&world->wait, &guests[0]);
    guests[0].serve_at = guests[1].serve_at = wait_now();
    assert_int_equal(wait_for(&world->wait, -1, 0, wait_now() + 20), WAIT_TIMEOUT);
    assert_int_equal(served[0].count, 1);
    assert_int_equal(served[1].count, 2);
}

static void does_not_starve_a_guest_for_a_descriptor_that_is_always_ready(void **state)
{
    World *world = *state;
    Served served = {.pause = 60 * 1000, .drain = -1};
    WaitGuest guest = {.descriptor = -1, .serve_at = wait_now(), .serve = serve, .context = &served};
    wait_admit(&world->wait, &guest);
    fill(world);

    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, WAIT_FOREVER), WAIT_READY);

    assert_int_equal(served.count, 1);
}

/* Counts down; the last of it makes the descriptor ready that is waited for. */
typedef struct Work {
    World *world;
    size_t left;
} Work;

static bool work_a_little(void *context)
{
    Work *work = context;
    if (--work->left == 0)
        fill(work->world);
    return work->left > 0;
}

static void works_while_there_is_nothing_else(void **state)
{
    World *world = *state;
    Work work = {.world = world, .left = 1000};
    wait_occupy(&world->wait, work_a_little, &work);

    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, WAIT_FOREVER), WAIT_READY);
    assert_int_equal(work.left, 0);
}

static void works_no_longer_than_it_waits(void **state)
{
    World *world = *state;
    Work work = {.world = world, .left = SIZE_MAX};
    wait_occupy(&world->wait, work_a_little, &work);

    assert_int_equal(wait_for(&world->wait, -1, 0, wait_now() + 20), WAIT_TIMEOUT);
    size_t left = work.left;
    assert_true(left < SIZE_MAX);

    fill(world);
    assert_int_equal(wait_for(&world->wait, world->reading, POLLIN, WAIT_FOREVER), WAIT_READY);
    wait_cancel(&world->wait);
    assert_int_equal(wait_for(&world->wait, -1, 0, WAIT_FOREVER), WAIT_CANCELLED);
    wait_occupy(&world->wait, NULL, NULL);
    assert_int_equal(wait_for(&world->wait, -1, 0, wait_now() + 20), WAIT_TIMEOUT);
    assert_true(work.left == left);
}

static void makes_descriptors_that_neither_block_nor_leak(void **state)
{
    World *world = *state;
    const int descriptors[] = {world->wait.cancel_read, world->wait.cancel_write};

    for (size_t i = 0; i < 2; i++) {
        assert_true(fcntl(descriptors[i], F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(descriptors[i], F_GETFD) & FD_CLOEXEC);
    }
}

static void is_done_twice_without_harm(void **state)
{
    (void)state;
    Wait wait;
    assert_true(wait_init(&wait));

    wait_done(&wait);
    wait_done(&wait);

    assert_int_equal(wait.cancel_read, -1);
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_world(tells_that_a_descriptor_is_ready),
        in_world(tells_that_the_other_end_is_gone),
        in_world(looks_even_when_the_deadline_has_passed),
        in_world(gives_up_at_the_deadline_and_not_before),
        in_world(tells_a_cancel_once),
        in_world(survives_more_cancels_than_a_pipe_holds),
        in_world(sleeps_until_the_time_is_over),
        in_world(does_not_sleep_once_cancelled),
        in_world(serves_a_guest_when_its_time_has_come),
        in_world(serves_a_guest_whose_descriptor_is_ready),
        in_world(serves_as_many_guests_as_there_is_room_for),
        in_world(does_not_starve_a_guest_for_a_descriptor_that_is_always_ready),
        in_world(works_while_there_is_nothing_else),
        in_world(works_no_longer_than_it_waits),
        in_world(makes_descriptors_that_neither_block_nor_leak),
        in_world(is_done_twice_without_harm),
    };
    return cmocka_run_group_tests_name("base/wait", tests, NULL, NULL);
}
