#!/usr/bin/env python3
"""Joins the host's modules into one, and turns that into a C array for the binary, or into a file for the tests.
What they import of Node is required there: an import reads all that a built-in module exports, also what is loaded only when asked for.

usage: embed.py OUTPUT.c|OUTPUT.mjs MODULE.mjs...    in order of dependency; each name is used once in all of them
"""
import re
import sys


def join(paths):
    names, defaults, bodies = {}, set(), []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for imported, source in re.findall(r"^import (.*) from '(node:.*)';$", text, flags=re.MULTILINE):
            if imported.startswith("{"):
                names.setdefault(source, set()).update(imported.strip("{ }").split(", "))
            else:
                defaults.add(f"const {imported} = require('{source}');")
        text = re.sub(r"^import .*;\n", "", text, flags=re.MULTILINE)
        bodies.append(re.sub(r"^export ", "", text, flags=re.MULTILINE).strip())
    required = defaults | {f"const {{ {', '.join(sorted(names[source]))} }} = require('{source}');" for source in names}
    head = ["import { createRequire } from 'node:module';", "const require = createRequire(import.meta.url);", *sorted(required)]
    return "\n".join(head) + "\n\n" + "\n\n".join(bodies) + "\n"


def c_array(text):
    numbers = [str(byte) for byte in text.encode()] + ["0"]
    lines = [", ".join(numbers[start : start + 24]) for start in range(0, len(numbers), 24)]
    return (
        "/* Made from the modules in node/. */\n"
        "extern const char node_host_source[];\n\n"
        "const char node_host_source[] = {\n    " + ",\n    ".join(lines) + ",\n};\n"
    )


def main(output, *paths):
    text = join(paths)
    with open(output, "w", encoding="utf-8") as file:
        file.write(c_array(text) if output.endswith(".c") else text)


if __name__ == "__main__":
    main(*sys.argv[1:])
