/*
 * device.c - finds the window of an address and runs the hardware behind it.
 */
#include "sim/live.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE_BYTES = 4096 };
static const uint64_t first_physical =
    0xF0000000u; /* Where the machine puts windows of its own choice. */

static uint64_t span(const dq_window *window)
{
    return (window->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static bool check_window(const dq_machine *machine, const dq_window *window, char *error,
                         size_t error_bytes)
{
    const uint64_t limit = window->space == DQ_SPACE_PORT ? 0x10000u : UINT64_MAX / 2;

    if (window->bytes == 0) {
        snprintf(error, error_bytes, "device %s: its length is 0", window->name);
        return false;
    }
    if (window->base > limit || window->bytes > limit - window->base) {
        snprintf(error, error_bytes, "device %s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " leave the %s",
                 window->name, window->bytes, window->base,
                 window->space == DQ_SPACE_PORT ? "64 KiB of port space"
                                                : "physical address space");
        return false;
    }
    for (const dq_window *other = machine->addresses.windows; other != NULL; other = other->next) {
        if (other->space == window->space && window->base < other->base + other->bytes &&
            other->base < window->base + window->bytes) {
            snprintf(error, error_bytes,
                     "device %s at 0x%" PRIx64 " overlaps device %s at 0x%" PRIx64, window->name,
                     window->base, other->name, other->base);
            return false;
        }
    }
    return true;
}

dq_window *dq_window_add(dq_machine *machine, const dq_window *window, char *error,
                         size_t error_bytes)
{
    dq_address_map *map = &machine->addresses;
    dq_window *copy = dq_machine_get(machine, sizeof(*copy));

    if (copy == NULL) {
        snprintf(error, error_bytes, "device %s: short of memory", window->name);
        return NULL;
    }
    *copy = *window;
    copy->mapped = NULL;
    copy->mappings = 0;
    copy->read_only = 0;
    if (copy->space == DQ_SPACE_MEMORY && copy->base == 0) {
        if (map->next_physical == 0) {
            map->next_physical = first_physical;
        }
        copy->base = map->next_physical;
        map->next_physical += span(copy);
    }
    if (!check_window(machine, copy, error, error_bytes)) {
        dq_machine_give(machine, copy);
        return NULL;
    }
    if (copy->space == DQ_SPACE_MEMORY) {
        copy->mapped = dq_shelf_range(&machine->shelf, machine->ranges_taken, span(copy));
        if (copy->mapped == NULL) {
            snprintf(error, error_bytes, "device %s: no address range of that size", copy->name);
            dq_machine_give(machine, copy);
            return NULL;
        }
        machine->ranges_taken++;
    }
    copy->next = map->windows;
    map->windows = copy;
    return copy;
}

dq_window *dq_window_by_physical(dq_machine *machine, dq_space space, uint64_t address)
{
    dq_window *window = machine->addresses.windows;

    while (window != NULL && (window->space != space || address < window->base ||
                              address - window->base >= window->bytes)) {
        window = window->next;
    }
    return window;
}

dq_window *dq_window_by_mapped(dq_machine *machine, const volatile void *address)
{
    const uintptr_t at = (uintptr_t)address;
    dq_window *window = machine->addresses.windows;

    while (window != NULL && (window->mapped == NULL || at < (uintptr_t)window->mapped ||
                              at - (uintptr_t)window->mapped >= window->bytes)) {
        window = window->next;
    }
    return window;
}

void dq_device_call_begin(dq_processor *cpu, dq_execution *execution, const void *device,
                          const char *name)
{
    dq_execution_begin(cpu, execution, DQ_EXECUTION_DEVICE, DQ_LEVEL_HIGH, NULL, device, name);
    execution->service = execution->below != NULL ? execution->below->service : DQ_SERVICE_NONE;
    execution->place = execution->below != NULL ? execution->below->place : NULL;
    dq_attend(cpu, DQ_ATTEND_REFUSE);
    if (cpu->live != NULL) {
        dq_live_watch_call();
    }
}

void dq_device_call_end(dq_processor *cpu, dq_execution *execution)
{
    dq_execution_end(cpu, execution);
    if (cpu->execution == NULL || cpu->execution->kind != DQ_EXECUTION_DEVICE) {
        dq_unattend(cpu, DQ_ATTEND_REFUSE);
        if (cpu->live != NULL) {
            dq_live_end_call();
        }
    }
}

static dq_window *window_for(dq_processor *cpu, dq_space space, uint64_t address, unsigned bytes)
{
    const char *kind = space == DQ_SPACE_PORT ? "port" : "physical address";
    dq_window *window = dq_window_by_physical(cpu->machine, space, address);

    if (window == NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "no device" },
                "%s 0x%" PRIx64
                " was accessed, but no device owns it. Add one with %s, or check the "
                "resource that the driver computed it from.",
                kind, address,
                space == DQ_SPACE_PORT ? "dirql_device_add_ports()" : "dirql_device_add_memory()");
        return NULL;
    }
    if (bytes > window->bytes - (address - window->base)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "no device" },
                "%u bytes at %s 0x%" PRIx64 " reach beyond the end of device %s (0x%" PRIx64
                " bytes from 0x%" PRIx64 ")",
                bytes, kind, address, window->name, window->bytes, window->base);
        return NULL;
    }
    return window;
}

static uint64_t all_ones(unsigned bytes)
{
    return bytes >= 8 ? UINT64_MAX : (1ull << (8 * bytes)) - 1;
}

uint64_t dq_device_read(dq_processor *cpu, dq_space space, uint64_t address, unsigned bytes)
{
    dq_window *window;
    dq_execution execution;
    uint64_t value;

    cpu = dq_clock_charge(cpu);
    window = window_for(cpu, space, address, bytes);
    value = all_ones(bytes);
    if (window == NULL) {
        return value;
    }
    if (window->read != NULL) {
        dq_device_call_begin(cpu, &execution, window, window->name);
        value = window->read(window->device, address - window->base, bytes) & all_ones(bytes);
        dq_device_call_end(cpu, &execution);
    }
    if (space == DQ_SPACE_PORT) {
        dq_emit(cpu, PORT_READ, window, address - window->base, value, bytes);
    } else {
        dq_emit(cpu, REGISTER_READ, window, address - window->base, value, bytes);
    }
    dq_point(cpu);
    return value;
}

void dq_device_write(dq_processor *cpu, dq_space space, uint64_t address, unsigned bytes,
                     uint64_t value)
{
    dq_window *window;
    dq_execution execution;

    cpu = dq_clock_charge(cpu);
    window = window_for(cpu, space, address, bytes);
    if (window == NULL) {
        return;
    }
    value &= all_ones(bytes);
    if (space == DQ_SPACE_PORT) {
        dq_emit(cpu, PORT_WRITE, window, address - window->base, value, bytes);
    } else {
        dq_emit(cpu, REGISTER_WRITE, window, address - window->base, value, bytes);
    }
    if (window->write != NULL) {
        dq_device_call_begin(cpu, &execution, window, window->name);
        window->write(window->device, address - window->base, bytes, value);
        dq_device_call_end(cpu, &execution);
    }
    dq_point(cpu);
}

void dq_address_map_stop(dq_machine *machine)
{
    while (machine->addresses.windows != NULL) {
        dq_window *window = machine->addresses.windows;

        machine->addresses.windows = window->next;
        dq_machine_give(machine, window);
    }
}
