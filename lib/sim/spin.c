/*
 * spin.c - a processor that waits for a lock gives way instead of burning time.
 *
 * It is disabled for its own code until somebody announces the lock's release; it still takes
 * interrupts above its IRQL.
 */
#include "sim/machine.h"
#include "sim/order.h"

void dq_spin(dq_processor *cpu, const void *lock, uint64_t *ticket)
{
    dq_machine *machine = cpu->machine;

    if (*ticket == 0) {
        *ticket = ++machine->spin_tickets;
        machine->spinners++;
    }
    cpu->spinning_on = lock;
    cpu->spin_ticket = *ticket;
    cpu->spin_blocked = true;
    machine->progress++;
    machine->scheduler->rest(cpu);
    dq_order_step_general(machine, cpu->execution);
    cpu->spin_blocked = false;
    /* An ISR that interrupts the spin is not itself waiting. */
    cpu->spinning_on = NULL;
    dq_deliver(cpu);
    cpu->spinning_on = lock;
    cpu->spin_ticket = *ticket;
}

bool dq_spin_is_behind(const dq_processor *cpu, const void *lock, uint64_t ticket)
{
    const dq_machine *machine = cpu->machine;

    if (machine->spinners == 0) {
        return false;
    }
    for (unsigned i = 0; i < machine->processor_count; i++) {
        const dq_processor *other = &machine->processors[i];

        if (other != cpu && other->spinning_on == lock &&
            (ticket == 0 || other->spin_ticket < ticket)) {
            return true;
        }
    }
    return false;
}

void dq_spin_done(dq_processor *cpu)
{
    cpu->spinning_on = NULL;
    cpu->spin_blocked = false;
    cpu->machine->spinners--;
}

void dq_spin_wake(dq_machine *machine, const void *lock)
{
    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_processor *other = &machine->processors[i];

        if (other->spinning_on == lock && other->spin_blocked) {
            other->spin_blocked = false;
            machine->scheduler->wake(other);
        }
    }
}
