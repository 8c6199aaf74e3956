#include "app/module_answer.h"

#include <string.h>

#include "base/cleanup.h"
#include "sql/judge.h"

static json_t *json_of(const char *text)
{
    CLEANUP(arena_done) Arena arena = {0};
    json_t *string = json_string(text); /* NULL for what is no UTF-8 */
    return string != NULL ? string : json_string(arena_copy_valid(&arena, text_of(text)));
}

static json_t *json_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : json_of(text);
}

json_t *module_failure(const DbaltError *error, const FailedObject *object)
{
    return json_pack("{s:s, s:o, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}", "type", "failure", "message", json_of(error->message),
                     "code", json_or_null(error->sqlstate), "detail", json_or_null(error->detail), "hint", json_or_null(error->hint),
                     "schema", json_or_null(object->schema), "table", json_or_null(object->table), "column", json_or_null(object->column),
                     "dataType", json_or_null(object->type), "constraint", json_or_null(object->constraint));
}

json_t *module_row(const Answer *answer)
{
    json_t *row = json_array();
    for (size_t i = 0; i < answer->field_count; i++)
        json_array_append_new(row, answer->fields[i] == NULL ? json_null() : json_of(answer->fields[i]));
    return row;
}

static json_t *fields_of(const Answer *answer)
{
    json_t *fields = json_array();
    for (size_t i = 0; i < answer->column_count; i++)
        json_array_append_new(fields,
                              json_pack("{s:o, s:i}", "name", json_of(answer->columns[i].name), "type", (int)answer->columns[i].type));
    return fields;
}

json_t *module_answer(const Answer *done, json_t **rows, bool is_single)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *tag = done->command == NULL ? "" : done->command;
    const char *command = arena_copy_text(&arena, (Text){.data = tag, .length = strcspn(tag, " 0123456789")});
    json_t *fields = is_single ? fields_of(done) : json_array();
    json_t *taken = *rows;
    *rows = json_array();
    return json_pack("{s:s, s:s, s:I, s:o, s:o}", "type", "answer", "command", command, "rowCount",
                     (json_int_t)(is_single ? done->affected : 0), "fields", fields, "rows", taken);
}

json_t *module_no_answer(void)
{
    return json_pack("{s:s, s:s, s:i, s:[], s:[]}", "type", "answer", "command", "", "rowCount", 0, "fields", "rows");
}

json_t *module_refusal(SqlDialect dialect, Arena *arena, Text sql)
{
    StatementReader reader;
    SqlStatement statement;
    statement_reader_init(&reader, dialect, sql);
    while (statement_next(&statement, &reader)) {
        const char *what = "";
        if (judge_statement(&what, arena, dialect, statement.text) == JUDGED_TRANSACTION_CONTROL)
            return json_pack("{s:s, s:o, s:s}", "type", "failure", "message",
                             json_sprintf("%s cannot stand in a script: dbalt begins and ends its transaction itself", what), "code",
                             "2D000");
    }
    return NULL;
}
