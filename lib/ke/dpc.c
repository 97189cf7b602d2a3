/*
 * dpc.c - DPCs, and the queues that they wait in.
 *
 * Whether an insertion starts the drain at once follows the documented table of importance: on the
 * own processor all but Low do; on another MediumHigh and High do. What is not started at once
 * waits for the target's next drain, for its idle loop, or, when Medium was sent to a busy
 * processor, for its next clock tick. Low has no such limit.
 */
#include "ke/gonestack.h"
#include "ke/keep.h"
#include "ke/dpcdrain.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"
#include "sim/computing.h"
#include "sim/order.h"

static const uint64_t tick_ns = 15625ull * 1000;

enum { TYPE_NORMAL = 19, TYPE_THREADED = 24 };

static dq_dpcs *dpcs_of(const dq_machine *machine)
{
    return &((dq_kernel *)machine->kernel)->dpcs;
}

static dq_dpc_queue *queue_of(const dq_processor *cpu)
{
    return &dq_prcb_of(cpu)->dpcs;
}

void dq_dpc_touched(dq_processor *cpu, const dq_processor *target)
{
    if (!dq_order_is_kept(cpu->machine)) {
        return;
    }
    if (target == cpu) {
        dq_order_touch(cpu->machine, cpu->execution, dpcs_of(cpu->machine), 1, true);
    } else {
        dq_order_step_general(cpu->machine, cpu->execution);
    }
}

/* ---- On stacks ------------------------------------------------------------------------------- */

/* Before a list is followed: its links lie in the DPCs. */
static void expect_frames(dq_machine *machine)
{
    dq_dpcs *dpcs = dpcs_of(machine);
    dq_stack_dpc **link = &dpcs->on_stack;

    while (DQ_UNLIKELY(*link != NULL)) {
        dq_stack_dpc *known = *link;

        if (dq_stack_is_gone(machine, known->dpc, known->owner)) {
            *link = known->next;
            known->next = dpcs->unused_on_stack;
            dpcs->unused_on_stack = known;
            dq_stack_accuse(dq_self->machine == machine ? dq_self : machine->processors, true,
                            known->dpc, sizeof(KDPC), known->place);
        } else {
            link = &known->next;
        }
    }
}

static void remember_frame(dq_machine *machine, PKDPC dpc, const void *place)
{
    const uint32_t owner = dq_stack_owner(machine, dpc);
    dq_dpcs *dpcs = dpcs_of(machine);
    dq_stack_dpc *made;

    if (owner == 0) {
        return;
    }
    made = dpcs->unused_on_stack;
    if (made != NULL) {
        dpcs->unused_on_stack = made->next;
    } else {
        made = dq_keep(machine, sizeof(*made));
    }
    if (made != NULL) {
        *made = (dq_stack_dpc){ dpc, owner, place, dpcs->on_stack };
        dpcs->on_stack = made;
    }
}

/* It is in no queue any more. */
static void forget_frame(dq_machine *machine, const KDPC *dpc)
{
    dq_dpcs *dpcs = dpcs_of(machine);
    dq_stack_dpc **link = &dpcs->on_stack;

    while (DQ_UNLIKELY(*link != NULL)) {
        dq_stack_dpc *known = *link;

        if (known->dpc == dpc) {
            *link = known->next;
            known->next = dpcs->unused_on_stack;
            dpcs->unused_on_stack = known;
            return;
        }
        link = &known->next;
    }
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static void put_first(dq_dpc_list *list, PKDPC dpc)
{
    dpc->DpcListEntry.Next = list->first != NULL ? &list->first->DpcListEntry : NULL;
    list->first = dpc;
    if (list->last == NULL) {
        list->last = dpc;
    }
}

static void put_last(dq_dpc_list *list, PKDPC dpc)
{
    dpc->DpcListEntry.Next = NULL;
    if (list->last != NULL) {
        list->last->DpcListEntry.Next = &dpc->DpcListEntry;
    } else {
        list->first = dpc;
    }
    list->last = dpc;
}

static bool take_out(dq_dpc_list *list, PKDPC dpc)
{
    PKDPC before = NULL;

    for (PKDPC entry = list->first; entry != NULL; before = entry, entry = dq_dpc_next(entry)) {
        if (entry != dpc) {
            continue;
        }
        if (before != NULL) {
            before->DpcListEntry.Next = dpc->DpcListEntry.Next;
        } else {
            list->first = dq_dpc_next(dpc);
        }
        if (list->last == dpc) {
            list->last = before;
        }
        return true;
    }
    return false;
}

bool dq_dpc_take(dq_machine *machine, dq_dpc_list *list, KDPC *copy, PKDPC *object)
{
    PKDPC dpc = list->first;

    if (dpc == NULL) {
        return false;
    }
    expect_frames(machine);
    forget_frame(machine, dpc);
    *copy = *dpc;
    *object = dpc;
    list->first = dq_dpc_next(dpc);
    if (list->first == NULL) {
        list->last = NULL;
    }
    list->running = dq_dpc_insertion(dpc);
    dpc->DpcData = NULL;
    return true;
}

/* ---- Queueing -------------------------------------------------------------------------------- */

static void tick(dq_machine *machine, dq_deadline *deadline)
{
    dq_processor *target = deadline->owner;

    (void)machine;
    if (queue_of(target)->normal.first != NULL) {
        dq_pend(target, DQ_LEVEL_DISPATCH);
    }
}

static void drain_at_tick(dq_processor *target)
{
    dq_deadline *deadline = &queue_of(target)->tick;
    const uint64_t now_ns = target->machine->clock.now_ns;

    if (deadline->slot == 0) {
        deadline->priority = DQ_PRIORITY_TIMER;
        deadline->fire = tick;
        deadline->owner = target;
        (void)dq_clock_set(target->machine, deadline, (now_ns / tick_ns + 1) * tick_ns);
    }
}

/* The documents leave the start open: an undisturbed processor that is idle or above PASSIVE_LEVEL
 * drains as soon as it can. */
static void drain_some_time(dq_processor *cpu, dq_processor *target)
{
    const bool idle = dq_prcb_of(target)->turn.claimed < 0;
    const bool soon = idle || target->irql >= DQ_LEVEL_DISPATCH;

    if (soon &&
        dq_choose(cpu, DQ_CHOICE_DPC, dq_mode_chooses(cpu->machine->options.mode) ? 2 : 1) == 0) {
        dq_pend(target, DQ_LEVEL_DISPATCH);
    } else {
        drain_at_tick(target);
    }
}

static void start_drain(dq_processor *cpu, dq_processor *target, unsigned importance)
{
    const bool deep = queue_of(target)->depth > dpcs_of(cpu->machine)->depth_limit;
    const bool idle = dq_prcb_of(target)->turn.claimed < 0;

    if (deep || importance == HighImportance || importance == MediumHighImportance ||
        (importance == MediumImportance && target == cpu)) {
        dq_pend(target, DQ_LEVEL_DISPATCH);
    } else if (importance == MediumImportance) {
        drain_some_time(cpu, target);
    } else if (idle && target != cpu) {
        /* An idle processor looks at its queue; this one has to be told that it is not empty. */
        dq_pend(target, DQ_LEVEL_DISPATCH);
    }
}

static dq_processor *target_of(dq_processor *cpu, const KDPC *dpc)
{
    dq_machine *machine = cpu->machine;

    if (dpc->Number == 0) {
        return cpu;
    }
    if (dpc->Number > machine->processor_count) {
        dq_bugcheck(cpu, TIMER_OR_DPC_INVALID, 3, (uintptr_t)dpc, dpc->Number - 1u,
                    machine->processor_count,
                    "a DPC is queued for processor %u, but the machine has %u", dpc->Number - 1u,
                    machine->processor_count);
    }
    return &machine->processors[dpc->Number - 1];
}

static void expect_dpc(dq_processor *cpu, const KDPC *dpc, bool by_timer)
{
    if (DQ_UNLIKELY(dpc == NULL || (dpc->Type != TYPE_NORMAL && dpc->Type != TYPE_THREADED))) {
        dq_expect_not_freed_for(cpu, dpc,
                                by_timer ? "a timer that expires"
                                         : dq_service_name(cpu->execution->service),
                                NULL);
        dq_bugcheck(
            cpu, TIMER_OR_DPC_INVALID, 1, (uintptr_t)dpc, 0, 0,
            "%s was queued as a DPC: KeInitializeDpc has not been called, or the memory was "
            "overwritten or freed",
            dpc == NULL ? "a null pointer" : "something that is no KDPC");
    }
}

/* 2: the DPC runs with the arguments of its first insertion, and these are lost. */
static unsigned how_queued(const KDPC *dpc, const void *argument1, const void *argument2)
{
    const bool same = dpc->SystemArgument1 == argument1 && dpc->SystemArgument2 == argument2;

    return dpc->DpcData == NULL ? 0 : same ? 1 : 2;
}

static bool insert(dq_processor *cpu, PKDPC dpc, void *argument1, void *argument2, bool by_timer,
                   const void *place)
{
    dq_processor *target;
    dq_dpc_queue *queue;
    dq_dpc_list *list;
    bool threaded;

    expect_dpc(cpu, dpc, by_timer);
    target = target_of(cpu, dpc);
    dq_dpc_touched(cpu, target);
    dq_emit(cpu, DPC_QUEUE, dpc, target->number, dpc->Importance,
            how_queued(dpc, argument1, argument2));
    if (dpc->DpcData != NULL) {
        return false;
    }
    expect_frames(cpu->machine);
    remember_frame(cpu->machine, dpc, place);
    queue = queue_of(target);
    threaded = dpc->Type == TYPE_THREADED && !dpcs_of(cpu->machine)->threaded_off;
    list = threaded ? &queue->threaded : &queue->normal;
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    dpc->ProcessorHistory = (dpc->ProcessorHistory & (DQ_DPC_OF_TIMER | DQ_DPC_OF_DRIVER)) |
                            ++dpcs_of(cpu->machine)->inserted |
                            (uint64_t)by_timer << DQ_DPC_BY_TIMER_SHIFT;
    dpc->DpcData = list;
    if (dpc->Importance == HighImportance) {
        put_first(list, dpc);
    } else {
        put_last(list, dpc);
    }
    if (threaded) {
        dq_threadeddpc_wake(target);
    } else {
        queue->depth++;
        start_drain(cpu, target, dpc->Importance);
    }
    return true;
}

bool dq_dpc_insert(dq_processor *cpu, PKDPC dpc, void *argument1, void *argument2)
{
    return insert(cpu, dpc, argument1, argument2, false, cpu->execution->place);
}

bool dq_dpc_insert_by_timer(dq_processor *cpu, PKDPC dpc, const void *place)
{
    return insert(cpu, dpc, NULL, NULL, true, place);
}

void dq_dpc_use(dq_processor *cpu, PKDPC dpc, uint64_t use)
{
    const uint64_t both = DQ_DPC_OF_TIMER | DQ_DPC_OF_DRIVER;
    const uint64_t before = dpc->ProcessorHistory & both;

    if ((dpc->Type != TYPE_NORMAL && dpc->Type != TYPE_THREADED) || (before & use) != 0) {
        return;
    }
    dpc->ProcessorHistory |= use;
    if (DQ_UNLIKELY(before != 0)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_WARNING, .rule = "DpcOfTimer" },
                "%s was called with a DPC that %s was given, too. It is queued once: while one of "
                "them has it in the queue, what the other wanted is lost.",
                dq_service_name(cpu->execution->service),
                use == DQ_DPC_OF_DRIVER ? "a timer" : "KeInsertQueueDpc");
    }
}

PKDPC dq_dpc_inside(dq_machine *machine, const void *base, size_t bytes)
{
    expect_frames(machine);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_dpc_queue *queue = queue_of(&machine->processors[i]);
        dq_dpc_list *lists[2] = { &queue->normal, &queue->threaded };

        for (unsigned n = 0; n < 2; n++) {
            for (PKDPC dpc = lists[n]->first; dpc != NULL; dpc = dq_dpc_next(dpc)) {
                if ((uintptr_t)dpc - (uintptr_t)base < bytes) {
                    return dpc;
                }
            }
        }
    }
    return NULL;
}

void dq_dpcs_start(dq_machine *machine)
{
    dq_dpcs *dpcs = dpcs_of(machine);

    dpcs->depth_limit = UINT32_MAX;
    dq_wait_header_init(&dpcs->done.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
}

/* ---- Services -------------------------------------------------------------------------------- */

static void initialise(dq_processor *cpu, PRKDPC dpc, PKDEFERRED_ROUTINE routine, void *context,
                       UCHAR type)
{
    if (dq_dpc_inside(cpu->machine, dpc, sizeof(*dpc)) != NULL) {
        dq_bugcheck(cpu, TIMER_OR_DPC_INVALID, 1, (uintptr_t)dpc, (uintptr_t)dpc,
                    (uintptr_t)(dpc + 1),
                    "a DPC is initialised while it is queued (or its memory was freed while it was "
                    "queued, and is in "
                    "use again): remove it first");
    }
    *dpc = (KDPC){ .DeferredRoutine = routine, .DeferredContext = context };
    dpc->Type = type;
    dpc->Importance = MediumImportance;
}

void dq_dpc_initialise(dq_processor *cpu, PKDPC dpc, PKDEFERRED_ROUTINE routine, void *context)
{
    dq_emit(cpu, DPC_INIT, dpc, 0, 0, 0);
    initialise(cpu, dpc, routine, context, TYPE_NORMAL);
}

VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    DQ_ENTER(KeInitializeDpc, Dpc, Dpc, (uintptr_t)DeferredRoutine, DeferredContext, DQ_VOID);
    dq_dpc_initialise(cpu, Dpc, DeferredRoutine, DeferredContext);
}

VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                                   PVOID DeferredContext)
{
    DQ_ENTER(KeInitializeThreadedDpc, Dpc, Dpc, (uintptr_t)DeferredRoutine, DeferredContext,
             DQ_VOID);
    dq_emit(cpu, DPC_INIT, Dpc, 0, 0, 0);
    initialise(cpu, Dpc, DeferredRoutine, DeferredContext, TYPE_THREADED);
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    bool inserted;

    DQ_ENTER(KeInsertQueueDpc, Dpc, Dpc, SystemArgument1, SystemArgument2, FALSE);
    expect_dpc(cpu, Dpc, false);
    cpu->execution->frame = __builtin_frame_address(0); /* The short way does not say it. */
    dq_dpc_use(cpu, Dpc, DQ_DPC_OF_DRIVER);
    inserted = dq_dpc_insert(cpu, Dpc, SystemArgument1, SystemArgument2);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return inserted;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc)
{
    dq_dpc_list *list;

    DQ_ENTER(KeRemoveQueueDpc, Dpc, Dpc, 0, 0, FALSE);
    expect_dpc(cpu, Dpc, false);
    dq_dpc_touched(cpu, cpu);
    list = Dpc->DpcData;
    expect_frames(cpu->machine);
    dq_emit(cpu, DPC_REMOVE, Dpc, list != NULL, 0, 0);
    if (list == NULL || !take_out(list, Dpc)) {
        return FALSE;
    }
    forget_frame(cpu->machine, Dpc);
    Dpc->DpcData = NULL;
    for (unsigned i = 0; i < cpu->machine->processor_count; i++) {
        dq_dpc_queue *queue = queue_of(&cpu->machine->processors[i]);

        queue->depth -= list == &queue->normal;
    }
    dq_dpc_done(cpu, &(dq_dpc_list){ 0 });
    return TRUE;
}

VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    DQ_ENTER(KeSetImportanceDpc, Dpc, Dpc, Importance, 0, DQ_VOID);
    expect_dpc(cpu, Dpc, false);
    Dpc->Importance = (UCHAR)Importance;
}

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    const unsigned number = (unsigned char)Number;

    DQ_ENTER(KeSetTargetProcessorDpc, Dpc, Dpc, number, 0, DQ_VOID);
    expect_dpc(cpu, Dpc, false);
    if (number < cpu->machine->processor_count) {
        Dpc->Number = (USHORT)(number + 1);
    }
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    DQ_ENTER(KeSetTargetProcessorDpcEx, Dpc, Dpc,
             DQ_READ(KeSetTargetProcessorDpcEx, ProcNumber->Group),
             DQ_READ(KeSetTargetProcessorDpcEx, ProcNumber->Number), STATUS_UNSUCCESSFUL);
    expect_dpc(cpu, Dpc, false);
    if (ProcNumber->Group != 0 || ProcNumber->Number >= cpu->machine->processor_count ||
        ProcNumber->Reserved != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    Dpc->Number = (USHORT)(ProcNumber->Number + 1);
    return STATUS_SUCCESS;
}
