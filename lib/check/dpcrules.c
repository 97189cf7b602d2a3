/*
 * dpcrules.c - what is queued twice runs once; and a threaded DPC, which may just as well run at
 * DISPATCH_LEVEL, does not wait.
 *
 * An ordinary DPC that calls what may wait breaks the IRQL range of that, and a wait itself is the
 * kernel's own finding.
 */
#include "check/contract_state.h"
#include "check/service.h"

void dq_dpcrules_call(dq_processor *cpu, const dq_event *call)
{
    if (dq_service_contracts[call->service].waits == DQ_WAIT_WAITS) {
        dq_find(
            cpu,
            DQ_VIOLATION(DQ_ERROR, "WaitInDpc", "kernel: introduction-to-threaded-dpcs", 0xB8,
                         (uintptr_t)cpu->task->kernel, 0, dq_task_stack_begin(cpu->task)),
            "%s, which may wait, was called by a threaded DPC. Where threaded DPCs are disabled "
            "it runs at DISPATCH_LEVEL.",
            dq_service_name(call->service));
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
