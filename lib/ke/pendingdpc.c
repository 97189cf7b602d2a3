/*
 * pendingdpc.c - which DPCs and APCs are queued and cannot come, and why: for reports.
 */
#include "ke/apc.h"
#include "ke/ki.h"

enum { SHOWN = 8 };

/* Why an ordinary DPC at the head of the queue of `cpu` is not run. NULL: it is about to be. */
static const char *reason_of(const dq_processor *cpu, const KDPC *dpc)
{
    const dq_dpc_queue *queue = &dq_prcb_of(cpu)->dpcs;

    if (cpu->irql >= DQ_LEVEL_DISPATCH) {
        return ", until that goes below DISPATCH_LEVEL";
    }
    if ((cpu->attention & 1u << DQ_LEVEL_DISPATCH) != 0) {
        return NULL;
    }
    if (queue->tick.slot != 0) {
        return ", until its next clock tick: it was queued from another processor, which does not "
               "interrupt for a DPC of this importance";
    }
    if (dpc->Importance == LowImportance) {
        return ", until that is idle or runs another DPC: with LowImportance nothing else starts "
               "it";
    }
    return "";
}

/* The thread that runs them does so below DISPATCH_LEVEL. */
static const char *threaded_reason(const dq_processor *cpu)
{
    const dq_dpc_queue *queue = &dq_prcb_of(cpu)->dpcs;

    if (cpu->irql >= DQ_LEVEL_DISPATCH) {
        return ", until its thread can run: below DISPATCH_LEVEL";
    }
    return queue->threaded.running != 0 ? ", behind the threaded DPC that runs" : NULL;
}

static void describe_dpc(const dq_processor *cpu, const KDPC *dpc, const char *kind,
                         const char *reason, dq_text *text)
{
    host_symbol symbol;

    if (reason != NULL) {
        host_symbol_find(DQ_CODE(dpc->DeferredRoutine), &symbol);
        dq_text_add(text, "\n  %s `%s` is queued, and waits on CPU%u (at IRQL %u)%s", kind,
                    symbol.function, cpu->number, cpu->irql, reason);
    }
}

static void describe_queue(const dq_processor *cpu, dq_text *text)
{
    const dq_dpc_queue *queue = &dq_prcb_of(cpu)->dpcs;
    unsigned shown = 0;

    for (const KDPC *dpc = queue->normal.first; dpc != NULL && shown < SHOWN;
         dpc = dq_dpc_next(dpc), shown++) {
        describe_dpc(cpu, dpc, "DPC", reason_of(cpu, dpc), text);
    }
    for (const KDPC *dpc = queue->threaded.first; dpc != NULL && shown < SHOWN;
         dpc = dq_dpc_next(dpc), shown++) {
        describe_dpc(cpu, dpc, "threaded DPC", threaded_reason(cpu), text);
    }
}

/* The IRQL that keeps it from its thread's APCs, or 0. */
static unsigned irql_of(const dq_thread *thread)
{
    if (thread->state == DQ_THREAD_WAITING) {
        return thread->wait_irql;
    }
    return thread->state == DQ_THREAD_RUNNING && thread->task->processor != NULL
               ? thread->task->processor->irql
               : 0;
}

static void describe_apcs(const dq_thread *thread, dq_text *text)
{
    const unsigned irql = irql_of(thread);

    if (thread->guarded > 0) {
        dq_text_add(text, "\n  a kernel APC is queued for thread %s, which is in a guarded region",
                    thread->name);
    } else if (irql >= DQ_LEVEL_APC) {
        dq_text_add(text, "\n  a kernel APC is queued for thread %s, which is at IRQL %u",
                    thread->name, irql);
    }
}

void dq_pending_describe_ke(dq_machine *machine, dq_text *text)
{
    const dq_kernel *kernel = machine->kernel;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        describe_queue(&machine->processors[i], text);
    }
    for (const dq_thread *thread = kernel->threads.all; thread != NULL; thread = thread->next) {
        if (thread->apcs != NULL && thread->state != DQ_THREAD_ENDED) {
            describe_apcs(thread, text);
        }
    }
}
