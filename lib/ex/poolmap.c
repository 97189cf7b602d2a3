/*
 * poolmap.c - which addresses are pool memory, in all machines of the process.
 *
 * A hash table with open addressing under the process-wide lock. Programs without pool memory pay
 * one load for a question.
 */
#include "ex/poolmap.h"

#include <stdint.h>
#include <stdlib.h>

#include "sim/processor.h"

enum { SLOTS_AT_FIRST = 1024, ORPHANS_KEPT = 4096 };

typedef struct entry {
    uintptr_t address; /* 0: the slot is free. */
    const void *owner; /* NULL: an orphan. */
} entry;

static HOST_KEPT entry *slots;                    /* All of this under host_lock(). */
static HOST_KEPT size_t slot_count;               /* A power of two. */
static HOST_KEPT size_t used;                     /* Read without the lock, too. */
static HOST_KEPT uintptr_t orphans[ORPHANS_KEPT]; /* A ring: the oldest is forgotten. */
static HOST_KEPT unsigned orphans_next;

static size_t home_of(uintptr_t address)
{
    return (size_t)((uint64_t)address * 0x9E3779B97F4A7C15u >> 24) & (slot_count - 1);
}

/* The slot of the address, or the free one where it belongs. */
static entry *slot_of(uintptr_t address)
{
    size_t i = home_of(address);

    while (slots[i].address != 0 && slots[i].address != address) {
        i = (i + 1) & (slot_count - 1);
    }
    return &slots[i];
}

static bool grow(void)
{
    const size_t old_count = slot_count;
    entry *old = slots;
    entry *grown = calloc(old_count == 0 ? SLOTS_AT_FIRST : old_count * 2, sizeof(entry));

    if (grown == NULL) {
        return false;
    }
    slots = grown;
    slot_count = old_count == 0 ? SLOTS_AT_FIRST : old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].address != 0) {
            *slot_of(old[i].address) = old[i];
        }
    }
    free(old);
    return true;
}

static void count(size_t now)
{
    __atomic_store_n(&used, now, __ATOMIC_RELAXED);
}

/* Frees the slot, and moves up what stands behind it only because it was taken. */
static void vacate(entry *slot)
{
    size_t hole = (size_t)(slot - slots);
    size_t i = hole;

    count(used - 1);
    for (;;) {
        size_t distance;

        i = (i + 1) & (slot_count - 1);
        if (slots[i].address == 0) {
            break;
        }
        distance = (i - home_of(slots[i].address)) & (slot_count - 1);
        if (distance >= ((i - hole) & (slot_count - 1))) {
            slots[hole] = slots[i];
            hole = i;
        }
    }
    slots[hole].address = 0;
}

/* The address' entry if it has one. */
static entry *find(uintptr_t address)
{
    entry *slot = slot_count > 0 ? slot_of(address) : NULL;

    return slot != NULL && slot->address != 0 ? slot : NULL;
}

static bool is_empty(void)
{
    return __atomic_load_n(&used, __ATOMIC_RELAXED) == 0;
}

bool dq_poolmap_add(const void *address, const void *owner)
{
    entry *slot;

    host_lock();
    if ((used + 1) * 2 > slot_count && !grow()) {
        host_unlock();
        return false;
    }
    slot = slot_of((uintptr_t)address);
    count(used + (slot->address == 0));
    *slot = (entry){ .address = (uintptr_t)address, .owner = owner };
    host_unlock();
    return true;
}

void dq_poolmap_remove(const void *address, const void *owner)
{
    entry *slot;

    host_lock();
    slot = find((uintptr_t)address);
    if (slot != NULL && slot->owner == owner) {
        vacate(slot);
    }
    host_unlock();
}

void dq_poolmap_orphan(const void *address, const void *owner)
{
    uintptr_t *oldest;
    entry *slot;

    host_lock();
    slot = find((uintptr_t)address);
    if (slot != NULL && slot->owner == owner) {
        slot->owner = NULL;
        oldest = &orphans[orphans_next++ % ORPHANS_KEPT];
        slot = find(*oldest);
        if (*oldest != (uintptr_t)address && slot != NULL && slot->owner == NULL) {
            vacate(slot);
        }
        *oldest = (uintptr_t)address;
    }
    host_unlock();
}

void dq_poolmap_strike_off(const void *address)
{
    entry *slot;

    if (is_empty()) {
        return;
    }
    host_lock();
    slot = find((uintptr_t)address);
    if (slot != NULL) {
        vacate(slot);
    }
    host_unlock();
}

bool dq_poolmap_has(const void *address)
{
    bool has;

    if (is_empty()) {
        return false;
    }
    host_lock();
    has = find((uintptr_t)address) != NULL;
    host_unlock();
    return has;
}
