/* dbalt status: which alterations are deployed, undeployed, missed, changed or unknown. */

#include <string.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/objects.h"
#include "cli/observer.h"
#include "cli/settings.h"
#include "terminal/json.h"
#include "terminal/table.h"

static const Example status_examples[] = {
    {"dbalt status", "what is deployed, and what is not"},
    {NULL, NULL},
};

static const Option status_options[] = {
    STATE_SETTING,
    OPTIONS_END,
};

/* Of the table's columns; the narrower the window, the fewer are shown. */
enum { RELEASE, TIMESTAMP, NAME, STATE, DEPLOYED_AT, TOOK, BY, COLUMN_COUNT };

static const Column columns[COLUMN_COUNT] = {
    [RELEASE] = {.header = "release", .narrowest = 12, .priority = 6},
    [TIMESTAMP] = {.header = "timestamp", .priority = 3},
    [NAME] = {.header = "name", .narrowest = 12, .priority = 5},
    [STATE] = {.header = "state", .priority = 7},
    [DEPLOYED_AT] = {.header = "deployed at", .priority = 4},
    [TOOK] = {.header = "took", .to_the_right = true, .priority = 1},
    [BY] = {.header = "by", .narrowest = 8, .priority = 2},
};

static Color color_of(DbaltState state)
{
    static const Color colors[] = {
        [DBALT_DEPLOYED] = COLOR_GREEN, [DBALT_UNDEPLOYED] = COLOR_YELLOW, [DBALT_MISSED] = COLOR_RED,
        [DBALT_CHANGED] = COLOR_RED,    [DBALT_UNKNOWN] = COLOR_RED,
    };

    return (size_t)state < COUNT(colors) ? colors[state] : COLOR_NONE;
}

/* "2026-11-21T21:40:08.123Z" without its milliseconds. */
static const char *short_time(Arena *arena, const char *time)
{
    if (time == NULL || strlen(time) < strlen("2026-11-21T21:40:08"))
        return time;

    return arena_format(arena, "%.10s %.8sZ", time, time + 11);
}

static void print_table(const DbaltEntries *entries, Session *session)
{
    CLEANUP(table_cleanup) Table *table = table_new(COLUMN_COUNT, columns);
    Arena *arena = &session->arena;

    for (size_t i = 0; i < entries->count; i++) {
        const DbaltEntry *entry = &entries->rows[i];
        const char *cells[COLUMN_COUNT] = {
            [RELEASE] = entry->release,
            [TIMESTAMP] = entry->timestamp,
            [NAME] = entry->name,
            [STATE] = arena_format(arena, "%s%s", dbalt_state_name(entry->state), entry->down_changed ? "*" : ""),
            [DEPLOYED_AT] = short_time(arena, entry->deployed_at),
            [TOOK] = observer_duration(arena, entry->took),
            [BY] = entry->by,
        };
        table_add_row(table, cells, STATE, color_of(entry->state));
    }

    TableStyle style = {.width = session_width(session), .color = session_colors_results(session), .utf8 = session->terminal.utf8};
    table_print(table, &style, session->out);
}

static void print_summary(const DbaltEntries *entries, Session *session)
{
    size_t counts[DBALT_UNKNOWN + 1] = {0};
    size_t changed_downs = 0;
    for (size_t i = 0; i < entries->count; i++) {
        counts[entries->rows[i].state]++;
        changed_downs += entries->rows[i].down_changed;
    }

    if (session->format == FORMAT_JSON) {
        JsonLine *line = json_line_new("result");
        json_line_text(line, "command", "status");
        for (DbaltState state = DBALT_DEPLOYED; state <= DBALT_UNKNOWN; state++)
            json_line_number(line, dbalt_state_name(state), (int64_t)counts[state]);
        json_line_print(line, session->out);
        return;
    }

    const char *summary = session_count(session, entries->count);
    const char *separator = ": ";
    for (DbaltState state = DBALT_DEPLOYED; state <= DBALT_UNKNOWN; state++) {
        if (counts[state] == 0)
            continue;
        summary = arena_format(&session->arena, "%s%s%zu %s", summary, separator, counts[state], dbalt_state_name(state));
        separator = ", ";
    }

    fprintf(session->out, "\n%s\n", summary);
    if (changed_downs > 0)
        fputs("* the \"down\" of the file is not the one that was stored when it was deployed\n", session->out);
}

static ExitCode run_status(Session *session, const void *parsed)
{
    (void)parsed;
    DbaltEntries entries; /* they belong to the project handle */
    if (!dbalt_status(session->project, &entries, &session->error))
        return exit_code_of(&session->error);

    if (session->format == FORMAT_JSON)
        objects_print_entries(&entries, session->out);
    else
        print_table(&entries, session);

    print_summary(&entries, session);
    return EXIT_OK;
}

const Command command_status = {
    .name = "status",
    .summary = "show what is deployed and what is not",
    .description = "Compares the folder with the history and shows each alteration of either with its state: deployed, undeployed, missed "
                   "(merged late: older than a deployed one), changed (its \"up\" is another than what was deployed) or unknown (deployed, "
                   "but not in the folder). Changes nothing. In a narrow window it shows fewer columns.",
    .needs = NEEDS_FOLDER | NEEDS_DATABASE,
    .examples = status_examples,
    .options = status_options,
    .run = run_status,
};
