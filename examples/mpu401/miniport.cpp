/*
 * miniport.cpp: a miniport for the MPU-401 in UART mode.
 *
 * The ISR empties the device into a ring and requests service; the service group's DPC wakes the
 * reader; the reader takes the bytes out of the ring in a synchronized routine. Nothing here knows
 * that it is run on a simulated machine.
 */
#include <initguid.h>
#include "miniport.h"

// Registers, as offsets from the base port.
#define MPU401_DATA 0
#define MPU401_STATUS 1
#define MPU401_COMMAND 1
#define MPU401_OVERRUN 2 // Only where the port range has a third port.

#define STATUS_NO_DATA 0x80   // DSR
#define STATUS_NOT_READY 0x40 // DRR

#define COMMAND_ENTER_UART 0x3F
#define COMMAND_RESET 0xFF
#define ACKNOWLEDGE 0xFE

// The device is asked again after this time: often enough, and the bus is left alone in between.
#define POLL_US 20

// What the methods hand to their synchronized routines.
namespace
{
    struct ByteRequest
    {
        CMiniportMpu401 *Miniport;
        UCHAR Byte;
    };

    struct ReadRequest
    {
        CMiniportMpu401 *Miniport;
        PUCHAR Buffer;
        ULONG Length;
        ULONG Taken;
    };

    struct StatisticsRequest
    {
        CMiniportMpu401 *Miniport;
        PMPU401_STATISTICS Statistics;
    };
}

// --- Construction --------------------------------------------------------------------------------

extern "C" NTSTATUS CreateMiniportMpu401(
    _Out_ PUNKNOWN *Unknown,
    _In_ REFCLSID ClassId,
    _In_opt_ PUNKNOWN UnknownOuter,
    _In_ POOL_TYPE PoolType)
{
    UNREFERENCED_PARAMETER(ClassId);
    STD_CREATE_BODY_(CMiniportMpu401, Unknown, UnknownOuter, PoolType, PMINIPORTMPU401);
}

CMiniportMpu401::CMiniportMpu401(PUNKNOWN UnknownOuter) : CUnknown(UnknownOuter)
{
    KeInitializeMutex(&m_Control, 0);
    KeInitializeMutex(&m_Reading, 0);
    KeInitializeEvent(&m_Data, SynchronizationEvent, FALSE);
    m_Sync = NULL;
    m_Group = NULL;
    m_Port = NULL;
    m_HasOverrunPort = FALSE;
    RtlZeroMemory(&m_Shared, sizeof(m_Shared));
}

CMiniportMpu401::~CMiniportMpu401()
{
    ASSERT(m_Sync == NULL); // The client has called Stop.
}

STDMETHODIMP_(NTSTATUS) CMiniportMpu401::NonDelegatingQueryInterface(REFIID Interface,
    PVOID *Object)
{
    if (IsEqualGUIDAligned(Interface, IID_IUnknown))
    {
        *Object = PVOID(PUNKNOWN(PMINIPORTMPU401(this)));
    }
    else if (IsEqualGUIDAligned(Interface, IID_IMiniportMpu401))
    {
        *Object = PVOID(PMINIPORTMPU401(this));
    }
    else if (IsEqualGUIDAligned(Interface, IID_IServiceSink))
    {
        *Object = PVOID(PSERVICESINK(this));
    }
    else
    {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// --- Start and stop ------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CMiniportMpu401::Init(PRESOURCELIST ResourceList)
{
    NTSTATUS status;

    PAGED_CODE();
    KeWaitForSingleObject(&m_Control, Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&m_Reading, Executive, KernelMode, FALSE, NULL);
    status = m_Sync == NULL ? TakeResources(ResourceList) : STATUS_INVALID_DEVICE_STATE;
    if (NT_SUCCESS(status))
    {
        status = ConnectInterrupt(ResourceList);
        if (NT_SUCCESS(status))
        {
            status = ResetDevice();
        }
        if (NT_SUCCESS(status))
        {
            status = SendCommand(COMMAND_ENTER_UART);
        }
        if (!NT_SUCCESS(status))
        {
            LetGo();
        }
    }
    KeReleaseMutex(&m_Reading, FALSE);
    KeReleaseMutex(&m_Control, FALSE);
    return status;
}

NTSTATUS CMiniportMpu401::TakeResources(PRESOURCELIST ResourceList)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR port;

    if (ResourceList->NumberOfPorts() < 1 || ResourceList->NumberOfInterrupts() < 1)
    {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    port = ResourceList->FindTranslatedPort(0);
    if (port->u.Port.Length < 2)
    {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    m_Port = PUCHAR(ULONG_PTR(port->u.Port.Start.QuadPart));
    m_HasOverrunPort = port->u.Port.Length > MPU401_OVERRUN;
    RtlZeroMemory(&m_Shared, sizeof(m_Shared)); // No interrupt is connected yet.
    KeClearEvent(&m_Data);
    return STATUS_SUCCESS;
}

// Everything that the ISR needs is there before Connect: it may run before Connect returns.
NTSTATUS CMiniportMpu401::ConnectInterrupt(PRESOURCELIST ResourceList)
{
    NTSTATUS status = PcNewServiceGroup(&m_Group, NULL);

    if (NT_SUCCESS(status))
    {
        status = m_Group->AddMember(PSERVICESINK(this));
        if (!NT_SUCCESS(status))
        {
            m_Group->Release(); // LetGo would remove a member that it does not have.
            m_Group = NULL;
        }
    }
    if (NT_SUCCESS(status))
    {
        status = PcNewInterruptSync(&m_Sync, NULL, ResourceList, 0, InterruptSyncModeNormal);
    }
    if (NT_SUCCESS(status))
    {
        status = m_Sync->RegisterServiceRoutine(ServiceInterrupt, PVOID(this), FALSE);
    }
    if (NT_SUCCESS(status))
    {
        status = m_Sync->Connect();
    }
    return status;
}

STDMETHODIMP_(void) CMiniportMpu401::Stop()
{
    PAGED_CODE();
    KeWaitForSingleObject(&m_Control, Executive, KernelMode, FALSE, NULL);
    if (m_Sync != NULL)
    {
        m_Sync->CallSynchronizedRoutine(BeginStop, PVOID(this));
        KeSetEvent(&m_Data, IO_NO_INCREMENT, FALSE);
        // When this is ours, the reader has left.
        KeWaitForSingleObject(&m_Reading, Executive, KernelMode, FALSE, NULL);
        ResetDevice();
        LetGo();
        KeReleaseMutex(&m_Reading, FALSE);
    }
    KeReleaseMutex(&m_Control, FALSE);
}

// The device is silent, or does not answer. Each step ends what the one before it might have left
// behind: no ISR after Disconnect, no request for service after the flush, and only then may its
// target go.
void CMiniportMpu401::LetGo()
{
    if (m_Sync != NULL)
    {
        if (m_Sync->GetKInterrupt() != NULL)
        {
            m_Sync->Disconnect();
        }
        m_Sync->Release();
        m_Sync = NULL;
    }
    if (m_Group != NULL)
    {
        KeFlushQueuedDpcs();
        m_Group->RemoveMember(PSERVICESINK(this));
        m_Group->Release();
        m_Group = NULL;
    }
}

// --- Commands ------------------------------------------------------------------------------------

// A device that was in UART mode need not acknowledge its first reset; the second comes in
// intelligent mode.
NTSTATUS CMiniportMpu401::ResetDevice()
{
    NTSTATUS status = SendCommand(COMMAND_RESET);

    if (status == STATUS_IO_TIMEOUT)
    {
        status = SendCommand(COMMAND_RESET);
    }
    return status;
}

NTSTATUS CMiniportMpu401::SendCommand(UCHAR Command)
{
    NTSTATUS status = STATUS_IO_TIMEOUT;
    ULONGLONG start = PcGetTimeInterval(0);
    ByteRequest request = {this, Command};

    while (status != STATUS_SUCCESS && PcGetTimeInterval(start) < GTI_MILLISECONDS(50))
    {
        status = m_Sync->CallSynchronizedRoutine(TryCommand, &request);
        if (status != STATUS_SUCCESS)
        {
            KeStallExecutionProcessor(POLL_US);
        }
    }
    if (status != STATUS_SUCCESS)
    {
        return STATUS_IO_TIMEOUT;
    }

    status = STATUS_IO_TIMEOUT;
    start = PcGetTimeInterval(0);
    while (status != STATUS_SUCCESS && PcGetTimeInterval(start) < GTI_MILLISECONDS(50))
    {
        KeStallExecutionProcessor(POLL_US);
        status = m_Sync->CallSynchronizedRoutine(SeeAcknowledge, PVOID(this));
    }
    if (status != STATUS_SUCCESS)
    {
        status = m_Sync->CallSynchronizedRoutine(TakeAcknowledge, PVOID(this));
    }
    return status == STATUS_SUCCESS ? STATUS_SUCCESS : STATUS_IO_TIMEOUT;
}

NTSTATUS CMiniportMpu401::TryCommand(PINTERRUPTSYNC, PVOID Context)
{
    ByteRequest *request = (ByteRequest *)Context;
    CMiniportMpu401 *that = request->Miniport;

    if (READ_PORT_UCHAR(that->m_Port + MPU401_STATUS) & STATUS_NOT_READY)
    {
        return STATUS_DEVICE_BUSY;
    }
    that->m_Shared.Command = request->Byte;
    that->m_Shared.Expecting = TRUE;
    that->m_Shared.Uart = FALSE; // What comes now is no MIDI, until UART mode is acknowledged.
    WRITE_PORT_UCHAR(that->m_Port + MPU401_COMMAND, request->Byte);
    return STATUS_SUCCESS;
}

// The acknowledge interrupts, and the ISR takes it. Taking it here as well would be a mistake: its
// interrupt could still be on the way when we disconnect.
NTSTATUS CMiniportMpu401::SeeAcknowledge(PINTERRUPTSYNC, PVOID Context)
{
    return ((CMiniportMpu401 *)Context)->m_Shared.Expecting ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
}

// Only when its time is over: if interrupts do not get through, the line must not stay up for ever.
NTSTATUS CMiniportMpu401::TakeAcknowledge(PINTERRUPTSYNC Sync, PVOID Context)
{
    ((CMiniportMpu401 *)Context)->Drain();
    return SeeAcknowledge(Sync, Context);
}

// --- Input ---------------------------------------------------------------------------------------

NTSTATUS CMiniportMpu401::ServiceInterrupt(PINTERRUPTSYNC, PVOID Context)
{
    CMiniportMpu401 *that = (CMiniportMpu401 *)Context;

    if (!that->Drain())
    {
        return STATUS_UNSUCCESSFUL; // Not ours.
    }
    that->m_Shared.Statistics.Interrupts++;
    return STATUS_SUCCESS;
}

// Empties the device. Returns FALSE if there was nothing in it.
BOOLEAN CMiniportMpu401::Drain()
{
    ULONG before = m_Shared.Statistics.Received;
    BOOLEAN any = FALSE;

    while (!(READ_PORT_UCHAR(m_Port + MPU401_STATUS) & STATUS_NO_DATA))
    {
        any = TRUE;
        Accept(READ_PORT_UCHAR(m_Port + MPU401_DATA));
    }
    if (any && m_HasOverrunPort)
    {
        m_Shared.Statistics.Overruns += READ_PORT_UCHAR(m_Port + MPU401_OVERRUN);
    }
    if (m_Shared.Statistics.Received != before)
    {
        m_Group->RequestService();
    }
    return any;
}

void CMiniportMpu401::Accept(UCHAR Byte)
{
    if (m_Shared.Expecting)
    {
        if (Byte == ACKNOWLEDGE)
        {
            m_Shared.Expecting = FALSE;
            m_Shared.Uart = m_Shared.Command == COMMAND_ENTER_UART;
        }
    }
    else if (!m_Shared.Uart)
    {
        return; // Intelligent mode: a late acknowledge, or noise.
    }
    else if (m_Shared.Waiting == MPU401_RING_BYTES)
    {
        m_Shared.Statistics.Dropped++;
    }
    else
    {
        m_Shared.Ring[(m_Shared.First + m_Shared.Waiting) % MPU401_RING_BYTES] = Byte;
        m_Shared.Waiting++;
        m_Shared.Statistics.Received++;
    }
}

// In the service group's DPC.
STDMETHODIMP_(void) CMiniportMpu401::RequestService()
{
    KeSetEvent(&m_Data, IO_SOUND_INCREMENT, FALSE);
}

STDMETHODIMP_(NTSTATUS) CMiniportMpu401::Read(PUCHAR Buffer, ULONG Length, PULONG Taken,
    PLARGE_INTEGER Timeout)
{
    ReadRequest request = {this, Buffer, Length, 0};
    NTSTATUS status;

    PAGED_CODE();
    KeWaitForSingleObject(&m_Reading, Executive, KernelMode, FALSE, NULL);
    status = m_Sync == NULL ? STATUS_DEVICE_NOT_READY : STATUS_PENDING;
    while (status == STATUS_PENDING)
    {
        status = m_Sync->CallSynchronizedRoutine(TakeBytes, &request);
        if (status == STATUS_PENDING &&
            KeWaitForSingleObject(&m_Data, Executive, KernelMode, FALSE, Timeout) == STATUS_TIMEOUT)
        {
            status = STATUS_TIMEOUT;
        }
    }
    KeReleaseMutex(&m_Reading, FALSE);
    *Taken = request.Taken;
    return status;
}

NTSTATUS CMiniportMpu401::TakeBytes(PINTERRUPTSYNC, PVOID Context)
{
    ReadRequest *request = (ReadRequest *)Context;
    CMiniportMpu401 *that = request->Miniport;

    while (request->Taken < request->Length && that->m_Shared.Waiting != 0)
    {
        request->Buffer[request->Taken++] = that->m_Shared.Ring[that->m_Shared.First];
        that->m_Shared.First = (that->m_Shared.First + 1) % MPU401_RING_BYTES;
        that->m_Shared.Waiting--;
    }
    if (request->Taken != 0 || request->Length == 0)
    {
        return STATUS_SUCCESS;
    }
    return that->m_Shared.Stopping ? STATUS_DEVICE_NOT_READY : STATUS_PENDING;
}

NTSTATUS CMiniportMpu401::BeginStop(PINTERRUPTSYNC, PVOID Context)
{
    ((CMiniportMpu401 *)Context)->m_Shared.Stopping = TRUE;
    return STATUS_SUCCESS;
}

// --- Output and statistics -----------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CMiniportMpu401::Write(const UCHAR *Buffer, ULONG Length)
{
    NTSTATUS status;
    ULONG i;

    PAGED_CODE();
    KeWaitForSingleObject(&m_Control, Executive, KernelMode, FALSE, NULL);
    status = m_Sync == NULL ? STATUS_DEVICE_NOT_READY : STATUS_SUCCESS;
    for (i = 0; i < Length && status == STATUS_SUCCESS; i++)
    {
        ByteRequest request = {this, Buffer[i]};
        ULONGLONG start = PcGetTimeInterval(0);

        status = STATUS_DEVICE_BUSY;
        while (status == STATUS_DEVICE_BUSY && PcGetTimeInterval(start) < GTI_MILLISECONDS(50))
        {
            status = m_Sync->CallSynchronizedRoutine(TryWrite, &request);
            if (status == STATUS_DEVICE_BUSY)
            {
                KeStallExecutionProcessor(POLL_US);
            }
        }
    }
    KeReleaseMutex(&m_Control, FALSE);
    return status == STATUS_DEVICE_BUSY ? STATUS_IO_TIMEOUT : status;
}

NTSTATUS CMiniportMpu401::TryWrite(PINTERRUPTSYNC, PVOID Context)
{
    ByteRequest *request = (ByteRequest *)Context;

    if (READ_PORT_UCHAR(request->Miniport->m_Port + MPU401_STATUS) & STATUS_NOT_READY)
    {
        return STATUS_DEVICE_BUSY;
    }
    WRITE_PORT_UCHAR(request->Miniport->m_Port + MPU401_DATA, request->Byte);
    return STATUS_SUCCESS;
}

// The interrupt object is used directly: what is needed is the lock, and no status.
STDMETHODIMP_(NTSTATUS) CMiniportMpu401::GetStatistics(PMPU401_STATISTICS Statistics)
{
    StatisticsRequest request = {this, Statistics};
    NTSTATUS status = STATUS_DEVICE_NOT_READY;

    PAGED_CODE();
    KeWaitForSingleObject(&m_Control, Executive, KernelMode, FALSE, NULL);
    if (m_Sync != NULL)
    {
        KeSynchronizeExecution(m_Sync->GetKInterrupt(), CopyStatistics, &request);
        status = STATUS_SUCCESS;
    }
    KeReleaseMutex(&m_Control, FALSE);
    return status;
}

BOOLEAN CMiniportMpu401::CopyStatistics(PVOID Context)
{
    StatisticsRequest *request = (StatisticsRequest *)Context;

    *request->Statistics = request->Miniport->m_Shared.Statistics;
    return TRUE;
}
