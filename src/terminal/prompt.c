#include "terminal/prompt.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "terminal/display.h"
#include "terminal/keys.h"

#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define CLEAR_BELOW "\r\033[J"

/* What is on the screen, to be drawn over, and what is about to be written: at once, so that nothing flickers. */
typedef struct Frame {
    Arena arena;
    const Terminal *terminal;
    const char *text; /* not written yet */
    size_t *widths;   /* of the lines drawn so far */
    size_t count;
} Frame;

typedef struct Choice {
    const char *question;
    const char *const *choices;
    size_t count;
    size_t marked;
    size_t first; /* uppermost one in sight */
} Choice;

static void frame_add(Frame *frame, const char *text)
{
    frame->text = arena_format(&frame->arena, "%s%s", frame->text, text);
}

static void frame_write(Frame *frame)
{
    terminal_write(frame->terminal, frame->text);
    frame->text = "";
}

/*
 * Back to the first line, and all below away. A terminal that became narrower has wrapped what was drawn, so its lines are
 * counted by the width of now. So many lines may follow.
 */
static void frame_erase(Frame *frame, size_t most_lines)
{
    size_t columns = terminal_size(frame->terminal->output).columns;
    size_t rows = 0;
    for (size_t i = 0; i + 1 < frame->count; i++)
        rows += frame->widths[i] == 0 ? 1 : (frame->widths[i] + columns - 1) / columns;

    if (rows > 0)
        frame_add(frame, arena_format(&frame->arena, "\033[%zuA", rows));

    frame_add(frame, CLEAR_BELOW);
    frame->widths = arena_allocate_array(&frame->arena, most_lines, sizeof(size_t));
    frame->count = 0;
}

/* One line, cut one column short of the width, since terminals differ in what they do in the last one. */
static void frame_line(Frame *frame, const char *color, const char *text)
{
    const Terminal *terminal = frame->terminal;
    size_t columns = terminal_size(terminal->output).columns;
    const char *cut = display_cut(&frame->arena, text, columns > 1 ? columns - 1 : 1, terminal->utf8 ? "…" : "~");

    frame_add(frame, frame->count > 0 ? "\r\n" : "");
    frame_add(frame, terminal->color ? color : "");
    frame_add(frame, cut);
    frame_add(frame, terminal->color ? "\033[0m" : "");
    frame->widths[frame->count++] = display_width(text_of(cut));
}

/* Rows that the list may take: all but the question's and one to spare. */
static size_t rows_for_list(const Terminal *terminal, size_t count)
{
    size_t rows = terminal_size(terminal->output).rows;
    size_t room = rows > 3 ? rows - 2 : 1;

    return count < room ? count : room;
}

static void draw_choice(Frame *frame, Choice *choice)
{
    size_t rows = rows_for_list(frame->terminal, choice->count);
    if (choice->marked < choice->first)
        choice->first = choice->marked;
    if (choice->marked >= choice->first + rows)
        choice->first = choice->marked - rows + 1;
    if (choice->first + rows > choice->count)
        choice->first = choice->count - rows;

    frame_add(frame, HIDE_CURSOR);
    frame_erase(frame, rows + 1);
    frame_line(frame, "\033[1m", arena_format(&frame->arena, "? %s (Use arrow keys)", choice->question));

    const char *marker = frame->terminal->utf8 ? "❯" : ">";
    for (size_t i = choice->first; i < choice->first + rows; i++) {
        bool is_marked = i == choice->marked;
        const char *name = display_visible(&frame->arena, text_of(choice->choices[i]));
        frame_line(frame, is_marked ? "\033[36m" : "", arena_format(&frame->arena, "%s %s", is_marked ? marker : " ", name));
    }

    frame_write(frame);
}

static void move_mark(Choice *choice, Key key, size_t page)
{
    size_t last = choice->count - 1;

    if (key == KEY_UP || key == (Key)'k')
        choice->marked = choice->marked == 0 ? last : choice->marked - 1;
    else if (key == KEY_DOWN || key == (Key)'j')
        choice->marked = choice->marked == last ? 0 : choice->marked + 1;
    else if (key == KEY_HOME)
        choice->marked = 0;
    else if (key == KEY_END)
        choice->marked = last;
    else if (key == KEY_PAGE_UP)
        choice->marked = choice->marked > page ? choice->marked - page : 0;
    else if (key == KEY_PAGE_DOWN)
        choice->marked = choice->marked + page < last ? choice->marked + page : last;
}

/* Stops as a program does that knows nothing of raw mode, and comes back when the shell says so. False = cannot come back. */
static bool suspend(Terminal *terminal)
{
    terminal_leave_raw(terminal);
    terminal_write(terminal, "\r\n");
    kill(0, SIGTSTP);

    return terminal_enter_raw(terminal);
}

static void frame_done(Frame *frame)
{
    arena_done(&frame->arena);
}

PromptResult prompt_choose(size_t *chosen, Terminal *terminal, const char *question, const char *const *choices, size_t count)
{
    Choice choice = {.question = question, .choices = choices, .count = count};
    CLEANUP(frame_done) Frame frame = {.terminal = terminal, .text = ""};
    Key key = KEY_NONE;

    if (!terminal_enter_raw(terminal))
        return PROMPT_FAILED;

    while (key != KEY_ENTER && key != KEY_LEAVE && key != KEY_ESCAPE) {
        draw_choice(&frame, &choice);
        key = key_read(terminal);
        move_mark(&choice, key, rows_for_list(terminal, count));
        if (key != KEY_SUSPEND)
            continue;

        frame.count = 0;
        key = suspend(terminal) ? KEY_REDRAW : KEY_LEAVE;
    }

    const char *answer = key == KEY_ENTER ? display_visible(&frame.arena, text_of(choices[choice.marked])) : "";
    frame_erase(&frame, 1);
    frame_add(&frame, arena_format(&frame.arena, "? %s %s\r\n" SHOW_CURSOR, question, answer));
    frame_write(&frame);
    terminal_leave_raw(terminal);
    if (key != KEY_ENTER)
        return PROMPT_LEFT;

    *chosen = choice.marked;
    return PROMPT_ANSWERED;
}

/* Adds a letter to the answer, or takes one back, on the screen too. */
static void edit_answer(char *answer, size_t size, Key key, const Terminal *terminal)
{
    size_t length = strlen(answer);

    if (key == KEY_ERASE && length > 0) {
        answer[length - 1] = '\0';
        terminal_write(terminal, "\b \b");
    } else if (key > ' ' && key < 0x7f && length + 1 < size) {
        answer[length] = (char)key;
        terminal_write(terminal, answer + length);
    }
}

PromptResult prompt_confirm(bool *yes, Terminal *terminal, const char *question)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *line = arena_format(&arena, "? %s (y/N) ", question);
    char answer[8] = "";
    Key key = KEY_NONE;

    if (!terminal_enter_raw(terminal))
        return PROMPT_FAILED;

    terminal_write(terminal, line);
    while (key != KEY_ENTER && key != KEY_LEAVE && key != KEY_ESCAPE) {
        key = key_read(terminal);
        edit_answer(answer, sizeof(answer), key, terminal);
        if (key != KEY_SUSPEND)
            continue;

        key = suspend(terminal) ? KEY_REDRAW : KEY_LEAVE;
        terminal_write(terminal, arena_format(&arena, "%s%s", line, answer));
    }

    terminal_write(terminal, "\r\n");
    terminal_leave_raw(terminal);
    if (key != KEY_ENTER)
        return PROMPT_LEFT;

    *yes = strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
    return PROMPT_ANSWERED;
}
