#include "scripts/host_message.h"

#include <limits.h>
#include <string.h>

static const char *const kinds[] = {
    [HOST_READY] = "ready", [HOST_LOADED] = "loaded", [HOST_QUERY] = "query", [HOST_DONE] = "done", [HOST_FAILED] = "failed",
};

/* The names that a module exports, by section. */
static const char *const exports[SECTION_COUNT] = {
    [SECTION_BEFORE_UP] = "beforeUp", [SECTION_UP] = "up", [SECTION_DOWN] = "down", [SECTION_BEFORE_DOWN] = "beforeDown"};

bool host_message_read(HostMessage *message, Text line, DbaltError *error)
{
    json_error_t cause;
    json_t *object = json_loadb(line.data, line.length, 0, &cause);
    if (!json_is_object(object)) {
        fail(error, DBALT_ERROR_FAILED, "the Node host wrote what is no JSON object: %s", object == NULL ? cause.text : "another value");
        json_decref(object);
        return false;
    }

    *message = (HostMessage){.kind = HOST_OTHER, .object = object};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcmp(host_message_text(message, "type"), kinds[i]) == 0)
            message->kind = (HostMessageKind)i;
    }
    return true;
}

void host_message_done(HostMessage *message)
{
    json_decref(message->object);
    message->object = NULL;
}

const char *host_message_text(const HostMessage *message, const char *name)
{
    const char *text = json_string_value(json_object_get(message->object, name));
    return text == NULL ? "" : text;
}

const json_t *host_message_known(const HostMessage *message, const char *path)
{
    const json_t *scripts = json_object_get(message->object, "known");
    for (size_t i = 0; i < json_array_size(scripts); i++) {
        const json_t *known = json_array_get(scripts, i);
        const char *name = json_string_value(json_object_get(known, "path"));
        if (name != NULL && strcmp(name, path) == 0)
            return known;
    }
    return NULL;
}

void host_message_sections(bool present[SECTION_COUNT], const json_t *known)
{
    const json_t *names = json_object_get(known, "sections");
    for (size_t section = 0; section < SECTION_COUNT; section++) {
        present[section] = false;
        for (size_t i = 0; i < json_array_size(names); i++) {
            const char *name = json_string_value(json_array_get(names, i));
            present[section] |= name != NULL && strcmp(name, exports[section]) == 0;
        }
    }
}

const char *host_message_section(SectionKind section)
{
    return exports[section];
}

/* 0, which is nowhere, when it is no number or none of a line. */
static int place_of(const HostMessage *message, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(message->object, name));
    return value > 0 && value <= INT_MAX ? (int)value : 0;
}

bool host_message_fail(const HostMessage *message, const char *path, DbaltErrorCode code, DbaltError *error)
{
    const char *file = host_message_text(message, "file");
    const char *stack = host_message_text(message, "stack");
    fail(error, code, "%s", host_message_text(message, "message"));
    for (char *letter = error->message; *letter != '\0'; letter++) {
        if (*letter == '\n' || *letter == '\r')
            *letter = ' ';
    }
    error_set(error->script, sizeof error->script, "%s", file[0] == '\0' ? path : file);
    error_set(error->sqlstate, sizeof error->sqlstate, "%s", host_message_text(message, "code"));
    error_set(error->statement, sizeof error->statement, "%s", host_message_text(message, "source"));
    error->line = place_of(message, "line");
    error->column = place_of(message, "column");
    fail_detail(error, "%s", host_message_text(message, "detail"));
    if (stack[0] != '\0')
        fail_add_detail(error, "%s", stack);
    fail_hint(error, "%s", host_message_text(message, "hint"));
    if (json_is_true(json_object_get(message->object, "interrupted"))) /* Ctrl-C at a question: a key, and no signal */
        error->code = DBALT_ERROR_INTERRUPTED;
    return false;
}

bool host_message_fail_out_of_turn(const HostMessage *message, DbaltError *error)
{
    return fail(error, DBALT_ERROR_FAILED, "the Node host said \"%s\" out of turn", host_message_text(message, "type"));
}
