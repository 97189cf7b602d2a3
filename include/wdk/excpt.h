/*
 * excpt.h: structured exception handling: __try, __except, __finally, __leave.
 *
 * For gcc and clang these are macros (a compiler that knows __try itself, such as Microsoft's,
 * keeps its own). They do what Microsoft's C reference says ("try-except statement", "try-finally
 * statement"): first the filters are asked, from the inside outwards, while the code that raised
 * still stands; then the __finally blocks in between run; then the handler. What differs:
 *
 * - Variables that a block or a filter changes and its handler reads. With gcc they are what they
 *   were at the call that raised; declare volatile what is changed around a plain access that
 *   faults. clang, when it optimises, may give any of them an earlier value: declare them volatile,
 *   or compile the file with -O0, or put `#pragma clang optimize off` before the function.
 * - return, goto, break and continue out of a block that has a __finally cannot run that: they are
 *   findings. __leave does, and is what Microsoft recommends.
 * - C++: in source files, not in headers. Objects are not destroyed when an exception leaves their
 *   block (Microsoft's compilers refuse __try in functions that have such objects).
 * - A __try that is the only statement of an if or a loop may need braces for an else that follows.
 *
 * An exception stays in what raised it: an ISR or a DPC, or a routine that the kernel has called,
 * has handlers of its own only. What nobody handles is bug check 0x1E. IRQL and locks stay as they
 * are when the exception is raised.
 */
#ifndef EXCPT_H
#define EXCPT_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include <ntdef.h>

EXTERN_C_START

/* ---- What a filter answers, and what it is told ---------------------------------------------- */

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#define EXCEPTION_NONCONTINUABLE 0x1
#define EXCEPTION_UNWINDING 0x2
#define EXCEPTION_EXIT_UNWIND 0x4
#define EXCEPTION_STACK_INVALID 0x8
#define EXCEPTION_NESTED_CALL 0x10
#define EXCEPTION_TARGET_UNWIND 0x20
#define EXCEPTION_COLLIDED_UNWIND 0x40

#define EXCEPTION_READ_FAULT 0
#define EXCEPTION_WRITE_FAULT 1
#define EXCEPTION_EXECUTE_FAULT 8

#define EXCEPTION_MAXIMUM_PARAMETERS 15

/* "winnt: EXCEPTION_RECORD". Of an access violation, ExceptionInformation holds what was tried
 * (EXCEPTION_READ_FAULT ...) and the address. */
typedef struct _EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

typedef struct _CONTEXT *PCONTEXT;

/* "winnt: EXCEPTION_POINTERS". There is no context record: it is NULL. */
typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    PCONTEXT ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

/* ---- The compiler's part --------------------------------------------------------------------- */

/* Any IRQL. In a filter or a handler; _exception_info in a filter only, and what it points to ends
 * with it; _abnormal_termination in a __finally block: nonzero if an exception runs it.
 * "try-except statement", "AbnormalTermination". */
#define GetExceptionCode _exception_code
#define exception_code _exception_code
#define GetExceptionInformation() ((PEXCEPTION_POINTERS)_exception_info())
#define exception_info() ((PEXCEPTION_POINTERS)_exception_info())
#define AbnormalTermination _abnormal_termination
#define abnormal_termination _abnormal_termination

#if defined(_MSC_VER)

unsigned long __cdecl _exception_code(void);
void *__cdecl _exception_info(void);
int __cdecl _abnormal_termination(void);

#else

#include <bits/wdk_try.h>

#endif

/* C drivers write them without underscores, too (the WDK's sample general/ioctl/wdm/sys/sioctl.c).
 * In C++, try is a keyword. */
#if !defined(__cplusplus)
#define try     __try
#define except  __except
#define finally __finally
#endif

EXTERN_C_END

#endif
