/*
 * rtl.h - what the files of the run-time library share: how they enter, characters, memory.
 *
 * Most of it computes and touches nothing of the machine. A service enters only to have its IRQL
 * looked at; it works as well where there is no machine: in device callbacks, and outside a run.
 * What allocates needs one.
 */
#ifndef DQ_RTL_H
#define DQ_RTL_H

#include <wdm.h>

#include "sim/computing.h"
#include "sim/processor.h"

/* Tells the sinks of a call, if it is one of simulated code. What follows leaves at the end of the
 * block. */
static inline dq_machine *dq_rtl_enter(dq_service service, const void *place, const void *object)
{
    dq_processor *cpu = dq_self;

    if (dq_attends(cpu, DQ_ATTEND_ALWAYS | DQ_ATTEND_SWITCH | DQ_ATTEND_LEVELS) &&
        !dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        cpu = dq_enter(service, place, object, 0, 0, 0);
        return cpu != NULL ? cpu->live : NULL;
    }
    return NULL;
}

#define DQ_RTL_ENTER(name, object) \
    DQ_MONITOR_SCOPE = dq_rtl_enter(DQ_SERVICE_##name, __builtin_return_address(0), (object))

/* ---- Characters (case.c, ansi.c) ------------------------------------------------------------- */

WCHAR dq_case_up(WCHAR character);
WCHAR dq_case_down(WCHAR character);

/* Code page 1252. What it does not have becomes '?'. */
WCHAR dq_ansi_to_wide(char character);
char dq_ansi_from_wide(WCHAR character);
char dq_ansi_up(char character);

/* ---- Memory (allocate.c) --------------------------------------------------------------------- */

/* Makes a result of `bytes` in *string, with `room` bytes more that are not counted: allocates it
 * for `service`, called from `place`, or sees that it fits into what is there. Sets the length. All
 * kinds of counted strings have one layout. */
NTSTATUS dq_rtl_make_room(dq_service service, const void *place, PSTRING string, size_t bytes,
                          size_t room, BOOLEAN allocate);

#define DQ_RTL_MAKE_ROOM(name, string, bytes, room, allocate)                                    \
    dq_rtl_make_room(DQ_SERVICE_##name, DQ_CALL_PLACE, (PSTRING)(string), (bytes), (room), \
                     (allocate))

/* ---- Bits of text ---------------------------------------------------------------------------- */

static inline size_t dq_rtl_chars(PCUNICODE_STRING string)
{
    return string->Length / sizeof(WCHAR);
}

#endif
