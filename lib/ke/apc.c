/*
 * apc.c - special kernel APCs: queued for a thread, run by it.
 *
 * Whether a thread has any is a pending interrupt of APC_LEVEL on the processor that runs it, so
 * that masking and delivery are those of every other interrupt.
 */
#include "ke/apc.h"

#include "ke/ki.h"

static bool may_run(const dq_thread *thread)
{
    return thread->apcs != NULL && thread->guarded == 0;
}

void dq_apc_queue(dq_thread *thread, dq_apc *apc)
{
    dq_apc **link = &thread->apcs;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    apc->next = NULL;
    *link = apc;
    dq_emit(dq_self, ORDER_GIVE, apc, 0, 0, 0);
    if (thread->guarded > 0) {
        return;
    }
    if (thread->state == DQ_THREAD_RUNNING) {
        dq_pend(thread->task->processor, DQ_LEVEL_APC);
    } else if (thread->state == DQ_THREAD_WAITING && thread->wait_irql < DQ_LEVEL_APC) {
        dq_wait_abort(thread, STATUS_KERNEL_APC);
    }
}

void dq_apc_run(dq_processor *cpu)
{
    dq_thread *thread = dq_thread_current(cpu);

    dq_unpend(cpu, DQ_LEVEL_APC);
    while (may_run(thread)) {
        dq_apc *apc = thread->apcs;

        thread->apcs = apc->next;
        dq_emit(cpu, ORDER_TAKE, apc, 0, 0, 0);
        apc->routine(cpu, apc->context);
    }
}

void dq_apc_switch(dq_processor *cpu, const dq_thread *thread)
{
    if (may_run(thread)) {
        dq_attend(cpu, 1u << DQ_LEVEL_APC);
    } else {
        dq_unattend(cpu, 1u << DQ_LEVEL_APC);
    }
}

void dq_apc_leave_region(dq_processor *cpu)
{
    if (may_run(dq_thread_current(cpu))) {
        dq_pend(cpu, DQ_LEVEL_APC);
        (void)dq_deliver(cpu);
    }
}
