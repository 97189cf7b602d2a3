/*
 * threadeddpc.c - threaded DPCs: at PASSIVE_LEVEL, in a thread of real-time priority of their
 * processor.
 *
 * Ordinary DPCs interrupt them, threads do not. The routine obeys a DPC's rules all the same: it
 * must not wait. The thread is made when its processor is sent the first one.
 */
#include "ke/ki.h"

#include <stdio.h>

/* Where threaded DPCs are disabled, the assertion of PAGED_CODE would fail. */
VOID NTAPI WdkPagedCode(VOID)
{
    const void *place = DQ_CALL_PLACE;
    dq_processor *cpu = dq_self;

    if (dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        return;
    }
    DQ_INSIDE(cpu->live);
    cpu = dq_self;
    if (cpu->execution->kind == DQ_EXECUTION_THREADED_DPC) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "ThreadedDpc", .place = place },
                "PAGED_CODE was called by a threaded DPC; pageable code runs at IRQL <= APC_LEVEL, "
                "and this one obeys the rules of DISPATCH_LEVEL, where it may run as well.");
    }
}

static void run(dq_processor *cpu, dq_dpc_list *list, const KDPC *copy, PKDPC object)
{
    dq_execution execution;
    unsigned depth;

    cpu->machine->counted_dpcs++;
    dq_execution_begin(cpu, &execution, DQ_EXECUTION_THREADED_DPC, DQ_LEVEL_PASSIVE,
                       DQ_CODE(copy->DeferredRoutine), object, NULL);
    execution.processors = copy->Number != 0 ? 1ull << cpu->number : 0;
    dq_emit(cpu, DPC_BEGIN, object, DQ_LEVEL_PASSIVE, 0, 0);
    depth = dq_guest_begin(dq_self);
    copy->DeferredRoutine(object, copy->DeferredContext, copy->SystemArgument1,
                          copy->SystemArgument2);
    dq_guest_end(depth);
    cpu = dq_self;
    dq_check_saved_states(cpu);
    dq_emit(cpu, DPC_END, object, DQ_LEVEL_PASSIVE, 0, 0);
    if (cpu->irql != DQ_LEVEL_PASSIVE) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16,
                    (uintptr_t)copy->DeferredRoutine, 0, 0,
                    "a threaded DPC routine returned at IRQL %u: it was called at PASSIVE_LEVEL",
                    cpu->irql);
    }
    dq_execution_end(cpu, &execution);
    dq_dpc_done(cpu, list);
}

static void serve(void *context)
{
    dq_processor *home = context;
    dq_dpc_queue *queue = &dq_prcb_of(home)->dpcs;

    for (;;) {
        PKDPC object;
        KDPC copy;

        while (dq_dpc_take(dq_self->machine, &queue->threaded, &copy, &object)) {
            run(dq_self, &queue->threaded, &copy, object);
        }
        queue->thread->state = DQ_THREAD_WAITING;
        home->irql = DQ_LEVEL_DISPATCH;
        (void)dq_thread_resume_at(dq_thread_block(home), DQ_LEVEL_PASSIVE);
    }
}

void dq_threadeddpc_wake(dq_processor *target)
{
    dq_dpc_queue *queue = &dq_prcb_of(target)->dpcs;
    char name[32];

    if (queue->thread == NULL) {
        snprintf(name, sizeof(name), "threaded DPCs of %u", target->number);
        queue->thread = dq_thread_create(target->machine, name, 1ull << target->number,
                                         DQ_PRIORITY_REALTIME, serve, target);
        if (queue->thread == NULL) {
            dq_find_outside(target->machine, "memory",
                            "no memory for the thread that runs threaded DPCs");
            return;
        }
        queue->thread->internal = true;
    } else if (queue->thread->state == DQ_THREAD_WAITING) {
        dq_thread_ready(queue->thread);
    }
}
