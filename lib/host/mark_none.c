/*
 * mark_none.c - marks on processors for which nobody has written them.
 */
#include "host/mark.h"

/* A block that is guarded runs; only what raises in it has nowhere to go. */
int host_mark_save(host_mark *mark)
{
    mark->words[0] = __builtin_frame_address(0);
    return 0;
}

static _Noreturn void refuse(void)
{
    host_process_fail("dirql: an exception was raised under a __try, which is not known on this "
                      "processor: only on x86-64 and 64-bit Arm");
}

void host_mark_go_on(const host_mark *mark)
{
    (void)mark;
    refuse();
}

void host_mark_visit(const host_mark *mark)
{
    (void)mark;
    refuse();
}

void *host_mark_stack_pointer(const host_mark *mark)
{
    return mark->words[0];
}
