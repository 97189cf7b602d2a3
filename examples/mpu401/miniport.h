/*
 * miniport.h: the class behind IMiniportMpu401.
 *
 * Who may touch what:
 *   m_Sync, m_Group, m_Port ...  written with both mutexes held, read with either.
 *   the device and m_Shared      in ISR and synchronized routines only: at DIRQL, under its lock.
 *   m_Data                       set by the service routine and by Stop, waited for by Read.
 */
#ifndef MINIPORT_H
#define MINIPORT_H

#include "mpu401.h"
#include <stdunk.h>

#define MPU401_RING_BYTES 256

class CMiniportMpu401 : public IMiniportMpu401, public IServiceSink, public CUnknown
{
private:
    KMUTEX m_Control;  // For all methods but Read, one at a time. Taken before m_Reading.
    KMUTEX m_Reading;  // One Read at a time.
    KEVENT m_Data;

    PINTERRUPTSYNC m_Sync;
    PSERVICEGROUP m_Group;
    PUCHAR m_Port;
    BOOLEAN m_HasOverrunPort;

    struct
    {
        UCHAR Ring[MPU401_RING_BYTES];
        ULONG First;
        ULONG Waiting;
        UCHAR Command;     // The latest.
        BOOLEAN Expecting; // Its acknowledge has not come.
        BOOLEAN Uart;      // Input is MIDI.
        BOOLEAN Stopping;
        MPU401_STATISTICS Statistics;
    } m_Shared;

    NTSTATUS TakeResources(PRESOURCELIST ResourceList);
    NTSTATUS ConnectInterrupt(PRESOURCELIST ResourceList);
    NTSTATUS SendCommand(UCHAR Command);
    NTSTATUS ResetDevice();
    void LetGo();

    // At DIRQL, under the interrupt lock.
    BOOLEAN Drain();
    void Accept(UCHAR Byte);
    static NTSTATUS ServiceInterrupt(PINTERRUPTSYNC Sync, PVOID Context);
    static NTSTATUS TryCommand(PINTERRUPTSYNC Sync, PVOID Context);
    static NTSTATUS SeeAcknowledge(PINTERRUPTSYNC Sync, PVOID Context);
    static NTSTATUS TakeAcknowledge(PINTERRUPTSYNC Sync, PVOID Context);
    static NTSTATUS TryWrite(PINTERRUPTSYNC Sync, PVOID Context);
    static NTSTATUS TakeBytes(PINTERRUPTSYNC Sync, PVOID Context);
    static NTSTATUS BeginStop(PINTERRUPTSYNC Sync, PVOID Context);
    static BOOLEAN CopyStatistics(PVOID Context);

public:
    DECLARE_STD_UNKNOWN();
    CMiniportMpu401(PUNKNOWN UnknownOuter);
    ~CMiniportMpu401();

    // IMiniportMpu401
    STDMETHODIMP_(NTSTATUS) Init(PRESOURCELIST ResourceList);
    STDMETHODIMP_(NTSTATUS) Read(PUCHAR Buffer, ULONG Length, PULONG Taken, PLARGE_INTEGER Timeout);
    STDMETHODIMP_(NTSTATUS) Write(const UCHAR *Buffer, ULONG Length);
    STDMETHODIMP_(NTSTATUS) GetStatistics(PMPU401_STATISTICS Statistics);
    STDMETHODIMP_(void) Stop();

    // IServiceSink
    STDMETHODIMP_(void) RequestService();
};

#endif
