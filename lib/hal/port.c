/*
 * port.c - port space: every access ends in the device that owns the port.
 *
 * A port is a number in a pointer's clothes. Each access costs virtual time and is a schedule
 * point; the buffer forms are one access after the other to the same port.
 */
#include "sim/device.h"
#include "sim/machine.h"

#include <wdm.h>

#define PORT_READ(name, type)                                                                    \
    type READ_PORT_##name(type *Port)                                                            \
    {                                                                                            \
        DQ_ENTER(READ_PORT, NULL, (uintptr_t)Port, sizeof(type), 0, (type) ~(type)0);            \
        return (type)dq_device_read(cpu, DQ_SPACE_PORT, (uintptr_t)Port, sizeof(type));          \
    }                                                                                            \
    VOID READ_PORT_BUFFER_##name(type *Port, type *Buffer, ULONG Count)                          \
    {                                                                                            \
        DQ_ENTER(READ_PORT, NULL, (uintptr_t)Port, sizeof(type), Count, DQ_VOID);                \
        for (ULONG i = 0; i < Count; i++) {                                                      \
            Buffer[i] = (type)dq_device_read(cpu, DQ_SPACE_PORT, (uintptr_t)Port, sizeof(type)); \
            cpu = dq_self;                                                                       \
        }                                                                                        \
    }

#define PORT_WRITE(name, type)                                                             \
    VOID WRITE_PORT_##name(type *Port, type Value)                                         \
    {                                                                                      \
        DQ_ENTER(WRITE_PORT, NULL, (uintptr_t)Port, sizeof(type), Value, DQ_VOID);         \
        dq_device_write(cpu, DQ_SPACE_PORT, (uintptr_t)Port, sizeof(type), Value);         \
    }                                                                                      \
    VOID WRITE_PORT_BUFFER_##name(type *Port, type *Buffer, ULONG Count)                   \
    {                                                                                      \
        DQ_ENTER(WRITE_PORT, NULL, (uintptr_t)Port, sizeof(type), Count, DQ_VOID);         \
        for (ULONG i = 0; i < Count; i++) {                                                \
            dq_device_write(cpu, DQ_SPACE_PORT, (uintptr_t)Port, sizeof(type), Buffer[i]); \
            cpu = dq_self;                                                                 \
        }                                                                                  \
    }

PORT_READ(UCHAR, UCHAR)
PORT_READ(USHORT, USHORT)
PORT_READ(ULONG, ULONG)
PORT_WRITE(UCHAR, UCHAR)
PORT_WRITE(USHORT, USHORT)
PORT_WRITE(ULONG, ULONG)
