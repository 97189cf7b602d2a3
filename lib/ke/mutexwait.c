/*
 * mutexwait.c - what sinks are told of the mutexes among the objects of a wait: that somebody waits
 * for them, and has them.
 *
 * Who waits for several at once has no order among them. Which objects are mutexes is asked before
 * the wait: afterwards, those that the thread did not get may be gone.
 */
#include "ke/ki.h"
#include "sim/lock.h"

uint64_t dq_mutexwait_objects(const dq_processor *cpu, const dq_thread *thread,
                              const dq_wait_request *request)
{
    uint64_t mutexes = 0;

    if (!dq_event_is_wanted(cpu, DQ_EVENT_LOCK_ACQUIRE)) {
        return 0;
    }
    for (unsigned i = 0; i < request->count; i++) {
        const DISPATCHER_HEADER *header = request->objects[i];

        if (header->Type == DQ_TYPE_MUTANT && !dq_mutex_is_owned_by(thread, header)) {
            mutexes |= 1ull << i;
        }
    }
    return mutexes;
}

/* Who waits for all takes them at once: none is waited for under another. Who waits for any of
 * several needs none of them. */
void dq_mutexwait_begin(dq_processor *cpu, const dq_wait_request *request, uint64_t mutexes)
{
    const bool together = request->all && request->count > 1;

    for (unsigned i = 0; i < request->count && (together || request->count == 1); i++) {
        const DISPATCHER_HEADER *header = request->objects[i];

        if ((mutexes >> i & 1) != 0 && (together || header->SignalState <= 0)) {
            dq_emit(cpu, LOCK_WAIT, request->objects[i], DQ_LOCK_MUTEX, -1, 0);
        }
    }
}

void dq_mutexwait_end(dq_processor *cpu, const dq_wait_request *request, dq_wait_limit limit,
                      uint64_t mutexes, NTSTATUS status)
{
    const unsigned flags =
        limit == DQ_WAIT_POLL || request->count > 1 ? DQ_LOCK_FLAG_TRY : 0;
    const bool satisfied = ((uint32_t)status & ~(uint32_t)STATUS_ABANDONED_WAIT_0) < 64;

    for (unsigned i = 0; i < request->count && satisfied; i++) {
        if ((mutexes >> i & 1) != 0 && (request->all || i == ((unsigned)status & 63u))) {
            dq_emit(cpu, LOCK_ACQUIRE, request->objects[i], DQ_LOCK_MUTEX, cpu->irql, flags);
        }
    }
}
