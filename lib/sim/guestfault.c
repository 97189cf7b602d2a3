/*
 * guestfault.c - faults in guest code become findings.
 */
#include "sim/machine.h"

#include <inttypes.h>
#include <stdio.h>

#include "sim/abort.h"
#include "sim/computing.h"
#include "sim/exception.h"
#include "sim/jump.h"
#include "sim/pending.h"
#include "sim/useraddress.h"
#include "sim/whatis.h"

enum { FAR_BELOW = 16 * 1024, NULL_BYTES = 0x10000, WHAT_TEXT = 300, DAMAGE_TEXT = 400 };
enum { NO_PAGE_TABLE = 2 }; /* The type of a page fault, of bug check 0x50. */

DQ_TLS dq_computing dq_computing_now;

static void report_stall(dq_processor *cpu, const host_fault *fault)
{
    char name[96];

    cpu->machine->loop.stalled = true;
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "livelock",
                           .place = (const char *)fault->place + 1,
                           .more = dq_pending_take(cpu->machine) },
            "livelock in `%s`, IRQL %u: no schedule point for %g seconds of host time. %s",
            dq_execution_describe(cpu->execution, name, sizeof(name)), cpu->irql,
            (double)cpu->machine->options.watchdog_ns / 1e9,
            cpu->live != NULL
                ? "While a device's callback runs, the machine waits for it."
                : "An endless loop that calls no kernel service cannot be interrupted in this "
                  "mode.");
}

static const char *access_name(const host_fault *fault)
{
    static const char *const names[] = { "read of", "write to", "call of", "return to" };

    return names[fault->access];
}

static uint64_t access_code(const host_fault *fault)
{
    static const uint64_t codes[] = { 0, 1, 8, 8 };

    return codes[fault->access];
}

/* Bug check 0x50 has codes of its own since version 1507: here those of x64. */
static uint64_t page_fault_code(const host_fault *fault)
{
    static const uint64_t codes[] = { 0, 2, 0x10, 0x10 };

    return codes[fault->access];
}

/* Nobody has called it but the kernel, whom somebody had given the address. */
static bool is_routine(const dq_processor *cpu, const host_fault *fault)
{
    return fault->access == HOST_FAULT_EXECUTE && cpu->execution->routine == fault->address;
}

/* The same, of one that a service has called for its own caller. */
static bool is_callee(const dq_processor *cpu, const host_fault *fault)
{
    return fault->access == HOST_FAULT_EXECUTE && cpu->execution->callee_place != NULL &&
           cpu->execution->callee == fault->address;
}

static void what_routine_is(dq_processor *cpu, char *text, size_t bytes)
{
    const void *object = cpu->execution->object;
    char what[WHAT_TEXT];
    const bool has = object != NULL && dq_whatis(cpu->machine, object, what, sizeof(what));

    snprintf(text, bytes, ": that was given as its routine, and is none%s%s%s",
             has ? " (the object is " : "", has ? what : "", has ? ")" : "");
}

/* ": that is ...", as far as it is known; or why the address may be a bad one. */
static void what_is(dq_processor *cpu, const host_fault *fault, char *text, size_t bytes)
{
    const uintptr_t address = (uintptr_t)fault->address;
    char what[WHAT_TEXT];

    if (is_callee(cpu, fault)) {
        snprintf(text, bytes, ": that was given as a routine to be called, and is none");
    } else if (is_routine(cpu, fault)) {
        what_routine_is(cpu, text, bytes);
    } else if (fault->access == HOST_FAULT_RETURN) {
        snprintf(text, bytes, ": somebody has written behind the end of a local array, over what "
                              "keeps the return address");
    } else if (address > 0 && address < NULL_BYTES && fault->access != HOST_FAULT_EXECUTE) {
        snprintf(text, bytes, ": a member or element of what a null pointer should point at");
    } else if (address == UINTPTR_MAX) {
        snprintf(text, bytes, ": an address that there cannot be");
    } else if (dq_whatis(cpu->machine, fault->address, what, sizeof(what))) {
        snprintf(text, bytes, ": that is %s", what);
    } else {
        text[0] = '\0';
    }
}

/* Guards that are damaged may tell why a pointer is. */
static void damages_of(dq_processor *cpu, char *text, size_t bytes)
{
    const dq_kernel_hooks *hooks = cpu->machine->hooks;

    text[0] = '\0';
    if (cpu->machine->body_done != NULL && hooks->tell_damages != NULL) {
        (void)hooks->tell_damages(cpu->machine, text, bytes);
    }
}

/* " in RtlCopyUnicodeString": a service is named by the report itself. */
static void routine_of(const dq_processor *cpu, char *text, size_t bytes)
{
    const bool computes = cpu->execution->service == DQ_SERVICE_NONE &&
                          dq_computing_now.place != NULL &&
                          cpu->execution->place == dq_computing_now.place;

    snprintf(text, bytes, "%s%s", computes ? " in " : "", computes ? dq_computing_now.name : "");
}

static void report_access(dq_processor *cpu, const host_fault *fault)
{
    const uint64_t address = (uintptr_t)fault->address;
    const uint64_t place = (uintptr_t)fault->place;
    dq_window *window = dq_window_by_mapped(cpu->machine, fault->address);
    char routine[96], what[WHAT_TEXT + 80], damages[DAMAGE_TEXT];

    routine_of(cpu, routine, sizeof(routine));
    if (window != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "device memory",
                               .place = (const char *)fault->place + 1 },
                "%s the device memory of %s (offset 0x%" PRIx64
                ") by a plain pointer. Device memory is "
                "accessed with READ_REGISTER_* and WRITE_REGISTER_*.",
                access_name(fault), window->name, address - (uintptr_t)window->mapped);
    }
    if (cpu->machine->hooks->fault != NULL) {
        cpu->machine->hooks->fault(cpu, fault);
    }
    what_is(cpu, fault, what, sizeof(what));
    damages_of(cpu, damages, sizeof(damages));
    if (cpu->irql >= DQ_LEVEL_DISPATCH) {
        dq_bugcheck(cpu, 0xD1, address, cpu->irql, access_code(fault), place,
                    "%s address 0x%" PRIx64 "%s at IRQL %u%s%s", access_name(fault), address,
                    routine, cpu->irql, what, damages);
    }
    if (address < NULL_BYTES || fault->access >= HOST_FAULT_EXECUTE) {
        dq_bugcheck(cpu, 0x1E, 0xC0000005u, place, access_code(fault), address,
                    "access violation: %s address 0x%" PRIx64 "%s%s%s", access_name(fault),
                    address, routine, what, damages);
    }
    dq_bugcheck(cpu, 0x50, address, page_fault_code(fault), place, NO_PAGE_TABLE,
                "%s invalid address 0x%" PRIx64 "%s%s%s", access_name(fault), address, routine,
                what, damages);
}

/* A frame that is larger than what is left reaches far below the stack at once. */
static _Noreturn void report_overflow(dq_processor *cpu, const host_fault *fault)
{
    const host_context *context = &cpu->task->context;
    const uintptr_t base = (uintptr_t)context->stack;
    const uintptr_t stack_pointer = (uintptr_t)fault->stack_pointer;
    const uint64_t below = stack_pointer < base ? base - stack_pointer : 0;
    host_symbol symbol;

    host_symbol_find((const char *)cpu->execution->place - 1, &symbol);
    if (below < FAR_BELOW || context->stack == NULL) {
        dq_bugcheck(cpu, 0x7F, 8, (uintptr_t)fault->address, 0, 0,
                    "stack overflow in `%s`: the stack of this thread (%zu KiB) is used up. "
                    "Recursion, or large local variables?",
                    symbol.function, context->stack_bytes / 1024);
    }
    dq_bugcheck(cpu, 0x7F, 8, (uintptr_t)fault->address, 0, 0,
                "stack overflow in `%s`: its frame reaches %" PRIu64 " KiB below the end of this "
                "thread's stack, which has %zu KiB. A large local variable belongs into pool.",
                symbol.function, below / 1024, context->stack_bytes / 1024);
}

/* Where the frames of what runs now end: an ISR or a DPC stands on those of what it interrupted. */
static const void *end_of_frames(const dq_processor *cpu, const host_fault *fault)
{
    const host_context *context = &cpu->task->context;
    const char *end = (const char *)context->stack + context->stack_bytes;
    const char *execution = (const char *)cpu->execution;
    const bool is_on_it = execution > (const char *)fault->stack_pointer && execution < end;

    return is_on_it ? execution : end;
}

/* Who touches what he was given is at fault where he was called: a service, or a routine that only
 * computes. */
static void locate_access(const dq_processor *cpu, const host_fault *fault)
{
    dq_execution *execution = cpu->execution;
    const void *call = execution->place_at == execution->guests ? execution->place : NULL;
    const void *end = end_of_frames(cpu, fault);

    if (is_callee(cpu, fault)) {
        execution->service = execution->callee_service;
        execution->place = execution->callee_place;
    } else if (is_routine(cpu, fault)) {
        execution->service = DQ_SERVICE_NONE;
        execution->place = NULL;
    } else if (execution->given_place != NULL) {
        execution->service = execution->given_service;
        execution->place = execution->given_place;
    } else if (call == NULL || host_fault_blame(fault, call, end) != call) {
        execution->place = host_fault_blame(fault, dq_computing_now.place, end);
        execution->service = execution->place == dq_computing_now.place ? dq_computing_now.service
                                                                         : DQ_SERVICE_NONE;
    }
}

static void locate(const dq_processor *cpu, const host_fault *fault)
{
    switch (fault->kind) {
    case HOST_FAULT_ABORT: /* Which is placed in the C library. */
    case HOST_FAULT_RAISED:
        break;
    case HOST_FAULT_STALLED:
        cpu->execution->place =
            (const char *)fault->place + 1; /* Reports look one before a return address. */
        break;
    default:
        locate_access(cpu, fault);
        break;
    }
}

/* ---- Exceptions ------------------------------------------------------------------------------ */

bool dq_machine_guards(const void *machine, const host_fault *fault)
{
    const dq_processor *cpu = dq_self;

    return cpu->machine == machine && !dq_attends(cpu, DQ_ATTEND_REFUSE) &&
           dq_exception_is_guarded(cpu) && fault->kind <= HOST_FAULT_BREAKPOINT;
}

/* What Windows itself makes a bug check of is none: a page fault above APC_LEVEL, or of an
 * address that is the system's, or the kernel's own. */
static bool is_exception(const dq_processor *cpu, const host_fault *fault)
{
    const dq_kernel_hooks *hooks = cpu->machine->hooks;

    return fault->kind != HOST_FAULT_ACCESS ||
           (cpu->irql < DQ_LEVEL_DISPATCH && dq_is_user_range((uintptr_t)fault->address, 1) &&
            dq_window_by_mapped(cpu->machine, fault->address) == NULL &&
            !(hooks->owns != NULL && hooks->owns(cpu->machine, fault->address)));
}

static uint32_t exception_code(const host_fault *fault)
{
    static const uint32_t codes[] = { [HOST_FAULT_ACCESS] = 0xC0000005u,
                                      [HOST_FAULT_BUS] = 0x80000002u,
                                      [HOST_FAULT_ARITHMETIC] = 0xC0000094u,
                                      [HOST_FAULT_INSTRUCTION] = 0xC000001Du,
                                      [HOST_FAULT_PRIVILEGED] = 0xC0000096u,
                                      [HOST_FAULT_BREAKPOINT] = 0x80000003u };

    return codes[fault->kind];
}

/* Its code is 0 if nobody could handle it. */
static dq_exception_record record_of(const host_fault *fault)
{
    dq_exception_record record = { .address = (void *)(uintptr_t)fault->place };

    if (fault->kind <= HOST_FAULT_BREAKPOINT) {
        record.code = exception_code(fault);
    }
    if (fault->kind == HOST_FAULT_ACCESS) {
        record.parameter_count = 2;
        record.parameters[0] = access_code(fault);
        record.parameters[1] = (uintptr_t)fault->address;
    }
    return record;
}

/* It stands just above the caller, if it is the one to go on. */
static bool may_go_on(const dq_processor *cpu)
{
    const host_context *context = &cpu->task->context;

    return (uintptr_t)__builtin_frame_address(0) - (uintptr_t)context->stack < context->stack_bytes;
}

/* True: the faulting code shall go on. Whether it was a service that touched what it was given is
 * looked up only for reports: it takes long. Who handles the exception is in no service. */
static bool dispatch(const dq_processor *cpu, const host_fault *fault, dq_exception_record *record)
{
    dq_execution *execution = cpu->execution;
    const dq_service service = execution->service;
    bool goes_on;

    if (!may_go_on(cpu) || !dq_machine_guards(cpu->machine, fault) || !is_exception(cpu, fault)) {
        return false;
    }
    execution->service = DQ_SERVICE_NONE;
    goes_on = dq_exception_dispatch(record);
    execution->service = service;
    return goes_on;
}

/* ---- All of them ----------------------------------------------------------------------------- */

void dq_machine_fault(void *machine, const host_fault *fault)
{
    dq_exception_record record = record_of(fault);
    const bool from_outside = dq_self->live != NULL && dq_inside == 0;
    dq_processor *cpu;

    if (from_outside) {
        dq_monitor_enter(machine);
    }
    cpu = dq_self; /* Until here the thread may have been moved to another one. */
    if (dq_is_left(cpu, fault->stack_pointer)) {
        dq_find_left(cpu, fault->stack_pointer, DQ_SERVICE_NONE, (const char *)fault->place + 1);
    }
    if (dispatch(cpu, fault, &record)) {
        if (from_outside) {
            dq_monitor_leave(machine);
        }
        return;
    }
    cpu = dq_self;
    locate(cpu, fault);
    switch (fault->kind) {
    case HOST_FAULT_STALLED:
        report_stall(cpu, fault);
        break;
    case HOST_FAULT_ABORT:
        dq_abort_report(cpu, fault, end_of_frames(cpu, fault));
    case HOST_FAULT_RAISED:
        dq_abort_report_raised(cpu, fault, end_of_frames(cpu, fault));
    case HOST_FAULT_STACK_OVERFLOW:
        report_overflow(cpu, fault);
    case HOST_FAULT_ARITHMETIC:
        dq_exception_end(&record, 0, 0, "integer division by zero, or overflow");
    case HOST_FAULT_INSTRUCTION:
        dq_exception_end(&record, 0, 0, "illegal instruction");
    case HOST_FAULT_PRIVILEGED:
        dq_exception_end(&record, 0, 0,
                         "privileged instruction: the host lets no program halt the processor, "
                         "mask its interrupts, or reach ports and system registers; call the "
                         "kernel for it (KeRaiseIrql, READ_PORT_UCHAR ...)");
    case HOST_FAULT_BREAKPOINT:
        dq_exception_end(&record, 0, 0,
                         "The driver stopped at a breakpoint, and no debugger is there.");
    case HOST_FAULT_BUS:
        dq_exception_end(&record, 0, (uintptr_t)fault->address,
                         "misaligned or impossible access to address 0x%" PRIx64,
                         (uint64_t)(uintptr_t)fault->address);
    case HOST_FAULT_ACCESS:
        report_access(cpu, fault);
    }
}
