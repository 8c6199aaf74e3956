/* Diagnostic: "[info] ...", "[warn] ...", and errors with the place, the line and a caret. */

#ifndef TERMINAL_DIAGNOSTIC_H
#define TERMINAL_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

typedef enum DiagnosticLevel {
    DIAGNOSTIC_INFO,
    DIAGNOSTIC_WARN,
    DIAGNOSTIC_ERROR,
} DiagnosticLevel;

typedef struct DiagnosticStyle {
    size_t width; /* of the window; 0 = as wide as need be */
    bool color;
    bool utf8;
} DiagnosticStyle;

/* A line, or more of them, the others indented; control characters are made visible. */
void diagnostic_print(FILE *out, DiagnosticLevel level, const char *message, const DiagnosticStyle *style);

/* More about the line before: "label: text", indented. */
void diagnostic_print_more(FILE *out, const char *label, const char *text, const DiagnosticStyle *style);

/* The message, then what is known of: place, line with caret, detail, hint, SQLSTATE. */
void diagnostic_print_error(FILE *out, const DbaltError *error, const DiagnosticStyle *style);

#endif
