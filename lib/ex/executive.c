/*
 * executive.c - the executive's part of a machine.
 */
#include "ex/executive.h"

#include "ke/keep.h"
#include "ke/ki.h"

dq_executive *dq_executive_of(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->ex == NULL) {
        kernel->ex = dq_keep(machine, sizeof(dq_executive));
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
