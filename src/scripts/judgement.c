/* Judgement of a script: whether its statements can run in the section they stand in. */

#include "base/cleanup.h"
#include "scripts/place.h"
#include "scripts/script.h"
#include "sql/judge.h"

static bool refuse_transaction_control(const char *what, SectionKind section, bool is_outside, DbaltError *error)
{
    const char *name = section_name(section);
    if (is_outside) {
        fail(error, DBALT_ERROR_SCRIPT, "%s in \"%s\", whose statements run outside any transaction", what, name);
        return fail_hint(error, "remove it; what belongs into a transaction goes into \"%s\"",
                         section_name(section == SECTION_BEFORE_UP ? SECTION_UP : SECTION_DOWN));
    }

    fail(error, DBALT_ERROR_SCRIPT, "%s in \"%s\", which runs whole in a transaction of dbalt's", what, name);
    return fail_hint(error, "remove it: dbalt begins and commits the transaction");
}

static bool refuse_in_transaction(const char *what, SectionKind section, DbaltError *error)
{
    const char *outside = section_name(section == SECTION_UP ? SECTION_BEFORE_UP : SECTION_BEFORE_DOWN);
    fail(error, DBALT_ERROR_SCRIPT, "%s cannot run in a transaction, and \"%s\" is one", what, section_name(section));
    return fail_hint(error, "move it to a section \"-- dbalt: %s\", which runs outside any transaction", outside);
}

/* The warning about a statement that may stand where it stands; NULL = none. */
static const char *warn(Arena *arena, Judgement judgement, const char *what, SectionKind section, bool is_outside)
{
    if (judgement == JUDGED_UNREADABLE && !is_outside)
        return arena_format(arena, "cannot tell whether this %s may run in a transaction: the database will say", what);
    if (judgement == JUDGED_LOCK_TIMEOUT)
        return arena_format(arena, "%s takes the place of --lock-timeout in the rest of \"%s\"", what, section_name(section));
    return NULL;
}

bool script_judge(const char **warning, Arena *arena, const Script *script, SectionKind section, DbaltError *error)
{
    CLEANUP(arena_done) Arena scratch = {0};
    const Section *place = &script->sections[section];
    bool is_outside = section == SECTION_BEFORE_UP || section == SECTION_BEFORE_DOWN;
    const char *found = NULL;
    bool is_told[JUDGEMENT_COUNT] = {false}; /* one of each kind will do */
    if (script->is_module) {                 /* its SQL is judged as it comes */
        *warning = NULL;
        return true;
    }

    StatementReader reader;
    statement_reader_init(&reader, script->dialect, place->text);
    for (SqlStatement statement; statement_next(&statement, &reader);) {
        const char *what = NULL;
        Judgement judgement = judge_statement(&what, &scratch, script->dialect, statement.text);
        if (judgement == JUDGED_TRANSACTION_CONTROL || (judgement == JUDGED_OUTSIDE_ONLY && !is_outside)) {
            if (judgement == JUDGED_OUTSIDE_ONLY)
                refuse_in_transaction(what, section, error);
            else
                refuse_transaction_control(what, section, is_outside, error);
            place_fill(error, script->path, place->text, place->line, statement.offset);
            return false;
        }

        const char *text = is_told[judgement] ? NULL : warn(&scratch, judgement, what, section, is_outside);
        if (text == NULL)
            continue;
        is_told[judgement] = true;
        found = arena_format(arena, "%s%s%s:%zu: %s", found == NULL ? "" : found, found == NULL ? "" : "; ", script->path,
                             place->line + place_count_lines(place->text, statement.offset), text);
    }

    *warning = found;
    return true;
}
