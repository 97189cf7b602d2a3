/*
 * connectex.c - IoConnectInterruptEx: fully specified, line based, message based.
 *
 * The last two ask the physical device object, which knows its lines. SynchronizeIrql is then
 * only a minimum. The version on return says how the interrupt was connected: a driver that asked
 * for messages and gave a fallback routine gets a line when the device has no messages.
 */
#include "io/io.h"
#include "ke/ki.h"

/* ---- Fully specified ------------------------------------------------------------------------- */

static NTSTATUS connect_fully(dq_processor *cpu, PIO_CONNECT_INTERRUPT_PARAMETERS parameters,
                              const void *place)
{
    static const dq_connect_statuses statuses = { .no_processor = STATUS_INVALID_PARAMETER_10,
                                                  .no_line = STATUS_NOT_FOUND };
    const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *p = &parameters->FullySpecified;
    const bool grouped = parameters->Version == CONNECT_FULLY_SPECIFIED_GROUP;
    dq_connection wanted = {
        .routine = p->ServiceRoutine,
        .context = p->ServiceContext,
        .spin_lock = p->SpinLock,
        .vector = p->Vector,
        .irql = p->Irql,
        .synchronize_irql = p->SynchronizeIrql,
        .mode = p->InterruptMode,
        .shared = p->ShareVector != FALSE,
        .passive = p->Irql == PASSIVE_LEVEL,
        .processors = p->ProcessorEnableMask,
        .place = place,
    };
    PKINTERRUPT interrupt = NULL;
    NTSTATUS status;

    /* The machine has one group, 0; without the group form the member is not looked at. */
    if (p->PhysicalDeviceObject == NULL || p->InterruptObject == NULL ||
        p->ServiceRoutine == NULL || p->FloatingSave || (grouped && p->Group != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (p->ProcessorEnableMask == 0) {
        return STATUS_INVALID_PARAMETER_10;
    }
    status = dq_connect_specified(cpu, &wanted, &statuses, &interrupt);
    if (NT_SUCCESS(status)) {
        interrupt->version = (uint8_t)parameters->Version;
        *p->InterruptObject = interrupt;
    }
    return status;
}

/* ---- Line based ------------------------------------------------------------------------------ */

static uint8_t highest_irql(const dq_pdo *pdo, bool messages, uint8_t minimum)
{
    uint8_t irql = minimum;

    for (unsigned i = 0; i < pdo->line_count; i++) {
        if (pdo->lines[i]->message == messages && pdo->lines[i]->level > irql) {
            irql = pdo->lines[i]->level;
        }
    }
    return irql;
}

/* All lines of the device behind one handle, with one lock; or its only message, taken as a
 * line. */
static NTSTATUS connect_lines(dq_processor *cpu, const dq_pdo *pdo, const dq_connection *common,
                              PKINTERRUPT *handle)
{
    const bool messages = dq_pdo_messages(pdo) == pdo->line_count;
    const uint8_t irql = highest_irql(pdo, messages, common->synchronize_irql);
    PKINTERRUPT first = NULL;

    if (irql == PASSIVE_LEVEL && common->spin_lock != NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    for (unsigned i = 0; i < pdo->line_count; i++) {
        dq_connection wanted = *common;
        PKINTERRUPT interrupt;
        NTSTATUS status;

        if (pdo->lines[i]->message != messages) {
            continue;
        }
        dq_resource_connection(cpu->machine, pdo->lines[i], &wanted);
        wanted.synchronize_irql = irql;
        wanted.passive = wanted.irql == PASSIVE_LEVEL;
        wanted.set = first;
        /* One lock cannot be both an event and a spin lock. */
        status = wanted.passive && irql != PASSIVE_LEVEL
                     ? STATUS_INVALID_PARAMETER
                     : dq_interrupt_connect(dq_self, &wanted, &interrupt);
        if (!NT_SUCCESS(status)) {
            if (first != NULL) {
                dq_interrupt_disconnect(dq_self, first);
            }
            return status;
        }
        first = first != NULL ? first : interrupt;
    }
    first->version = CONNECT_LINE_BASED;
    *handle = first;
    return STATUS_SUCCESS;
}

/* What is wrong with asking this device for a line; STATUS_SUCCESS if nothing is. */
static NTSTATUS check_lines(const dq_pdo *pdo)
{
    unsigned messages;

    if (pdo == NULL || pdo->line_count == 0) {
        return STATUS_NOT_FOUND;
    }
    messages = dq_pdo_messages(pdo);
    return messages > 1 && messages == pdo->line_count ? STATUS_INVALID_DEVICE_REQUEST
                                                       : STATUS_SUCCESS;
}

static NTSTATUS connect_line_based(dq_processor *cpu, PIO_CONNECT_INTERRUPT_PARAMETERS parameters,
                                   const void *place)
{
    const IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS *p = &parameters->LineBased;
    const dq_connection common = {
        .routine = p->ServiceRoutine,
        .context = p->ServiceContext,
        .spin_lock = p->SpinLock,
        .synchronize_irql = p->SynchronizeIrql,
        .place = place,
    };
    const dq_pdo *pdo;
    NTSTATUS status;

    if (p->PhysicalDeviceObject == NULL || p->InterruptObject == NULL ||
        p->ServiceRoutine == NULL || p->FloatingSave || p->SynchronizeIrql > HIGH_LEVEL) {
        return STATUS_INVALID_PARAMETER;
    }
    pdo = dq_pdo_find(cpu->machine, p->PhysicalDeviceObject);
    status = check_lines(pdo);
    return NT_SUCCESS(status) ? connect_lines(cpu, pdo, &common, p->InterruptObject) : status;
}

/* ---- Message based --------------------------------------------------------------------------- */

static NTSTATUS fall_back(dq_processor *cpu, PIO_CONNECT_INTERRUPT_PARAMETERS parameters,
                          const dq_pdo *pdo, const void *place)
{
    const IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS *p = &parameters->MessageBased;
    const dq_connection common = {
        .routine = p->FallBackServiceRoutine,
        .context = p->ServiceContext,
        .spin_lock = p->SpinLock,
        .synchronize_irql = p->SynchronizeIrql,
        .place = place,
    };
    PKINTERRUPT *handle = p->ConnectionContext.InterruptObject;
    NTSTATUS status = p->FallBackServiceRoutine != NULL ? check_lines(pdo) : STATUS_NOT_FOUND;

    if (NT_SUCCESS(status)) {
        status = connect_lines(cpu, pdo, &common, handle);
    }
    if (NT_SUCCESS(status)) {
        parameters->Version = CONNECT_LINE_BASED;
    }
    return status;
}

static NTSTATUS connect_message_based(dq_processor *cpu,
                                      PIO_CONNECT_INTERRUPT_PARAMETERS parameters,
                                      const void *place)
{
    const IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS *p = &parameters->MessageBased;
    const dq_pdo *pdo;
    dq_connection common = {
        .message_routine = p->MessageServiceRoutine,
        .context = p->ServiceContext,
        .spin_lock = p->SpinLock,
        .place = place,
    };

    if (p->PhysicalDeviceObject == NULL || p->ConnectionContext.Generic == NULL ||
        p->MessageServiceRoutine == NULL || p->FloatingSave || p->SynchronizeIrql > HIGH_LEVEL) {
        return STATUS_INVALID_PARAMETER;
    }
    pdo = dq_pdo_find(cpu->machine, p->PhysicalDeviceObject);
    if (pdo == NULL || pdo->line_count == 0) {
        return STATUS_NOT_FOUND;
    }
    if (dq_pdo_messages(pdo) == 0) {
        return fall_back(cpu, parameters, pdo, place);
    }
    common.synchronize_irql = highest_irql(pdo, true, p->SynchronizeIrql);
    return dq_message_connect(cpu, pdo, &common, p->ConnectionContext.InterruptMessageTable);
}

/* ---- The two names --------------------------------------------------------------------------- */

static NTSTATUS connect(dq_processor *cpu, PIO_CONNECT_INTERRUPT_PARAMETERS parameters,
                        const void *place)
{
    if (parameters == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (dq_fails(cpu, DQ_FAIL_CONNECT, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    switch (parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return connect_fully(cpu, parameters, place);
    case CONNECT_LINE_BASED:
        return connect_line_based(cpu, parameters, place);
    case CONNECT_MESSAGE_BASED:
        return connect_message_based(cpu, parameters, place);
    default:
        return STATUS_INVALID_PARAMETER_1;
    }
}

NTSTATUS IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    DQ_ENTER(IoConnectInterruptEx, Parameters, 0, 0, 0, STATUS_UNSUCCESSFUL);
    return connect(cpu, Parameters, DQ_CALL_PLACE);
}

NTSTATUS WdmlibIoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    DQ_ENTER(IoConnectInterruptEx, Parameters, 0, 0, 0, STATUS_UNSUCCESSFUL);
    return connect(cpu, Parameters, DQ_CALL_PLACE);
}
