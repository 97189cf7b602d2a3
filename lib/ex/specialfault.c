/*
 * specialfault.c - who touches memory around a block of special pool, or one that was freed, is
 * stopped there.
 *
 * The bug checks have a form for a driver's own code, and one for the system's: a service that
 * touches what a driver gave it.
 */
#include <stdio.h>

#include "ex/poolnear.h"
#include "ex/pooltable.h"
#include "ex/specialpool.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

/* ---- What lies there ------------------------------------------------------------------------- */

/* False: nothing that is remembered. */
static bool look_up(dq_machine *machine, const void *address, dq_special_thing *thing)
{
    const dq_kernel *kernel = machine->kernel;
    const dq_pool_block *block = address != NULL ? dq_pool_find(kernel->pool, address) : NULL;

    if (block == NULL) {
        return address != NULL && kernel->special_other != NULL &&
               kernel->special_other(machine, address, thing);
    }
    *thing = dq_pool_thing(block);
    return true;
}

static bool lies_before(const dq_special_thing *thing, const char *address)
{
    return address < (const char *)thing->address;
}

/* How far the address is from it. */
static size_t distance(const dq_special_thing *thing, const char *address)
{
    const char *first = thing->address;

    if (lies_before(thing, address)) {
        return (size_t)(first - address);
    }
    return address - first < (ptrdiff_t)thing->bytes ? 0
                                                     : (size_t)(address - first) - thing->bytes + 1;
}

/* A page between two blocks is touched by who runs over the end of one or the start of the other:
 * the nearer one. False: it is nobody's. */
static bool find_meant(dq_machine *machine, const dq_special *special, const void *address,
                       dq_special_thing *thing)
{
    dq_special_thing next;
    const bool has = look_up(machine, dq_special_owner(special, address), thing);
    const bool has_next = look_up(machine, dq_special_next(special, address), &next);

    if (has_next && (!has || distance(&next, address) < distance(thing, address))) {
        *thing = next;
    }
    return has || has_next;
}

/* ---- What is told ---------------------------------------------------------------------------- */

static const char *verb_of(const host_fault *fault)
{
    return fault->access == HOST_FAULT_WRITE ? "writes" : "reads";
}

static const char *who_of(const dq_execution *execution, char *text, size_t bytes)
{
    if (execution->service != DQ_SERVICE_NONE) {
        return dq_service_name(execution->service);
    }
    return dq_place_describe(execution->place, text, bytes);
}

/* `thing` may be NULL. */
static dq_finding finding_of(const dq_processor *cpu, const host_fault *fault,
                             const dq_special_thing *thing)
{
    const bool by_system = cpu->execution->service != DQ_SERVICE_NONE;
    dq_finding finding = { .severity = DQ_ERROR,
                           .rule = "bug check",
                           .parameters = { (uintptr_t)fault->address,
                                           fault->access == HOST_FAULT_WRITE,
                                           (uintptr_t)fault->place, 0 } };

    if (thing == NULL || thing->freed) {
        finding.code = by_system ? PAGE_FAULT_IN_FREED_SPECIAL_POOL
                                 : DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL;
    } else {
        finding.code = by_system ? PAGE_FAULT_BEYOND_END_OF_ALLOCATION
                                 : DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION;
    }
    if (thing != NULL) {
        finding.memory = thing->address;
        finding.memory_bytes = thing->bytes;
    }
    return finding;
}

static void tell_freed(dq_processor *cpu, const host_fault *fault, const dq_special_thing *thing)
{
    const dq_finding finding = finding_of(cpu, fault, thing);
    char who[PLACE_TEXT], freed[PLACE_TEXT], allocated[PLACE_TEXT];

    dq_find(cpu, &finding,
            "%s %s byte %td of a %s that was freed.\n"
            "  It was freed by %s,\n  and had been allocated by %s.",
            who_of(cpu->execution, who, sizeof(who)), verb_of(fault),
            (const char *)fault->address - (const char *)thing->address, thing->what,
            dq_place_describe(thing->freed_place, freed, sizeof(freed)),
            dq_place_describe(thing->place, allocated, sizeof(allocated)));
}

static void tell_around(dq_processor *cpu, const host_fault *fault, const dq_special_thing *thing)
{
    const dq_finding finding = finding_of(cpu, fault, thing);
    const size_t far = distance(thing, fault->address);
    char who[PLACE_TEXT], allocated[PLACE_TEXT];

    dq_find(cpu, &finding,
            "%s %s a byte that lies %zu byte%s %s a %s.\n  It was allocated by %s.",
            who_of(cpu->execution, who, sizeof(who)), verb_of(fault), far, far == 1 ? "" : "s",
            lies_before(thing, fault->address) ? "before the start of" : "behind the end of",
            thing->what, dq_place_describe(thing->place, allocated, sizeof(allocated)));
}

static void tell_unknown(dq_processor *cpu, const host_fault *fault)
{
    const dq_finding finding = finding_of(cpu, fault, NULL);
    char who[PLACE_TEXT];

    dq_find(cpu, &finding,
            "%s %s special pool that belongs to no block any more: it was freed long ago.",
            who_of(cpu->execution, who, sizeof(who)), verb_of(fault));
}

/* NULL: the machine has none. */
static const dq_special *special_of(const dq_machine *machine)
{
    const dq_kernel *kernel = machine->kernel;

    return kernel->pool != NULL ? dq_pool_special(kernel->pool) : NULL;
}

bool dq_special_owns(const dq_machine *machine, const void *address)
{
    const dq_special *special = special_of(machine);

    return special != NULL && dq_special_was_used(special, address);
}

void dq_special_fault(dq_processor *cpu, const host_fault *fault)
{
    const dq_special *special = special_of(cpu->machine);
    dq_special_thing thing;

    if (fault->access == HOST_FAULT_EXECUTE || !dq_special_owns(cpu->machine, fault->address)) {
        return;
    }
    if (!find_meant(cpu->machine, special, fault->address, &thing)) {
        tell_unknown(cpu, fault);
    } else if (thing.freed) {
        tell_freed(cpu, fault, &thing);
    } else {
        tell_around(cpu, fault, &thing);
    }
    dq_go_home(cpu); /* It was suppressed, but there is nothing to go on with. */
}
