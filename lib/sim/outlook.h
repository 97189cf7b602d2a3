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
    const dq_processor *end = machine->processors + machine->processor_count;
    uint64_t runnable = 0, interrupted = 0, active = 0, bit = 1;

    for (const dq_processor *cpu = machine->processors; cpu != end; cpu++, bit <<= 1) {
        if (dq_can_run(cpu)) {
            runnable |= bit;
            interrupted |= dq_has_interrupt(cpu) ? bit : 0;
            active |= dq_in_activation(cpu) ? bit : 0;
        }
    }
    return (dq_outlook){ .runnable = runnable,
                         .urgent = (interrupted & ~machine->turns.put_off) |
                                   (active & ~machine->turns.gave_way) };
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
