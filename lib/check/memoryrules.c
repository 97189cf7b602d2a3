/*
 * memoryrules.c - paged memory is no place for what the kernel touches at DISPATCH_LEVEL, nor for
 * what a driver touches there.
 *
 * The machine pages nothing out, so that only this finds it. Accesses are seen in instrumented
 * code. A threaded DPC obeys the rules of DISPATCH_LEVEL, whatever its IRQL.
 */
#include "check/contract_state.h"
#include "check/service.h"

void dq_memoryrules_allocate(dq_contract *contract, const dq_event *event)
{
    if (event->c != 0 && dq_contract_grow((void **)&contract->paged, &contract->paged_capacity,
                                          contract->paged_count, sizeof(dq_paged))) {
        contract->paged[contract->paged_count++] = (dq_paged){ (uintptr_t)event->object, event->a };
    }
}

static const dq_paged *find(const dq_contract *contract, const void *address)
{
    for (size_t i = 0; i < contract->paged_count; i++) {
        if ((uintptr_t)address - contract->paged[i].address < contract->paged[i].bytes) {
            return &contract->paged[i];
        }
    }
    return NULL;
}

static bool is_by_threaded_dpc(const dq_processor *cpu)
{
    return cpu->irql < DQ_LEVEL_DISPATCH && cpu->execution->kind == DQ_EXECUTION_THREADED_DPC;
}

void dq_memoryrules_free(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    const dq_paged *paged = find(contract, event->object);

    if (paged != NULL && paged->address == (uintptr_t)event->object) {
        if (DQ_UNLIKELY(is_by_threaded_dpc(cpu))) {
            dq_find(cpu,
                    DQ_VIOLATION(DQ_ERROR, "ThreadedDpc", NULL, DQ_VERIFIER, 0x11,
                                 DQ_LEVEL_DISPATCH, 1, (uintptr_t)event->object),
                    "paged memory is freed by a threaded DPC, which obeys the rules of "
                    "DISPATCH_LEVEL.");
        }
        contract->paged[paged - contract->paged] = contract->paged[--contract->paged_count];
    }
}

void dq_memoryrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    const dq_need need = (dq_need)dq_service_contracts[call->service].needs;
    const bool work = need == DQ_NEED_WORK_ITEM;

    if ((work || need == DQ_NEED_NONPAGED) && find(contract, call->object) != NULL) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, work ? "PageableWorkItem" : "PageableObject",
                             dq_service_rules[call->service].page, DQ_VERIFIER, work ? 0x131 : 0xE1,
                             (uintptr_t)call->object),
                "%s was given %s in paged pool; the kernel touches it at DISPATCH_LEVEL.",
                dq_service_name(call->service), work ? "a work item" : "an object");
    }
}

void dq_memoryrules_access(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    const bool writes = (event->b & DQ_ACCESS_WRITE) != 0;

    if (DQ_UNLIKELY(is_by_threaded_dpc(cpu)) && find(contract, event->object) != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "ThreadedDpc",
                               .code = 0xD1,
                               .place = event->place,
                               .parameters = { (uintptr_t)event->object, DQ_LEVEL_DISPATCH, writes,
                                               (uintptr_t)event->place } },
                "%s of paged pool by a threaded DPC, which obeys the rules of DISPATCH_LEVEL: had "
                "it run there, with the memory paged out, the machine would have crashed.",
                writes ? "a write" : "a read");
    }
    if (cpu->irql >= DQ_LEVEL_DISPATCH && find(contract, event->object) != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "PagedAccess",
                               .code = 0xD1,
                               .place = event->place,
                               .parameters = { (uintptr_t)event->object, cpu->irql, writes,
                                               (uintptr_t)event->place } },
                "%s of paged pool at %s: had it been paged out, the machine would have crashed.",
                writes ? "a write" : "a read", dq_irql_name(cpu->irql));
    }
}

/* Its page allows DISPATCH_LEVEL, the Driver Verifier does not. */
void dq_memoryrules_unmap(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    static const char rule[] = "IrqlMmUnmapIoSpace";

    if (call->service == DQ_SERVICE_MmUnmapIoSpace && cpu->irql == DQ_LEVEL_DISPATCH &&
        dq_contract_warns(contract, rule, call->place)) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_WARNING, rule, NULL, DQ_VERIFIER, 0x7B, cpu->irql,
                             (uintptr_t)call->object, call->a),
                "MmUnmapIoSpace was called at DISPATCH_LEVEL.");
    }
}
