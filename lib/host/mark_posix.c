/*
 * mark_posix.c - what must be told of a jump to a mark: AddressSanitizer keeps what it knows of the
 * variables of functions that will not return.
 */
#include "host/mark.h"

#include "host/sanitizer.h"

HOST_UNINSTRUMENTED void host_mark_go(const host_mark *mark)
{
    const char *here = __builtin_frame_address(0);
    const char *there = host_mark_stack_pointer(mark);

    if (host_sanitizer_is_asan() && there > here) {
        __asan_unpoison_memory_region(here, (size_t)(there - here));
    }
    host_mark_go_on(mark);
}
