#!/usr/bin/env python3
"""Turns a file of "-- statement: name" sections into a C table, indexed by HistoryStatement.

usage: embed-sql.py TABLE INPUT.sql OUTPUT.c    TABLE is the name of the array, `const char *const TABLE[]`
"""
import re
import sys


def main(table, source, output):
    with open(source, encoding="utf-8") as file:
        parts = re.split(r"^-- statement: ([a-z-]+)$", file.read(), flags=re.MULTILINE)

    lines = [f"/* Made from {source.rsplit('/', 1)[-1]}. */", '#include "drivers/driver.h"', ""]
    lines += [f"extern const char *const {table}[HISTORY_STATEMENT_COUNT];", ""]
    lines += [f"const char *const {table}[HISTORY_STATEMENT_COUNT] = {{"]
    for name, sql in zip(parts[1::2], parts[2::2]):
        sql = "\n".join(line for line in sql.strip().splitlines() if not line.startswith("--")).rstrip(";")
        literal = sql.replace("\\", "\\\\").replace('"', '\\"').replace("\n", '\\n"\n        "')
        lines.append(f'    [HISTORY_{name.upper().replace("-", "_")}] =\n        "{literal}",')
    lines.append("};")

    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
