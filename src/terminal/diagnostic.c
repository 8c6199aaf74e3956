#include "terminal/diagnostic.h"

#include <string.h>

#include "base/cleanup.h"
#include "terminal/color.h"
#include "terminal/display.h"

#define TAB_WIDTH 4

/* A line of a script as it is shown, and where the caret goes under it. */
typedef struct Excerpt {
    const char *line;
    size_t caret; /* columns before it */
} Excerpt;

/* Each line of the text, from the second on with an indent. */
static void print_lines(FILE *out, size_t indent, const char *text)
{
    CLEANUP(arena_done) Arena arena = {0};

    for (bool first = true; first || *text != '\0'; first = false) {
        size_t length = strcspn(text, "\n");
        size_t kept = length > 0 && text[length - 1] == '\r' ? length - 1 : length;
        fprintf(out, "%*s%s\n", first ? 0 : (int)indent, "", display_visible(&arena, (Text){text, kept}));
        text += length + (text[length] == '\n');
    }
}

void diagnostic_print(FILE *out, DiagnosticLevel level, const char *message, const DiagnosticStyle *style)
{
    static const struct {
        const char *label;
        Color color;
    } levels[] = {
        [DIAGNOSTIC_INFO] = {"[info]", COLOR_GREEN},
        [DIAGNOSTIC_WARN] = {"[warn]", COLOR_YELLOW},
        [DIAGNOSTIC_ERROR] = {"[error]", COLOR_RED},
    };

    color_print(out, style->color, levels[level].color, levels[level].label);
    fputc(' ', out);
    print_lines(out, strlen(levels[level].label) + 1, message);
}

void diagnostic_print_more(FILE *out, const char *label, const char *text, const DiagnosticStyle *style)
{
    fputs("  ", out);
    color_print(out, style->color, COLOR_CYAN, label);
    fputs(": ", out);
    print_lines(out, strlen(label) + 4, text);
}

/* The line with its tabs as blanks and its controls visible, cut on both sides so that the caret is in sight. */
static Excerpt make_excerpt(Arena *arena, const char *statement, int column, const DiagnosticStyle *style, size_t room)
{
    Text text = text_of(statement);
    size_t target = column > 0 ? text_offset_of_character(text, (size_t)column - 1) : text.length;
    char *line = arena_allocate(arena, 1);
    size_t width = 0;
    size_t caret = 0;

    for (size_t at = 0, length = 0; at < text.length; at += length) {
        if (at == target)
            caret = width;

        bool is_tab = text_character(text_slice(text, at, text.length), &length) == '\t';
        const char *shown = is_tab ? &"    "[width % TAB_WIDTH] : display_visible(arena, text_slice(text, at, length));
        line = arena_format(arena, "%s%s", line, shown);
        width += display_width(text_of(shown));
    }
    if (target >= text.length)
        caret = width;
    if (room == 0 || width <= room)
        return (Excerpt){.line = line, .caret = caret};

    const char *ellipsis = style->utf8 ? "…" : "~";
    size_t skipped = caret > room * 2 / 3 ? display_fit(text_of(line), caret - room / 2) : 0;
    size_t skipped_width = display_width((Text){line, skipped});
    const char *rest = skipped == 0 ? line : arena_format(arena, "%s%s", ellipsis, line + skipped);

    return (Excerpt){.line = display_cut(arena, rest, room, ellipsis), .caret = caret - skipped_width + (skipped > 0)};
}

static void print_place(FILE *out, const DbaltError *error, const DiagnosticStyle *style)
{
    CLEANUP(arena_done) Arena arena = {0};
    color_print(out, style->color, COLOR_CYAN, " --> ");
    fputs(display_visible(&arena, text_of(error->script)), out);
    if (error->line > 0)
        fprintf(out, ":%d", error->line);
    if (error->line > 0 && error->column > 0)
        fprintf(out, ":%d", error->column);
    fputc('\n', out);
}

static void print_statement(FILE *out, const DbaltError *error, const DiagnosticStyle *style)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *number = error->line > 0 ? arena_format(&arena, "%d", error->line) : "";
    size_t gutter = strlen(number) + 4; /* " 12 | " but for one blank */
    size_t room = style->width > gutter + 10 ? style->width - gutter - 1 : 0;
    Excerpt excerpt = make_excerpt(&arena, error->statement, error->column, style, room);

    color_print(out, style->color, COLOR_CYAN, arena_format(&arena, " %s | ", number));
    fprintf(out, "%s\n", excerpt.line);

    /* A column beyond the line is one of a line that was too long to be kept: no caret is better than a wrong one. */
    bool has_caret = error->column > 0 && (size_t)error->column <= text_count_characters(text_of(error->statement)) + 1;
    if (!has_caret)
        return;

    color_print(out, style->color, COLOR_CYAN, arena_format(&arena, " %*s | ", (int)strlen(number), ""));
    fprintf(out, "%*s", (int)excerpt.caret, "");
    color_print(out, style->color, COLOR_RED, "^");
    fputc('\n', out);
}

/* Our own messages begin a line here, so with a capital; a database's are quoted as they are. */
static const char *headline(Arena *arena, const DbaltError *error)
{
    char *message = arena_copy_string(arena, error->message);
    bool is_ours = error->sqlstate[0] == '\0' && error->script[0] == '\0';
    if (is_ours && message[0] >= 'a' && message[0] <= 'z')
        message[0] = (char)(message[0] - 'a' + 'A');

    return message;
}

void diagnostic_print_error(FILE *out, const DbaltError *error, const DiagnosticStyle *style)
{
    CLEANUP(arena_done) Arena arena = {0};
    diagnostic_print(out, DIAGNOSTIC_ERROR, headline(&arena, error), style);

    if (error->script[0] != '\0')
        print_place(out, error, style);
    if (error->statement[0] != '\0')
        print_statement(out, error, style);
    if (error->detail[0] != '\0')
        diagnostic_print_more(out, "detail", error->detail, style);
    if (error->hint[0] != '\0')
        diagnostic_print_more(out, "hint", error->hint, style);
    if (error->sqlstate[0] != '\0')
        fprintf(out, "  SQLSTATE %s\n", error->sqlstate);
}
