/* What holds for every driver. */

#include "drivers/driver.h"

bool connection_finish(Connection *connection, Fault *fault, DbaltError *error)
{
    bool fine = true;
    for (;;) {
        Answer answer;
        connection->driver->next(connection, &answer);
        if (answer.kind == ANSWER_END)
            return fine;
        if (answer.kind != ANSWER_ERROR || !fine)
            continue;

        fine = false;
        *error = answer.error;
        if (fault != NULL)
            *fault = answer.fault;
    }
}
