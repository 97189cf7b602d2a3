/*
 * mock_line.c - four registers and a line.
 *
 * A level line follows from the state alone, in update_line(). An edge is an event, so trigger()
 * makes it.
 */
#include "mock_line.h"

#include <string.h>

static bool is_level(const mock_line *device)
{
    return device->options.line.trigger == DIRQL_LEVEL;
}

static void update_line(mock_line *device)
{
    bool wanted = (device->status & device->enable & MOCK_LINE_PENDING) != 0;

    if (!is_level(device)) {
        return;
    }
    if (wanted && !dirql_line_is_asserted(device->line)) {
        dirql_line_assert(device->line);
    } else if (!wanted && dirql_line_is_asserted(device->line)) {
        dirql_line_deassert(device->line);
    }
}

static void triggered(void *context)
{
    mock_line *device = context;

    device->count++;
    device->status |= MOCK_LINE_PENDING;
    if (is_level(device)) {
        update_line(device);
    } else if ((device->enable & MOCK_LINE_PENDING) != 0) {
        dirql_line_pulse(device->line);
    }
}

void mock_line_trigger(mock_line *device)
{
    dirql_stimulus_now(triggered, device);
}

void mock_line_trigger_at(mock_line *device, uint64_t time_ns)
{
    dirql_stimulus_at(&device->trigger, time_ns);
}

void mock_line_trigger_after(mock_line *device, uint64_t delay_ns)
{
    dirql_stimulus_after(&device->trigger, delay_ns);
}

/* ---- Registers ------------------------------------------------------------------------------- */

static uint64_t read_register(void *context, uint64_t offset, unsigned bytes)
{
    const mock_line *device = context;

    (void)bytes;
    switch (offset) {
    case MOCK_LINE_STATUS:
        return device->status;
    case MOCK_LINE_ACKNOWLEDGE:
        return 0;
    case MOCK_LINE_ENABLE:
        return device->enable;
    case MOCK_LINE_COUNT:
        return device->count;
    default:
        return ~UINT64_C(0);
    }
}

static void acknowledge(mock_line *device, ULONG value)
{
    ULONG cleared = device->status & value & MOCK_LINE_PENDING;

    if (cleared != 0 && !device->options.deaf) {
        device->status &= ~cleared;
        device->acknowledged++;
    }
}

static void write_register(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    mock_line *device = context;

    (void)bytes;
    switch (offset) {
    case MOCK_LINE_ACKNOWLEDGE:
        acknowledge(device, (ULONG)value);
        break;
    case MOCK_LINE_ENABLE:
        device->enable = (ULONG)value & MOCK_LINE_PENDING;
        break;
    case MOCK_LINE_COUNT:
        device->count = (ULONG)value;
        break;
    default:
        break;
    }
    update_line(device);
}

/* ---- Installation ---------------------------------------------------------------------------- */

void mock_line_init(mock_line *device, const mock_line_options *options)
{
    dirql_device window;

    memset(device, 0, sizeof(*device));
    if (options != NULL) {
        device->options = *options;
    }
    if (device->options.line.name == NULL) {
        device->options.line.name = "mock";
    }
    device->enable = device->options.starts_disabled ? 0 : MOCK_LINE_PENDING;
    device->trigger.happen = triggered;
    device->trigger.context = device;
    device->line = dirql_line_create(&device->options.line);

    memset(&window, 0, sizeof(window));
    window.name = device->options.line.name;
    window.read = read_register;
    window.write = write_register;
    window.context = device;
    if (device->options.port != 0) {
        dirql_device_add_ports(&window, device->options.port, MOCK_LINE_LENGTH);
    } else {
        device->address = dirql_device_add_memory(&window, 0, MOCK_LINE_LENGTH);
    }
}

void mock_line_add_resources(const mock_line *device, dirql_resources *resources)
{
    dirql_resources_add_line(resources, device->line);
    if (device->options.port != 0) {
        dirql_resources_add_port(resources, device->options.port, MOCK_LINE_LENGTH);
    } else {
        dirql_resources_add_memory(resources, device->address, MOCK_LINE_LENGTH);
    }
}
