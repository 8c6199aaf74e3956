/* Any bytes as a line of the Node host: an object is understood, or refused, and what a failure tells of is a place there can be. */

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz/target.h"
#include "scripts/host_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(host_message_done) HostMessage message = {0};
    DbaltError error;
    if (!host_message_read(&message, (Text){.data = (const char *)data, .length = size}, &error)) {
        assert(message.object == NULL && error.code == DBALT_ERROR_FAILED && error.message[0] != '\0');
        return 0;
    }

    bool present[SECTION_COUNT];
    host_message_sections(present, host_message_known(&message, "/a.js"));
    assert(strlen(host_message_text(&message, "sql")) < size);

    assert(!host_message_fail(&message, "/a.js", DBALT_ERROR_FAILED, &error));
    assert(error.line >= 0 && error.column >= 0 && error.script[0] != '\0' && strpbrk(error.message, "\r\n") == NULL);
    assert(!host_message_fail_out_of_turn(&message, &error));

    return 0;
}
