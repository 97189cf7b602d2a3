/*
 * wdm_interlocked.h: atomic changes of one value, and the Ex forms that take a lock.
 *
 * The plain forms are full barriers. Increment, Decrement and Add return the new value;
 * the others return the value before. Any IRQL; pageable memory is allowed for Interlocked.
 * Pages: "wdm: InterlockedIncrement" and its neighbours.
 */
#ifndef WDM_INTERLOCKED_H
#define WDM_INTERLOCKED_H

#include <wdm_base.h>

EXTERN_C_START

/* -- 32 bits ---------------------------------------------------------------------------------- */

NTKERNELAPI LONG NTAPI InterlockedIncrement(_Inout_ LONG volatile *Addend);
NTKERNELAPI LONG NTAPI InterlockedIncrementAcquire(_Inout_ LONG volatile *Addend);
NTKERNELAPI LONG NTAPI InterlockedIncrementRelease(_Inout_ LONG volatile *Addend);
NTKERNELAPI LONG NTAPI InterlockedIncrementNoFence(_Inout_ LONG volatile *Addend);

NTKERNELAPI LONG NTAPI InterlockedDecrement(_Inout_ LONG volatile *Addend);
NTKERNELAPI LONG NTAPI InterlockedDecrementAcquire(_Inout_ LONG volatile *Addend);
NTKERNELAPI LONG NTAPI InterlockedDecrementRelease(_Inout_ LONG volatile *Addend);
NTKERNELAPI LONG NTAPI InterlockedDecrementNoFence(_Inout_ LONG volatile *Addend);

NTKERNELAPI LONG NTAPI InterlockedAdd(_Inout_ LONG volatile *Addend, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedAddAcquire(_Inout_ LONG volatile *Addend, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedAddRelease(_Inout_ LONG volatile *Addend, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedAddNoFence(_Inout_ LONG volatile *Addend, _In_ LONG Value);

NTKERNELAPI LONG NTAPI InterlockedExchangeAdd(_Inout_ LONG volatile *Addend, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedExchangeAddAcquire(_Inout_ LONG volatile *Addend,
                                                     _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedExchangeAddRelease(_Inout_ LONG volatile *Addend,
                                                     _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedExchangeAddNoFence(_Inout_ LONG volatile *Addend,
                                                     _In_ LONG Value);

NTKERNELAPI LONG NTAPI InterlockedExchange(_Inout_ LONG volatile *Target, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedExchangeAcquire(_Inout_ LONG volatile *Target, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedExchangeRelease(_Inout_ LONG volatile *Target, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedExchangeNoFence(_Inout_ LONG volatile *Target, _In_ LONG Value);

NTKERNELAPI LONG NTAPI InterlockedCompareExchange(_Inout_ LONG volatile *Destination,
                                                  _In_ LONG ExChange, _In_ LONG Comperand);
NTKERNELAPI LONG NTAPI InterlockedCompareExchangeAcquire(_Inout_ LONG volatile *Destination,
                                                         _In_ LONG ExChange, _In_ LONG Comperand);
NTKERNELAPI LONG NTAPI InterlockedCompareExchangeRelease(_Inout_ LONG volatile *Destination,
                                                         _In_ LONG ExChange, _In_ LONG Comperand);
NTKERNELAPI LONG NTAPI InterlockedCompareExchangeNoFence(_Inout_ LONG volatile *Destination,
                                                         _In_ LONG ExChange, _In_ LONG Comperand);

NTKERNELAPI LONG NTAPI InterlockedAnd(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedAndAcquire(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedAndRelease(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedAndNoFence(_Inout_ LONG volatile *Destination, _In_ LONG Value);

NTKERNELAPI LONG NTAPI InterlockedOr(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedOrAcquire(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedOrRelease(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedOrNoFence(_Inout_ LONG volatile *Destination, _In_ LONG Value);

NTKERNELAPI LONG NTAPI InterlockedXor(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedXorAcquire(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedXorRelease(_Inout_ LONG volatile *Destination, _In_ LONG Value);
NTKERNELAPI LONG NTAPI InterlockedXorNoFence(_Inout_ LONG volatile *Destination, _In_ LONG Value);

NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndSet(_Inout_ LONG volatile *Base, _In_ LONG Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndSetAcquire(_Inout_ LONG volatile *Base, _In_ LONG Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndSetRelease(_Inout_ LONG volatile *Base, _In_ LONG Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndSetNoFence(_Inout_ LONG volatile *Base, _In_ LONG Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndReset(_Inout_ LONG volatile *Base, _In_ LONG Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndResetAcquire(_Inout_ LONG volatile *Base,
                                                          _In_ LONG Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndResetRelease(_Inout_ LONG volatile *Base,
                                                          _In_ LONG Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndResetNoFence(_Inout_ LONG volatile *Base,
                                                          _In_ LONG Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndComplement(_Inout_ LONG volatile *Base, _In_ LONG Bit);

/* -- 64 bits ---------------------------------------------------------------------------------- */

NTKERNELAPI LONG64 NTAPI InterlockedIncrement64(_Inout_ LONG64 volatile *Addend);
NTKERNELAPI LONG64 NTAPI InterlockedIncrementAcquire64(_Inout_ LONG64 volatile *Addend);
NTKERNELAPI LONG64 NTAPI InterlockedIncrementRelease64(_Inout_ LONG64 volatile *Addend);
NTKERNELAPI LONG64 NTAPI InterlockedIncrementNoFence64(_Inout_ LONG64 volatile *Addend);

NTKERNELAPI LONG64 NTAPI InterlockedDecrement64(_Inout_ LONG64 volatile *Addend);
NTKERNELAPI LONG64 NTAPI InterlockedDecrementAcquire64(_Inout_ LONG64 volatile *Addend);
NTKERNELAPI LONG64 NTAPI InterlockedDecrementRelease64(_Inout_ LONG64 volatile *Addend);
NTKERNELAPI LONG64 NTAPI InterlockedDecrementNoFence64(_Inout_ LONG64 volatile *Addend);

NTKERNELAPI LONG64 NTAPI InterlockedAdd64(_Inout_ LONG64 volatile *Addend, _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedAddAcquire64(_Inout_ LONG64 volatile *Addend,
                                                 _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedAddRelease64(_Inout_ LONG64 volatile *Addend,
                                                 _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedAddNoFence64(_Inout_ LONG64 volatile *Addend,
                                                 _In_ LONG64 Value);

NTKERNELAPI LONG64 NTAPI InterlockedExchangeAdd64(_Inout_ LONG64 volatile *Addend,
                                                  _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedExchangeAddAcquire64(_Inout_ LONG64 volatile *Addend,
                                                         _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedExchangeAddRelease64(_Inout_ LONG64 volatile *Addend,
                                                         _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedExchangeAddNoFence64(_Inout_ LONG64 volatile *Addend,
                                                         _In_ LONG64 Value);

NTKERNELAPI LONG64 NTAPI InterlockedExchange64(_Inout_ LONG64 volatile *Target, _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedExchangeAcquire64(_Inout_ LONG64 volatile *Target,
                                                      _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedExchangeRelease64(_Inout_ LONG64 volatile *Target,
                                                      _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedExchangeNoFence64(_Inout_ LONG64 volatile *Target,
                                                      _In_ LONG64 Value);

NTKERNELAPI LONG64 NTAPI InterlockedCompareExchange64(_Inout_ LONG64 volatile *Destination,
                                                      _In_ LONG64 ExChange, _In_ LONG64 Comperand);
NTKERNELAPI LONG64 NTAPI InterlockedCompareExchangeAcquire64(_Inout_ LONG64 volatile *Destination,
                                                             _In_ LONG64 ExChange,
                                                             _In_ LONG64 Comperand);
NTKERNELAPI LONG64 NTAPI InterlockedCompareExchangeRelease64(_Inout_ LONG64 volatile *Destination,
                                                             _In_ LONG64 ExChange,
                                                             _In_ LONG64 Comperand);
NTKERNELAPI LONG64 NTAPI InterlockedCompareExchangeNoFence64(_Inout_ LONG64 volatile *Destination,
                                                             _In_ LONG64 ExChange,
                                                             _In_ LONG64 Comperand);

NTKERNELAPI LONG64 NTAPI InterlockedAnd64(_Inout_ LONG64 volatile *Destination, _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedAnd64Acquire(_Inout_ LONG64 volatile *Destination,
                                                 _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedAnd64Release(_Inout_ LONG64 volatile *Destination,
                                                 _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedAnd64NoFence(_Inout_ LONG64 volatile *Destination,
                                                 _In_ LONG64 Value);

NTKERNELAPI LONG64 NTAPI InterlockedOr64(_Inout_ LONG64 volatile *Destination, _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedOr64Acquire(_Inout_ LONG64 volatile *Destination,
                                                _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedOr64Release(_Inout_ LONG64 volatile *Destination,
                                                _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedOr64NoFence(_Inout_ LONG64 volatile *Destination,
                                                _In_ LONG64 Value);

NTKERNELAPI LONG64 NTAPI InterlockedXor64(_Inout_ LONG64 volatile *Destination, _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedXor64Acquire(_Inout_ LONG64 volatile *Destination,
                                                 _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedXor64Release(_Inout_ LONG64 volatile *Destination,
                                                 _In_ LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedXor64NoFence(_Inout_ LONG64 volatile *Destination,
                                                 _In_ LONG64 Value);

NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndSet64(_Inout_ LONG64 volatile *Base, _In_ LONG64 Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndSet64Acquire(_Inout_ LONG64 volatile *Base,
                                                          _In_ LONG64 Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndSet64Release(_Inout_ LONG64 volatile *Base,
                                                          _In_ LONG64 Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndSet64NoFence(_Inout_ LONG64 volatile *Base,
                                                          _In_ LONG64 Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndReset64(_Inout_ LONG64 volatile *Base,
                                                     _In_ LONG64 Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndReset64Acquire(_Inout_ LONG64 volatile *Base,
                                                            _In_ LONG64 Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndReset64Release(_Inout_ LONG64 volatile *Base,
                                                            _In_ LONG64 Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndReset64NoFence(_Inout_ LONG64 volatile *Base,
                                                            _In_ LONG64 Bit);
NTKERNELAPI UCHAR NTAPI InterlockedBitTestAndComplement64(_Inout_ LONG64 volatile *Base,
                                                          _In_ LONG64 Bit);

/* -- 8 and 16 bits ---------------------------------------------------------------------------- */

NTKERNELAPI SHORT NTAPI InterlockedIncrement16(_Inout_ SHORT volatile *Addend);
NTKERNELAPI SHORT NTAPI InterlockedDecrement16(_Inout_ SHORT volatile *Addend);
NTKERNELAPI SHORT NTAPI InterlockedExchange16(_Inout_ SHORT volatile *Target, _In_ SHORT Value);
NTKERNELAPI SHORT NTAPI InterlockedExchangeAdd16(_Inout_ SHORT volatile *Addend, _In_ SHORT Value);
NTKERNELAPI SHORT NTAPI InterlockedCompareExchange16(_Inout_ SHORT volatile *Destination,
                                                     _In_ SHORT ExChange, _In_ SHORT Comperand);
NTKERNELAPI SHORT NTAPI InterlockedAnd16(_Inout_ SHORT volatile *Destination, _In_ SHORT Value);
NTKERNELAPI SHORT NTAPI InterlockedOr16(_Inout_ SHORT volatile *Destination, _In_ SHORT Value);
NTKERNELAPI SHORT NTAPI InterlockedXor16(_Inout_ SHORT volatile *Destination, _In_ SHORT Value);

NTKERNELAPI CHAR NTAPI InterlockedExchange8(_Inout_ CHAR volatile *Target, _In_ CHAR Value);
NTKERNELAPI CHAR NTAPI InterlockedExchangeAdd8(_Inout_ CHAR volatile *Addend, _In_ CHAR Value);
NTKERNELAPI CHAR NTAPI InterlockedAnd8(_Inout_ CHAR volatile *Destination, _In_ CHAR Value);
NTKERNELAPI CHAR NTAPI InterlockedOr8(_Inout_ CHAR volatile *Destination, _In_ CHAR Value);
NTKERNELAPI CHAR NTAPI InterlockedXor8(_Inout_ CHAR volatile *Destination, _In_ CHAR Value);

/* -- Pointers --------------------------------------------------------------------------------- */

NTKERNELAPI PVOID NTAPI InterlockedExchangePointer(_Inout_ PVOID volatile *Target,
                                                   _In_opt_ PVOID Value);
NTKERNELAPI PVOID NTAPI InterlockedExchangePointerAcquire(_Inout_ PVOID volatile *Target,
                                                          _In_opt_ PVOID Value);
NTKERNELAPI PVOID NTAPI InterlockedExchangePointerRelease(_Inout_ PVOID volatile *Target,
                                                          _In_opt_ PVOID Value);
NTKERNELAPI PVOID NTAPI InterlockedExchangePointerNoFence(_Inout_ PVOID volatile *Target,
                                                          _In_opt_ PVOID Value);

NTKERNELAPI PVOID NTAPI InterlockedCompareExchangePointer(_Inout_ PVOID volatile *Destination,
                                                          _In_opt_ PVOID Exchange,
                                                          _In_opt_ PVOID Comperand);
NTKERNELAPI PVOID NTAPI InterlockedCompareExchangePointerAcquire(
    _Inout_ PVOID volatile *Destination, _In_opt_ PVOID Exchange, _In_opt_ PVOID Comperand);
NTKERNELAPI PVOID NTAPI InterlockedCompareExchangePointerRelease(
    _Inout_ PVOID volatile *Destination, _In_opt_ PVOID Exchange, _In_opt_ PVOID Comperand);
NTKERNELAPI PVOID NTAPI InterlockedCompareExchangePointerNoFence(
    _Inout_ PVOID volatile *Destination, _In_opt_ PVOID Exchange, _In_opt_ PVOID Comperand);

/* -- 128 bits: Destination is aligned to 16; 1 when the exchange was made --------------------- */

NTKERNELAPI UCHAR NTAPI InterlockedCompareExchange128(_Inout_ LONG64 volatile *Destination,
                                                      _In_ LONG64 ExchangeHigh,
                                                      _In_ LONG64 ExchangeLow,
                                                      _Inout_ LONG64 *ComparandResult);

/* -- The pointer-sized and unsigned spellings ------------------------------------------------- */

#define InterlockedIncrementSizeT(a) ((SIZE_T)InterlockedIncrement64((LONG64 volatile *)(a)))
#define InterlockedDecrementSizeT(a) ((SIZE_T)InterlockedDecrement64((LONG64 volatile *)(a)))
#define InterlockedExchangeAddSizeT(a, b) \
    ((SIZE_T)InterlockedExchangeAdd64((LONG64 volatile *)(a), (LONG64)(b)))
#define InterlockedAndPointer(d, v) InterlockedAnd64((LONG64 volatile *)(d), (LONG64)(v))
#define InterlockedOrPointer(d, v) InterlockedOr64((LONG64 volatile *)(d), (LONG64)(v))
#define InterlockedXorPointer(d, v) InterlockedXor64((LONG64 volatile *)(d), (LONG64)(v))

/* -- The intrinsics' spelling: an underscore in front ----------------------------------------- */

#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedAdd InterlockedAdd
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedExchange InterlockedExchange
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedAnd InterlockedAnd
#define _InterlockedOr InterlockedOr
#define _InterlockedXor InterlockedXor
#define _InterlockedBitTestAndSet InterlockedBitTestAndSet
#define _InterlockedBitTestAndReset InterlockedBitTestAndReset
#define _InterlockedBitTestAndComplement InterlockedBitTestAndComplement
#define _InterlockedIncrement64 InterlockedIncrement64
#define _InterlockedDecrement64 InterlockedDecrement64
#define _InterlockedAdd64 InterlockedAdd64
#define _InterlockedExchangeAdd64 InterlockedExchangeAdd64
#define _InterlockedExchange64 InterlockedExchange64
#define _InterlockedCompareExchange64 InterlockedCompareExchange64
#define _InterlockedAnd64 InterlockedAnd64
#define _InterlockedOr64 InterlockedOr64
#define _InterlockedXor64 InterlockedXor64
#define _InterlockedBitTestAndSet64 InterlockedBitTestAndSet64
#define _InterlockedBitTestAndReset64 InterlockedBitTestAndReset64
#define _InterlockedBitTestAndComplement64 InterlockedBitTestAndComplement64
#define _InterlockedIncrement16 InterlockedIncrement16
#define _InterlockedDecrement16 InterlockedDecrement16
#define _InterlockedExchange16 InterlockedExchange16
#define _InterlockedExchangeAdd16 InterlockedExchangeAdd16
#define _InterlockedCompareExchange16 InterlockedCompareExchange16
#define _InterlockedAnd16 InterlockedAnd16
#define _InterlockedOr16 InterlockedOr16
#define _InterlockedXor16 InterlockedXor16
#define _InterlockedExchange8 InterlockedExchange8
#define _InterlockedExchangeAdd8 InterlockedExchangeAdd8
#define _InterlockedAnd8 InterlockedAnd8
#define _InterlockedOr8 InterlockedOr8
#define _InterlockedXor8 InterlockedXor8
#define _InterlockedExchangePointer InterlockedExchangePointer
#define _InterlockedCompareExchangePointer InterlockedCompareExchangePointer
#define _InterlockedCompareExchange128 InterlockedCompareExchange128

/* -- With a lock ------------------------------------------------------------------------------ */

/*
 * Any IRQL; storage and lock are resident. A lock that an ISR passes is passed by nothing but
 * that ISR and its SynchCritSection routines. "wdm: ExInterlockedAddUlong" and its neighbours.
 */
NTKERNELAPI ULONG NTAPI ExInterlockedAddUlong(_Inout_ PULONG Addend, _In_ ULONG Increment,
                                              _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(_Inout_ PLARGE_INTEGER Addend,
                                                             _In_ LARGE_INTEGER Increment,
                                                             _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI VOID NTAPI ExInterlockedAddLargeStatistic(_Inout_ PLARGE_INTEGER Addend,
                                                      _In_ ULONG Increment);
NTKERNELAPI LONGLONG NTAPI ExInterlockedCompareExchange64(_Inout_ LONGLONG volatile *Destination,
                                                          _In_ PLONGLONG Exchange,
                                                          _In_ PLONGLONG Comperand,
                                                          _Inout_ PKSPIN_LOCK Lock);

/* The entry that was first (last) before, or NULL. "wdm: ExInterlockedInsertHeadList". */
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(_Inout_ PLIST_ENTRY ListHead,
                                                          _Inout_ PLIST_ENTRY ListEntry,
                                                          _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedInsertTailList(_Inout_ PLIST_ENTRY ListHead,
                                                          _Inout_ PLIST_ENTRY ListEntry,
                                                          _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(_Inout_ PLIST_ENTRY ListHead,
                                                          _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(
    _Inout_ PSINGLE_LIST_ENTRY ListHead, _Inout_ PSINGLE_LIST_ENTRY ListEntry,
    _Inout_ PKSPIN_LOCK Lock);
NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                                                               _Inout_ PKSPIN_LOCK Lock);

EXTERN_C_END

#endif
