/*
 * float_none.c - on a processor that nobody has described here, nothing is changed.
 */
#include "host/host.h"

host_float host_float_now(void)
{
    return 0;
}

void host_float_set(host_float words)
{
    (void)words;
}

void host_float_reset(void) {}
