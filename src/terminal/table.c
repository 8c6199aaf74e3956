#include "terminal/table.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "terminal/display.h"

/* Blanks between columns. */
#define GAP 2

typedef struct Row {
    const char **cells; /* visible text */
    size_t colored_column;
    Color color;
} Row;

struct Table {
    Arena arena; /* owns all */
    const Column *columns;
    size_t column_count;
    size_t *natural; /* widest cell of each column, the header too */
    Row *rows;
    size_t row_count;
    size_t row_capacity;
};

/* The columns that are printed, and how wide. */
typedef struct Layout {
    size_t *widths;
    bool *is_shown;
} Layout;

Table *table_new(size_t count, const Column *columns)
{
    Arena arena = {0};
    Table *table = arena_allocate(&arena, sizeof(*table));

    *table = (Table){.columns = columns, .column_count = count, .natural = arena_allocate_array(&arena, count, sizeof(size_t))};
    for (size_t i = 0; i < count; i++)
        table->natural[i] = display_width(text_of(columns[i].header));

    table->arena = arena;
    return table;
}

void table_cleanup(Table **table)
{
    if (*table == NULL)
        return;

    Arena arena = (*table)->arena;
    arena_done(&arena);
    *table = NULL;
}

void table_add_row(Table *table, const char *const *cells, size_t colored_column, Color color)
{
    table->rows = arena_grow(&table->arena, table->rows, table->row_count, &table->row_capacity, sizeof(Row));
    Row *row = &table->rows[table->row_count++];
    *row = (Row){
        .cells = arena_allocate_array(&table->arena, table->column_count, sizeof(char *)),
        .colored_column = colored_column,
        .color = color,
    };

    for (size_t i = 0; i < table->column_count; i++) {
        row->cells[i] = display_visible(&table->arena, text_of(cells[i] == NULL ? "" : cells[i]));
        size_t width = display_width(text_of(row->cells[i]));
        if (width > table->natural[i])
            table->natural[i] = width;
    }
}

static size_t total_width(const Table *table, const Layout *layout)
{
    size_t total = 0;
    for (size_t i = 0; i < table->column_count; i++)
        total += layout->is_shown[i] ? layout->widths[i] + (total > 0 ? GAP : 0) : 0;

    return total;
}

/* Takes columns off the widest one that may be cut, until all fits. False when it cannot. */
static bool narrow(const Table *table, Layout *layout, size_t width)
{
    while (total_width(table, layout) > width) {
        size_t *widest = NULL;
        for (size_t i = 0; i < table->column_count; i++) {
            bool can =
                layout->is_shown[i] && table->columns[i].narrowest != COLUMN_WHOLE && layout->widths[i] > table->columns[i].narrowest;
            if (can && (widest == NULL || layout->widths[i] > *widest))
                widest = &layout->widths[i];
        }
        if (widest == NULL)
            return false;

        (*widest)--;
    }

    return true;
}

/* Hides the shown column of the lowest priority, but for the last one left. */
static bool leave_one_out(const Table *table, Layout *layout)
{
    size_t lowest = table->column_count;
    size_t shown = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        shown += layout->is_shown[i];
        if (layout->is_shown[i] && (lowest == table->column_count || table->columns[i].priority < table->columns[lowest].priority))
            lowest = i;
    }
    if (shown < 2)
        return false;

    layout->is_shown[lowest] = false;
    return true;
}

static void layout_make(Layout *layout, Arena *arena, const Table *table, size_t width)
{
    layout->widths = arena_allocate_array(arena, table->column_count, sizeof(size_t));
    layout->is_shown = arena_allocate_array(arena, table->column_count, sizeof(bool));
    for (size_t i = 0; i < table->column_count; i++)
        layout->is_shown[i] = true;

    do {
        for (size_t i = 0; i < table->column_count; i++)
            layout->widths[i] = table->natural[i];
    } while (width > 0 && !narrow(table, layout, width) && leave_one_out(table, layout));
}

static void print_blanks(size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++)
        fputc(' ', out);
}

static void print_row(const Table *table, const Layout *layout, const Row *row, const TableStyle *style, FILE *out)
{
    CLEANUP(arena_done) Arena arena = {0};
    size_t owed = 0; /* blanks, printed only when something follows them */

    for (size_t i = 0; i < table->column_count; i++) {
        if (!layout->is_shown[i])
            continue;

        const char *cell = display_cut(&arena, row->cells[i], layout->widths[i], style->utf8 ? "…" : "~");
        size_t width = display_width(text_of(cell));
        size_t rest = layout->widths[i] > width ? layout->widths[i] - width : 0;
        size_t before = table->columns[i].to_the_right ? rest : 0;
        if (width > 0) {
            print_blanks(owed + before, out);
            color_print(out, style->color && i == row->colored_column, row->color, cell);
            owed = rest - before + GAP;
        } else {
            owed += layout->widths[i] + GAP;
        }
    }

    fputc('\n', out);
}

void table_print(const Table *table, const TableStyle *style, FILE *out)
{
    CLEANUP(arena_done) Arena arena = {0};
    Layout layout;
    layout_make(&layout, &arena, table, style->width);

    Row headers = {.cells = arena_allocate_array(&arena, table->column_count, sizeof(char *)), .colored_column = table->column_count};
    for (size_t i = 0; i < table->column_count; i++)
        headers.cells[i] = table->columns[i].header;

    print_row(table, &layout, &headers, style, out);
    for (size_t i = 0; i < table->row_count; i++)
        print_row(table, &layout, &table->rows[i], style, out);
}
