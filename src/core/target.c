#include "core/target.h"

bool target_resolve(Target *target, Arena *arena, const char *text, AlterationSet set, DbaltError *error)
{
    Release release;
    if (text_equals_ignoring_case(text_of(text), TEXT("latest"))) {
        if (!alteration_set_latest(&release, set)) {
            *target = (Target){.is_empty = true, .text = "latest"};
            return true;
        }
    } else if (!release_parse(&release, arena_copy_string(arena, text), error)) {
        return fail_hint(error, "a target is a release such as \"1.2.0\", or \"latest\", or \"next\"");
    }

    *target = (Target){.release = release, .text = release_format(arena, release)};
    return true;
}

bool target_covers(Target target, Release release)
{
    return !target.is_empty && release_compare(release, target.release) <= 0;
}
