/*
 * thread.c - include/dirql/thread.h over the kernel's threads.
 */
#include <dirql/thread.h>

#include "control/control.h"
#include "ke/ki.h"

static void check_processor(dq_machine *machine, const char *function, unsigned processor)
{
    if (processor != DIRQL_ANY_PROCESSOR && processor >= machine->processor_count) {
        dirql_control_fail(machine, "no such processor",
                           "%s for processor %u, but the machine has %u (options.processors)",
                           function, processor, machine->processor_count);
    }
}

static uint64_t set_of(unsigned processor)
{
    return processor == DIRQL_ANY_PROCESSOR ? 0 : 1ull << processor;
}

static void check_irql(const dq_processor *cpu, const char *function, unsigned highest)
{
    if (cpu->irql > highest) {
        dirql_control_fail(cpu->machine, "IRQL", "%s at IRQL %u: it needs %s", function, cpu->irql,
                           highest == DQ_LEVEL_PASSIVE ? "PASSIVE_LEVEL" : "IRQL <= APC_LEVEL");
    }
}

dirql_thread *dirql_thread_start(const char *name, unsigned processor,
                                 void (*routine)(void *context), void *context)
{
    dq_thread *thread;

    DQ_ENTER(dirql_thread_start, NULL, (uintptr_t)routine, processor, context, NULL);
    check_irql(cpu, "dirql_thread_start", DQ_LEVEL_PASSIVE);
    check_processor(cpu->machine, "dirql_thread_start", processor);
    if (routine == NULL) {
        dirql_control_fail(cpu->machine, "no routine", "dirql_thread_start: `routine` is NULL");
    }
    thread = dq_thread_create(cpu->machine, name, set_of(processor), DQ_PRIORITY_NORMAL, routine,
                              context);
    if (thread == NULL) {
        dirql_control_fail(cpu->machine, "memory",
                           "dirql_thread_start: no memory for another thread");
    }
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return (dirql_thread *)(void *)thread;
}

static bool is_alive(const dq_machine *machine, const dq_thread *wanted)
{
    const dq_thread *thread = ((dq_kernel *)machine->kernel)->threads.all;

    while (thread != NULL && thread != wanted) {
        thread = thread->next;
    }
    return thread != NULL;
}

void dirql_thread_join(dirql_thread *thread)
{
    dq_thread *joined = (dq_thread *)(void *)thread;
    dq_machine *machine;

    DQ_ENTER(dirql_thread_join, thread, 0, 0, 0, DQ_VOID);
    machine = cpu->machine;
    check_irql(cpu, "dirql_thread_join", DQ_LEVEL_APC);
    if (!is_alive(machine, joined)) {
        dirql_control_fail(machine, "join",
                           "dirql_thread_join of what is no thread, or was joined before");
    }
    cpu = dq_thread_about_to_leave(cpu);
    (void)dq_wait_for(cpu, joined, DQ_SERVICE_dirql_thread_join, __builtin_return_address(0));
    dq_thread_release(machine, joined);
}

void dirql_thread_move(unsigned processor)
{
    dq_thread *thread;

    DQ_ENTER(dirql_thread_move, NULL, processor, 0, 0, DQ_VOID);
    check_irql(cpu, "dirql_thread_move", DQ_LEVEL_APC);
    check_processor(cpu->machine, "dirql_thread_move", processor);
    thread = dq_thread_current(cpu);
    thread->affinity = set_of(processor) != 0 ? set_of(processor) : dq_processor_set(cpu->machine);
    dq_thread_rearrange(thread);
    (void)dq_deliver(cpu);
}
