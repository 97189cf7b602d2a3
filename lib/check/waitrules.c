/*
 * waitrules.c - a release with Wait TRUE is half of a wait: it needs the IRQL of one. And what is
 * on a kernel stack is not waited for in user mode, which lets the stack be paged out.
 *
 * The IRQL of waits themselves is judged by the kernel, which knows the timeout.
 */
#include "check/contract_state.h"

enum { USER_MODE = 1 };

static void accuse(dq_processor *cpu, const dq_event *call, const char *rule, const char *page,
                   uint64_t subcode, const char *range)
{
    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, rule, page, DQ_VERIFIER, subcode, cpu->irql,
                         (uintptr_t)call->object),
            "%s was called with Wait TRUE at %s; that needs IRQL %s.",
            dq_service_name(call->service), dq_irql_name(cpu->irql), range);
}

/* The page asks for PASSIVE_LEVEL, though nothing in it could need that: a warning. */
static void check_semaphore(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    if (cpu->irql > DQ_LEVEL_PASSIVE &&
        dq_contract_warns(contract, "IrqlKePassive", call->place)) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_WARNING, "IrqlKePassive", "wdm: KeInitializeSemaphore", DQ_VERIFIER,
                             0xE5, cpu->irql, (uintptr_t)call->object),
                "KeInitializeSemaphore was called at %s; its page says PASSIVE_LEVEL.",
                dq_irql_name(cpu->irql));
    }
}

/* Of several objects, the first is looked at. */
static void check_wait(dq_processor *cpu, const dq_event *call)
{
    const host_context *context = &cpu->task->context;

    if ((uint8_t)call->c == USER_MODE && context->stack != NULL &&
        (uintptr_t)call->object - (uintptr_t)context->stack < context->stack_bytes) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "WaitOnStack", "wdm: KeWaitForSingleObject", DQ_VERIFIER,
                             0x123, (uintptr_t)call->object),
                "%s waits in UserMode for an object on the thread's kernel stack.",
                dq_service_name(call->service));
    }
}

void dq_waitrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    const bool wait = (uint8_t)call->c != 0;

    switch (call->service) {
    case DQ_SERVICE_KeSetEvent:
    case DQ_SERVICE_KePulseEvent:
        if (wait && cpu->irql > DQ_LEVEL_APC) {
            accuse(cpu, call, "IrqlKeSetEvent", "wdm: KeSetEvent", 0x20016, "<= APC_LEVEL");
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
    case DQ_SERVICE_KeInitializeSemaphore:
        check_semaphore(contract, cpu, call);
        break;
    case DQ_SERVICE_KeWaitForSingleObject:
    case DQ_SERVICE_KeWaitForMultipleObjects:
        check_wait(cpu, call);
        break;
    default:
        break;
    }
}
