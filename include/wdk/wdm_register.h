/*
 * wdm_register.h: device registers in memory and in port space.
 *
 * Any IRQL; the registers are resident. A read or write of a memory register is a full barrier,
 * except for the NoFence forms. Pages: "wdm: READ_PORT_UCHAR" and its neighbours.
 */
#ifndef WDM_REGISTER_H
#define WDM_REGISTER_H

#include <wdm_base.h>

EXTERN_C_START

/* Port space. Count is in units of the type; a buffer form uses the one port again and again. */
NTHALAPI UCHAR NTAPI READ_PORT_UCHAR(_In_ PUCHAR Port);
NTHALAPI USHORT NTAPI READ_PORT_USHORT(_In_ PUSHORT Port);
NTHALAPI ULONG NTAPI READ_PORT_ULONG(_In_ PULONG Port);
NTHALAPI VOID NTAPI WRITE_PORT_UCHAR(_In_ PUCHAR Port, _In_ UCHAR Value);
NTHALAPI VOID NTAPI WRITE_PORT_USHORT(_In_ PUSHORT Port, _In_ USHORT Value);
NTHALAPI VOID NTAPI WRITE_PORT_ULONG(_In_ PULONG Port, _In_ ULONG Value);
NTHALAPI VOID NTAPI READ_PORT_BUFFER_UCHAR(_In_ PUCHAR Port, _Out_writes_(Count) PUCHAR Buffer,
                                           _In_ ULONG Count);
NTHALAPI VOID NTAPI READ_PORT_BUFFER_USHORT(_In_ PUSHORT Port, _Out_writes_(Count) PUSHORT Buffer,
                                            _In_ ULONG Count);
NTHALAPI VOID NTAPI READ_PORT_BUFFER_ULONG(_In_ PULONG Port, _Out_writes_(Count) PULONG Buffer,
                                           _In_ ULONG Count);
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_UCHAR(_In_ PUCHAR Port, _In_reads_(Count) PUCHAR Buffer,
                                            _In_ ULONG Count);
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_USHORT(_In_ PUSHORT Port, _In_reads_(Count) PUSHORT Buffer,
                                             _In_ ULONG Count);
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_ULONG(_In_ PULONG Port, _In_reads_(Count) PULONG Buffer,
                                            _In_ ULONG Count);

/* Registers in memory. A buffer form walks up through as many registers as Count says. */
NTHALAPI UCHAR NTAPI READ_REGISTER_UCHAR(_In_ UCHAR volatile *Register);
NTHALAPI USHORT NTAPI READ_REGISTER_USHORT(_In_ USHORT volatile *Register);
NTHALAPI ULONG NTAPI READ_REGISTER_ULONG(_In_ ULONG volatile *Register);
NTHALAPI ULONG64 NTAPI READ_REGISTER_ULONG64(_In_ ULONG64 volatile *Register);
NTHALAPI VOID NTAPI WRITE_REGISTER_UCHAR(_In_ UCHAR volatile *Register, _In_ UCHAR Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_USHORT(_In_ USHORT volatile *Register, _In_ USHORT Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_ULONG(_In_ ULONG volatile *Register, _In_ ULONG Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_ULONG64(_In_ ULONG64 volatile *Register, _In_ ULONG64 Value);
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_UCHAR(_In_ UCHAR volatile *Register,
                                               _Out_writes_(Count) PUCHAR Buffer,
                                               _In_ ULONG Count);
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_USHORT(_In_ USHORT volatile *Register,
                                                _Out_writes_(Count) PUSHORT Buffer,
                                                _In_ ULONG Count);
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_ULONG(_In_ ULONG volatile *Register,
                                               _Out_writes_(Count) PULONG Buffer,
                                               _In_ ULONG Count);
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_ULONG64(_In_ ULONG64 volatile *Register,
                                                 _Out_writes_(Count) PULONG64 Buffer,
                                                 _In_ ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_UCHAR(_In_ UCHAR volatile *Register,
                                                _In_reads_(Count) PUCHAR Buffer, _In_ ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_USHORT(_In_ USHORT volatile *Register,
                                                 _In_reads_(Count) PUSHORT Buffer,
                                                 _In_ ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_ULONG(_In_ ULONG volatile *Register,
                                                _In_reads_(Count) PULONG Buffer, _In_ ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_ULONG64(_In_ ULONG64 volatile *Register,
                                                  _In_reads_(Count) PULONG64 Buffer,
                                                  _In_ ULONG Count);

/* Registers in memory, without a barrier. */
NTHALAPI UCHAR NTAPI READ_REGISTER_NOFENCE_UCHAR(_In_ UCHAR volatile *Register);
NTHALAPI USHORT NTAPI READ_REGISTER_NOFENCE_USHORT(_In_ USHORT volatile *Register);
NTHALAPI ULONG NTAPI READ_REGISTER_NOFENCE_ULONG(_In_ ULONG volatile *Register);
NTHALAPI ULONG64 NTAPI READ_REGISTER_NOFENCE_ULONG64(_In_ ULONG64 volatile *Register);
NTHALAPI VOID NTAPI WRITE_REGISTER_NOFENCE_UCHAR(_In_ UCHAR volatile *Register, _In_ UCHAR Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_NOFENCE_USHORT(_In_ USHORT volatile *Register,
                                                  _In_ USHORT Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_NOFENCE_ULONG(_In_ ULONG volatile *Register, _In_ ULONG Value);
NTHALAPI VOID NTAPI WRITE_REGISTER_NOFENCE_ULONG64(_In_ ULONG64 volatile *Register,
                                                   _In_ ULONG64 Value);

EXTERN_C_END

#endif
