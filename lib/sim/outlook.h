/*
 * outlook.h - which processors could go on where they take turns, and which should.
 */
#ifndef DQ_OUTLOOK_H
#define DQ_OUTLOOK_H

#include "sim/standstill.h"

static inline bool dq_in_activation(const dq_processor *cpu)
{
    return cpu->execution != NULL && cpu->execution->base_level >= DQ_LEVEL_DISPATCH;
}

static inline bool dq_is_in(uint64_t set, const dq_processor *cpu)
{
    return (set >> cpu->number & 1) != 0;
}

/* Processors, as bits. */
typedef struct dq_outlook {
    uint64_t runnable;
    uint64_t urgent; /* Those that go on before all others, undisturbed. */
} dq_outlook;

static inline dq_outlook dq_look_at_all(const dq_machine *machine)
{
    const dq_turns *t = &machine->turns;
    dq_outlook view = { 0, 0 };

    for (unsigned i = 0; i < machine->processor_count; i++) {
        const dq_processor *cpu = &machine->processors[i];
        const bool runnable = dq_can_run(cpu);

        view.runnable |= (uint64_t)runnable << i;
        if (runnable && ((dq_has_interrupt(cpu) && !dq_is_in(t->put_off, cpu)) ||
                         (dq_in_activation(cpu) && !dq_is_in(t->gave_way, cpu)))) {
            view.urgent |= 1ull << i;
        }
    }
    return view;
}

static inline bool dq_is_urgent(const dq_processor *cpu, const dq_outlook *view)
{
    return dq_is_in(view->urgent, cpu);
}

/* They stand in a circle: the first one of the set after `cpu`, it itself last of all. NULL: the
 * set is empty. */
static inline dq_processor *dq_first_after(const dq_processor *cpu, uint64_t set)
{
    const uint64_t above = set & (~1ull << cpu->number);

    return set != 0 ? &cpu->machine->processors[__builtin_ctzll(above != 0 ? above : set)] : NULL;
}

#endif
