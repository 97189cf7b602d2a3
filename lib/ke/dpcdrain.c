/*
 * dpcdrain.c - the DPCs of a queue are run, one after the other, until none is left.
 */
#include "ke/dpcdrain.h"

/* More DPCs in one drain than this, with the clock standing still, are a DPC that queues itself
 * for ever. */
enum { DRAIN_LIMIT = 100000 };

static void check_return(dq_processor *cpu, const dq_processor *now, const KDPC *copy,
                         int apc_disable)
{
    const dq_thread *thread = dq_thread_current(now);

    if (now != cpu || now->irql != DQ_LEVEL_DISPATCH) {
        dq_bugcheck(dq_self, IRQL_UNEXPECTED_VALUE,
                    (uint64_t)now->irql << 16 | (uint64_t)DQ_LEVEL_DISPATCH << 8,
                    (uintptr_t)copy->DeferredRoutine, 0, 0,
                    "a DPC routine returned at IRQL %u: it was called at DISPATCH_LEVEL",
                    now->irql);
    }
    if (thread->apc_disable != apc_disable) {
        dq_bugcheck(
            dq_self, TIMER_OR_DPC_INVALID, 4 + (copy->ProcessorHistory >> DQ_DPC_BY_TIMER_SHIFT),
            (uintptr_t)copy->DeferredRoutine,
            (uint64_t)(int64_t)-apc_disable, (uint64_t)(int64_t)-thread->apc_disable,
            "a DPC routine entered a critical region and did not leave it, or the other way round");
    }
}

void dq_dpc_done(dq_processor *cpu, dq_dpc_list *list)
{
    dq_dpcs *dpcs = &dq_kernel_of(cpu)->dpcs;

    list->running = 0;
    if (DQ_UNLIKELY(dpcs->flushers > 0)) {
        dpcs->done.Header.SignalState = 1;
        dq_wait_release(cpu->machine, &dpcs->done.Header);
    }
}

static void run(dq_processor *cpu, const KDPC *copy, PKDPC object)
{
    dq_thread *thread = dq_thread_current(cpu);
    const int apc_disable = thread->apc_disable;
    dq_execution execution;
    const dq_processor *now;
    unsigned depth;

    cpu->machine->counted_dpcs++;
    dq_execution_begin(cpu, &execution, DQ_EXECUTION_DPC, DQ_LEVEL_DISPATCH,
                       DQ_CODE(copy->DeferredRoutine), object, NULL);
    dq_dpc_touched(cpu, cpu);
    execution.processors = copy->Number != 0 ? 1ull << cpu->number : 0;
    dq_emit(cpu, DPC_BEGIN, object, DQ_LEVEL_DISPATCH, 0, 0);
    depth = dq_guest_begin(dq_self);
    copy->DeferredRoutine(object, copy->DeferredContext, copy->SystemArgument1,
                          copy->SystemArgument2);
    dq_guest_end(depth);
    now = dq_self;
    dq_check_saved_states(dq_self);
    dq_emit(dq_self, DPC_END, object, DQ_LEVEL_DISPATCH, 0, 0);
    if (DQ_UNLIKELY(now != cpu || now->irql != DQ_LEVEL_DISPATCH ||
                    thread->apc_disable != apc_disable)) {
        check_return(cpu, now, copy, apc_disable);
    }
    dq_execution_end(cpu, &execution);
}

/* A DPC that queues itself again in the same drain is legal, for ever is not. */
static void report_endless(dq_processor *cpu, const KDPC *copy)
{
    host_symbol symbol;

    host_symbol_find(DQ_CODE(copy->DeferredRoutine), &symbol);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "livelock",
                           .code = DPC_WATCHDOG_VIOLATION,
                           .parameters = { 1 } },
            "livelock: DPCs have queued DPCs %u times without any time passing, the last is `%s`",
            (unsigned)DRAIN_LIMIT, symbol.function);
}

void dq_dpc_drain(dq_processor *cpu)
{
    dq_dpc_queue *queue = &dq_prcb_of(cpu)->dpcs;
    const uint64_t began_ns = cpu->machine->clock.now_ns;
    unsigned count = 0;
    PKDPC object;
    KDPC copy;

    dq_unpend(cpu, DQ_LEVEL_DISPATCH);
    if (queue->normal.first == NULL) {
        return;
    }
    if (queue->tick.slot != 0) {
        dq_clock_cancel(cpu->machine, &queue->tick);
    }
    while (dq_dpc_take(cpu->machine, &queue->normal, &copy, &object)) {
        queue->depth--;
        if (++count > DRAIN_LIMIT && began_ns == cpu->machine->clock.now_ns) {
            report_endless(cpu, &copy);
        }
        run(cpu, &copy, object);
        dq_dpc_done(cpu, &queue->normal);
        dq_unpend(cpu, DQ_LEVEL_DISPATCH);
    }
}

bool dq_dpc_is_quiet(const dq_processor *cpu)
{
    return dq_prcb_of(cpu)->dpcs.normal.first == NULL;
}

bool dq_dpc_idle(dq_processor *cpu)
{
    if (dq_dpc_is_quiet(cpu)) {
        return false;
    }
    dq_pend(cpu, DQ_LEVEL_DISPATCH);
    (void)dq_deliver(cpu);
    return true;
}
