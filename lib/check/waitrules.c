/*
 * waitrules.c - a release with Wait TRUE is half of a wait: what its page says of its IRQL. And
 * what is on a kernel stack is not waited for in user mode, which lets the stack be paged out; nor
 * is a mutex.
 *
 * The pages of KeReleaseMutex and KePulseEvent allow DISPATCH_LEVEL with Wait TRUE, too, if the
 * wait's timeout is zero. The IRQL of waits is judged by the kernel, which knows the timeout.
 */
#include "check/contract_state.h"

enum { USER_MODE = 1, WAIT_ALL = 0, WAIT_ANY = 1 };

static void accuse(dq_processor *cpu, const dq_event *call, const char *rule, const char *page,
                   uint64_t subcode, const char *range)
{
    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, rule, page, DQ_VERIFIER, subcode, cpu->irql,
                         (uintptr_t)call->object),
            "%s was called with Wait TRUE at %s; that needs IRQL %s.",
            dq_service_name(call->service), dq_irql_name(cpu->irql), range);
}

/* The page asks for PASSIVE_LEVEL, though nothing in it could need that: a warning. */
static void check_semaphore(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    if (cpu->irql > DQ_LEVEL_PASSIVE &&
        dq_contract_warns(contract, "IrqlKePassive", call->place)) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_WARNING, "IrqlKePassive", "wdm: KeInitializeSemaphore", DQ_VERIFIER,
                             0xE5, cpu->irql, (uintptr_t)call->object),
                "KeInitializeSemaphore was called at %s; its page says PASSIVE_LEVEL.",
                dq_irql_name(cpu->irql));
    }
}

/* The page says "positive" of the count, too, and of 0 that it is not signaled: 0 is right. */
static void check_count(dq_processor *cpu, const dq_event *call)
{
    const int32_t count = (int32_t)call->b, limit = (int32_t)call->c;

    if (count < 0 || limit <= 0 || count > limit) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "SemaphoreCount",
                               .page = dq_service_rules[call->service].page },
                "a semaphore is initialised with a count of %d and a limit of %d.", (int)count,
                (int)limit);
    }
}

/* Notification or synchronization, of an event and of a timer alike. */
static void check_type(dq_processor *cpu, const dq_event *call)
{
    const unsigned type = (unsigned)call->b;

    if (type > 1) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "ObjectType",
                               .page = dq_service_rules[call->service].page },
                "%s was given %u for a type.", dq_service_name(call->service), type);
    }
}

/* The page says nothing of no objects, nor of a third type: the machine refuses the first, and
 * takes any other type for WaitAny. More objects than there may be are bug check 0xC. */
static void check_set(dq_processor *cpu, const dq_event *call)
{
    const dq_finding finding = { .severity = DQ_ERROR,
                                 .rule = "WaitSet",
                                 .page = dq_service_rules[call->service].page };
    const unsigned count = (unsigned)call->a, type = (unsigned)call->b;

    if (count == 0) {
        dq_find(cpu, &finding, "%s waits for no objects.", dq_service_name(call->service));
    } else if (type != WAIT_ALL && type != WAIT_ANY) {
        dq_find(cpu, &finding, "%s was given %u for a type: neither WaitAll nor WaitAny.",
                dq_service_name(call->service), type);
    }
}

void dq_waitrules_release(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    dq_half_wait *half = &contract->half_waits[cpu->number];

    contract->half_wait_count += !half->is_due;
    *half = (dq_half_wait){ .is_due = true,
                            .execution = cpu->execution->ordinal,
                            .service = event->service };
}

void dq_waitrules_next(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    dq_half_wait *half = &contract->half_waits[cpu->number];

    if (!half->is_due || half->execution != cpu->execution->ordinal) {
        return; /* What interrupts it may come between. */
    }
    half->is_due = false;
    contract->half_wait_count--;
    if (call->service != DQ_SERVICE_KeWaitForSingleObject &&
        call->service != DQ_SERVICE_KeWaitForMultipleObjects) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "WaitFollows",
                               .page = dq_service_rules[half->service].page },
                "%s was called after %s with Wait TRUE: the next call must be a wait.",
                dq_service_name(call->service), dq_service_name(half->service));
    }
}

static bool is_on_stack(const dq_processor *cpu, const void *address)
{
    const host_context *context = &cpu->task->context;

    return context->stack != NULL &&
           (uintptr_t)address - (uintptr_t)context->stack < context->stack_bytes;
}

void dq_waitrules_blocks(dq_processor *cpu, const dq_event *event)
{
    if (event->b == USER_MODE && is_on_stack(cpu, event->object)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "WaitBlocksOnStack",
                               .page = dq_service_rules[event->service].page },
                "%s waits in UserMode with its wait blocks on the thread's kernel stack.",
                dq_service_name(event->service));
    }
}

void dq_waitrules_object(dq_processor *cpu, const dq_event *event)
{
    if (event->b != USER_MODE) {
        return;
    }
    if (is_on_stack(cpu, event->object)) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "WaitOnStack", dq_service_rules[event->service].page,
                             DQ_VERIFIER, 0x123, (uintptr_t)event->object),
                "%s waits in UserMode for an object on the thread's kernel stack.",
                dq_service_name(event->service));
    }
    if (event->c != 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "MutexWaitMode",
                               .page = dq_service_rules[event->service].page },
                "%s waits in UserMode for a mutex.", dq_service_name(event->service));
    }
}

void dq_waitrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    const bool wait = (uint8_t)call->c != 0;

    switch (call->service) {
    case DQ_SERVICE_KeSetEvent:
        if (wait && cpu->irql > DQ_LEVEL_APC) {
            accuse(cpu, call, "IrqlKeSetEvent", "wdm: KeSetEvent", 0x20016, "<= APC_LEVEL");
        }
        break;
    case DQ_SERVICE_KeReleaseSemaphore:
        if (wait && cpu->irql > DQ_LEVEL_PASSIVE) {
            accuse(cpu, call, "IrqlKePassive", "wdm: KeReleaseSemaphore", 0xE5, "PASSIVE_LEVEL");
        }
        break;
    case DQ_SERVICE_KeInitializeEvent:
    case DQ_SERVICE_KeInitializeTimerEx:
        check_type(cpu, call);
        break;
    case DQ_SERVICE_KeWaitForMultipleObjects:
        check_set(cpu, call);
        break;
    case DQ_SERVICE_KeInitializeSemaphore:
        check_semaphore(contract, cpu, call);
        check_count(cpu, call);
        break;
    default:
        break;
    }
}
