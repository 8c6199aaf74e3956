/* What holds for every driver. */

#include "drivers/driver.h"

#include <ctype.h>
#include <string.h>

void answer_set(Answer *answer, AnswerKind kind, size_t step)
{
    memset(answer, 0, offsetof(Answer, error));
    answer->kind = kind;
    answer->step = step;
    answer->offset = -1;
}

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

const char *backup_path(Arena *arena, const char *folder, const char *database, const char *label, const char *kind)
{
    enum { LONGEST = 100 }; /* of the database's part: a file name has 255 bytes at most */
    char *name = arena_copy_text(arena, text_slice(text_of(database), 0, LONGEST));
    for (char *c = name; *c != '\0'; c++) {
        bool is_fine = isalnum((unsigned char)*c) || strchr("_-+", *c) != NULL || (*c == '.' && c > name);
        if (!is_fine)
            *c = '_';
    }
    return arena_format(arena, "%s/%s-%s.%s", strcmp(folder, "/") == 0 ? "" : folder, name, label, kind);
}
