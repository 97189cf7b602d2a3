/*
 * float_x86_64.c - MXCSR, and the control word of the x87.
 */
#include "host/host.h"

enum { FRESH_MXCSR = 0x1f80, FRESH_X87_CONTROL = 0x37f };

host_float host_float_now(void)
{
    uint32_t mxcsr;
    uint16_t control;

    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(control));
    return (uint64_t)control << 32 | mxcsr;
}

void host_float_set(host_float words)
{
    const uint32_t mxcsr = (uint32_t)words;
    const uint16_t control = (uint16_t)(words >> 32);

    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    __asm__ volatile("fldcw %0" : : "m"(control));
}

void host_float_reset(void)
{
    host_float_set((uint64_t)FRESH_X87_CONTROL << 32 | FRESH_MXCSR);
}
