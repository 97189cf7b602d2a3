/*
 * activate.c - IoReportInterruptActive and Inactive: the ISR is put aside and taken back, and
 * stays registered.
 *
 * Doing it again has no effect. Passive-level ISRs that have begun may still run when Inactive
 * returns, since that does not wait; no others do.
 */
#include "io/io.h"
#include "ke/ki.h"

static void report(dq_processor *cpu, const IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS *parameters,
                   bool active, const char *function, const void *place)
{
    const void *context = parameters != NULL ? parameters->ConnectionContext.Generic : NULL;
    dq_message_table *table;
    PKINTERRUPT interrupt;

    if (parameters != NULL && parameters->Version == CONNECT_MESSAGE_BASED) {
        table = dq_message_check(cpu, context, function, place);
        for (ULONG i = 0; table != NULL && i < table->info->MessageCount; i++) {
            dq_interrupt_activate(dq_self, table->info->MessageInfo[i].InterruptObject, active);
        }
        return;
    }
    interrupt = dq_connected_object(cpu, parameters != NULL ? parameters->Version : 0, context,
                                    function, place);
    if (interrupt != NULL) {
        dq_interrupt_activate(cpu, interrupt, active);
    }
}

VOID IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters)
{
    DQ_ENTER(IoReportInterruptActive, Parameters, 0, 0, 0, DQ_VOID);
    report(cpu, Parameters, true, "IoReportInterruptActive", DQ_CALL_PLACE);
}

VOID IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters)
{
    DQ_ENTER(IoReportInterruptInactive, Parameters, 0, 0, 0, DQ_VOID);
    report(cpu, Parameters, false, "IoReportInterruptInactive", DQ_CALL_PLACE);
}
