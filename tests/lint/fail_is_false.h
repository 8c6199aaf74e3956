/* For clang-tidy alone: it sees one file at a time, and cannot know that these always return false. */
#include "base/error.h"

#define fail(...) ((void)fail(__VA_ARGS__), false)
#define fail_errno(...) ((void)fail_errno(__VA_ARGS__), false)
#define fail_context(...) ((void)fail_context(__VA_ARGS__), false)
#define fail_hint(...) ((void)fail_hint(__VA_ARGS__), false)
#define fail_detail(...) ((void)fail_detail(__VA_ARGS__), false)
