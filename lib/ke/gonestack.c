/*
 * gonestack.c - what lies in a stack frame that has returned.
 *
 * An execution remembers the frame of its latest service call. No frame of a guest's function lies
 * below that, until a deeper one calls a service; and what a service is given lies in the frame of
 * a function that has called it, or of its callers. So what is below it was left since. A function
 * that has returned to one that calls nothing any more is not noticed, nor is what lies where the
 * frames of the service itself are.
 */
#include "ke/gonestack.h"

#include "ke/ki.h"

static bool is_on(const dq_task *task, const void *address)
{
    return task->context.stack != NULL &&
           (uintptr_t)address - (uintptr_t)task->context.stack < task->context.stack_bytes;
}

static const dq_task *task_of(const dq_machine *machine, const void *address)
{
    const dq_task *task = machine->tasks;

    while (task != NULL && !is_on(task, address)) {
        task = task->next;
    }
    return task;
}

uint32_t dq_stack_owner(const dq_machine *machine, const void *address)
{
    const dq_task *task = task_of(machine, address);

    return task != NULL ? task->execution.ordinal : 0;
}

/* The innermost execution on this stack that has called a service, or NULL. */
static const dq_execution *latest_caller(const dq_task *task)
{
    const dq_processor *cpu = task->processor;
    const dq_execution *e = cpu != NULL && cpu->task == task ? cpu->execution : task->top;

    while (e != NULL && (e->frame == NULL || !is_on(task, e->frame))) {
        e = e->below;
    }
    return e;
}

bool dq_stack_is_gone(const dq_machine *machine, const void *address, uint32_t owner)
{
    const dq_task *task = owner != 0 ? task_of(machine, address) : NULL;
    const dq_execution *caller;

    if (owner == 0) {
        return false;
    }
    if (task == NULL || task->execution.ordinal != owner) {
        return true; /* The thread has ended. */
    }
    caller = latest_caller(task);
    return caller != NULL && (uintptr_t)address < (uintptr_t)caller->frame;
}

void dq_stack_accuse(dq_processor *cpu, bool is_dpc, const void *object, size_t bytes,
                     const void *place)
{
    const uintptr_t begin = (uintptr_t)object;

    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "StackHoldsTimer",
                           .page = is_dpc ? "wdm: KeInsertQueueDpc" : "wdm: KeSetTimer",
                           .code = TIMER_OR_DPC_INVALID,
                           .parameters = { is_dpc, begin, begin, begin + bytes },
                           .place = place },
            is_dpc ? "a DPC is to run that lies in a stack frame which is gone: the function has "
                     "returned, or its thread has ended, since it was queued"
                   : "a timer is due that lies in a stack frame which is gone: the function has "
                     "returned, or its thread has ended, since it was set");
}
