/*
 * mpu401.h: the miniport as its clients see it, from C and from C++.
 */
#ifndef MPU401_H
#define MPU401_H

#include <portcls.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _MPU401_STATISTICS {
    ULONG Interrupts; // That were ours.
    ULONG Received;   // Bytes put into the ring.
    ULONG Dropped;    // Bytes that found the ring full.
    ULONG Overruns;   // Bytes that the device lost, if it can tell.
} MPU401_STATISTICS, *PMPU401_STATISTICS;

// {7A9E1C50-3D52-4B0E-9C57-0D6B6E0A4401}
DEFINE_GUID(IID_IMiniportMpu401,
    0x7a9e1c50, 0x3d52, 0x4b0e, 0x9c, 0x57, 0x0d, 0x6b, 0x6e, 0x0a, 0x44, 0x01);

#undef INTERFACE
#define INTERFACE IMiniportMpu401

// All methods: PASSIVE_LEVEL. Any number of threads may be inside, but only one Read gets on at a
// time.
DECLARE_INTERFACE_(IMiniportMpu401, IUnknown)
{
    DEFINE_ABSTRACT_UNKNOWN()

    // Takes the first port range and the first interrupt, resets the device and puts it into UART
    // mode. STATUS_IO_TIMEOUT: it does not answer.
    STDMETHOD_(NTSTATUS, Init)(THIS_
        _In_ PRESOURCELIST ResourceList) PURE;

    // Waits for input, and takes what there is. Timeout as in KeWaitForSingleObject: of each wait,
    // NULL for ever. STATUS_TIMEOUT: nothing came. STATUS_DEVICE_NOT_READY: not initialised, or
    // stopped.
    STDMETHOD_(NTSTATUS, Read)(THIS_
        _Out_ PUCHAR Buffer,
        _In_ ULONG Length,
        _Out_ PULONG Taken,
        _In_opt_ PLARGE_INTEGER Timeout) PURE;

    // Sends all bytes at the speed of the cable. STATUS_IO_TIMEOUT: the device takes no more.
    STDMETHOD_(NTSTATUS, Write)(THIS_
        _In_ const UCHAR *Buffer,
        _In_ ULONG Length) PURE;

    // What happened since Init.
    STDMETHOD_(NTSTATUS, GetStatistics)(THIS_
        _Out_ PMPU401_STATISTICS Statistics) PURE;

    // Wakes the reader, silences the device, and lets go of everything. To be called before the
    // last Release.
    STDMETHOD_(void, Stop)(THIS) PURE;
};

typedef IMiniportMpu401 *PMINIPORTMPU401;

NTSTATUS CreateMiniportMpu401(
    _Out_ PUNKNOWN *Unknown,
    _In_ REFCLSID ClassId,
    _In_opt_ PUNKNOWN UnknownOuter,
    _In_ POOL_TYPE PoolType);

#ifdef __cplusplus
}
#endif

#endif
