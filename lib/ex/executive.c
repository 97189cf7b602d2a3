/*
 * executive.c - the executive's part of a machine.
 */
#include "ex/executive.h"

#include "ke/keep.h"
#include "ke/ki.h"

/* Nothing of the executive's may be owned by a thread that ends. */
static void thread_ends(dq_processor *cpu, const dq_thread *thread)
{
    dq_resource_thread_ends(cpu, thread);
    dq_pushlock_thread_ends(cpu, thread);
}

dq_executive *dq_executive_of(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->ex == NULL) {
        kernel->ex = dq_keep(machine, sizeof(dq_executive));
        kernel->ex_thread_ends = kernel->ex != NULL ? thread_ends : NULL;
    }
    return kernel->ex;
}

void dq_signal(dq_processor *cpu, PKEVENT event)
{
    dq_emit(cpu, SIGNAL, event, event->Header.SignalState, 0, 0);
    event->Header.SignalState = 1;
    if (dq_wait_has_waiters(&event->Header)) {
        dq_wait_release(cpu->machine, &event->Header);
    }
}
