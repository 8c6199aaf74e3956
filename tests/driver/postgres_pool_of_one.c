/* drivers/postgres behind a pooler of one connection (DBALT_TEST_POSTGRES_URL): named, not waited for. */

#include "support/test.h"

#include <stdlib.h>

#include "driver/suite_client.h"

static void the_lock_names_a_pool_of_one(void **state)
{
    (void)state;
    Client client;
    assert_true(client_open_patiently(&client, getenv("DBALT_TEST_POSTGRES_URL"), CLIENT_WRITES, 500));
    assert_true(client_alter(&client, "SELECT 1").ok);
    assert_null(client.connection->driver->backend(client.connection));

    bool taken = false;
    DbaltError error;
    assert_false(client.connection->driver->lock_try(client.connection, &taken, &error));
    assert_false(taken);
    assert_int_equal(error.code, DBALT_ERROR_DATABASE);
    assert_non_null(strstr(error.hint, "two connections"));
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lock_names_a_pool_of_one),
    };
    return cmocka_run_group_tests_name("driver/postgres-pool-of-one", tests, NULL, NULL);
}
