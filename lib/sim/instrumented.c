/*
 * instrumented.c - the modules with instrumented code, and where their functions begin.
 */
#include "sim/instrumented.h"

#include <stdlib.h>
#include <string.h>

#include "host/guest.h"
#include "sim/machine.h"

/* Where this library has it itself, for modules that come too late to stand in front of the C
 * library. */
#pragma weak host_heap_tell

static HOST_KEPT dq_instrumented *modules; /* Under host_lock(). */

static DQ_TLS const volatile void *awaited; /* The address that a probe is about to write. */

/* Answers that were given, by place, until modules come or go: the place, shifted left by one, and
 * the answer. Atomic. */
enum { ANSWERS = 4096, STEPS = 8 };
static HOST_KEPT uintptr_t answers[ANSWERS];

void dq_instrumented_hear(const void *address)
{
    if (DQ_UNLIKELY(address == awaited)) {
        awaited = NULL;
    }
}

static void forget_answers(void)
{
    for (unsigned i = 0; i < ANSWERS; i++) {
        __atomic_store_n(&answers[i], 0, __ATOMIC_RELAXED);
    }
}

void dq_instrumented_add(dq_instrumented *module)
{
    host_guest_except((uintptr_t)module->heap_code, (uintptr_t)module->heap_code_end);
    module->ear = host_freed_ear();
    if (host_heap_tell != NULL) {
        host_heap_tell(module->ear);
    }
    host_lock();
    module->next = modules;
    modules = module;
    forget_answers();
    host_unlock();
}

void dq_instrumented_remove(dq_instrumented *module)
{
    dq_instrumented **at = &modules;

    host_lock();
    while (*at != NULL && *at != module) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = module->next;
    }
    forget_answers();
    host_unlock();
    free(module->sorted);
    module->sorted = NULL;
}

bool dq_instrumented_is_there(void)
{
    return __atomic_load_n(&modules, __ATOMIC_RELAXED) != NULL;
}

/* ---- Probes ---------------------------------------------------------------------------------- */

/* The caller counts as a host thread that simulates nothing meanwhile, which the short way of
 * dq_access() never takes; inside, kicks leave it alone. */
static bool arrives(const dq_unit *unit)
{
    dq_processor *self = dq_self;
    volatile char byte = 0;
    bool arrived;

    dq_inside++;
    dq_self = dq_processor_foreign();
    awaited = &byte;
    unit->probe(&byte);
    arrived = awaited == NULL && byte != 0;
    awaited = NULL;
    dq_self = self;
    dq_inside--;
    return arrived;
}

static void try(dq_instrumented *module)
{
    module->arrives = true;
    for (const dq_unit *unit = module->units; unit < module->units_end; unit++) {
        module->arrives = module->arrives && arrives(unit);
    }
    module->is_tried = true;
}

/* To clang the file that is compiled is "<built-in>" there. */
static const char *base_name(const char *path)
{
    const char *name = path[0] == '<' ? "" : path;

    path = name;
    for (; *path != '\0'; path++) {
        name = *path == '/' || *path == '\\' ? path + 1 : name;
    }
    return name;
}

unsigned dq_access_units(void (*visit)(void *owner, const char *target, const char *file,
                                       bool arrives),
                         void *owner)
{
    unsigned count = 0;

    host_lock();
    for (const dq_instrumented *module = modules; module != NULL; module = module->next) {
        for (const dq_unit *unit = module->units; unit < module->units_end; unit++) {
            visit(owner, unit->target, base_name(unit->file), arrives(unit));
            count++;
        }
    }
    host_unlock();
    return count;
}

/* ---- Functions ------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    const uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

    return (x > y) - (x < y);
}

static void sort(dq_instrumented *module)
{
    const size_t count = (size_t)(module->functions_end - module->functions);

    module->sorted = count > 0 ? malloc(count * sizeof(uintptr_t)) : NULL;
    if (module->sorted != NULL) {
        memcpy(module->sorted, module->functions, count * sizeof(uintptr_t));
        qsort(module->sorted, count, sizeof(uintptr_t), ascending);
        module->sorted_count = count;
    }
}

/* True if one of the module's functions begins in `from` .. `to`. */
static bool begins_one(const dq_instrumented *module, uintptr_t from, uintptr_t to)
{
    size_t low = 0, high = module->sorted_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (module->sorted[middle] < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < module->sorted_count && module->sorted[low] <= to;
}

/* The compiler's list has the first instruction after a landing mark for indirect calls. */
enum { MARK_BYTES = 4 };

static bool is_listed(uintptr_t start, uintptr_t place)
{
    const uintptr_t end = place > start + MARK_BYTES ? place : start + MARK_BYTES;

    for (dq_instrumented *module = modules; module != NULL; module = module->next) {
        if (!module->is_tried) {
            try(module);
        }
        if (module->sorted == NULL) {
            sort(module);
        }
        if (begins_one(module, start, end)) {
            return module->arrives;
        }
    }
    return false;
}

/* Where the function at `place` starts; 0 if unknown. */
static uintptr_t start_of(uintptr_t place)
{
    host_symbol symbol;

    host_symbol_find((const void *)place, &symbol);
    return symbol.function[0] != '\0' ? place - symbol.offset : 0;
}

/* What looks as the start of a function may be the return address of the last call in the function
 * before it. */
static bool find(uintptr_t place)
{
    const uintptr_t start = start_of(place);
    const uintptr_t before = start == place ? start_of(place - 1) : 0;
    bool found;

    host_lock();
    found = (start != 0 && is_listed(start, place)) ||
            (before != 0 && is_listed(before, place - 1));
    host_unlock();
    return found;
}

/* Finding is slow, so the answers are kept: a place is in one of the next few slots. */
static uintptr_t *slot_of(uintptr_t place, unsigned step)
{
    return &answers[((place * 0x9E3779B97F4A7C15u >> 20) + step) % ANSWERS];
}

/* The slot that has the place, or one for it. Many that meet at one would drive each other out. */
static uintptr_t *look_up(uintptr_t place, uintptr_t *answer)
{
    for (unsigned step = 0; step < STEPS; step++) {
        uintptr_t *slot = slot_of(place, step);

        *answer = __atomic_load_n(slot, __ATOMIC_RELAXED);
        if (*answer == 0 || (*answer & ~(uintptr_t)1) == place << 1) {
            return slot;
        }
    }
    return slot_of(place, 0);
}

bool dq_access_instrumented(const void *place)
{
    const uintptr_t key = (uintptr_t)place << 1;
    uintptr_t *slot, answer;
    bool found;

    if (modules == NULL) {
        return false;
    }
    slot = look_up((uintptr_t)place, &answer);
    if ((answer & ~(uintptr_t)1) == key) {
        return (answer & 1) != 0;
    }
    found = find((uintptr_t)place);
    __atomic_store_n(slot, key | (found ? 1 : 0), __ATOMIC_RELAXED);
    return found;
}
