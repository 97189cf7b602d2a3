/*
 * leftke.c - what is left over of the kernel's own objects when the body has returned: held locks,
 * interrupts, timers, DPCs and threads.
 *
 * An object in the driver's memory may have died with it, so that only what the kernel keeps apart
 * is looked at.
 */
#include "control/control.h"

#include <stdarg.h>
#include <stdio.h>

#include "control/left.h"
#include "ex/pool.h"
#include "ex/workqueue.h"
#include "ke/ki.h"
#include "sim/place.h"

void dirql_left(dq_leaks *leaks, const char *rule, dq_service service, const void *place,
                const char *format, ...)
{
    dq_leak leak = { .rule = rule, .severity = DQ_ERROR, .service = service, .place = place };
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(leak.text, sizeof(leak.text), format, arguments);
    va_end(arguments);
    dq_leaks_add(leaks, &leak);
}

/* ---- What the body's thread holds ------------------------------------------------------------ */

/* The errors among these go home. */
static void check_thread(dq_processor *cpu, dq_thread *thread)
{
    const dq_kernel *kernel = dq_kernel_of(cpu);

    dq_fastmutex_thread_ends(cpu, thread);
    if (kernel->ex_thread_ends != NULL) {
        kernel->ex_thread_ends(cpu, thread);
    }
    if (!IsListEmpty(&thread->mutexes)) {
        dq_note(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "abandoned mutex",
                               .code = THREAD_TERMINATE_HELD_MUTEX,
                               .parameters = { (uintptr_t)thread },
                               .page = "KeReleaseMutex" },
                "the test ended while its thread owned a mutex");
    }
}

/* ---- Objects --------------------------------------------------------------------------------- */

static void find_interrupts(dq_machine *machine, dq_leaks *leaks)
{
    const dq_kernel *kernel = machine->kernel;

    for (PKINTERRUPT i = kernel->interrupts.all; i != NULL; i = i->next) {
        if (i->is_handle && i->state == DQ_INTERRUPT_CONNECTED) {
            dirql_left(leaks, "InterruptLeft",
                       i->version == 0 ? DQ_SERVICE_IoConnectInterrupt
                                       : DQ_SERVICE_IoConnectInterruptEx,
                       i->connect_place, "the interrupt of line \"%s\" is still connected",
                       dq_interrupt_name(machine, i));
        }
    }
}

static void find_resolution(dq_machine *machine, dq_leaks *leaks)
{
    const dq_kernel *kernel = machine->kernel;

    if (kernel->resolution.setters > 0) {
        dirql_left(leaks, "ResolutionLeft", DQ_SERVICE_ExSetTimerResolution,
                   kernel->resolution.place, "the resolution of the clock is still set");
    }
}

static void add_timer(void *leaks, const void *place)
{
    dirql_left(leaks, "TimerLeft", DQ_SERVICE_KeSetTimer, place, "a timer is still set");
}

/* The body's frames were where ours are now: below that of the kernel's routine that called both,
 * which has no object of a driver in it. */
static const void *end_of_body(const void *frame)
{
    enum { CALLERS_BYTES = 512 };

    return (const char *)frame + CALLERS_BYTES;
}

static bool is_gone(const dq_processor *cpu, const void *object, const void *end)
{
    const uintptr_t stack = (uintptr_t)cpu->task->context.stack;

    return (uintptr_t)object >= stack && (uintptr_t)object < (uintptr_t)end &&
           (uintptr_t)object - stack < cpu->task->context.stack_bytes;
}

static void find_dpcs(const dq_processor *cpu, const dq_dpc_list *list, const void *end,
                      dq_leaks *leaks)
{
    char name[160];

    for (PKDPC dpc = list->first; dpc != NULL; dpc = dq_dpc_next(dpc)) {
        const char *routine;

        if (is_gone(cpu, dpc, end)) {
            dirql_left(leaks, "DpcLeft", DQ_SERVICE_KeInsertQueueDpc, NULL,
                       "a DPC is still queued, and was on the stack of a routine that has returned");
            return;
        }
        routine = (const char *)DQ_CODE(dpc->DeferredRoutine) + 1;
        (void)dq_place_describe(routine, name, sizeof(name));
        dirql_left(leaks, "DpcLeft", DQ_SERVICE_KeInsertQueueDpc, routine,
                   "a DPC is still queued (its routine: %s)", name);
    }
}

static void find_threads(dq_machine *machine, dq_leaks *leaks)
{
    const dq_kernel *kernel = machine->kernel;

    for (const dq_thread *t = kernel->threads.all; t != NULL; t = t->next) {
        if (t->system && t->state != DQ_THREAD_ENDED) {
            dirql_left(leaks, "ThreadLeft", DQ_SERVICE_PsCreateSystemThread, t->made_place,
                       "a system thread has not ended");
        } else if (t->system) {
            dq_leaks_add(leaks, &(dq_leak){ .rule = "HandleLeft",
                                            .severity = DQ_WARNING,
                                            .service = DQ_SERVICE_PsCreateSystemThread,
                                            .place = t->made_place,
                                            .text = "a thread has ended, but its handle is not "
                                                    "closed, or it is still referenced" });
        }
    }
}

void dirql_leftovers(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;
    const void *end = end_of_body(__builtin_frame_address(0));
    dq_leaks leaks = { 0 };

    dq_pool_check_end(cpu);
    check_thread(cpu, dq_thread_current(cpu));
    find_interrupts(machine, &leaks);
    dq_timer_for_each(machine, add_timer, &leaks);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        const dq_prcb *prcb = dq_prcb_of(&machine->processors[i]);

        find_dpcs(cpu, &prcb->dpcs.normal, end, &leaks);
        find_dpcs(cpu, &prcb->dpcs.threaded, end, &leaks);
    }
    if (leaks.count == 0 && cpu->irql == DQ_LEVEL_PASSIVE) {
        dq_work_settle(cpu); /* What the kernel asks the driver is not what the driver leaves. */
        cpu = dq_self;
    }
    find_threads(machine, &leaks);
    find_resolution(machine, &leaks);
    dirql_left_executive(machine, &leaks);
    dirql_left_memory(machine, &leaks);
    dq_leaks_report(&leaks, cpu, ((const dirql_control *)machine->control)->leaks);
}
