/*
 * portcls.c - PortCls' seam to its host: reports become findings, calls are watched.
 */
#include "control/control.h"

#include "ex/pool.h"
#include "ex/poolmap.h"
#include "io/io.h"
#include "ke/chain.h"
#include "ke/handle.h"
#include "ke/interrupt.h"
#include "ke/spinlock.h"
#include "pc/verify.h"

pc_call pc_call_begin(const void *place)
{
    DQ_INSIDE(dq_self->live);
    const dq_call call = dq_call_begin(place);

    return (pc_call){ call.execution, call.place, call.outer, call.outer_at };
}

VOID pc_call_end(const pc_call *call)
{
    dq_call_end(&(dq_call){ call->execution, call->place, call->outer, call->outer_at });
}

VOID pc_report(pc_severity severity, const char *rule, const char *page, const void *place,
               const char *text)
{
    DQ_INSIDE(dq_self->live);
    dq_processor *cpu = dirql_control_cpu();

    /* A retail machine (no sinks) does not warn. */
    if (cpu != NULL && (severity == PC_ERROR || dq_attends(cpu, DQ_ATTEND_SINKS))) {
        dq_find(cpu,
                &(dq_finding){ .severity = severity == PC_ERROR ? DQ_ERROR : DQ_WARNING,
                               .rule = rule,
                               .page = page,
                               .place = place },
                "%s", text);
    }
}

BOOLEAN pc_enter(const char *name, KIRQL highest, const char *page, const void *place)
{
    DQ_INSIDE(dq_self->live);
    dq_processor *cpu = dq_self;
    const bool routine = name[0] == 'P'; /* PcXxx; the methods are IXxx::Xxx. */

    if (dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        if (cpu->machine == NULL) {
            dq_refuse_foreign(name);
        } else {
            dq_find(cpu,
                    &(dq_finding){
                        .severity = DQ_ERROR, .rule = "device calls kernel", .place = place },
                    "%s was called from the code of a simulated device. A device is hardware: it "
                    "cannot call "
                    "the kernel.",
                    name);
        }
        return FALSE;
    }
    if (cpu->irql > highest && dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = routine ? "PcIrqlDDIs" : "PcIrqlIport",
                               .page = page,
                               .place = place,
                               .code = 0xC4,
                               .parameters = { routine ? 0x00071001 : 0x00071003, cpu->irql } },
                "%s was called at IRQL %u; it must be called at IRQL <= %u", name, cpu->irql,
                highest);
    }
    return TRUE;
}

BOOLEAN pc_line_is_silent(VOID)
{
    DQ_INSIDE(dq_self->live);
    const dq_processor *cpu = dq_self;
    const dq_execution *execution = cpu->execution;
    const dq_vector *vector;

    if (execution == NULL ||
        (execution->kind != DQ_EXECUTION_ISR && execution->kind != DQ_EXECUTION_PASSIVE_ISR)) {
        return FALSE;
    }
    vector = ((PKINTERRUPT)execution->object)->chain->vector;
    for (const dq_line *line = cpu->machine->intc.lines; line != NULL; line = line->next) {
        if (line->vector == vector && (line->edge || line->asserted)) {
            return FALSE;
        }
    }
    return TRUE;
}

VOID pc_synchronize(PKSPIN_LOCK lock, KIRQL irql, PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    DQ_INSIDE(dq_self->live);
    const KIRQL run_irql = irql < DISPATCH_LEVEL ? DISPATCH_LEVEL : irql;
    dq_processor *cpu = dq_self;
    const unsigned old_irql = cpu->irql;
    unsigned depth;

    dq_irql_raise(cpu, run_irql);
    dq_spinlock_acquire(cpu, lock, DQ_LOCK_INTERRUPT, old_irql, false, DQ_CALL_PLACE);
    depth = dq_guest_begin(cpu);
    routine(context);
    dq_guest_end(depth);
    cpu = dq_self;
    if (cpu->irql != run_irql) {
        dq_bugcheck(
            cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | (uint64_t)run_irql << 8 | 3,
            (uintptr_t)routine, 0, 0,
            "the routine that CallSynchronizedRoutine called at IRQL %u returned at IRQL %u",
            run_irql, cpu->irql);
    }
    dq_spinlock_release(cpu, lock, DQ_LOCK_INTERRUPT, old_irql);
    dq_irql_lower(cpu, old_irql);
}

PDEVICE_OBJECT pc_physical_device(PVOID device)
{
    DQ_INSIDE(dq_self->live);
    const dq_io *io = dq_io_of(dq_self->machine);

    for (const dq_pdo *pdo = io != NULL ? io->pdos : NULL; pdo != NULL; pdo = pdo->next) {
        PDEVICE_OBJECT of = pdo->device;

        while (of != NULL && of != device) {
            of = of->AttachedDevice;
        }
        if (of != NULL) {
            return pdo->device;
        }
    }
    return NULL;
}

VOID pc_keep_handle(HANDLE handle)
{
    DQ_INSIDE(dq_self->live);
    dq_handle_is_part(dq_self->machine, handle);
}

PVOID pc_allocate(POOL_TYPE pool, SIZE_T bytes, const pc_origin *origin)
{
    return dq_pool_allocate_object((POOL_TYPE)((unsigned)pool | POOL_ZERO_ALLOCATION), bytes,
                                   PC_POOL_TAG, origin->object, origin->caller, origin->place);
}

BOOLEAN pc_is_pool(PVOID memory)
{
    return dq_poolmap_has(memory);
}

VOID pc_is_no_pool(PVOID memory)
{
    dq_poolmap_strike_off(memory);
}

VOID pc_free_pool(PVOID memory, const void *place)
{
    dq_pool_free(memory, place);
}
