/*
 * clock_posix.c - the host's monotonic clock.
 */
#include <time.h>

#include "host/host.h"

uint64_t host_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
