/*
 * connect.c - IoConnectInterrupt, and what it shares with the fully specified form of
 * IoConnectInterruptEx.
 *
 * What the driver says is held against the line that has the vector: a vector, IRQL or processor
 * that the line does not have means that the driver read the wrong resource (the raw list instead
 * of the translated one, or another member).
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "io/io.h"
#include "ke/ki.h"

static void warn(dq_processor *cpu, const dq_connection *wanted, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void warn(dq_processor *cpu, const dq_connection *wanted, const char *format, ...)
{
    char text[DQ_FINDING_TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_WARNING,
                           .rule = "ConnectResource",
                           .page = "wdm: IoConnectInterrupt",
                           .place = wanted->place },
            "%s", text);
}

/* A level below the ISR's own would let the ISR interrupt a holder of its lock. */
static bool synchronizes_low(dq_processor *cpu, const dq_connection *wanted)
{
    if (wanted->synchronize_irql >= wanted->irql) {
        return false;
    }
    dq_find(
        cpu,
        &(dq_finding){ .severity = DQ_ERROR,
                       .rule = "ConnectSynchronizeIrql",
                       .page = "wdm: IoConnectInterrupt",
                       .place = wanted->place },
        "SynchronizeIrql %u is below Irql %u: the ISR could interrupt code that holds its own lock",
        wanted->synchronize_irql, wanted->irql);
    return true;
}

/* Passive-level ISRs have Irql and SynchronizeIrql PASSIVE_LEVEL, and nothing between that and a
 * DIRQL exists. */
static bool levels_are_possible(const dq_connection *wanted)
{
    if (wanted->passive) {
        return wanted->irql == PASSIVE_LEVEL && wanted->synchronize_irql == PASSIVE_LEVEL &&
               wanted->spin_lock == NULL;
    }
    return wanted->irql > DISPATCH_LEVEL && wanted->irql <= HIGH_LEVEL &&
           wanted->synchronize_irql <= HIGH_LEVEL;
}

static bool agrees_with_line(dq_processor *cpu, const dq_connection *wanted, const dq_line *line)
{
    if (wanted->irql != line->level) {
        warn(cpu, wanted,
             "Irql %u is not the DIRQL %u of the line with this vector: it comes from "
             "u.Interrupt.Level of the translated resource",
             wanted->irql, line->level);
        return false;
    }
    if ((wanted->mode == Latched) != line->edge) {
        warn(cpu, wanted,
             "InterruptMode %s is not that of the line: it comes from the Flags of the translated "
             "resource",
             wanted->mode == Latched ? "Latched" : "LevelSensitive");
    }
    return true;
}

NTSTATUS dq_connect_specified(dq_processor *cpu, dq_connection *wanted,
                              const dq_connect_statuses *statuses, PKINTERRUPT *interrupt)
{
    const dq_line *line;

    if (synchronizes_low(cpu, wanted) || !levels_are_possible(wanted) ||
        (wanted->mode != LevelSensitive && wanted->mode != Latched)) {
        return STATUS_INVALID_PARAMETER;
    }
    line = dq_intc_line(cpu->machine, wanted->vector);
    if (line == NULL) {
        warn(cpu, wanted,
             "no interrupt line has vector 0x%" PRIx32
             " (Irql %u): it comes from u.Interrupt.Vector of the "
             "translated resource, not the raw one",
             wanted->vector, wanted->irql);
        return statuses->no_line;
    }
    if (!agrees_with_line(cpu, wanted, line)) {
        return STATUS_INVALID_PARAMETER;
    }
    wanted->processors &= dq_resource_processors(cpu->machine, line);
    if (wanted->processors == 0) {
        return statuses->no_processor;
    }
    return dq_interrupt_connect(cpu, wanted, interrupt);
}

NTSTATUS IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                            PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql,
                            KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode,
                            BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask,
                            BOOLEAN FloatingSave)
{
    static const dq_connect_statuses statuses = { .no_processor = STATUS_INVALID_PARAMETER,
                                                  .no_line = STATUS_INVALID_PARAMETER };
    dq_connection wanted = {
        .routine = ServiceRoutine,
        .context = ServiceContext,
        .spin_lock = SpinLock,
        .vector = Vector,
        .irql = Irql,
        .synchronize_irql = SynchronizeIrql,
        .mode = InterruptMode,
        .shared = ShareVector != FALSE,
        .processors = ProcessorEnableMask,
        .place = DQ_CALL_PLACE,
    };
    PKINTERRUPT interrupt = NULL;
    NTSTATUS status;

    DQ_ENTER(IoConnectInterrupt, InterruptObject, Vector, Irql, SynchronizeIrql,
             STATUS_UNSUCCESSFUL);
    if (InterruptObject == NULL || ServiceRoutine == NULL || FloatingSave) {
        return STATUS_INVALID_PARAMETER;
    }
    *InterruptObject = NULL;
    if (dq_fails(cpu, DQ_FAIL_CONNECT, 0, NULL, wanted.place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = dq_connect_specified(cpu, &wanted, &statuses, &interrupt);
    if (NT_SUCCESS(status)) {
        *InterruptObject = interrupt;
    }
    return status;
}
