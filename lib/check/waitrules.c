/*
 * waitrules.c - a release with Wait TRUE is half of a wait: it needs the IRQL of one.
 *
 * Waits themselves are judged by the kernel, which knows the timeout.
 */
#include "check/contract_state.h"

static void accuse(dq_processor *cpu, const dq_event *call, const char *rule, const char *page,
                   uint64_t subcode, const char *range)
{
    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, rule, page, DQ_VERIFIER, subcode, cpu->irql,
                         (uintptr_t)call->object),
            "%s was called with Wait TRUE at %s; that needs IRQL %s.",
            dq_service_name(call->service), dq_irql_name(cpu->irql), range);
}

void dq_waitrules_call(dq_processor *cpu, const dq_event *call)
{
    const bool wait = (uint8_t)call->c != 0;

    switch (call->service) {
    case DQ_SERVICE_KeSetEvent:
    case DQ_SERVICE_KePulseEvent:
        if (wait && cpu->irql > DQ_LEVEL_APC) {
            accuse(cpu, call, "IrqlKeSetEvent", "wdm: KeSetEvent", 0x80, "<= APC_LEVEL");
        }
        break;
    case DQ_SERVICE_KeReleaseMutex:
        if (wait && cpu->irql > DQ_LEVEL_APC) {
            accuse(cpu, call, "IrqlKeApcLte1", "wdm: KeReleaseMutex", 0xE5, "<= APC_LEVEL");
        }
        break;
    case DQ_SERVICE_KeReleaseSemaphore:
        if (wait && cpu->irql > DQ_LEVEL_PASSIVE) {
            accuse(cpu, call, "IrqlKePassive", "wdm: KeReleaseSemaphore", 0xE5, "PASSIVE_LEVEL");
        }
        break;
    default:
        break;
    }
}
