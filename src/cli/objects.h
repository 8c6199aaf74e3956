/* Objects: what --json prints; dbalt(1) documents each. */

#ifndef CLI_OBJECTS_H
#define CLI_OBJECTS_H

#include <stdio.h>

#include <dbalt/dbalt.h>

/* {"type":"alteration"} */
void objects_print_entry(const DbaltEntry *entry, FILE *out);
void objects_print_entries(const DbaltEntries *entries, FILE *out);

/* {"type":"event"} */
void objects_print_event(const DbaltEvent *event, FILE *out);

/* {"type":"error"} */
void objects_print_error(const DbaltError *error, FILE *out);

/* {"type":"result"} of a deploy or a roll back. */
void objects_print_run(const char *command, const char *target, const DbaltResult *result, FILE *out);

/* {"type":"result"} of what did so many things. */
void objects_print_count(const char *command, const char *counted, size_t count, FILE *out);

#endif
