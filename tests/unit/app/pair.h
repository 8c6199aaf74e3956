/* Alterations that write a word into a log, and take it out again. */

#ifndef APP_PAIR_H
#define APP_PAIR_H

#include <stdio.h>

#include "support/sandbox.h"
#include "support/test.h"

#define LOG(word) "insert into log values ('" word "');\n"

static inline void write_pair(const Sandbox *sandbox, const char *file, const char *word)
{
    char text[512];
    snprintf(text, sizeof text, "-- dbalt: up\ninsert into log values ('%s');\n-- dbalt: down\ndelete from log where what = '%s';\n", word,
             word);
    sandbox_write(sandbox, file, text);
}

static inline const char *logged(const Sandbox *sandbox)
{
    return sandbox_query(sandbox, "select group_concat(what, ' ') from (select what from log order by rowid)");
}

static inline void assert_deploys(Sandbox *sandbox, const char *target, size_t done)
{
    DbaltError error;
    DbaltResult result;
    if (!sandbox_deploy(sandbox, target, NULL, &result, &error))
        fail_msg("%s: %s", error.message, error.detail);
    assert_int_equal(result.done, done);
}

#endif
