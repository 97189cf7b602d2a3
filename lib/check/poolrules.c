/*
 * poolrules.c - the Driver Verifier's words for what is wrong with an allocation or a free.
 */
#include <inttypes.h>

#include "check/contract_state.h"
#include "sim/pool_error.h"
#include "sim/whatis.h"

enum { PAGED_FLAG = 0x100, PAGED_TYPE = 1 }; /* POOL_FLAG_PAGED; the lowest bit of a POOL_TYPE. */

static void check_allocation(dq_processor *cpu, const dq_event *call, bool paged)
{
    const char *name = dq_service_name(call->service);

    if (call->b == 0) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "PoolSize", "wdm: ExAllocatePool2", DQ_VERIFIER, 0x00,
                             cpu->irql, call->a, 0),
                "%s was asked for 0 bytes.", name);
    }
    if (paged && cpu->irql > DQ_LEVEL_APC) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "IrqlExAllocatePool", "wdm: ExAllocatePool2", DQ_VERIFIER,
                             0x01, cpu->irql, call->a, call->b),
                "%s was called for paged memory at %s; that needs IRQL <= APC_LEVEL.", name,
                dq_irql_name(cpu->irql));
    } else if (paged && cpu->execution->kind == DQ_EXECUTION_THREADED_DPC) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "ThreadedDpc", NULL, DQ_VERIFIER, 0x01, DQ_LEVEL_DISPATCH,
                             call->a, call->b),
                "%s was called for paged memory by a threaded DPC, which obeys the rules of "
                "DISPATCH_LEVEL.",
                name);
    }
}

void dq_poolrules_call(dq_processor *cpu, const dq_event *call)
{
    switch (call->service) {
    case DQ_SERVICE_ExAllocatePool2:
    case DQ_SERVICE_ExAllocatePool3:
        check_allocation(cpu, call, (call->a & PAGED_FLAG) != 0);
        break;
    case DQ_SERVICE_ExAllocatePool:
    case DQ_SERVICE_ExAllocatePoolWithTag:
    case DQ_SERVICE_ExAllocatePoolWithTagPriority:
    case DQ_SERVICE_ExAllocatePoolWithQuota:
    case DQ_SERVICE_ExAllocatePoolWithQuotaTag:
    case DQ_SERVICE_ExAllocatePoolZero:
    case DQ_SERVICE_ExAllocatePoolUninitialized:
        check_allocation(cpu, call, (call->a & PAGED_TYPE) != 0);
        break;
    default:
        break;
    }
}

static void refuse_unknown(dq_processor *cpu, const void *address)
{
    char what[300];

    if (address != NULL && !dq_whatis(cpu->machine, address, what, sizeof(what))) {
        what[0] = '\0';
    }
    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, "PoolForeign", "wdm: ExFreePool", DQ_VERIFIER, 0x10,
                         (uintptr_t)address),
            "%s%s%s.",
            address == NULL ? "the pointer that is freed is NULL: compare it with NULL first"
                            : "memory is freed that the pool did not give out, or not at this "
                              "address",
            address != NULL && what[0] != '\0' ? ": that is " : "",
            address != NULL ? what : "");
}

/* What is left (another tag, a queued DPC) Windows itself bug-checks. */
void dq_poolrules_free(dq_processor *cpu, const dq_event *event)
{
    const uint64_t address = (uintptr_t)event->object;

    switch (DQ_POOL_ERROR_OF(event->c)) {
    case DQ_POOL_FREED_BEFORE:
        dq_find(
            cpu,
            DQ_VIOLATION(DQ_ERROR, "PoolFreedTwice", "wdm: ExFreePool", DQ_VERIFIER, 0x13, 0,
                         address),
            "a pool block of %" PRIu64 " bytes is freed a second time.", event->a);
        break;
    case DQ_POOL_UNKNOWN:
        refuse_unknown(cpu, event->object);
        break;
    case DQ_POOL_HOLDS_TIMER:
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "PoolHoldsTimer", "wdm: KeCancelTimer", DQ_VERIFIER, 0x15,
                             address + DQ_POOL_ERROR_OFFSET(event->c), 0, address),
                "%s of %" PRIu64 " bytes is freed while a timer in it is set.",
                event->b == DQ_POOL_DEVICE ? "a device object, with its extension," : "a pool block",
                event->a);
        break;
    case DQ_POOL_PAGED_TOO_HIGH:
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "IrqlExFree1", "wdm: ExFreePool", DQ_VERIFIER, 0x11,
                             cpu->irql, 1, address),
                "paged memory is freed at %s; that needs IRQL <= APC_LEVEL.",
                dq_irql_name(cpu->irql));
        break;
    default:
        break;
    }
}
