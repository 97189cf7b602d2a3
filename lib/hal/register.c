/*
 * register.c - device registers in memory: every access ends in the device that MmMapIoSpace
 * mapped.
 *
 * The address that a driver holds belongs to nobody else, so a plain pointer access faults and is
 * reported; these routines find the device behind it. An address that is not mapped, or no
 * longer, is a finding; so is a write through a mapping that is only to be read. The NoFence forms
 * differ only in the barrier, which the machine does not have.
 */
#include <string.h>

#include <bugcodes.h>
#include <wdm.h>

#include "mm/iospace.h"
#include "sim/device.h"
#include "sim/machine.h"

/* The physical address behind a mapped register; false after a finding that was suppressed. */
static bool find_physical(dq_processor *cpu, const dq_window *window, const volatile void *address,
                          unsigned bytes, uint64_t *physical)
{
    if (DQ_LIKELY(window != NULL && window->mappings > 0)) {
        *physical = window->base + ((uintptr_t)address - (uintptr_t)window->mapped);
        return true;
    }
    dq_find(cpu,
            &(dq_finding){
                .severity = DQ_ERROR, .rule = "RegisterPointer", .page = "wdm: MmMapIoSpace" },
            "%u bytes at %p were accessed as a device register, but %s%s", bytes,
            (const void *)(uintptr_t)address,
            window == NULL
                ? "MmMapIoSpace returned no such address. Is it a physical address, or the "
                  "address of ordinary memory?"
                : "MmUnmapIoSpace has given them back: device ",
            window == NULL ? "" : window->name);
    return false;
}

/* Memory of the machine's own that MmMapIoSpace has mapped. */
static bool is_memory(dq_processor *cpu, const dq_window *window, const volatile void *address)
{
    return DQ_UNLIKELY(window == NULL) && dq_mapping_at(cpu, address) != NULL;
}

static void check_writable(dq_processor *cpu, const dq_window *window, const volatile void *address)
{
    if (DQ_UNLIKELY(window == NULL || window->read_only > 0) &&
        !dq_mapping_is_writable(cpu, address)) {
        dq_bugcheck(cpu, ATTEMPTED_WRITE_TO_READONLY_MEMORY, (uintptr_t)address, 0, 0, 0,
                    "a register at %p is written, but MmMapIoSpaceEx has mapped it to be read",
                    (const void *)(uintptr_t)address);
    }
}

static uint64_t read_register(dq_processor *cpu, const volatile void *address, unsigned bytes)
{
    const dq_window *window = dq_window_by_mapped(cpu->machine, address);
    uint64_t physical, value = 0;

    if (is_memory(cpu, window, address)) {
        memcpy(&value, (const void *)(uintptr_t)address, bytes);
        return value;
    }
    return find_physical(cpu, window, address, bytes, &physical)
               ? dq_device_read(cpu, DQ_SPACE_MEMORY, physical, bytes)
               : UINT64_MAX;
}

static void write_register(dq_processor *cpu, const volatile void *address, unsigned bytes,
                           uint64_t value)
{
    const dq_window *window = dq_window_by_mapped(cpu->machine, address);
    uint64_t physical;

    check_writable(cpu, window, address);
    if (is_memory(cpu, window, address)) {
        memcpy((void *)(uintptr_t)address, &value, bytes);
    } else if (find_physical(cpu, window, address, bytes, &physical)) {
        dq_device_write(cpu, DQ_SPACE_MEMORY, physical, bytes, value);
    }
}

#define REGISTER_READ(name, type)                                                             \
    type READ_REGISTER_##name(type volatile *Register)                                        \
    {                                                                                         \
        DQ_ENTER(READ_REGISTER, NULL, (uintptr_t)Register, sizeof(type), 0, (type) ~(type)0); \
        return (type)read_register(cpu, Register, sizeof(type));                              \
    }

#define REGISTER_WRITE(name, type)                                                         \
    VOID WRITE_REGISTER_##name(type volatile *Register, type Value)                        \
    {                                                                                      \
        DQ_ENTER(WRITE_REGISTER, NULL, (uintptr_t)Register, sizeof(type), Value, DQ_VOID); \
        write_register(cpu, Register, sizeof(type), Value);                                \
    }

#define REGISTER_BUFFERS(name, type)                                                       \
    VOID READ_REGISTER_BUFFER_##name(type volatile *Register, type *Buffer, ULONG Count)   \
    {                                                                                      \
        DQ_ENTER(READ_REGISTER, NULL, (uintptr_t)Register, sizeof(type), Count, DQ_VOID);  \
        for (ULONG i = 0; i < Count; i++) {                                                \
            Buffer[i] = (type)read_register(cpu, Register + i, sizeof(type));              \
            cpu = dq_self;                                                                 \
        }                                                                                  \
    }                                                                                      \
    VOID WRITE_REGISTER_BUFFER_##name(type volatile *Register, type *Buffer, ULONG Count)  \
    {                                                                                      \
        DQ_ENTER(WRITE_REGISTER, NULL, (uintptr_t)Register, sizeof(type), Count, DQ_VOID); \
        for (ULONG i = 0; i < Count; i++) {                                                \
            write_register(cpu, Register + i, sizeof(type), Buffer[i]);                    \
            cpu = dq_self;                                                                 \
        }                                                                                  \
    }

#define REGISTER(type)                   \
    REGISTER_READ(type, type)            \
    REGISTER_WRITE(type, type)           \
    REGISTER_READ(NOFENCE_##type, type)  \
    REGISTER_WRITE(NOFENCE_##type, type) \
    REGISTER_BUFFERS(type, type)

REGISTER(UCHAR)
REGISTER(USHORT)
REGISTER(ULONG)
REGISTER(ULONG64)
