/*
 * disconnect.c - IoDisconnectInterrupt and IoDisconnectInterruptEx: when they return, the ISR
 * runs nowhere and never will.
 */
#include "io/io.h"
#include "ke/ki.h"

static bool versions_match(uint8_t connected, ULONG given)
{
    const bool fully = given == CONNECT_FULLY_SPECIFIED || given == CONNECT_FULLY_SPECIFIED_GROUP;

    if (connected == 0 || connected == CONNECT_FULLY_SPECIFIED ||
        connected == CONNECT_FULLY_SPECIFIED_GROUP) {
        return fully;
    }
    return connected == given;
}

static void accuse_version(dq_processor *cpu, const struct _KINTERRUPT *interrupt, ULONG version,
                           const char *function, const void *place)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "InterruptVersion",
                           .page = "iointex: WdmlibIoDisconnectInterruptEx",
                           .place = place },
            "%s was given an interrupt of version %u as if it had been connected as version %u: "
            "pass on the Version and the ConnectionContext that IoConnectInterruptEx had answered",
            function, interrupt->version, (unsigned)version);
}

PKINTERRUPT dq_connected_object(dq_processor *cpu, ULONG version, const void *context,
                                const char *function, const void *place)
{
    PKINTERRUPT interrupt = dq_interrupt_check(cpu, context, function, place);

    if (interrupt != NULL && !versions_match(interrupt->version, version)) {
        accuse_version(cpu, interrupt, version, function, place);
    }
    return interrupt;
}

static void disconnect_messages(dq_processor *cpu, const void *context, const char *function,
                                const void *place)
{
    dq_message_table *table = dq_message_check(cpu, context, function, place);

    if (table == NULL) {
        return;
    }
    table->connected = false;
    for (ULONG i = 0; i < table->info->MessageCount; i++) {
        dq_interrupt_disconnect(dq_self, table->info->MessageInfo[i].InterruptObject);
    }
}

static void disconnect_ex(dq_processor *cpu, const IO_DISCONNECT_INTERRUPT_PARAMETERS *parameters,
                          const char *function, const void *place)
{
    PKINTERRUPT interrupt;

    if (parameters == NULL) {
        dq_interrupt_check(cpu, NULL, function, place);
        return;
    }
    if (parameters->Version == CONNECT_MESSAGE_BASED) {
        disconnect_messages(cpu, parameters->ConnectionContext.Generic, function, place);
        return;
    }
    interrupt = dq_connected_object(cpu, parameters->Version, parameters->ConnectionContext.Generic,
                                    function, place);
    if (interrupt != NULL) {
        dq_interrupt_disconnect(cpu, interrupt);
    }
}

/* Also undoes the line-based and fully specified forms of the Ex call, but no single message. */
VOID IoDisconnectInterrupt(PKINTERRUPT InterruptObject)
{
    const void *place = DQ_CALL_PLACE;
    PKINTERRUPT interrupt;

    DQ_ENTER(IoDisconnectInterrupt, InterruptObject, 0, 0, 0, DQ_VOID);
    interrupt = dq_interrupt_check(cpu, InterruptObject, "IoDisconnectInterrupt", place);
    if (interrupt != NULL && interrupt->version == CONNECT_MESSAGE_BASED) {
        accuse_version(cpu, interrupt, CONNECT_FULLY_SPECIFIED, "IoDisconnectInterrupt", place);
    } else if (interrupt != NULL) {
        dq_interrupt_disconnect(cpu, interrupt);
    }
}

VOID IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    DQ_ENTER(IoDisconnectInterruptEx, Parameters, 0, 0, 0, DQ_VOID);
    disconnect_ex(cpu, Parameters, "IoDisconnectInterruptEx", DQ_CALL_PLACE);
}

VOID WdmlibIoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    DQ_ENTER(IoDisconnectInterruptEx, Parameters, 0, 0, 0, DQ_VOID);
    disconnect_ex(cpu, Parameters, "WdmlibIoDisconnectInterruptEx", DQ_CALL_PLACE);
}
