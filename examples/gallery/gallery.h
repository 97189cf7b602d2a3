/*
 * gallery.h - what the tests of the gallery have in common.
 */
#ifndef GALLERY_H
#define GALLERY_H

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include "driver.h"

#define CPU0 1u
#define CPU1 2u

static inline dirql_line *start_driver(dirql_line *line)
{
    const NTSTATUS status =
        driver_start(dirql_line_vector(line), dirql_line_irql(line), dirql_line_processors(line));

    assert_int_equal(status, STATUS_SUCCESS);
    return line;
}

/* A device that interrupts these processors by an edge, with its driver started. */
static inline dirql_line *start_device(KAFFINITY processors)
{
    return start_driver(dirql_line_create(&(dirql_line_options){
        .name = "uart", .irql = 7, .trigger = DIRQL_EDGE, .processors = processors }));
}

static inline void silence(void *line, uint64_t offset, unsigned bytes, uint64_t value)
{
    (void)offset;
    (void)bytes;
    (void)value;
    dirql_line_deassert(line);
}

/* One that interrupts by a level, until it is silenced; its driver is not started. */
static inline dirql_line *create_level_device(KAFFINITY processors)
{
    dirql_line *line = dirql_line_create(
        &(dirql_line_options){ .name = "uart", .irql = 7, .processors = processors });

    dirql_device_add_ports(&(dirql_device){ .name = "uart", .write = silence, .context = line },
                           (ULONG)(ULONG_PTR)UART_SILENCE, 1);
    return line;
}

static inline dirql_line *start_level_device(KAFFINITY processors)
{
    return start_driver(create_level_device(processors));
}

static inline void enable(void *line, uint64_t offset, unsigned bytes, uint64_t value)
{
    (void)offset;
    (void)bytes;
    if (value != 0) {
        dirql_line_pulse(line);
    }
}

/* One that interrupts by an edge as soon as it is enabled; its driver is not started. */
static inline dirql_line *create_enabled_device(KAFFINITY processors)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){
        .name = "uart", .irql = 7, .trigger = DIRQL_EDGE, .processors = processors });

    dirql_device_add_ports(&(dirql_device){ .name = "uart", .write = enable, .context = line },
                           (ULONG)(ULONG_PTR)UART_ENABLE, 1);
    return line;
}

#endif
