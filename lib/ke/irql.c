/*
 * irql.c - raising and lowering IRQL.
 *
 * The short way costs one look at the processor's attention word. It may be taken while something is pending that the
 * new level masks. The long way tells the sinks, is a schedule point, and bug-checks what Windows does:
 * 0x9 for a raise to a lower level, 0xA for a lowering to a higher one, both with (current, requested, 0, 0).
 */
#include "ke/ki.h"

#define COLD __attribute__((noinline, cold))

static COLD KIRQL raise_slowly(dq_service service, unsigned irql, const void *place)
{
    dq_processor *cpu = dq_enter(service, place, NULL, irql, 0, 0);
    KIRQL old_irql;

    if (cpu == NULL) {
        return PASSIVE_LEVEL;
    }
    old_irql = cpu->irql;
    if (irql < old_irql || irql > HIGH_LEVEL) {
        dq_bugcheck(cpu, IRQL_NOT_GREATER_OR_EQUAL, old_irql, irql, 0, 0,
                    "%s was asked to raise IRQL from %u to %u. A raise goes up, or stays, and never above "
                    "HIGH_LEVEL (%d).",
                    dq_service_name(service), old_irql, irql, HIGH_LEVEL);
    }
    dq_irql_raise(cpu, irql);
    return old_irql;
}

static inline KIRQL raise_irql(dq_service service, unsigned irql, const void *place)
{
    dq_processor *cpu = dq_self;
    const KIRQL old_irql = cpu->irql;

    if (dq_must_look(cpu, old_irql) || irql < old_irql || irql > HIGH_LEVEL) {
        return raise_slowly(service, irql, place);
    }
    cpu->points++;
    cpu->irql = (uint8_t)irql;
    return old_irql;
}

static COLD void lower_slowly(dq_service service, unsigned irql, const void *place)
{
    dq_processor *cpu = dq_enter(service, place, NULL, irql, 0, 0);

    if (cpu == NULL) {
        return;
    }
    if (irql > cpu->irql) {
        dq_bugcheck(cpu, IRQL_NOT_LESS_OR_EQUAL, cpu->irql, irql, 0, 0,
                    "%s was asked to lower IRQL from %u to %u, which is higher.",
                    dq_service_name(service), cpu->irql, irql);
    }
    dq_irql_lower(cpu, irql);
}

static inline void lower_irql(dq_service service, unsigned irql, const void *place)
{
    dq_processor *cpu = dq_self;

    if (irql > cpu->irql || dq_must_look(cpu, irql)) {
        lower_slowly(service, irql, place);
        return;
    }
    cpu->points++;
    cpu->irql = (uint8_t)irql;
}

VOID NTAPI KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
    *OldIrql = raise_irql(DQ_SERVICE_KeRaiseIrql, NewIrql, __builtin_return_address(0));
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    return raise_irql(DQ_SERVICE_KfRaiseIrql, NewIrql, __builtin_return_address(0));
}

VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    lower_irql(DQ_SERVICE_KeLowerIrql, NewIrql, __builtin_return_address(0));
}

VOID NTAPI KfLowerIrql(KIRQL NewIrql)
{
    lower_irql(DQ_SERVICE_KfLowerIrql, NewIrql, __builtin_return_address(0));
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    return raise_irql(DQ_SERVICE_KeRaiseIrqlToDpcLevel, DISPATCH_LEVEL, __builtin_return_address(0));
}

KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID)
{
    return raise_irql(DQ_SERVICE_KeRaiseIrqlToSynchLevel, SYNCH_LEVEL, __builtin_return_address(0));
}

/* Reads what only this processor changes: nothing else can tell when, so that it is no schedule point. */
KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    dq_processor *cpu = dq_self;

    if (dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        dq_enter(DQ_SERVICE_KeGetCurrentIrql, __builtin_return_address(0), NULL, 0, 0, 0);
        return PASSIVE_LEVEL;
    }
    return cpu->irql;
}
