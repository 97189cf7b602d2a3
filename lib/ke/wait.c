/*
 * wait.c - waiting for dispatcher objects.
 *
 * A wait is legal or not whether it would block or not: IRQL and timeout are looked at first.
 * WAIT_BEGIN is sent before that, so that a checker may speak in its own words. Between the test of
 * the objects and the switch there is no schedule point: a wait for all objects takes all of them
 * or none.
 */
#include "ke/ki.h"
#include "sim/computing.h"

static const uint32_t waitable_types =
    1u << DQ_TYPE_EVENT_NOTIFICATION | 1u << DQ_TYPE_EVENT_SYNCHRONIZATION | 1u << DQ_TYPE_MUTANT |
    1u << DQ_TYPE_SEMAPHORE | 1u << DQ_TYPE_THREAD | 1u << DQ_TYPE_TIMER_NOTIFICATION |
    1u << DQ_TYPE_TIMER_SYNCHRONIZATION;

/* ---- Waiting --------------------------------------------------------------------------------- */

uint64_t dq_wait_due_ns(const dq_machine *machine, int64_t due_100ns)
{
    const uint64_t now_ns = machine->clock.now_ns;
    const uint64_t never_ns = UINT64_MAX / 2;
    uint64_t delay_100ns;

    if (due_100ns < 0) {
        delay_100ns = 0 - (uint64_t)due_100ns;
    } else {
        const uint64_t system_100ns = dq_timer_system_100ns(machine);

        delay_100ns = (uint64_t)due_100ns > system_100ns ? (uint64_t)due_100ns - system_100ns : 0;
    }
    return delay_100ns > (never_ns - now_ns) / 100u ? never_ns : now_ns + delay_100ns * 100u;
}

static dq_wait_limit limit_of(const LARGE_INTEGER *timeout)
{
    if (timeout == NULL) {
        return DQ_WAIT_FOREVER;
    }
    return timeout->QuadPart == 0 ? DQ_WAIT_POLL : DQ_WAIT_TIMED;
}

static void refuse_irql(dq_processor *cpu, const dq_wait_request *request, dq_wait_limit limit)
{
    const uint8_t irql = cpu->irql;
    const uint64_t subcode = irql > DQ_LEVEL_DISPATCH   ? 0x120
                             : limit == DQ_WAIT_FOREVER ? 0x121
                                                        : 0x122;
    void *object = request->count > 0 ? request->objects[0] : NULL;

    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "IrqlKeWait",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { subcode, (uintptr_t)&irql, (uintptr_t)object,
                                           (uintptr_t)request->timeout },
                           .service = request->service,
                           .place = request->place },
            "%s at IRQL %u with %s: a wait that can block needs IRQL <= APC_LEVEL, one with a "
            "timeout of zero <= DISPATCH_LEVEL",
            dq_service_name(request->service), irql,
            limit == DQ_WAIT_POLL      ? "a timeout of zero"
            : limit == DQ_WAIT_FOREVER ? "no timeout"
                                       : "a timeout");
    /* Also when that is suppressed: nobody can go on from here. */
    dq_bugcheck(cpu, DRIVER_VERIFIER_DETECTED_VIOLATION, subcode, (uintptr_t)&irql,
                (uintptr_t)object, (uintptr_t)request->timeout, "%s at IRQL %u cannot wait",
                dq_service_name(request->service), irql);
}

static void check_context(dq_processor *cpu, const dq_wait_request *request, dq_wait_limit limit)
{
    const dq_execution_kind kind = cpu->execution->kind;

    if (limit == DQ_WAIT_POLL && cpu->irql <= DQ_LEVEL_DISPATCH) {
        return;
    }
    if (cpu->irql <= DQ_LEVEL_DISPATCH &&
        (kind == DQ_EXECUTION_DPC || kind == DQ_EXECUTION_THREADED_DPC)) {
        dq_thread *thread = dq_thread_current(cpu);

        dq_bugcheck(cpu, ATTEMPTED_SWITCH_FROM_DPC, (uintptr_t)thread, 0,
                    dq_task_stack_begin(cpu->task), 0, "%s in a DPC routine: a DPC cannot wait",
                    dq_service_name(request->service));
    }
    if (cpu->irql >= DQ_LEVEL_DISPATCH) {
        refuse_irql(cpu, request, limit);
    }
}

static void check_objects(dq_processor *cpu, const dq_wait_request *request)
{
    const unsigned most = request->blocks != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS;

    if (request->count > most) {
        dq_bugcheck(
            cpu, MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0, 0, 0, 0, "%s on %u objects: the limit is %u%s",
            dq_service_name(request->service), request->count, most,
            request->blocks != NULL ? ""
                                    : " (THREAD_WAIT_OBJECTS) without an array of wait blocks");
    }
    if (request->blocks != NULL) {
        dq_emit(cpu, WAIT_BLOCKS, request->blocks, request->count, (UCHAR)request->mode, 0);
    }
    for (unsigned i = 0; i < request->count; i++) {
        const DISPATCHER_HEADER *header = request->objects[i];

        dq_wait_expect(cpu, header, waitable_types, request->service, request->place);
        dq_emit(cpu, WAIT_OBJECT, header, i, (UCHAR)request->mode, header->Type == DQ_TYPE_MUTANT);
    }
}

/* True if the wait is satisfied as things are. */
static bool try_now(dq_thread *thread, const dq_wait_request *request, NTSTATUS *status)
{
    bool abandoned;

    if (request->all) {
        for (unsigned i = 0; i < request->count; i++) {
            if (!dq_dispatcher_is_free_for(thread, request->objects[i])) {
                return false;
            }
        }
        *status = dq_dispatcher_consume_all(thread, request->objects, request->count);
        return true;
    }
    for (unsigned i = 0; i < request->count; i++) {
        if (dq_dispatcher_is_free_for(thread, request->objects[i])) {
            abandoned = dq_dispatcher_consume(thread, request->objects[i]);
            *status = (abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0) + (NTSTATUS)i;
            return true;
        }
    }
    return false;
}

static void enter_lists(dq_thread *thread, const dq_wait_request *request)
{
    thread->wait_blocks = request->blocks != NULL ? request->blocks : thread->own_blocks;
    thread->wait_count = request->count;
    thread->wait_all = request->all;
    for (unsigned i = 0; i < request->count; i++) {
        KWAIT_BLOCK *block = &thread->wait_blocks[i];
        DISPATCHER_HEADER *header = request->objects[i];

        block->WaitType = request->all ? WaitAll : WaitAny;
        block->WaitKey = (USHORT)i;
        block->Thread = (PKTHREAD)thread;
        block->Object = header;
        InsertTailList(&header->WaitListHead, &block->WaitListEntry);
    }
}

/* The thread is in all the lists that will end its wait. */
static dq_processor *give_way(dq_processor *cpu, dq_thread *thread, dq_service service,
                              const void *place)
{
    const uint8_t old_irql = cpu->irql;

    thread->wait_service = service;
    thread->wait_place = place;
    thread->wait_irql = old_irql;
    thread->state = DQ_THREAD_WAITING;
    cpu->irql = DQ_LEVEL_DISPATCH;
    return dq_thread_resume_at(dq_thread_block(cpu), old_irql);
}

static bool set_timeout(dq_thread *thread, uint64_t due_ns)
{
    thread->timeout.fire = dq_wait_time_is_over;
    return dq_clock_set(thread->machine, &thread->timeout, due_ns);
}

static dq_processor *block(dq_processor *cpu, dq_thread *thread, const dq_wait_request *request,
                           const uint64_t *due_ns, NTSTATUS *status)
{
    if (due_ns != NULL) {
        if (*due_ns <= cpu->machine->clock.now_ns) {
            *status = request->count == 0 ? STATUS_SUCCESS : STATUS_TIMEOUT;
            return cpu;
        }
        if (!set_timeout(thread, *due_ns)) {
            *status = STATUS_INSUFFICIENT_RESOURCES;
            return cpu;
        }
    }
    enter_lists(thread, request);
    thread->wait_matter = request->matter;
    cpu = give_way(cpu, thread, request->service, request->place);
    thread->wait_matter = NULL;
    *status = thread->wait_status;
    return cpu;
}

/* Until the wait is over. In between, the thread runs the APCs that interrupt it. */
static dq_processor *wait_it_out(dq_processor *cpu, dq_thread *thread,
                                 const dq_wait_request *request, dq_wait_limit limit,
                                 NTSTATUS *status)
{
    uint64_t due_ns = 0;

    if (limit == DQ_WAIT_TIMED) {
        due_ns = dq_wait_due_ns(cpu->machine, request->timeout->QuadPart);
    }
    do {
        cpu = block(cpu, thread, request, limit == DQ_WAIT_TIMED ? &due_ns : NULL, status);
    } while (*status == STATUS_KERNEL_APC && !try_now(thread, request, status));
    return cpu;
}

void dq_wait_until(dq_processor *cpu, uint64_t until_ns, dq_service service, const void *place)
{
    dq_thread *thread = dq_thread_current(cpu);

    do {
        thread->wait_count = 0;
        if (!set_timeout(thread, until_ns)) {
            return;
        }
        cpu = give_way(cpu, thread, service, place);
    } while (thread->wait_status == STATUS_KERNEL_APC);
}

/* For sinks: which object let the thread go. Of a wait for all, each did. */
static void tell_end(dq_processor *cpu, const dq_wait_request *request, NTSTATUS status)
{
    const unsigned index = (unsigned)status & 63u;

    if (request->all && status != STATUS_TIMEOUT) {
        for (unsigned i = 0; i < request->count; i++) {
            dq_emit(cpu, WAIT_END, request->objects[i], (uint32_t)status, 0, 0);
        }
    } else {
        dq_emit(cpu, WAIT_END, index < request->count ? request->objects[index] : NULL,
                (uint32_t)status, 0, 0);
    }
}

/* It may go on without a mutex that another thread owns. */
static bool tries_mutex(const dq_wait_request *request, dq_wait_limit limit)
{
    if (limit == DQ_WAIT_FOREVER && (request->all || request->count == 1)) {
        return false;
    }
    for (unsigned i = 0; i < request->count; i++) {
        if (((const DISPATCHER_HEADER *)request->objects[i])->Type == DQ_TYPE_MUTANT) {
            return true;
        }
    }
    return false;
}

NTSTATUS dq_wait(dq_processor *cpu, const dq_wait_request *request)
{
    const dq_wait_limit limit = limit_of(request->timeout);
    dq_thread *thread = dq_thread_current(cpu);
    NTSTATUS status = STATUS_TIMEOUT;
    uint64_t mutexes;

    if (thread->wait_next && cpu->irql == DQ_LEVEL_DISPATCH) {
        cpu->irql = thread->wait_next_irql;
    }
    thread->wait_next = false;
    thread->wait_place = request->place; /* For mutexes that it takes at once. */
    dq_emit(cpu, WAIT_BEGIN, request->count > 0 ? request->objects[0] : NULL, limit, request->count,
            request->all);
    check_context(cpu, request, limit);
    check_objects(cpu, request);
    if (DQ_UNLIKELY(cpu->machine->choices.searcher != NULL) && tries_mutex(request, limit)) {
        dq_notice_tried(cpu->machine);
    }
    mutexes = dq_mutexwait_objects(cpu, thread, request);
    if (mutexes != 0 && limit != DQ_WAIT_POLL) {
        dq_mutexwait_begin(cpu, request, mutexes);
    }
    if (!try_now(thread, request, &status) && limit != DQ_WAIT_POLL) {
        cpu = wait_it_out(cpu, thread, request, limit, &status);
    }
    if (mutexes != 0) {
        dq_mutexwait_end(cpu, request, limit, mutexes, status);
    }
    if (DQ_UNLIKELY(cpu->attention & DQ_ATTEND_SINKS)) {
        tell_end(cpu, request, status);
    }
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return status;
}

NTSTATUS dq_wait_for(dq_processor *cpu, void *object, dq_service service, const void *place)
{
    return dq_wait(cpu, &(dq_wait_request){
                            .objects = &object, .count = 1, .service = service, .place = place });
}

NTSTATUS dq_wait_for_matter(dq_processor *cpu, void *object, dq_service service, const void *place,
                            const dq_wait_matter *matter)
{
    return dq_wait(cpu, &(dq_wait_request){ .objects = &object,
                                            .count = 1,
                                            .service = service,
                                            .place = place,
                                            .matter = matter });
}

void dq_wait_announce(dq_processor *cpu)
{
    dq_thread *thread = dq_thread_current(cpu);

    dq_emit(cpu, WAIT_FOLLOWS, NULL, 0, 0, 0);
    thread->wait_next = true;
    thread->wait_next_irql = cpu->irql;
    cpu->irql = DQ_LEVEL_DISPATCH;
}

/* ---- Services -------------------------------------------------------------------------------- */

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout)
{
    DQ_ENTER(KeWaitForSingleObject, Object, Object, WaitReason, WaitMode, STATUS_UNSUCCESSFUL);
    (void)Alertable;
    return dq_wait(cpu, &(dq_wait_request){ .objects = &Object,
                                            .count = 1,
                                            .mode = WaitMode,
                                            .timeout = Timeout,
                                            .service = DQ_SERVICE_KeWaitForSingleObject,
                                            .place = DQ_CALL_PLACE });
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray)
{
    DQ_ENTER(KeWaitForMultipleObjects,
             Count > 0 ? DQ_READ(KeWaitForMultipleObjects, Object[0]) : NULL, Count, WaitType,
             WaitMode, STATUS_UNSUCCESSFUL);
    (void)WaitReason;
    (void)Alertable;
    if (Count == 0) {
        return STATUS_INVALID_PARAMETER_1;
    }
    return dq_wait(cpu, &(dq_wait_request){ .objects = Object,
                                            .count = Count,
                                            .all = WaitType == WaitAll,
                                            .mode = WaitMode,
                                            .timeout = Timeout,
                                            .blocks = WaitBlockArray,
                                            .service = DQ_SERVICE_KeWaitForMultipleObjects,
                                            .place = DQ_CALL_PLACE });
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval)
{
    const dq_wait_request request = { .timeout = Interval,
                                      .service = DQ_SERVICE_KeDelayExecutionThread,
                                      .place = DQ_CALL_PLACE };

    DQ_ENTER(KeDelayExecutionThread, NULL, DQ_READ(KeDelayExecutionThread, Interval->QuadPart),
             WaitMode, Alertable, STATUS_UNSUCCESSFUL);
    if (Interval->QuadPart == 0) {
        /* Nothing to wait for: the rest of the turn is given away. */
        if (cpu->irql < DQ_LEVEL_DISPATCH) {
            (void)dq_thread_yield(cpu);
        }
        return STATUS_SUCCESS;
    }
    return dq_wait(cpu, &request);
}
