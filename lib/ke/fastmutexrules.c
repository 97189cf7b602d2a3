/*
 * fastmutexrules.c - what must hold when a fast mutex is acquired or released, and that nobody
 * waits for it for ever.
 */
#include <stdio.h>

#include "ke/fastmutex.h"
#include "ke/initplace.h"
#include "ke/ki.h"
#include "ke/waitreport.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160, CYCLE_MOST = 6 };

/* ---- Deadlock -------------------------------------------------------------------------------- */

static const dq_fast_want *want_of(const dq_processor *cpu, const dq_thread *thread)
{
    const dq_fast_want *want = dq_kernel_of(cpu)->fast_mutexes.wants;

    while (want != NULL && want->thread != thread) {
        want = want->next;
    }
    return want;
}

static void name_mutex(dq_processor *cpu, dq_text *text, const char *what, FAST_MUTEX *mutex)
{
    dq_text_add(text, "\n  %s is ", what);
    dq_waitreport_object(cpu->machine, text, mutex,
                         dq_initplace_of(cpu->machine, &mutex->Event.Header));
}

static void report_recursion(dq_processor *cpu, const dq_fast_hold *hold, const dq_fast_call *c)
{
    char held[PLACE_TEXT], wanted[PLACE_TEXT];
    dq_text name = { 0 };

    name_mutex(cpu, &name, "it", c->mutex);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "deadlock",
                           .page = dq_service_name(c->service),
                           .more = dq_text_take(&name),
                           .code = MUTEX_ALREADY_OWNED,
                           .parameters = { (uintptr_t)c->mutex, (uintptr_t)hold->thread },
                           .place = c->place },
            "thread %s waits for a %s that it owns itself: acquired at %s, wanted again at %s. It "
            "is not recursive, and nobody else can release it.",
            hold->thread->name, dq_fast_name(hold->api),
            dq_place_describe(hold->place, held, sizeof(held)),
            dq_place_describe(c->place, wanted, sizeof(wanted)));
}

static void report_cycle(dq_processor *cpu, const dq_fast_want **wants, unsigned length,
                         const dq_fast_call *c)
{
    dq_text text = { 0 };

    for (unsigned i = 0; i < length; i++) {
        const dq_fast_hold *hold = *dq_fast_find(cpu, wants[i]->mutex);
        char held[PLACE_TEXT], wanted[PLACE_TEXT];

        dq_text_add(
            &text,
            " Thread %s waits at %s for mutex %c, which thread %s acquired at %s.",
            wants[i]->thread->name, dq_place_describe(wants[i]->place, wanted, sizeof(wanted)),
            'A' + (int)i, hold->thread->name, dq_place_describe(hold->place, held, sizeof(held)));
    }
    for (unsigned i = 0; i < length; i++) {
        char name[] = "mutex A";

        name[sizeof(name) - 2] = (char)('A' + (int)i);
        name_mutex(cpu, &text, name, wants[i]->mutex);
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "deadlock",
                           .page = dq_service_name(c->service),
                           .more = dq_text_take(&text),
                           .place = c->place },
            "%u threads wait for each other's mutexes for ever.", length);
}

void dq_fast_check_deadlock(dq_processor *cpu, const dq_fast_want *want, const dq_fast_call *c)
{
    const dq_fast_want *wants[CYCLE_MOST];
    unsigned length = 0;

    for (const dq_fast_want *at = want; at != NULL && length < CYCLE_MOST;) {
        const dq_fast_hold *hold = *dq_fast_find(cpu, at->mutex);

        if (hold == NULL) {
            return; /* Released: a waiter has it, and only has to go on. */
        }
        wants[length++] = at;
        if (hold->thread == want->thread) {
            if (length == 1) {
                report_recursion(cpu, hold, c);
            } else {
                report_cycle(cpu, wants, length, c);
            }
            return;
        }
        at = want_of(cpu, hold->thread);
    }
}

/* ---- Rules ----------------------------------------------------------------------------------- */

/* For a fast mutex a critical region will do, for a guarded one it must be a guarded region. */
static bool are_apcs_off(const dq_thread *thread, dq_fast_api api)
{
    return thread->guarded > 0 || (api == DQ_FAST_UNSAFE && thread->apc_disable > 0);
}

static void check_apcs(dq_processor *cpu, const dq_fast_call *c, uint64_t subcode)
{
    const dq_thread *thread = dq_thread_current(cpu);

    if (dq_fast_is_unsafe(c->api) && cpu->irql < DQ_LEVEL_APC && !are_apcs_off(thread, c->api)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "FastMutexUnsafe",
                               .page = dq_service_name(c->service),
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { subcode, cpu->irql, (uint64_t)-thread->apc_disable,
                                               (uintptr_t)c->mutex },
                               .place = c->place },
                "%s at IRQL %u, with APCs enabled: it leaves it to its caller to keep them away",
                dq_service_name(c->service), cpu->irql);
    }
}

/* The checker knows most of the IRQL rules; these remain without it. */
void dq_fast_check_acquire(dq_processor *cpu, const dq_fast_call *c)
{
    dq_thread *thread = dq_thread_current(cpu);

    dq_wait_expect(cpu, &c->mutex->Event.Header, 1u << DQ_TYPE_EVENT_SYNCHRONIZATION, c->service,
                   c->place);
    if (cpu->irql > DQ_LEVEL_APC) {
        dq_bugcheck(cpu, KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL, (uintptr_t)thread,
                    (uintptr_t)c->mutex, cpu->irql, 0,
                    "%s at IRQL %u: a %s is acquired at IRQL <= APC_LEVEL",
                    dq_service_name(c->service), cpu->irql, dq_fast_name(c->api));
    }
    if (cpu->execution->kind == DQ_EXECUTION_THREADED_DPC) {
        dq_bugcheck(cpu, ATTEMPTED_SWITCH_FROM_DPC, (uintptr_t)thread, 0,
                    dq_task_stack_begin(cpu->task), 0,
                    "%s in a threaded DPC: a DPC cannot wait", dq_service_name(c->service));
    }
    check_apcs(cpu, c, 0x39);
}

static _Noreturn void refuse_stranger(dq_processor *cpu, const dq_fast_call *c,
                                      const dq_fast_hold *hold)
{
    dq_thread *thread = dq_thread_current(cpu);
    char held[PLACE_TEXT];

    if (hold != NULL) {
        dq_bugcheck(cpu, KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, (uintptr_t)thread,
                    (uintptr_t)c->mutex, 0, 0,
                    "%s by thread %s of a %s that thread %s owns (acquired at %s)",
                    dq_service_name(c->service), thread->name, dq_fast_name(hold->api),
                    hold->thread->name, dq_place_describe(hold->place, held, sizeof(held)));
    }
    dq_bugcheck(cpu, KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, (uintptr_t)thread, (uintptr_t)c->mutex,
                0, 0, "%s by thread %s of a %s that nobody owns", dq_service_name(c->service),
                thread->name, dq_fast_name(c->api));
}

static void check_pair(dq_processor *cpu, const dq_fast_call *c, const dq_fast_hold *hold)
{
    static const char *const acquires[] = { "ExAcquireFastMutex", "ExAcquireFastMutexUnsafe",
                                            "KeAcquireGuardedMutex",
                                            "KeAcquireGuardedMutexUnsafe" };
    char held[PLACE_TEXT];

    if (hold->api != c->api) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "FastMutexRelease",
                               .page = dq_service_name(c->service),
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { 0x1009, (uintptr_t)c->mutex },
                               .place = c->place },
                "%s of a mutex that was acquired with %s, at %s", dq_service_name(c->service),
                acquires[hold->api], dq_place_describe(hold->place, held, sizeof(held)));
    }
}

/* A mutex that restores IRQL must be released before those that were acquired earlier. */
static void check_order(dq_processor *cpu, const dq_fast_call *c, const dq_fast_hold *hold)
{
    char held[PLACE_TEXT];

    if (dq_fast_is_unsafe(hold->api) || c->mutex->OldIrql >= DQ_LEVEL_APC) {
        return;
    }
    for (const dq_fast_hold *later = dq_kernel_of(cpu)->fast_mutexes.held; later != hold;
         later = later->next) {
        if (later->thread == hold->thread && !dq_fast_is_unsafe(later->api)) {
            dq_find(cpu,
                    &(dq_finding){
                        .severity = DQ_ERROR,
                        .rule = "FastMutexOrder",
                        .page = dq_service_name(c->service),
                        .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                        .parameters = { 0x1003, (uintptr_t)c->mutex, (uintptr_t)later->mutex },
                        .place = c->place },
                    "%s restores IRQL %u while the thread owns another %s, acquired later, at %s",
                    dq_service_name(c->service), (unsigned)c->mutex->OldIrql,
                    dq_fast_name(later->api), dq_place_describe(later->place, held, sizeof(held)));
            return;
        }
    }
}

void dq_fast_check_release(dq_processor *cpu, const dq_fast_call *c, const dq_fast_hold *hold)
{
    if (hold == NULL || hold->thread != dq_thread_current(cpu)) {
        refuse_stranger(cpu, c, hold);
    }
    check_pair(cpu, c, hold);
    check_apcs(cpu, c, 0x3A);
    check_order(cpu, c, hold);
}

void dq_fastmutex_thread_ends(dq_processor *cpu, dq_thread *thread)
{
    dq_fast_hold **link = &dq_kernel_of(cpu)->fast_mutexes.held;
    char held[PLACE_TEXT];

    while (*link != NULL) {
        const dq_fast_hold *hold = *link;

        if (hold->thread != thread) {
            link = &(*link)->next;
            continue;
        }
        dq_find(
            cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "FastMutexHeld",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0x100A, (uintptr_t)hold->mutex, (uintptr_t)thread } },
            "thread %s ended while it owned a %s, acquired at %s: nobody else can release it",
            thread->name, dq_fast_name(hold->api),
            dq_place_describe(hold->place, held, sizeof(held)));
        dq_fast_forget(cpu, link);
    }
}

void dq_fastmutex_check_free(dq_processor *cpu, const void *base, size_t bytes)
{
    dq_fast_hold **link = &dq_kernel_of(cpu)->fast_mutexes.held;
    char held[PLACE_TEXT];

    while (*link != NULL) {
        const dq_fast_hold hold = **link;

        if ((uintptr_t)hold.mutex - (uintptr_t)base >= bytes) {
            link = &(*link)->next;
            continue;
        }
        dq_fast_forget(cpu, link);
        dq_find(
            cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "FastMutexHeld",
                           .page = "wdm: ExFreePool",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0x100B, (uintptr_t)hold.mutex, (uintptr_t)hold.thread } },
            "a pool block is freed that holds a %s, which thread %s acquired at %s and has not "
            "released",
            dq_fast_name(hold.api), hold.thread->name,
            dq_place_describe(hold.place, held, sizeof(held)));
    }
}
