/*
 * device.h - simulated hardware: windows of ports and device memory with callbacks.
 *
 * READ_PORT_* and friends, and READ_REGISTER_* on what MmMapIoSpace returned, end in the callbacks.
 * A callback is hardware: it may use lines, stimuli, dirql_choose and CMocka's functions, but calls
 * to the kernel in it are refused. An access to an address that no device owns, or wider than the
 * window, fails the run.
 */
#ifndef DIRQL_DEVICE_H
#define DIRQL_DEVICE_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dirql_device {
    const char *name;
    /* `offset` from the start of the window; `bytes` 1, 2, 4 or 8. NULL: reads as all ones. */
    uint64_t (*read)(void *context, uint64_t offset, unsigned bytes);
    /* NULL: writes are ignored. */
    void (*write)(void *context, uint64_t offset, unsigned bytes, uint64_t value);
    void *context;
} dirql_device;

/* The device is copied. IRQL: PASSIVE_LEVEL. Overlapping or empty windows fail the run. */
DIRQL_API void dirql_device_add_ports(const dirql_device *device, ULONG port, ULONG length);
/* Gives the window a physical address (for MmMapIoSpace) and returns it; `at` zero: the machine
 * picks one. */
DIRQL_API PHYSICAL_ADDRESS dirql_device_add_memory(const dirql_device *device, uint64_t at,
                                                   uint64_t length);

/* ---- Stimuli: what the outside world does to the device, at a virtual time ------------------- */

typedef struct dirql_stimulus {
    void (*happen)(void *context); /* Hardware's code, as a register callback. */
    void *context;
    void *reserved[8];
} dirql_stimulus;

/* `stimulus` must live until it happened or was cancelled. Setting it again moves it. A time that is
 * past means: as soon as can be. Any IRQL, and in callbacks. */
DIRQL_API void dirql_stimulus_after(dirql_stimulus *stimulus, uint64_t delay_ns);
DIRQL_API void dirql_stimulus_at(dirql_stimulus *stimulus, uint64_t time_ns);
/* Returns nonzero if it was set. */
DIRQL_API int dirql_stimulus_cancel(dirql_stimulus *stimulus);

/* Lets it happen at once: hardware's code, run to its end before any other code of any device, on
 * whatever processor. A test that changes what a device's callbacks work with does it by this. What
 * it asserts is taken when it is done. Any IRQL, and in callbacks. */
DIRQL_API void dirql_stimulus_now(void (*happen)(void *context), void *context);

#ifdef __cplusplus
}
#endif

#endif
