/*
 * verify.h - what PortCls tells whoever watches over a driver, and the one thing it cannot do as
 * a driver would.
 *
 * PortCls is written against the driver's headers only. These few functions are its seam to the
 * host it runs on; dirql implements them in lib/control/portcls.c.
 */
#ifndef PC_VERIFY_H
#define PC_VERIFY_H

#include <wdm.h>

EXTERN_C_START

/* A call of PortCls: what the kernel finds wrong meanwhile is wrong where that was made. `place` is
 * the driver's, also in a call that PortCls makes of itself. */
typedef struct pc_call {
    PVOID execution;
    const void *place, *outer;
    USHORT outer_at;
} pc_call;

NTKERNELAPI pc_call pc_call_begin(const void *place);
NTKERNELAPI VOID pc_call_end(const pc_call *call);

typedef enum pc_severity { PC_WARNING, PC_ERROR } pc_severity;

/* `rule`: short fixed name; `page`: the documented page; `text`: what is wrong and what to do. An
 * error ends the run and does not return. `place`: return address in the driver. */
NTKERNELAPI VOID pc_report(pc_severity severity, const char *rule, const char *page,
                           const void *place, const char *text);

/* Begins a call of PortCls: FALSE when the caller is no simulated code (the call must then have
 * no effect). An IRQL above `highest` is reported. */
NTKERNELAPI BOOLEAN pc_enter(const char *name, KIRQL highest, const char *page, const void *place);

/* True in an ISR whose level-triggered line nobody asserts. FALSE if that cannot be told. */
NTKERNELAPI BOOLEAN pc_line_is_silent(VOID);

/* KeSynchronizeExecution while there is no interrupt object yet: under its lock to be, at its
 * DIRQL. The caller's IRQL is not above that. */
NTKERNELAPI VOID pc_synchronize(PKSPIN_LOCK lock, KIRQL irql, PKSYNCHRONIZE_ROUTINE routine,
                                PVOID context);

/* The physical device object whose stack `device` is in, or is itself; NULL: of none. */
NTKERNELAPI PDEVICE_OBJECT pc_physical_device(PVOID device);

/* The handle goes with the object that holds it: who leaves that does not leave the handle. */
NTKERNELAPI VOID pc_keep_handle(HANDLE handle);

/* What memory becomes, and for whom: `place` in the driver called `caller`. */
typedef struct pc_origin {
    const char *object; /* "IInterruptSync"; a part of an object: "". */
    const char *caller; /* A call that may be made to fail; NULL: none. */
    const void *place;
} pc_origin;

/* Zeroed pool memory with the tag of PortCls. IRQL <= DISPATCH_LEVEL. NULL when memory is short. */
NTKERNELAPI PVOID pc_allocate(POOL_TYPE pool, SIZE_T bytes, const pc_origin *origin);

/* True if a pool of this process gave `memory` out, also if it was freed since, or its machine
 * has gone. Any host thread, any pointer. */
NTKERNELAPI BOOLEAN pc_is_pool(PVOID memory);

/* The C library gave `memory` out: whatever a pool had there before, it is none now. Any host
 * thread. */
NTKERNELAPI VOID pc_is_no_pool(PVOID memory);

/* ExFreePool, called from `place`. When no machine runs, it is said that this had no effect. */
NTKERNELAPI VOID pc_free_pool(PVOID memory, const void *place);

EXTERN_C_END

#define PC_POOL_TAG      'lCcP'

/* First thing in every function that a driver calls, if it calls others itself. */
#define PC_CALLED                                         \
    __attribute__((cleanup(pc_call_end), unused)) pc_call \
        pc_called = pc_call_begin(__builtin_return_address(0))

/* Where the driver made that call. */
#define PC_PLACE         pc_called.place

#define PC_ORIGIN(object, caller)                  \
    &(const pc_origin)                             \
    {                                              \
        (object), (caller), PC_PLACE               \
    }

/* The same in a function that is no such call. */
#define PC_RETURN        __builtin_return_address(0)

/* The place just behind the entry of a routine: reports look one byte before a place. */
#define PC_CODE(routine) ((const void *)((ULONG_PTR)(routine) + 1))

#endif
