/*
 * delay.c - code that is held up until something is due.
 */
#include "sim/delay.h"

#include "sim/standstill.h"

/* Interrupts and what runs at DISPATCH_LEVEL or above are held up by hardware and hypervisors alone,
 * which is never long. Below, a thread may get no turn for as long as others use the processors. */
static const uint64_t raised_limit_ns = 10ull * 1000 * 1000;

static bool is_raised(const dq_processor *cpu)
{
    return dq_has_interrupt(cpu) ||
           (cpu->irql >= DQ_LEVEL_DISPATCH && cpu->execution != NULL &&
            cpu->execution->kind != DQ_EXECUTION_IDLE);
}

static bool is_any_raised(const dq_machine *machine)
{
    bool any = false;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        any = any || is_raised(&machine->processors[i]);
    }
    return any;
}

static bool is_due_soon_enough(const dq_machine *machine)
{
    const uint64_t next_ns = dq_clock_next_ns(machine);

    return next_ns != UINT64_MAX && (next_ns - machine->clock.now_ns <= raised_limit_ns ||
                                     !is_any_raised(machine));
}

/* For modes random and pct. How many places there will be is not known, so that one rarity would be
 * too much for short runs or too little for long ones: each seed has one of four. */
static unsigned draw(dq_machine *machine)
{
    static const uint64_t one_in[] = { 2, 8, 32, 128 };
    const uint64_t rarity = one_in[machine->options.seed % 4];

    return dq_choice_draw(&machine->delays_state) % rarity == 0;
}

bool dq_delay_at(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    if (cpu->execution->kind == DQ_EXECUTION_DEVICE || !dq_mode_chooses(machine->options.mode) ||
        !is_due_soon_enough(machine) ||
        dq_choose_rarely(cpu, DQ_CHOICE_DELAY, DQ_BOUND_DELAY, draw(machine)) == 0) {
        return false;
    }
    machine->delays_left -= machine->delays_left != DQ_UNBOUNDED;
    dq_emit(cpu, DELAY, NULL, dq_clock_next_ns(machine), 0, 0);
    (void)dq_clock_skip(machine);
    return true;
}
