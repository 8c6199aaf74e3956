#include "cli/objects.h"

#include "base/text.h"
#include "terminal/json.h"

void objects_print_entry(const DbaltEntry *entry, FILE *out)
{
    JsonLine *line = json_line_new("alteration");
    json_line_text(line, "identity", entry->identity);
    json_line_text(line, "release", entry->release);
    json_line_text(line, "timestamp", entry->timestamp);
    json_line_text(line, "name", entry->name);
    json_line_text(line, "file", entry->file);
    json_line_text(line, "kind", entry->kind);
    json_line_text(line, "state", dbalt_state_name(entry->state));
    json_line_bool(line, "down_changed", entry->down_changed);
    json_line_text(line, "deployed_at", entry->deployed_at);
    json_line_number_or_null(line, "took", entry->took);
    json_line_text(line, "by", entry->by);
    json_line_text(line, "host", entry->host);
    json_line_text(line, "version", entry->version);
    json_line_print(line, out);
}

void objects_print_entries(const DbaltEntries *entries, FILE *out)
{
    for (size_t i = 0; i < entries->count; i++)
        objects_print_entry(&entries->rows[i], out);
}

static void add_step(JsonLine *line, const DbaltEvent *event)
{
    json_line_text(line, "section", event->section);
    json_line_text(line, "action", event->action == DBALT_DEPLOY ? "deploy" : "rollback");
    json_line_number(line, "index", (int64_t)event->index);
    json_line_number(line, "count", (int64_t)event->count);
    if (event->kind == DBALT_EVENT_STATEMENT) {
        json_line_number(line, "statement", (int64_t)event->statement);
        json_line_number(line, "statements", (int64_t)event->statements);
    } else {
        json_line_number(line, "bytes", (int64_t)event->bytes);
    }
    if (event->kind != DBALT_EVENT_STARTED)
        json_line_number(line, "took", event->took);
    if (event->kind == DBALT_EVENT_PROGRESS)
        json_line_number_or_null(line, "percent", event->percent);
}

void objects_print_event(const DbaltEvent *event, FILE *out)
{
    static const char *const names[] = {
        [DBALT_EVENT_INFO] = "info",         [DBALT_EVENT_WARNING] = "warning", [DBALT_EVENT_WAITING] = "waiting",
        [DBALT_EVENT_STARTED] = "started",   [DBALT_EVENT_DONE] = "done",       [DBALT_EVENT_SKIPPED] = "skipped",
        [DBALT_EVENT_RETRY] = "retry",       [DBALT_EVENT_NOTICE] = "notice",   [DBALT_EVENT_STATEMENT] = "statement",
        [DBALT_EVENT_PROGRESS] = "progress", [DBALT_EVENT_BLOCKED] = "blocked", [DBALT_EVENT_BACKUP] = "backup",
    };

    JsonLine *line = json_line_new("event");
    json_line_text(line, "event", (size_t)event->kind < COUNT(names) ? names[event->kind] : "other");
    if (event->message != NULL)
        json_line_text(line, "message", event->message);
    if (event->entry != NULL) {
        json_line_text(line, "identity", event->entry->identity);
        json_line_text(line, "release", event->entry->release);
        json_line_text(line, "file", event->entry->file);
    }
    if (event->kind == DBALT_EVENT_STARTED || event->kind == DBALT_EVENT_STATEMENT || event->kind == DBALT_EVENT_PROGRESS ||
        event->kind == DBALT_EVENT_DONE)
        add_step(line, event);
    if (event->kind == DBALT_EVENT_BACKUP) {
        json_line_text(line, "path", event->path);
        json_line_text(line, "restore", event->restore);
    }

    json_line_print(line, out);
}

void objects_print_error(const DbaltError *error, FILE *out)
{
    JsonLine *line = json_line_new("error");
    json_line_text(line, "code", dbalt_error_name(error->code));
    json_line_number(line, "exit", dbalt_exit_code(error->code));
    json_line_text(line, "message", error->message);
    json_line_text_or_null(line, "detail", error->detail);
    json_line_text_or_null(line, "hint", error->hint);
    json_line_text_or_null(line, "sqlstate", error->sqlstate);
    json_line_text_or_null(line, "script", error->script);
    json_line_number_or_null(line, "line", error->line > 0 ? error->line : -1);
    json_line_number_or_null(line, "column", error->column > 0 ? error->column : -1);
    json_line_text_or_null(line, "statement", error->statement);
    json_line_print(line, out);
}

void objects_print_run(const char *command, const char *target, const DbaltResult *result, FILE *out)
{
    JsonLine *line = json_line_new("result");
    json_line_text(line, "command", command);
    json_line_text(line, "target", target);
    json_line_number(line, "planned", (int64_t)result->planned);
    json_line_number(line, "done", (int64_t)result->done);
    json_line_number(line, "skipped", (int64_t)result->skipped);
    if (result->backup != NULL) {
        json_line_text(line, "backup", result->backup);
        json_line_text(line, "restore", result->restore);
    }
    json_line_print(line, out);
}

void objects_print_count(const char *command, const char *counted, size_t count, FILE *out)
{
    JsonLine *line = json_line_new("result");
    json_line_text(line, "command", command);
    json_line_number(line, counted, (int64_t)count);
    json_line_print(line, out);
}
