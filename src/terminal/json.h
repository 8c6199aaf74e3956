/* JSON lines: one object, one line, for programs that read us. */

#ifndef TERMINAL_JSON_H
#define TERMINAL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct json_t JsonLine;

/* An object whose "type" is this; json_line_print() frees it. */
JsonLine *json_line_new(const char *type);

/* NULL becomes null; bytes that are no UTF-8 become U+FFFD. */
void json_line_text(JsonLine *line, const char *key, const char *value);
void json_line_number(JsonLine *line, const char *key, int64_t value);

/* Likewise, but "" and negative numbers become null: for what is not known. */
void json_line_text_or_null(JsonLine *line, const char *key, const char *value);
void json_line_number_or_null(JsonLine *line, const char *key, int64_t value);

void json_line_bool(JsonLine *line, const char *key, bool value);

/* Prints the line in ASCII, in the order in which the keys were set, and frees it: a terminal may show it, too. */
void json_line_print(JsonLine *line, FILE *out);

#endif
