/*
 * mock_line.h - the smallest device that can interrupt: four registers and a line.
 *
 * For tests that need an interrupt and no particular hardware. Each trigger sets STATUS and counts;
 * the line follows STATUS and ENABLE: level-triggered, it is asserted while both are set,
 * edge-triggered (or a message) it pulses on each trigger that is enabled. An ISR looks at STATUS,
 * writes ACKNOWLEDGE, and has a device that behaves.
 *
 * The struct belongs to the caller and must live as long as the run does. It uses no heap.
 */
#ifndef MOCK_LINE_H
#define MOCK_LINE_H

#include <stdbool.h>

#include <dirql/device.h>
#include <dirql/line.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Registers, 32 bits each, as offsets from the start of the window ------------------------ */

#define MOCK_LINE_STATUS 0x0u      /* Bit 0: wants service. Read only. */
#define MOCK_LINE_ACKNOWLEDGE 0x4u /* Write 1 to bit 0: STATUS is cleared. Reads as 0. */
#define MOCK_LINE_ENABLE 0x8u      /* Bit 0: may interrupt. */
#define MOCK_LINE_COUNT 0xCu       /* Triggers so far. Writing sets it. */
#define MOCK_LINE_LENGTH 0x10u

#define MOCK_LINE_PENDING 0x1u /* Bit 0 of STATUS, ACKNOWLEDGE and ENABLE. */

typedef struct mock_line_options {
    dirql_line_options line; /* Default: named "mock", level-triggered, the line's own defaults. */
    ULONG port;              /* The window's first port; 0: it is memory. */
    bool starts_disabled;    /* ENABLE is 0 at first; default: 1. */
    bool deaf;               /* A fault: ACKNOWLEDGE does nothing, and a level stays asserted. */
} mock_line_options;

typedef struct mock_line {
    mock_line_options options;
    dirql_line *line;
    PHYSICAL_ADDRESS address; /* Of the window, when it is memory. */
    ULONG status, enable, count;
    uint64_t acknowledged; /* Times that ACKNOWLEDGE cleared STATUS. */
    dirql_stimulus trigger;
} mock_line;

/* Makes the line and the window. IRQL: PASSIVE_LEVEL, in a run. `options` may be NULL. */
void mock_line_init(mock_line *device, const mock_line_options *options);

/* One more pair of resources for a list: its line, and its window. IRQL: PASSIVE_LEVEL. */
void mock_line_add_resources(const mock_line *device, dirql_resources *resources);

/* The device wants service, now. Any IRQL, and in callbacks. */
void mock_line_trigger(mock_line *device);
/* ... once, at this virtual time or after this delay. Calling again moves it. */
void mock_line_trigger_at(mock_line *device, uint64_t time_ns);
void mock_line_trigger_after(mock_line *device, uint64_t delay_ns);

#ifdef __cplusplus
}
#endif

#endif
