/* Judgement of a script: whether its statements can run in the section they stand in. */

#include "base/cleanup.h"
#include "scripts/stream.h"
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

/* A section being judged. */
typedef struct Judging {
    const Script *script;
    SectionKind section;
    bool is_outside;
    Arena *arena;
    const char *warning;
    bool is_told[JUDGEMENT_COUNT]; /* one of each kind will do */
} Judging;

/* The warning about a statement that may stand where it stands; NULL = none. */
static const char *warn(Arena *arena, Judgement judgement, const char *what, const Judging *judging)
{
    if (judgement == JUDGED_UNREADABLE && !judging->is_outside)
        return arena_format(arena, "cannot tell whether this %s may run in a transaction: the database will say", what);
    if (judgement == JUDGED_LOCK_TIMEOUT)
        return arena_format(arena, "%s takes the place of --lock-timeout in the rest of \"%s\"", what, section_name(judging->section));
    return NULL;
}

static void add_warning(Judging *judging, Judgement judgement, const char *text, size_t offset)
{
    const char *before = judging->warning;
    DbaltError place = {0};
    judging->is_told[judgement] = true;
    script_locate_line(&place, judging->script, judging->section, offset, 0);
    judging->warning = arena_format(judging->arena, "%s%s%s:%d: %s", before == NULL ? "" : before, before == NULL ? "" : "; ",
                                    judging->script->path, place.line, text);
}

/* Statements in a row, from base in the section on. */
static bool judge_text(Judging *judging, Text text, size_t base, DbaltError *error)
{
    CLEANUP(arena_done) Arena scratch = {0};
    SqlDialect dialect = judging->script->dialect;
    StatementReader reader;
    statement_reader_init(&reader, dialect, text);
    for (SqlStatement statement; statement_next(&statement, &reader);) {
        const char *what = NULL;
        Judgement judgement = judge_statement(&what, &scratch, dialect, statement.text);
        if (judgement == JUDGED_TRANSACTION_CONTROL || (judgement == JUDGED_OUTSIDE_ONLY && !judging->is_outside)) {
            if (judgement == JUDGED_OUTSIDE_ONLY)
                refuse_in_transaction(what, judging->section, error);
            else
                refuse_transaction_control(what, judging->section, judging->is_outside, error);
            script_locate_line(error, judging->script, judging->section, base + statement.offset, 0);
            return false;
        }

        const char *warning = judging->is_told[judgement] ? NULL : warn(&scratch, judgement, what, judging);
        if (warning != NULL)
            add_warning(judging, judgement, warning, base + statement.offset);
    }
    return true;
}

static bool judge_stream(Judging *judging, DbaltError *error)
{
    CLEANUP(script_stream_close) ScriptStream stream = {0};
    if (!script_stream_open(&stream, judging->script, judging->section, error))
        return false;

    for (Portion portion = {0}; !portion.is_last;) {
        SqlReader *reader = &stream.portions.reader;
        if (!reader->next(reader, &portion, error))
            return false;
        if (!portion.is_copy_data && !judge_text(judging, portion.text, portion.offset, error))
            return false;
    }
    return true;
}

bool script_judge(const char **warning, Arena *arena, const Script *script, SectionKind section, DbaltError *error)
{
    const Section *place = &script->sections[section];
    Judging judging = {
        .script = script,
        .section = section,
        .is_outside = section == SECTION_BEFORE_UP || section == SECTION_BEFORE_DOWN,
        .arena = arena,
    };
    bool ok = script->is_module || /* its SQL is judged as it comes */
              (place->is_streamed ? judge_stream(&judging, error) : judge_text(&judging, place->text, 0, error));
    if (ok)
        *warning = judging.warning;
    return ok;
}
