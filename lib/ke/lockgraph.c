/*
 * lockgraph.c - which processor waits for which lock, and who holds it.
 */
#include "ke/lockgraph.h"

#include "ke/ki.h"
#include "ke/rwlock.h"
#include "ke/spinlock.h"
#include "ke/waitreport.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

void dq_lockgraph_wait_begin(dq_processor *cpu, dq_lock_want *want)
{
    dq_locks *locks = &dq_prcb_of(cpu)->locks;

    want->execution = cpu->execution;
    want->outer = locks->want;
    locks->want = want;
}

void dq_lockgraph_wait_end(dq_processor *cpu, dq_lock_want *want)
{
    dq_prcb_of(cpu)->locks.want = want->outer;
}

dq_lock_hold *dq_lockgraph_hold(const dq_processor *cpu, const volatile LONG *lock)
{
    dq_locks *locks = &dq_prcb_of(cpu)->locks;

    for (unsigned i = locks->hold_count; i > 0; i--) {
        if (locks->holds[i - 1].lock == lock) {
            return &locks->holds[i - 1];
        }
    }
    return NULL;
}

/* What `cpu` waits for now, or NULL: an ISR that interrupted the spin does not wait. */
static const dq_lock_want *want_of(const dq_processor *cpu)
{
    const dq_lock_want *want = dq_prcb_of(cpu)->locks.want;

    return want != NULL && want->execution == cpu->execution ? want : NULL;
}

static bool is_ex_lock(dq_lock_api api)
{
    return api >= DQ_LOCK_SHARED;
}

static bool blocks(const dq_processor *other, const dq_lock_want *want)
{
    const dq_lock_want *others;

    if (!is_ex_lock(want->api)) {
        return dq_spinlock_owner(*(const volatile KSPIN_LOCK *)want->lock) == other->number;
    }
    if (dq_rwlock_is_blocked_by_hold(want, other)) {
        return true;
    }
    /* A writer that waits keeps new readers out. */
    others = want_of(other);
    return !dq_rwlock_is_exclusive(want->api) && others != NULL && others->lock == want->lock &&
           dq_rwlock_is_exclusive(others->api);
}

/* Depth first from `at`, back to `start`. The way is left in path[0..]; returns its length, 0 if
 * there is none. */
static unsigned find_cycle(const dq_processor *start, const dq_processor *at, uint64_t *visited,
                           const dq_processor **path, unsigned depth)
{
    const dq_machine *machine = start->machine;
    const dq_lock_want *want = want_of(at);

    path[depth] = at;
    *visited |= 1ull << at->number;
    for (unsigned i = 0; want != NULL && i < machine->processor_count; i++) {
        const dq_processor *other = &machine->processors[i];
        unsigned length;

        if (other == at || !blocks(other, want)) {
            continue;
        }
        if (other == start) {
            return depth + 1;
        }
        if ((*visited & (1ull << i)) == 0) {
            length = find_cycle(start, other, visited, path, depth + 1);
            if (length > 0) {
                return length;
            }
        }
    }
    return 0;
}

/* Where `holder` took the lock of `want`; the want's own place if it only waits for it too. */
static const void *held_since(const dq_processor *holder, const dq_lock_want *want)
{
    const dq_lock_hold *hold;

    if (!is_ex_lock(want->api)) {
        return dq_spinlock_place(*(const volatile KSPIN_LOCK *)want->lock);
    }
    hold = dq_lockgraph_hold(holder, (const volatile LONG *)want->lock);
    return hold != NULL ? hold->place : NULL;
}

static PKINTERRUPT interrupt_of(const dq_processor *cpu, const void *own_lock)
{
    PKINTERRUPT interrupt = dq_kernel_of(cpu)->interrupts.all;

    while (interrupt != NULL && &interrupt->own_lock != own_lock) {
        interrupt = interrupt->next;
    }
    return interrupt;
}

/* Locks of the kernel's own are told by what they are for. */
static void name_lock(dq_processor *cpu, dq_text *text, const void *lock)
{
    PKINTERRUPT interrupt = interrupt_of(cpu, lock);

    if (lock == &dq_kernel_of(cpu)->cancel_lock) {
        dq_text_add(text, "the cancel spin lock");
    } else if (interrupt != NULL) {
        dq_text_add(text, "the interrupt lock of line \"%s\"",
                    dq_interrupt_name(cpu->machine, interrupt));
    } else {
        dq_waitreport_object(cpu->machine, text, lock, NULL);
    }
}

static void report_cycle(dq_processor *cpu, const dq_processor **path, unsigned length)
{
    dq_text text = { 0 };

    for (unsigned i = 0; i < length; i++) {
        const dq_processor *holder = path[(i + 1) % length];
        const dq_lock_want *want = want_of(path[i]);
        const void *since = held_since(holder, want);
        char wanted[PLACE_TEXT], held[PLACE_TEXT], who[96];

        dq_text_add(&text, " CPU%u (%s) waits at %s for lock %c, which CPU%u %s%s.",
                    path[i]->number,
                    dq_execution_describe(path[i]->execution, who, sizeof(who)),
                    dq_place_describe(want->place, wanted, sizeof(wanted)), 'A' + (int)i % 26,
                    holder->number, since != NULL ? "took at " : "waits for as a writer",
                    since != NULL ? dq_place_describe(since, held, sizeof(held)) : "");
    }
    for (unsigned i = 0; i < length; i++) {
        dq_text_add(&text, "\n  lock %c is ", 'A' + (int)i % 26);
        name_lock(cpu, &text, want_of(path[i])->lock);
    }
    dq_find(
        cpu,
        &(dq_finding){ .severity = DQ_ERROR,
                       .rule = "deadlock",
                       .more = dq_text_take(&text),
                       .page = "kernel: preventing-errors-and-deadlocks-while-using-spin-locks" },
        "%u processors wait for each other for ever.", length);
}

void dq_lockgraph_describe(dq_processor *cpu, dq_text *text)
{
    const dq_machine *machine = cpu->machine;
    const dq_lock_want *want = want_of(cpu);

    if (want == NULL) {
        return; /* It is none that anybody owns. */
    }
    dq_text_add(text, "\n    it is ");
    name_lock(cpu, text, want->lock);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        const dq_processor *other = &machine->processors[i];
        const void *since = held_since(other, want);
        char held[PLACE_TEXT];

        if (other != cpu && blocks(other, want)) {
            dq_text_add(text, "\n    CPU%u %s%s", i,
                        since != NULL ? "owns it, since " : "waits for it as a writer",
                        since != NULL ? dq_place_describe(since, held, sizeof(held)) : "");
        }
    }
}

void dq_lockgraph_check(dq_processor *cpu)
{
    const dq_processor *path[DQ_PROCESSORS_MAX];
    uint64_t visited = 0;
    const unsigned length = find_cycle(cpu, cpu, &visited, path, 0);

    if (length > 0) {
        report_cycle(cpu, path, length);
    }
}

void dq_lockgraph_recursion(dq_processor *cpu, const volatile void *lock, const char *what,
                            const void *held_place, const void *place)
{
    char held[PLACE_TEXT], wanted[PLACE_TEXT];

    dq_bugcheck(cpu, SPIN_LOCK_ALREADY_OWNED, (uintptr_t)lock, 0, 0, 0,
                "CPU%u waits for %s that it holds itself: taken at %s, wanted again at %s. Nobody "
                "else can release it.",
                cpu->number, what, dq_place_describe(held_place, held, sizeof(held)),
                dq_place_describe(place, wanted, sizeof(wanted)));
}
