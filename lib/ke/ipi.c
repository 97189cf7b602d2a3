/*
 * ipi.c - KeIpiGenericCall: all processors are interrupted, meet, and run one function.
 *
 * Each processor takes the interrupt at IPI_LEVEL, above every device, and spins at a barrier; a
 * processor at HIGH_LEVEL comes when it lowers. Who waits for its turn to call spins below
 * IPI_LEVEL, so that it takes part in the call that keeps it waiting.
 */
#include "ke/ipi.h"

#include "ke/ki.h"

static dq_ipi *ipi_of(const dq_processor *cpu)
{
    return &dq_kernel_of(cpu)->ipi;
}

/* ---- On every processor ---------------------------------------------------------------------- */

static void await(dq_processor *cpu, const unsigned *count)
{
    uint64_t ticket = 0;

    while (*count < cpu->machine->processor_count) {
        dq_spin(cpu, count, &ticket);
    }
    if (ticket != 0) {
        dq_spin_done(cpu);
    }
}

static void count_one(dq_processor *cpu, unsigned *count)
{
    if (++*count == cpu->machine->processor_count) {
        dq_spin_released(cpu, count);
    }
}

static void check_irql(dq_processor *cpu, const void *routine)
{
    if (cpu->irql != DQ_LEVEL_IPI) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | DQ_LEVEL_IPI << 8 | 3,
                    (uintptr_t)routine, 0, 0,
                    "the function that KeIpiGenericCall ran was called at IPI_LEVEL and returns at "
                    "IRQL %u",
                    cpu->irql);
    }
}

static ULONG_PTR run(dq_processor *cpu, const dq_ipi *ipi)
{
    DQ_CALLS_ROUTINES(DQ_SERVICE_KeIpiGenericCall, ipi->place);
    const unsigned depth = dq_guest_call(cpu, DQ_CODE(ipi->function));
    const ULONG_PTR result = ipi->function(ipi->context);

    dq_guest_end(depth);
    return result;
}

/* Meets the others and runs the function, at IPI_LEVEL. */
static ULONG_PTR take_part(dq_processor *cpu)
{
    dq_ipi *ipi = ipi_of(cpu);
    const void *routine = DQ_CODE(ipi->function);
    dq_execution execution;
    ULONG_PTR result;

    dq_execution_begin(cpu, &execution, DQ_EXECUTION_IPI, DQ_LEVEL_IPI, routine, NULL, NULL);
    count_one(cpu, &ipi->arrived);
    await(cpu, &ipi->arrived);
    dq_emit(cpu, ORDER_TAKE, &ipi->arrived, 0, 0, 0);
    dq_emit(cpu, IPI_BEGIN, NULL, (uintptr_t)routine, ipi->context, 0);
    result = run(cpu, ipi);
    dq_emit(cpu, IPI_END, NULL, (uintptr_t)routine, result, 0);
    dq_emit(cpu, ORDER_GIVE, &ipi->finished, 0, 0, 0);
    check_irql(cpu, routine);
    dq_execution_end(cpu, &execution);
    count_one(cpu, &ipi->finished);
    return result;
}

void dq_ipi_arrive(dq_processor *cpu)
{
    (void)take_part(cpu);
}

/* ---- The caller ------------------------------------------------------------------------------ */

static void begin(dq_processor *cpu, PKIPI_BROADCAST_WORKER function, ULONG_PTR context,
                  const void *place)
{
    dq_ipi *ipi = ipi_of(cpu);
    uint64_t ticket = 0;

    while (ipi->busy || dq_spin_is_behind(cpu, &ipi->busy, ticket)) {
        dq_spin(cpu, &ipi->busy, &ticket);
    }
    if (ticket != 0) {
        dq_spin_done(cpu);
    }
    *ipi = (dq_ipi){
        .busy = true, .function = function, .context = context, .place = place
    };
}

static void interrupt_the_others(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        if (i != cpu->number) {
            dq_pend(&machine->processors[i], DQ_LEVEL_IPI);
        }
    }
}

static void end(dq_processor *cpu)
{
    dq_ipi *ipi = ipi_of(cpu);

    await(cpu, &ipi->finished);
    dq_emit(cpu, ORDER_TAKE, &ipi->finished, 0, 0, 0);
    ipi->busy = false;
    dq_spin_released(cpu, &ipi->busy);
}

ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context)
{
    const void *place = DQ_CALL_PLACE;
    ULONG_PTR result;
    uint8_t old_irql;

    DQ_ENTER(KeIpiGenericCall, NULL, (uintptr_t)BroadcastFunction, Context, 0, 0);
    old_irql = cpu->irql;
    if (old_irql >= DQ_LEVEL_IPI) {
        dq_bugcheck(cpu, IRQL_NOT_GREATER_OR_EQUAL, old_irql, DQ_LEVEL_IPI, 0, 0,
                    "KeIpiGenericCall at IRQL %u: it needs IRQL < IPI_LEVEL. A call that another "
                    "processor makes at the same time would never end.",
                    old_irql);
    }
    if (old_irql < DQ_LEVEL_DISPATCH) {
        /* From here on the thread stays on this processor. */
        dq_irql_raise(cpu, DQ_LEVEL_DISPATCH);
    }
    begin(cpu, BroadcastFunction, Context, place);
    dq_emit(cpu, ORDER_GIVE, &ipi_of(cpu)->arrived, 0, 0, 0);
    dq_irql_raise(cpu, DQ_LEVEL_IPI);
    interrupt_the_others(cpu);
    result = take_part(cpu);
    end(cpu);
    (void)dq_irql_lower(cpu, old_irql);
    return result;
}
