"""Tables that read well on a terminal, and are Markdown: printed, and written into a page between its markers."""
import pathlib
import re
import statistics


def seconds(value):
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def megabytes(value):
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def spread(numbers, write):
    """The median, and between what the rest lies."""
    if len(numbers) == 1:
        return write(numbers[0])
    return f"{write(statistics.median(numbers))} ({write(min(numbers))} to {write(max(numbers))})"


def ratio(numbers):
    return spread(numbers, "{:.2f}".format)


def render(header, rows):
    """The first column to the left, the others to the right."""
    widths = [max(len(str(row[column])) for row in [header, *rows]) for column in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [str(cell).rjust(width) for cell, width in zip(row, widths)]
        cells[0] = str(row[0]).ljust(widths[0])
        lines.append("| " + " | ".join(cells) + " |")
    lines.insert(1, "|" + "|".join("-" * (width + 2) if column == 0 else "-" * (width + 1) + ":" for column, width in enumerate(widths)) + "|")
    return "\n".join(lines)


def write_into(page, name, text):
    """Replaces what stands between the markers of one table."""
    page = pathlib.Path(page)
    begin, end = f"<!-- bench: {name} -->", f"<!-- bench: end of {name} -->"
    before = page.read_text(encoding="utf-8")
    after, count = re.subn(re.escape(begin) + ".*?" + re.escape(end), lambda _: f"{begin}\n\n{text}\n\n{end}", before, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"[error] {page} has no place for the table {name}")
    page.write_text(after, encoding="utf-8")
