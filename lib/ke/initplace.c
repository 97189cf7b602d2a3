/*
 * initplace.c - numbers for places, so that an object can say where it was initialised.
 *
 * A header keeps its number in the two bytes that mean nothing for events, mutexes, semaphores and
 * timers here.
 */
#include "ke/initplace.h"

#include "ke/keep.h"
#include "ke/ki.h"

enum { SLOTS = 512, PROBES = 16 };

/* A hash table: a place's number is its slot's, and one. */
typedef struct dq_places {
    const void *of[SLOTS];
} dq_places;

USHORT dq_initplace_number(dq_machine *machine, const void *place)
{
    dq_kernel *kernel = machine->kernel;
    const size_t hash = (size_t)((uintptr_t)place * 0x9E3779B97F4A7C15u >> 40);

    if (place == NULL) {
        return 0;
    }
    if (kernel->places == NULL) {
        kernel->places = dq_keep(machine, sizeof(dq_places));
    }
    for (size_t i = 0; i < PROBES && kernel->places != NULL; i++) {
        const size_t slot = (hash + i) % SLOTS;
        const void **at = &kernel->places->of[slot];

        if (*at == NULL || *at == place) {
            *at = place;
            return (USHORT)(slot + 1);
        }
    }
    return 0;
}

const void *dq_initplace_get(const dq_machine *machine, unsigned number)
{
    const dq_kernel *kernel = machine->kernel;

    return kernel->places != NULL && number > 0 && number <= SLOTS ? kernel->places->of[number - 1]
                                                                   : NULL;
}

void dq_initplace_set(dq_machine *machine, DISPATCHER_HEADER *header, const void *place)
{
    const unsigned number = dq_initplace_number(machine, place);

    header->Signalling = (UCHAR)(number & 0xFF);
    header->Reserved = (UCHAR)(number >> 8);
}

const void *dq_initplace_of(const dq_machine *machine, const DISPATCHER_HEADER *header)
{
    return dq_initplace_get(machine, header->Signalling | (unsigned)header->Reserved << 8);
}
