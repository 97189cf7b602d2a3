/*
 * wdm_debug.h: assertions, debug output, bug checks and raised statuses.
 *
 * The macros that do nothing in a free build are those that the pages say; DBG decides.
 */
#ifndef WDM_DEBUG_H
#define WDM_DEBUG_H

#include <wdm_irql.h>

EXTERN_C_START

/* Any IRQL. Reports a failed assertion. "ntddk: RtlAssert". */
NTSYSAPI VOID NTAPI RtlAssert(_In_ PVOID VoidFailedAssertion, _In_ PVOID VoidFileName,
                              _In_ ULONG LineNumber, _In_opt_ PSTR MutableMessage);

/* Gives back whether the assertion holds, so that an assertion can stand in an expression. */
WDK_INLINE BOOLEAN RtlAssertionHolds(BOOLEAN Holds, PCSTR Assertion, PCSTR FileName,
                                      ULONG LineNumber, PCSTR Message)
{
    if (!Holds) {
        RtlAssert((PVOID)Assertion, (PVOID)FileName, LineNumber, (PSTR)Message);
    }
    return Holds;
}

/* The same for the NT_ forms, which raise STATUS_ASSERTION_FAILURE. "NT_ASSERT macro". */
NTSYSAPI VOID NTAPI WdkRaiseAssertionFailure(_In_ PCSTR Assertion, _In_ PCSTR FileName,
                                             _In_ ULONG LineNumber, _In_opt_ PCSTR Message);

WDK_INLINE BOOLEAN NtAssertionHolds(BOOLEAN Holds, PCSTR Assertion, PCSTR FileName,
                                     ULONG LineNumber, PCSTR Message)
{
    if (!Holds) {
        WdkRaiseAssertionFailure(Assertion, FileName, LineNumber, Message);
    }
    return Holds;
}

#define NT_ASSERT_ALWAYS(text, message, exp) \
    NtAssertionHolds((BOOLEAN)((exp) ? TRUE : FALSE), text, __FILE__, (ULONG)__LINE__, message)

#define RTL_ASSERT_ALWAYS(text, message, exp) \
    RtlAssertionHolds((BOOLEAN)((exp) ? TRUE : FALSE), text, __FILE__, (ULONG)__LINE__, message)

#define RTL_VERIFY(exp) RTL_ASSERT_ALWAYS(#exp, NULL, exp)
#define NT_FRE_ASSERT(exp) NT_ASSERT_ALWAYS(#exp, NULL, exp)
#define NT_FRE_ASSERTMSG(msg, exp) NT_ASSERT_ALWAYS(#exp, msg, exp)

#if DBG

#define ASSERT(exp) RTL_ASSERT_ALWAYS(#exp, NULL, exp)
#define ASSERTMSG(msg, exp) RTL_ASSERT_ALWAYS(#exp, msg, exp)
/* What fails softly is printed, and the code goes on. */
#define RTL_SOFT_ASSERT(exp) RTL_SOFT_ASSERTMSG("Assertion failed", exp)
#define RTL_SOFT_ASSERTMSG(msg, exp) \
    ((exp) ? TRUE \
           : (DbgPrint("%s: %s (%s:%u)\n", msg, #exp, __FILE__, (ULONG)__LINE__), FALSE))
#define NT_ASSERT(exp) NT_ASSERT_ALWAYS(#exp, NULL, exp)
#define NT_ASSERTMSG(msg, exp) NT_ASSERT_ALWAYS(#exp, msg, exp)
#define NT_VERIFY(exp) NT_ASSERT_ALWAYS(#exp, NULL, exp)
#define NT_VERIFYMSG(msg, exp) NT_ASSERT_ALWAYS(#exp, msg, exp)

/* Finds what the assertion cannot see: a threaded DPC, which obeys the rules of DISPATCH_LEVEL at
 * PASSIVE_LEVEL. "kernel: introduction-to-threaded-dpcs". */
NTSYSAPI VOID NTAPI WdkPagedCode(VOID);

#define PAGED_CODE()                                                                     \
    (WdkPagedCode(), (void)RTL_ASSERT_ALWAYS("KeGetCurrentIrql() <= APC_LEVEL",          \
                                             "Pageable code called at IRQL > APC_LEVEL", \
                                             KeGetCurrentIrql() <= APC_LEVEL))

#else

#define ASSERT(exp) ((void)0)
#define ASSERTMSG(msg, exp) ((void)0)
#define RTL_SOFT_ASSERT(exp) ((void)0)
#define RTL_SOFT_ASSERTMSG(msg, exp) ((void)0)
#define NT_ASSERT(exp) ((void)0)
#define NT_ASSERTMSG(msg, exp) ((void)0)
#define NT_VERIFY(exp) ((exp) ? TRUE : FALSE)
#define NT_VERIFYMSG(msg, exp) ((exp) ? TRUE : FALSE)
#define PAGED_CODE() ((void)0)

#endif

#define NT_ASSERT_ASSUME(exp) NT_ASSERT(exp)
#define PAGED_CODE_LOCKED() ((void)0)

/* Not above an ISR's IRQL; formats with wide strings only at PASSIVE_LEVEL. "wdm: DbgPrint". */
NTSYSAPI ULONG DbgPrint(_In_ PCSTR Format, ...);
NTSYSAPI ULONG DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format, ...);
NTSYSAPI ULONG NTAPI vDbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCCH Format,
                                 _In_ va_list arglist);
NTSYSAPI ULONG NTAPI vDbgPrintExWithPrefix(_In_ PCCH Prefix, _In_ ULONG ComponentId,
                                           _In_ ULONG Level, _In_ PCCH Format,
                                           _In_ va_list arglist);

#if DBG
#define KdPrint(_x_) ((void)(DbgPrint _x_))
#define KdPrintEx(_x_) ((void)(DbgPrintEx _x_))
#define vKdPrintEx(_x_) ((void)(vDbgPrintEx _x_))
#define KdBreakPoint() DbgBreakPoint()
#define KdBreakPointWithStatus(s) DbgBreakPointWithStatus(s)
#else
#define KdPrint(_x_) ((void)0)
#define KdPrintEx(_x_) ((void)0)
#define vKdPrintEx(_x_) ((void)0)
#define KdBreakPoint() ((void)0)
#define KdBreakPointWithStatus(s) ((void)0)
#endif

#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3
#define DPFLTR_MASK 0x80000000U

/* The components that drivers name; the others of the system are left out. */
typedef enum _DPFLTR_TYPE {
    DPFLTR_SYSTEM_ID = 0,
    DPFLTR_VIDEO_ID = 20,
    DPFLTR_IHVDRIVER_ID = 77,
    DPFLTR_IHVVIDEO_ID = 78,
    DPFLTR_IHVAUDIO_ID = 79,
    DPFLTR_IHVNETWORK_ID = 80,
    DPFLTR_IHVSTREAMING_ID = 81,
    DPFLTR_IHVBUS_ID = 82,
    DPFLTR_DEFAULT_ID = 101
} DPFLTR_TYPE;

/* Any IRQL. "wdm: DbgBreakPoint", "wdm: DbgBreakPointWithStatus". */
NTSYSAPI VOID NTAPI DbgBreakPoint(VOID);
NTSYSAPI VOID NTAPI DbgBreakPointWithStatus(_In_ ULONG Status);

/* Any IRQL. They do not return. "wdm: KeBugCheckEx", "ntddk: KeBugCheck". */
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(
    _In_ ULONG BugCheckCode, _In_ ULONG_PTR BugCheckParameter1, _In_ ULONG_PTR BugCheckParameter2,
    _In_ ULONG_PTR BugCheckParameter3, _In_ ULONG_PTR BugCheckParameter4);
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI KeBugCheck(_In_ ULONG BugCheckCode);

/* Any IRQL (page: no more than that it is not for an ISR). "wdm: ExRaiseStatus". */
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseStatus(_In_ NTSTATUS Status);

EXTERN_C_END

#endif
