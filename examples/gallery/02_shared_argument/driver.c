/*
 * 02 - An argument of CallSynchronizedRoutine that all callers share.
 *
 * The byte to be sent reaches the synchronized routine by a member of the adapter. Two applications
 * write at once: both store the member, and then both routines send what the second one has stored.
 * On Windows a MIDI byte is sent twice, and another never: a note that hangs. The routine itself is
 * synchronized; storing what it reads is not.
 *
 * The fix gives each call an argument of its own, on the caller's stack.
 */
#include <portcls.h>

#include "driver.h"

static PINTERRUPTSYNC sync;
static ULONG sent; /* The sum of all bytes that the device has seen. */

static NTSTATUS midi_isr(PINTERRUPTSYNC unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    return STATUS_SUCCESS;
}

static NTSTATUS send(PINTERRUPTSYNC unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    sent += *(ULONG *)context;
    return STATUS_SUCCESS;
}

#ifdef FIXED

VOID driver_write(ULONG byte)
{
    sync->lpVtbl->CallSynchronizedRoutine(sync, send, &byte);
}

#else

static ULONG to_send;

VOID driver_write(ULONG byte)
{
    to_send = byte;
    sync->lpVtbl->CallSynchronizedRoutine(sync, send, &to_send);
}

#endif

static NTSTATUS tell_sent(PINTERRUPTSYNC unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    *(ULONG *)context = sent;
    return STATUS_SUCCESS;
}

ULONG driver_read(VOID)
{
    ULONG sum;

    sync->lpVtbl->CallSynchronizedRoutine(sync, tell_sent, &sum);
    return sum;
}

NTSTATUS driver_start_adapter(PRESOURCELIST resources)
{
    NTSTATUS status = PcNewInterruptSync(&sync, NULL, resources, 0, InterruptSyncModeNormal);

    if (NT_SUCCESS(status)) {
        status = sync->lpVtbl->RegisterServiceRoutine(sync, midi_isr, NULL, FALSE);
    }
    return NT_SUCCESS(status) ? sync->lpVtbl->Connect(sync) : status;
}

VOID driver_stop(VOID)
{
    sync->lpVtbl->Disconnect(sync);
    sync->lpVtbl->Release(sync);
}
