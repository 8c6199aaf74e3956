/* What the database says to the queries of a module, as messages of the Node host's protocol (node/README.md). */

#ifndef APP_MODULE_ANSWER_H
#define APP_MODULE_ANSWER_H

#include <jansson.h>

#include "drivers/driver.h"

/* All are the caller's. Bytes that are no UTF-8 become U+FFFD: a database can answer in any encoding. */

/* "failure", with the names that node-postgres gives what the server tells. */
json_t *module_failure(const DbaltError *error, const FailedObject *object);

/* A row of ANSWER_ROW: an array of strings and nulls. */
json_t *module_row(const Answer *answer);

/* "answer"; takes the rows out. What several statements at once return is nobody's, as in node-postgres' pools of slonik. */
json_t *module_answer(const Answer *done, json_t **rows, bool is_single);

/* The "answer" to one that returned nothing that anybody looks at. */
json_t *module_no_answer(void);

/*
 * The "failure" of a query that must not run in a transaction of dbalt's, or NULL: a COMMIT in a script would end it, and take the
 * promise with it.
 */
json_t *module_refusal(SqlDialect dialect, Arena *arena, Text sql);

#endif
