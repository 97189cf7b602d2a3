/*
 * device.h - the address map: windows of ports and device memory, and the callbacks behind them.
 *
 * A window belongs to a device; its callbacks are the hardware. They run atomically in one step of
 * the processor that accesses the register, are not interrupted, and may not call the kernel.
 */
#ifndef DQ_DEVICE_H
#define DQ_DEVICE_H

#include "sim/processor.h"

typedef enum dq_space { DQ_SPACE_PORT, DQ_SPACE_MEMORY } dq_space;

typedef struct dq_window {
    dq_space space;
    uint64_t base; /* Port number, or physical address. */
    uint64_t bytes;
    void
        *mapped; /* Memory windows: the virtual address that drivers see; reserved, never backed. */
    uint64_t (*read)(void *device, uint64_t offset, unsigned bytes);
    void (*write)(void *device, uint64_t offset, unsigned bytes, uint64_t value);
    void *device;
    char name[32];
    unsigned mappings;
    unsigned read_only; /* Of these. */
    struct dq_window *next;
} dq_window;

typedef struct dq_address_map {
    dq_window *windows;
    uint64_t next_physical; /* For windows that ask for an address of their own. */
} dq_address_map;

/* `window` is copied. On overlap or a bad size returns NULL and says why in `error`. */
dq_window *dq_window_add(dq_machine *machine, const dq_window *window, char *error,
                         size_t error_bytes);
dq_window *dq_window_by_physical(dq_machine *machine, dq_space space, uint64_t address);
dq_window *dq_window_by_mapped(dq_machine *machine, const volatile void *address);

/* One access by `cpu`: charges its time, calls the device, emits. An access that no device owns, or
 * that leaves the window, is a finding. */
uint64_t dq_device_read(dq_processor *cpu, dq_space space, uint64_t address, unsigned bytes);
void dq_device_write(dq_processor *cpu, dq_space space, uint64_t address, unsigned bytes,
                     uint64_t value);

/* Runs hardware code: kernel calls inside it are refused, what it asserts is delivered afterwards
 * by the caller. */
void dq_device_call_begin(dq_processor *cpu, dq_execution *execution, const void *device,
                          const char *name);
void dq_device_call_end(dq_processor *cpu, dq_execution *execution);

void dq_address_map_stop(dq_machine *machine);

#endif
