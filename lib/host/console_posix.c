/*
 * console_posix.c - whether somebody watches.
 */
#include "host/host.h"

#include <unistd.h>

bool host_is_watched(void)
{
    return isatty(STDERR_FILENO) == 1;
}
