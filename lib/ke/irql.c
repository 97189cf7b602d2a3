/*
 * irql.c - raising and lowering IRQL.
 *
 * The short way costs one look at the processor's attention word. It may be taken while something
 * is pending that the new level masks. The raise counts as progress; the lowering that follows it
 * need not. The long way tells the sinks, is a schedule point, and bug-checks what Windows does:
 * 0x9 for a raise to a lower level, 0xA for a lowering to a higher one, both with (current,
 * requested, 0, 0).
 */
#include "ke/ki.h"

#define COLD __attribute__((noinline, cold))
#define INLINE    \
    static inline \
        __attribute__((always_inline)) /* So that the return address is that of the service. */

static COLD KIRQL raise_slowly(dq_service service, unsigned irql, const void *place)
{
    dq_processor *cpu = dq_self;
    KIRQL old_irql = cpu->irql;

    if (!dq_must_look(cpu, old_irql) && irql >= old_irql && irql <= HIGH_LEVEL) {
        cpu->points++;
        cpu->irql = (uint8_t)irql; /* Only what is masked is pending. */
        return old_irql;
    }
    cpu = dq_enter(service, place, NULL, irql, 0, 0);
    if (cpu == NULL) {
        return PASSIVE_LEVEL;
    }
    DQ_LEAVES(cpu);
    old_irql = cpu->irql;
    if (irql < old_irql || irql > HIGH_LEVEL) {
        dq_bugcheck(cpu, IRQL_NOT_GREATER_OR_EQUAL, old_irql, irql, 0, 0,
                    "%s was asked to raise IRQL from %u to %u. A raise goes up, or stays, and "
                    "never above HIGH_LEVEL (%d).",
                    dq_service_name(service), old_irql, irql, HIGH_LEVEL);
    }
    dq_irql_raise(cpu, irql);
    return old_irql;
}

static COLD void raise_into_slowly(unsigned irql, PKIRQL old_irql, const void *place)
{
    *old_irql = raise_slowly(DQ_SERVICE_KeRaiseIrql, irql, place);
}

/* Nothing at all is pending or wanted, and the raise is a legal one. */
INLINE bool raises_quickly(const dq_processor *cpu, unsigned irql)
{
    return DQ_LIKELY(dq_attention(cpu) == 0) && DQ_LIKELY(irql >= cpu->irql) &&
           DQ_LIKELY(irql <= HIGH_LEVEL);
}

INLINE KIRQL raise_quickly(dq_processor *cpu, unsigned irql)
{
    const KIRQL old_irql = cpu->irql;

    cpu->points++;
    cpu->irql = (uint8_t)irql;
    return old_irql;
}

INLINE KIRQL raise_irql(dq_service service, unsigned irql)
{
    dq_processor *cpu = dq_self;

    if (!raises_quickly(cpu, irql)) {
        return raise_slowly(service, irql, __builtin_return_address(0));
    }
    return raise_quickly(cpu, irql);
}

static COLD void lower_slowly(dq_service service, unsigned irql, const void *place)
{
    dq_processor *cpu = dq_self;

    if (!dq_must_look(cpu, irql) && irql <= cpu->irql) {
        cpu->irql = (uint8_t)irql;
        return;
    }
    cpu = dq_enter(service, place, NULL, irql, 0, 0);
    if (cpu == NULL) {
        return;
    }
    DQ_LEAVES(cpu);
    if (irql > cpu->irql) {
        dq_bugcheck(cpu, IRQL_NOT_LESS_OR_EQUAL, cpu->irql, irql, 0, 0,
                    "%s was asked to lower IRQL from %u to %u, which is higher.",
                    dq_service_name(service), cpu->irql, irql);
    }
    dq_irql_lower(cpu, irql);
}

INLINE void lower_irql(dq_service service, unsigned irql)
{
    dq_processor *cpu = dq_self;

    if (DQ_LIKELY(dq_attention(cpu) == 0) && DQ_LIKELY(irql <= cpu->irql)) {
        cpu->irql = (uint8_t)irql;
        return;
    }
    lower_slowly(service, irql, __builtin_return_address(0));
}

VOID NTAPI KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
    dq_processor *cpu = dq_self;

    if (!raises_quickly(cpu, NewIrql)) {
        raise_into_slowly(NewIrql, OldIrql, __builtin_return_address(0));
        return;
    }
    *OldIrql = raise_quickly(cpu, NewIrql);
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    return raise_irql(DQ_SERVICE_KfRaiseIrql, NewIrql);
}

VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    lower_irql(DQ_SERVICE_KeLowerIrql, NewIrql);
}

VOID NTAPI KfLowerIrql(KIRQL NewIrql)
{
    lower_irql(DQ_SERVICE_KfLowerIrql, NewIrql);
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    return raise_irql(DQ_SERVICE_KeRaiseIrqlToDpcLevel, DISPATCH_LEVEL);
}

KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID)
{
    return raise_irql(DQ_SERVICE_KeRaiseIrqlToSynchLevel, SYNCH_LEVEL);
}

/* In live mode a thread that can be moved to another processor must not be, between two reads. */
static COLD KIRQL read_live(dq_machine *live)
{
    DQ_INSIDE(live);
    return dq_self->irql;
}

/* Reads what only this processor changes: nothing else can tell when, so that it is no schedule
 * point. */
KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    dq_processor *cpu = dq_self;

    if (dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        cpu = dq_enter(DQ_SERVICE_KeGetCurrentIrql, __builtin_return_address(0), NULL, 0, 0, 0);
        DQ_LEAVES(cpu);
        return cpu != NULL ? cpu->irql : PASSIVE_LEVEL;
    }
    return DQ_LIKELY(cpu->live == NULL) ? cpu->irql : read_live(cpu->live);
}
