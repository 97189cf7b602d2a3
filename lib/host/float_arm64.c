/*
 * float_arm64.c - FPCR.
 */
#include "host/host.h"

host_float host_float_now(void)
{
    uint64_t control;

    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return control;
}

void host_float_set(host_float words)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(words));
}

void host_float_reset(void)
{
    host_float_set(0);
}
