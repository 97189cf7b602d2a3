/*
 * dispatcher.c - dispatcher objects: what they are, and how they let waiting threads go.
 */
#include "ke/ki.h"
#include "ke/wrongobject.h"

/* ---- Objects --------------------------------------------------------------------------------- */

void dq_wait_header_init(DISPATCHER_HEADER *header, dq_object_type type, int state)
{
    header->Lock = 0;
    header->Type = (UCHAR)type;
    header->SignalState = state;
    InitializeListHead(&header->WaitListHead);
}

bool dq_wait_has_waiters(const DISPATCHER_HEADER *header)
{
    return !IsListEmpty(&header->WaitListHead);
}

const char *dq_wait_object_text(const DISPATCHER_HEADER *header)
{
    switch ((dq_object_type)header->Type) {
    case DQ_TYPE_EVENT_NOTIFICATION:
        return "a notification event";
    case DQ_TYPE_EVENT_SYNCHRONIZATION:
        return "a synchronization event";
    case DQ_TYPE_MUTANT:
        return "a mutex";
    case DQ_TYPE_SEMAPHORE:
        return "a semaphore";
    case DQ_TYPE_THREAD:
        return "the end of a thread";
    case DQ_TYPE_TIMER_NOTIFICATION:
        return "a notification timer";
    case DQ_TYPE_TIMER_SYNCHRONIZATION:
        return "a synchronization timer";
    }
    return "something that is no dispatcher object";
}

void dq_wait_expect(dq_processor *cpu, const DISPATCHER_HEADER *header, uint32_t types,
                    dq_service service, const void *place)
{
    const bool initialised = header != NULL && header->WaitListHead.Flink != NULL;

    if (DQ_LIKELY(initialised && header->Type < 32 && (types >> header->Type & 1u) != 0)) {
        return;
    }
    dq_expect_not_freed_for(cpu, header, dq_service_name(service), place);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "wrong object",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0xE1, (uintptr_t)header },
                           .service = service,
                           .place = place },
            "%s was given %s", dq_service_name(service),
            header == NULL ? "a null pointer"
            : !initialised ? "an object that was not initialised (or whose memory was cleared)"
                           : dq_wait_object_text(header));
}

bool dq_dispatcher_is_free_for(const dq_thread *thread, const DISPATCHER_HEADER *header)
{
    return header->SignalState > 0 ||
           (header->Type == DQ_TYPE_MUTANT && dq_mutex_is_free_for(thread, header));
}

bool dq_dispatcher_consume(dq_thread *thread, DISPATCHER_HEADER *header)
{
    switch (header->Type) {
    case DQ_TYPE_EVENT_SYNCHRONIZATION:
    case DQ_TYPE_TIMER_SYNCHRONIZATION:
        header->SignalState = 0;
        return false;
    case DQ_TYPE_SEMAPHORE:
        header->SignalState--;
        return false;
    case DQ_TYPE_MUTANT:
        return dq_mutex_take(thread, header);
    default:
        return false;
    }
}

/* The page: the status names the mutex that was abandoned. Of several, the first. */
NTSTATUS dq_dispatcher_consume_all(dq_thread *thread, void *const *objects, unsigned count)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (unsigned i = 0; i < count; i++) {
        if (dq_dispatcher_consume(thread, objects[i]) && status == STATUS_SUCCESS) {
            status = STATUS_ABANDONED_WAIT_0 + (NTSTATUS)i;
        }
    }
    return status;
}

/* ---- Release --------------------------------------------------------------------------------- */

static void leave_lists(dq_thread *thread)
{
    for (unsigned i = 0; i < thread->wait_count; i++) {
        (void)RemoveEntryList(&thread->wait_blocks[i].WaitListEntry);
    }
}

void dq_wait_abort(dq_thread *thread, NTSTATUS status)
{
    leave_lists(thread);
    if (thread->timeout.slot != 0) {
        dq_clock_cancel(thread->machine, &thread->timeout);
    }
    thread->wait_status = status;
    dq_thread_ready(thread);
}

void dq_wait_time_is_over(dq_machine *machine, dq_deadline *deadline)
{
    dq_thread *thread = deadline->owner;

    (void)machine;
    dq_wait_abort(thread, thread->wait_count == 0 ? STATUS_SUCCESS : STATUS_TIMEOUT);
}

static bool all_are_free(const dq_thread *thread)
{
    for (unsigned i = 0; i < thread->wait_count; i++) {
        if (!dq_dispatcher_is_free_for(thread, thread->wait_blocks[i].Object)) {
            return false;
        }
    }
    return true;
}

static NTSTATUS consume_waited_for(dq_thread *thread)
{
    void *objects[MAXIMUM_WAIT_OBJECTS];

    for (unsigned i = 0; i < thread->wait_count; i++) {
        objects[i] = thread->wait_blocks[i].Object;
    }
    return dq_dispatcher_consume_all(thread, objects, thread->wait_count);
}

static bool can_go(const KWAIT_BLOCK *block)
{
    const dq_thread *thread = (const dq_thread *)block->Thread;

    return !thread->wait_all || all_are_free(thread);
}

static KWAIT_BLOCK *block_of(LIST_ENTRY *link)
{
    return CONTAINING_RECORD(link, KWAIT_BLOCK, WaitListEntry);
}

/* The documents promise no order among waiters, so whoever asks for other schedules gets them. */
static unsigned choose_waiter(dq_machine *machine, DISPATCHER_HEADER *header)
{
    unsigned count = 0;

    if (!dq_mode_chooses(machine->options.mode) || header->Type == DQ_TYPE_EVENT_NOTIFICATION ||
        header->Type == DQ_TYPE_TIMER_NOTIFICATION || header->Type == DQ_TYPE_THREAD) {
        return 0;
    }
    for (LIST_ENTRY *link = header->WaitListHead.Flink; link != &header->WaitListHead && count < 64;
         link = link->Flink) {
        count += can_go(block_of(link));
    }
    return count > 1 ? dq_choose(&machine->processors[0], DQ_CHOICE_WAKE, count) : 0;
}

/* The first in order of arrival, unless chosen otherwise. */
static KWAIT_BLOCK *next_waiter(dq_machine *machine, DISPATCHER_HEADER *header)
{
    unsigned skip = choose_waiter(machine, header);

    for (LIST_ENTRY *link = header->WaitListHead.Flink; link != &header->WaitListHead;
         link = link->Flink) {
        if (can_go(block_of(link)) && skip-- == 0) {
            return block_of(link);
        }
    }
    return NULL;
}

void dq_wait_release(dq_machine *machine, DISPATCHER_HEADER *header)
{
    while (header->SignalState > 0 && dq_wait_has_waiters(header)) {
        KWAIT_BLOCK *block = next_waiter(machine, header);
        dq_thread *thread;
        NTSTATUS status;

        if (block == NULL) {
            return;
        }
        thread = (dq_thread *)block->Thread;
        if (thread->wait_all) {
            status = consume_waited_for(thread);
        } else {
            status =
                (dq_dispatcher_consume(thread, header) ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0) +
                block->WaitKey;
        }
        dq_wait_abort(thread, status);
    }
}
