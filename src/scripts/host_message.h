/* Host message: one line of the Node host, understood. What scripts do to their process can garble any of it. */

#ifndef SCRIPTS_HOST_MESSAGE_H
#define SCRIPTS_HOST_MESSAGE_H

#include <jansson.h>

#include "base/text.h"
#include "core/state.h"

typedef enum HostMessageKind {
    HOST_READY,
    HOST_LOADED,
    HOST_QUERY,
    HOST_DONE,
    HOST_FAILED, /* why: host_message_fail() */
    HOST_OTHER,
} HostMessageKind;

typedef struct HostMessage {
    HostMessageKind kind;
    json_t *object; /* owned */
} HostMessage;

/* Reads a line, without its end; host_message_done() frees what it keeps. False when it is no JSON object. */
bool host_message_read(HostMessage *message, Text line, DbaltError *error);
void host_message_done(HostMessage *message);

/* A member's text, borrowed from the message; "" when it has none. */
const char *host_message_text(const HostMessage *message, const char *name);

/* What HOST_LOADED and HOST_DONE know of a script, borrowed from the message: one of their "known"; NULL when it is not there. */
const json_t *host_message_known(const HostMessage *message, const char *path);

/* The sections that it exports. */
void host_message_sections(bool present[SECTION_COUNT], const json_t *known);

/* The name of a section as a module exports it. */
const char *host_message_section(SectionKind section);

/* What the host failed of, with its place; path is the script's unless the host knows better. Always false. */
bool host_message_fail(const HostMessage *message, const char *path, DbaltErrorCode code, DbaltError *error);

/* It came when something else was awaited. Always false. */
bool host_message_fail_out_of_turn(const HostMessage *message, DbaltError *error);

#endif
