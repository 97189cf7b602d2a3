/*
 * dpcrules.c - what is queued twice runs once; and a threaded DPC, which may just as well run at
 * DISPATCH_LEVEL, does what may be done there only: it does not wait, and takes its locks by
 * routines that are right at both IRQLs.
 *
 * An ordinary DPC that calls what may wait breaks the IRQL range of that, and a wait itself is the
 * kernel's own finding. contract.c judges the ranges of services, poolrules.c and memoryrules.c
 * paged memory.
 */
#include "check/contract_state.h"
#include "check/service.h"

enum { MEDIUM_HIGH_IMPORTANCE = 3 };

bool dq_dpcrules_waits(dq_processor *cpu, const dq_event *call)
{
    if (dq_service_contracts[call->service].waits != DQ_WAIT_WAITS) {
        return false;
    }
    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, "WaitInDpc", "kernel: introduction-to-threaded-dpcs", 0xB8,
                         (uintptr_t)cpu->task->kernel, 0, dq_task_stack_begin(cpu->task)),
            "%s, which may wait, was called by a threaded DPC. Where threaded DPCs are disabled "
            "it runs at DISPATCH_LEVEL.",
            dq_service_name(call->service));
    return true;
}

/* Its page names these four. At DISPATCH_LEVEL they work all the same: a warning. */
void dq_dpcrules_lock(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    static const char rule[] = "ThreadedDpcLock";

    switch (call->service) {
    case DQ_SERVICE_KeAcquireSpinLockAtDpcLevel:
    case DQ_SERVICE_KeReleaseSpinLockFromDpcLevel:
    case DQ_SERVICE_KeAcquireInStackQueuedSpinLockAtDpcLevel:
    case DQ_SERVICE_KeReleaseInStackQueuedSpinLockFromDpcLevel:
        if (dq_contract_warns(contract, rule, call->place)) {
            dq_find(cpu, &(dq_finding){ .severity = DQ_WARNING, .rule = rule },
                    "%s was called by a threaded DPC.", dq_service_name(call->service));
        }
        break;
    default:
        break;
    }
}

/* That a processor which is not there changes nothing is documented; what the routine does with
 * another importance is not. */
void dq_dpcrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    static const char target[] = "DpcTarget";
    const unsigned value = (unsigned)call->b;

    if (call->service == DQ_SERVICE_KeSetImportanceDpc && value > MEDIUM_HIGH_IMPORTANCE) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "DpcImportance" },
                "KeSetImportanceDpc was given %u, which is no importance.", value);
    } else if (call->service == DQ_SERVICE_KeSetTargetProcessorDpc &&
               value >= cpu->machine->processor_count &&
               dq_contract_warns(contract, target, call->place)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_WARNING, .rule = target },
                "KeSetTargetProcessorDpc was given processor %u: the machine has %u. The target does "
                "not change.",
                value, cpu->machine->processor_count);
    }
}

void dq_dpcrules_queue(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    static const char rule[] = "DpcArguments";

    if (event->c > 1 && dq_contract_warns(contract, rule, event->place)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_WARNING, .rule = rule },
                "%s was called for a DPC that is queued already, with other arguments: it will run "
                "once, with those of its first insertion; these are lost.",
                event->service != DQ_SERVICE_NONE ? dq_service_name(event->service)
                                                  : "KeInsertQueueDpc");
    }
}
