/*
 * runonce.c - one-time initialisation.
 *
 * The two low bits of the word say how far it is, the others are the context. The pages name no
 * status for flags that do not belong together, or that differ from those it was begun with: it is
 * STATUS_INVALID_PARAMETER_2. A context whose low bits are set is STATUS_INVALID_PARAMETER_3. When
 * the initialisation fails, one of those that wait begins it anew.
 */
#include "rtl/runonce.h"

#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/waitreport.h"
#include "sim/access.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160, RESERVED = (1 << RTL_RUN_ONCE_CTX_RESERVED_BITS) - 1 };

typedef enum state { UNTOUCHED, PENDING, DONE, PENDING_ASYNC } state;

/* Made at the first use. */
static dq_onces *onces_of(dq_processor *cpu)
{
    dq_kernel *kernel = dq_kernel_of(cpu);

    if (kernel->onces == NULL) {
        kernel->onces = dq_keep(cpu->machine, sizeof(dq_onces));
    }
    if (kernel->onces == NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "no memory for a one-time initialisation");
        dq_go_home(cpu);
    }
    return kernel->onces;
}

static state state_of(const RTL_RUN_ONCE *once)
{
    return (state)((uintptr_t)once->Ptr & RESERVED);
}

static void set_state(PRTL_RUN_ONCE once, void *context, state new)
{
    once->Ptr = (void *)((uintptr_t)context | (uintptr_t) new);
}

static NTSTATUS take_context(dq_processor *cpu, const RTL_RUN_ONCE *once, void **context)
{
    dq_emit(cpu, ORDER_TAKE, once, 0, 0, 0);
    if (context != NULL) {
        *context = (void *)((uintptr_t)once->Ptr & ~(uintptr_t)RESERVED);
    }
    return STATUS_SUCCESS;
}

/* ---- Who initialises ------------------------------------------------------------------------- */

static dq_once **find(dq_processor *cpu, const RTL_RUN_ONCE *once)
{
    dq_once **link = &onces_of(cpu)->pending;

    while (*link != NULL && (*link)->once != once) {
        link = &(*link)->next;
    }
    return link;
}

static void remember(dq_processor *cpu, PRTL_RUN_ONCE once, const void *place)
{
    dq_onces *onces = onces_of(cpu);
    dq_once *entry = onces->unused;

    if (entry != NULL) {
        onces->unused = entry->next;
    } else {
        entry = dq_keep(cpu->machine, sizeof(*entry));
    }
    if (entry == NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "no memory for a one-time initialisation");
        dq_go_home(cpu);
    }
    *entry = (dq_once){
        .once = once, .thread = dq_thread_current(cpu), .place = place, .next = onces->pending
    };
    onces->pending = entry;
}

static void forget(dq_processor *cpu, const RTL_RUN_ONCE *once)
{
    dq_once **link = find(cpu, once);
    dq_once *entry = *link;

    if (entry != NULL) {
        *link = entry->next;
        entry->next = onces_of(cpu)->unused;
        onces_of(cpu)->unused = entry;
    }
}

static void check_recursion(dq_processor *cpu, const RTL_RUN_ONCE *once, dq_service service,
                            const void *place)
{
    const dq_once *entry = *find(cpu, once);
    char begun[PLACE_TEXT];

    if (entry != NULL && entry->thread == dq_thread_current(cpu)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "deadlock",
                               .page = dq_service_name(service),
                               .place = place },
                "%s waits for an initialisation that its own thread has begun, at %s, and not "
                "completed",
                dq_service_name(service), dq_place_describe(entry->place, begun, sizeof(begun)));
        dq_go_home(cpu);
    }
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static void tell_beginner(dq_machine *machine, const dq_wait_matter *matter, dq_text *text)
{
    const dq_once *entry = *find(&machine->processors[0], matter->object);

    if (entry != NULL) {
        dq_waitreport_thread(machine, text, entry->thread, "has begun it", entry->place);
    }
}

static dq_processor *wait_for(dq_processor *cpu, PRTL_RUN_ONCE once, dq_service service,
                              const void *place)
{
    dq_once_wait wait = { .once = once };
    dq_once_wait **link = &onces_of(cpu)->waits;
    const dq_wait_matter matter = { .what = "an initialisation that another thread has begun",
                                    .object = once,
                                    .tell = tell_beginner };

    check_recursion(cpu, once, service, place);
    dq_wait_header_init(&wait.over.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = &wait;
    (void)dq_wait_for_matter(cpu, &wait.over, service, place, &matter);
    return dq_self;
}

/* Wakes all that wait for it, or the first. */
static void wake(dq_processor *cpu, const RTL_RUN_ONCE *once, bool all)
{
    dq_once_wait **link = &onces_of(cpu)->waits;

    while (*link != NULL) {
        dq_once_wait *wait = *link;

        if (wait->once != once) {
            link = &wait->next;
            continue;
        }
        *link = wait->next;
        dq_emit(cpu, SIGNAL, &wait->over, 0, 0, 0);
        wait->over.Header.SignalState = 1;
        dq_wait_release(cpu->machine, &wait->over.Header);
        if (!all) {
            return;
        }
    }
}

/* ---- Beginning and completing ---------------------------------------------------------------- */

static NTSTATUS begin(dq_processor *cpu, PRTL_RUN_ONCE once, ULONG flags, void **context,
                      dq_service service, const void *place)
{
    const bool async = (flags & RTL_RUN_ONCE_ASYNC) != 0;

    if ((flags & ~(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) != 0 ||
        flags == (RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    for (;;) {
        switch (state_of(once)) {
        case DONE:
            return take_context(cpu, once, context);
        case UNTOUCHED:
            if ((flags & RTL_RUN_ONCE_CHECK_ONLY) != 0) {
                return STATUS_UNSUCCESSFUL;
            }
            set_state(once, NULL, async ? PENDING_ASYNC : PENDING);
            if (!async) {
                remember(cpu, once, place);
            }
            return STATUS_PENDING;
        case PENDING_ASYNC:
            if ((flags & RTL_RUN_ONCE_CHECK_ONLY) != 0) {
                return STATUS_UNSUCCESSFUL;
            }
            return async ? STATUS_PENDING : STATUS_INVALID_PARAMETER_2;
        case PENDING:
            if ((flags & RTL_RUN_ONCE_CHECK_ONLY) != 0) {
                return STATUS_UNSUCCESSFUL;
            }
            if (async) {
                return STATUS_INVALID_PARAMETER_2;
            }
            cpu = wait_for(cpu, once, service, place);
            break;
        }
    }
}

static NTSTATUS complete(dq_processor *cpu, PRTL_RUN_ONCE once, ULONG flags, void *context)
{
    const bool failed = (flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
    const bool async = (flags & RTL_RUN_ONCE_ASYNC) != 0;
    const state now = state_of(once);

    if ((flags & ~(RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_INIT_FAILED)) != 0 || (async && failed)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (((uintptr_t)context & RESERVED) != 0 || (failed && context != NULL)) {
        return STATUS_INVALID_PARAMETER_3;
    }
    if (now == UNTOUCHED || now == DONE) {
        return STATUS_UNSUCCESSFUL;
    }
    if (async != (now == PENDING_ASYNC)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    forget(cpu, once);
    dq_emit(cpu, ORDER_GIVE, once, 0, 0, 0);
    set_state(once, context, failed ? UNTOUCHED : DONE);
    wake(cpu, once, !failed);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return STATUS_SUCCESS;
}

/* ---- Services -------------------------------------------------------------------------------- */

VOID NTAPI RtlRunOnceInitialize(PRTL_RUN_ONCE RunOnce)
{
    DQ_ENTER(RtlRunOnceInitialize, RunOnce, RunOnce, 0, 0, DQ_VOID);
    forget(cpu, RunOnce);
    RunOnce->Ptr = NULL;
}

NTSTATUS NTAPI RtlRunOnceBeginInitialize(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID *Context)
{
    DQ_ENTER(RtlRunOnceBeginInitialize, RunOnce, RunOnce, Flags, 0, STATUS_UNSUCCESSFUL);
    return begin(cpu, RunOnce, Flags, Context, DQ_SERVICE_RtlRunOnceBeginInitialize,
                 DQ_CALL_PLACE);
}

NTSTATUS NTAPI RtlRunOnceComplete(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID Context)
{
    DQ_ENTER(RtlRunOnceComplete, RunOnce, RunOnce, Flags, Context, STATUS_UNSUCCESSFUL);
    return complete(cpu, RunOnce, Flags, Context);
}

static void check_context(dq_processor *cpu, const void *context, const void *place)
{
    if (((uintptr_t)context & RESERVED) != 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "RunOnce",
                               .page = "ntddk: RTL_RUN_ONCE_INIT_FN",
                               .place = place },
                "a routine that initialises once sets low bits of its context that are the "
                "system's: %p",
                context);
    }
}

static NTSTATUS run_routine(PRTL_RUN_ONCE once, PRTL_RUN_ONCE_INIT_FN routine, void *parameter,
                            void **context, const void *place)
{
    DQ_CALLS_ROUTINES(DQ_SERVICE_RtlRunOnceExecuteOnce, place);
    void *value = NULL;
    const unsigned depth = dq_guest_call(dq_self, DQ_CODE(routine));
    const ULONG succeeded = routine(once, parameter, &value);

    dq_guest_return(depth);
    if (succeeded == 0) {
        (void)complete(dq_self, once, RTL_RUN_ONCE_INIT_FAILED, NULL);
        return STATUS_UNSUCCESSFUL;
    }
    check_context(dq_self, value, place);
    value = (void *)((uintptr_t)value & ~(uintptr_t)RESERVED);
    if (context != NULL) {
        *context = value;
    }
    return complete(dq_self, once, 0, value);
}

/* Normal kernel APCs are disabled around it. */
NTSTATUS NTAPI RtlRunOnceExecuteOnce(PRTL_RUN_ONCE RunOnce, PRTL_RUN_ONCE_INIT_FN InitFn,
                                     PVOID Parameter, PVOID *Context)
{
    const void *place = DQ_CALL_PLACE;
    dq_thread *thread;
    NTSTATUS status;

    DQ_ENTER(RtlRunOnceExecuteOnce, RunOnce, RunOnce, (uintptr_t)InitFn, Parameter,
             STATUS_UNSUCCESSFUL);
    thread = dq_thread_current(cpu);
    thread->apc_disable++;
    status = begin(cpu, RunOnce, 0, Context, DQ_SERVICE_RtlRunOnceExecuteOnce, place);
    if (status == STATUS_PENDING) {
        status = run_routine(RunOnce, InitFn, Parameter, Context, place);
    }
    thread->apc_disable--;
    return status;
}
