/*
 * clock.c - include/dirql/clock.h.
 */
#include <dirql/clock.h>

#include "control/control.h"
#include "ke/ki.h"
#include "sim/live.h"

uint64_t dirql_time_ns(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_time_ns");

    if (DQ_UNLIKELY(dq_self->live != NULL)) {
        dq_live_follow_clock(dq_self);
    }
    return machine != NULL ? machine->clock.now_ns : 0;
}

/* A thread sleeps. A DPC or ISR has no thread to put to sleep, whatever its IRQL: it keeps the
 * processor busy. */
static void advance(dq_processor *cpu, uint64_t duration_ns, const void *place)
{
    const uint64_t now_ns = cpu->machine->clock.now_ns;
    const uint64_t until_ns = now_ns + duration_ns;

    if (duration_ns > UINT64_MAX / 2 - now_ns) {
        dirql_control_fail(cpu->machine, "time",
                           "dirql_time_advance_*: virtual time ends after 292 years. Was a negative "
                           "duration meant?");
        return;
    }
    if (cpu->irql < DQ_LEVEL_DISPATCH && cpu->execution->kind == DQ_EXECUTION_THREAD) {
        dq_wait_until(cpu, until_ns, DQ_SERVICE_dirql_time_advance, place);
        (void)dq_clock_pass(dq_self, until_ns); /* What else was due by then happens, too. */
    } else {
        (void)dq_clock_pass(cpu, until_ns);
    }
}

void dirql_time_advance_ns(uint64_t duration_ns)
{
    DQ_ENTER(dirql_time_advance, NULL, duration_ns, 0, 0, DQ_VOID);
    advance(cpu, duration_ns, __builtin_return_address(0));
}

void dirql_time_advance_us(uint64_t duration_us)
{
    DQ_ENTER(dirql_time_advance, NULL, duration_us, 0, 0, DQ_VOID);
    advance(cpu, duration_us > UINT64_MAX / 1000u ? UINT64_MAX : duration_us * 1000u,
            __builtin_return_address(0));
}

void dirql_time_advance_ms(uint64_t duration_ms)
{
    DQ_ENTER(dirql_time_advance, NULL, duration_ms, 0, 0, DQ_VOID);
    advance(cpu, duration_ms > UINT64_MAX / 1000000u ? UINT64_MAX : duration_ms * 1000000u,
            __builtin_return_address(0));
}
