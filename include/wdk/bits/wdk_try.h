/*
 * bits/wdk_try.h: __try and its relatives for gcc and clang, as macros.
 *
 *     if (a new frame is opened, and a mark saved: 0) { a scope; {the block} end: }
 *     else if (this is the handler's turn || the filter's answer) {the handler}
 *
 * The mark is come back to for each question that the frame is asked (lib/sim/tryframe.h), and then
 * leads into the else. There it finds out what the question is: to have the filter's answer, the
 * function goes on with its stack pointer below the code that raised. So no variable of it may be
 * found by its stack pointer: the alloca that is never executed sees to that. The scope closes the
 * frame, however the block is left. The block is in no loop, so that break and continue mean what
 * they say.
 *
 * What is said of a frame names it by its function's frame address and a number of the __try in its
 * file. In C the number is an enumerator, since those may be declared inside an expression: its
 * scope is the if.
 */
#ifndef BITS_WDK_TRY_H
#define BITS_WDK_TRY_H

#pragma GCC system_header

/* To return twice is the point of it. */
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wclobbered"
#endif

/* The kernel's own. */
typedef struct _WDK_TRY_FRAME {
    PVOID Mark[24];
    PVOID Own[5];
    ULONG Depth;
    ULONG Done;
    ULONG Id;
} WDK_TRY_FRAME;

/* Opens a frame and returns its mark. */
NTSYSAPI PVOID NTAPI WdkTryOpen(WDK_TRY_FRAME *Frame, PVOID Function);

/* Returns 0, and 1 each time that the frame is asked. */
__attribute__((returns_twice)) NTSYSAPI int WdkTrySave(PVOID Mark) __asm__("host_mark_save");

/* The frame that was opened last. */
NTSYSAPI PVOID NTAPI WdkTryScope(VOID);
/* The block has come to its end. */
NTSYSAPI VOID NTAPI WdkTryDone(PVOID Scope);
/* Closes the frame. */
NTSYSAPI VOID NTAPI WdkTryClose(PVOID *Scope);

/* True: the handler runs; false: the filter is asked. */
NTSYSAPI BOOLEAN NTAPI WdkTryHandles(PVOID Function, ULONG Id);
NTSYSAPI DECLSPEC_NORETURN BOOLEAN NTAPI WdkTryAnswer(PVOID Function, ULONG Id, LONG Answer);

typedef struct _WDK_TERMINATION {
    PVOID Raise; /* Whose exception runs the block; NULL: none does. */
    INT Runs;
} WDK_TERMINATION;

NTSYSAPI WDK_TERMINATION NTAPI WdkTryFinally(PVOID Function, ULONG Id);
NTSYSAPI VOID NTAPI WdkTryFinallyEnd(WDK_TERMINATION *Termination);

NTSYSAPI ULONG NTAPI WdkExceptionCode(PVOID Function, ULONG Id);
NTSYSAPI PEXCEPTION_POINTERS NTAPI WdkExceptionInformation(PVOID Function, ULONG Id);

#define _exception_code() WdkExceptionCode(WDK_TRY_HERE)
#define _exception_info() ((PVOID)WdkExceptionInformation(WDK_TRY_HERE))
#define _abnormal_termination() (WdkTermination.Raise != 0)

/* ---- The frame ------------------------------------------------------------------------------- */

#define WDK_FUNCTION __builtin_frame_address(0)

#ifdef __cplusplus

extern "C++" {
struct WdkTryFrame : WDK_TRY_FRAME {
    PVOID Keep[5];
    explicit WdkTryFrame(ULONG id) { Id = id; }
    explicit operator bool() const { return false; }
};
}

/* Outside of any. */
static const struct { ULONG Id; } WdkTry __attribute__((unused)) = { 0 };

#define WDK_TRY_HERE WDK_FUNCTION, WdkTry.Id

#define WDK_TRY_BEGIN                                             \
    if (WdkTryFrame WdkTry = WdkTryFrame(__COUNTER__ + 1)) {      \
    } else if (WdkTrySave(WdkTryOpen(&WdkTry, WDK_FUNCTION)) == 0)

/* The C++ library has a macro __try, too, for its headers: from now on the file that is compiled
 * gets this one, and the headers that it includes theirs. */
#if defined(__has_include)
#if __has_include(<bits/exception_defines.h>)
#include_next <bits/exception_defines.h>
#endif
#endif

#define WDK_TRY_AT_(level) WDK_TRY_AT_##level
#define WDK_TRY_AT(level) WDK_TRY_AT_(level)
#if defined(__cpp_exceptions)
#define WDK_TRY_IN_HEADER try
#else
#define WDK_TRY_IN_HEADER if (true)
#endif
#define WDK_TRY_AT_0 WDK_TRY_BLOCK
#define WDK_TRY_AT_1 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_2 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_3 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_4 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_5 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_6 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_7 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_8 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_9 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_10 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_11 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_12 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_13 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_14 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_15 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_16 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_17 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_18 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_19 WDK_TRY_IN_HEADER
#define WDK_TRY_AT_20 WDK_TRY_IN_HEADER
#undef __try
#define __try WDK_TRY_AT(__INCLUDE_LEVEL__)

#else

/* Outside of any. */
enum { WdkTryId = 0 };

#define WDK_TRY_HERE WDK_FUNCTION, WdkTryId

#define WDK_TRY_NEW_ID (sizeof(enum { WdkTryId = __COUNTER__ + 1 }) != 0 ? WdkTryId : 0)
#define WDK_TRY_BEGIN \
    if (WdkTrySave(WdkTryOpen(&(WDK_TRY_FRAME){ .Id = WDK_TRY_NEW_ID }, WDK_FUNCTION)) == 0)

#define __try WDK_TRY_BLOCK

#endif

/* ---- The statements -------------------------------------------------------------------------- */

/* Where the mark leads, before anything is looked at. To gcc, each call of a function that has this
 * builtin may come back to it, with all variables as they were then: so it keeps them in memory,
 * and knows no more what they are. To returns_twice alone it pays no such heed. Nothing ever jumps
 * to the buffer. */
#if defined(__clang__)
#define WDK_TRY_RECEIVE ((void)0)
#elif defined(__cplusplus)
#define WDK_TRY_RECEIVE (__builtin_setjmp(WdkTry.Keep) != 0 ? WdkTryDone(NULL) : (void)0)
#else
#define WDK_TRY_RECEIVE \
    (__builtin_setjmp((PVOID[5]){ 0 }) != 0 ? WdkTryDone(NULL) : (void)0)
#endif

#define WDK_TRY_BLOCK                                                                     \
    WDK_TRY_BEGIN                                                                         \
    {                                                                                     \
        __label__ WdkTryEnd;                                                              \
        PVOID WdkScope __attribute__((cleanup(WdkTryClose))) = WdkTryScope();             \
        if (__builtin_expect(WdkScope == (PVOID)1, 0)) {                                  \
            __asm__ __volatile__("" : : "r"(__builtin_alloca((size_t)WdkScope)));         \
        }

#define __leave goto WdkTryEnd

#define __except(...)                                                    \
        WdkTryEnd: __attribute__((unused));                              \
        WdkTryDone(WdkScope);                                            \
    } else if ((WDK_TRY_RECEIVE, WdkTryHandles(WDK_TRY_HERE)) ||         \
               WdkTryAnswer(WDK_TRY_HERE, (__VA_ARGS__)))

#define __finally WDK_FINALLY(__COUNTER__)
#define WDK_FINALLY(number) WDK_FINALLY_(number)
#define WDK_FINALLY_(number)                                                                    \
        WdkTryEnd: __attribute__((unused));                                                     \
        WdkTryDone(WdkScope);                                                                   \
        goto WdkFinally##number;                                                                \
    } else if ((WDK_TRY_RECEIVE, 0)) {                                                          \
    } else                                                                                      \
        WdkFinally##number:                                                                     \
        for (WDK_TERMINATION WdkTermination __attribute__((cleanup(WdkTryFinallyEnd))) =         \
                 WdkTryFinally(WDK_TRY_HERE);                                                   \
             WdkTermination.Runs != 0; WdkTermination.Runs = 0)

#define _try __try
#define _except __except
#define _finally __finally
#define _leave __leave

#endif
