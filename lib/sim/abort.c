/*
 * abort.c - abort() was called: by whom, and why, as far as the C library says.
 *
 * Most causes are findings like any other. Where the library has found its own heap damaged, it may
 * have stopped with a lock held, and nobody may allocate memory any more: a report could not be
 * made, and no other test can run. What is known is then printed at once, and the process ends.
 */
#include "sim/abort.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/place.h"

enum { SAID = 160, OVERRAN_STACK_BUFFER = 0xF7, FREED_WORDS = 256 };

/* Of the one who called the library. */
static void locate(const dq_processor *cpu, const host_fault *fault, const void *end)
{
    const void *place = host_fault_blame(fault, NULL, end);

    if (place != (const char *)fault->place + 1) { /* Else nobody was found. */
        cpu->execution->service = DQ_SERVICE_NONE;
        cpu->execution->place = place;
    }
}

/* ---- A pointer that was refused -------------------------------------------------------------- */

/* The library may have it, or the address of what it keeps before it, on its part of the stack. */
static bool find_freed(dq_machine *machine, const host_fault *fault, char *text, size_t bytes)
{
    uintptr_t words[FREED_WORDS];
    const size_t got = host_memory_copy(words, fault->stack_pointer, sizeof(words));

    if (machine->hooks->describe_block == NULL) {
        return false;
    }
    for (size_t i = 0; i < got / sizeof(words[0]); i++) {
        if (machine->hooks->describe_block(machine, (const void *)words[i], text, bytes) ||
            machine->hooks->describe_block(machine, (const void *)(words[i] + 2 * sizeof(void *)),
                                           text, bytes)) {
            return true;
        }
    }
    return false;
}

/* What is known of a heap that static variables do not agree with, or "". */
static const char *put_back(const dq_machine *machine)
{
    return machine->options.put_back != NULL ? machine->options.put_back : "";
}

static void report_pointer(dq_processor *cpu, const host_fault *fault, const char *said)
{
    dq_finding refused = { .severity = DQ_ERROR, .rule = "HostHeap" };
    char damages[DQ_FINDING_TEXT / 2], block[300];
    const bool is_pool = find_freed(cpu->machine, fault, block, sizeof(block));

    if (!is_pool && cpu->machine->hooks->tell_damages != NULL) {
        (void)cpu->machine->hooks->tell_damages(cpu->machine, damages, sizeof(damages));
    } else {
        damages[0] = '\0';
    }
    if (is_pool) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "HostHeap" },
                "free() of the C library was given memory of the pool, as it seems: a %s. That is "
                "freed by ExFreePoolWithTag, or by what belongs to its allocation. (The library "
                "says: \"%s\".)",
                block, said);
    }
    snprintf(refused.advice, sizeof(refused.advice), "%s", put_back(cpu->machine));
    dq_find(cpu, &refused,
            "free() or realloc() of the C library refused a pointer: \"%s\". It is none that "
            "malloc() returned (memory of the pool is freed by ExFreePoolWithTag), or was freed "
            "before; or somebody has written to what lies in front of it.%s",
            said, damages);
}

/* ---- The host's heap ------------------------------------------------------------------------- */

/* Without the heap: no report, no source lines, no buffered output. */
static _Noreturn void end_process(dq_processor *cpu, const char *said)
{
    static HOST_KEPT char text[4096], damages[2048];
    const dq_machine *machine = cpu->machine;
    const dq_execution *execution = cpu->execution;
    char name[96], place[160];

    host_heap_is_lost();
    if (machine->hooks->tell_damages == NULL ||
        machine->hooks->tell_damages(cpu->machine, damages, sizeof(damages)) == 0) {
        snprintf(damages, sizeof(damages),
                 "\n  What lies around memory that the driver was given "
                 "by the kernel is whole.");
    }
    snprintf(
        text, sizeof(text),
        "dirql: the heap of the C library is damaged: \"%s\". It was found in %s%s%s, in `%s`, "
        "IRQL %u, at %s.\n"
        "  Somebody has written beyond memory of malloc() or new, or to what was freed, "
        "earlier than here. (Pool, devices and DMA memory do not lie there.)%s\n"
        "  AddressSanitizer (-fsanitize=address) shows the write itself.\n%s%s%s"
        "dirql: run \"%s\" has failed; without its heap the process ends here.\n",
        said, machine->options.name != NULL ? "run \"" : "a run",
        machine->options.name != NULL ? machine->options.name : "",
        machine->options.name != NULL ? "\"" : "",
        dq_execution_describe(execution, name, sizeof(name)), cpu->irql,
        dq_place_describe(execution->place, place, sizeof(place)), damages,
        put_back(machine)[0] != '\0' ? "  " : "", put_back(machine),
        put_back(machine)[0] != '\0' ? "\n" : "",
        machine->options.name != NULL ? machine->options.name : "?");
    host_process_fail(text);
}

/* ---- All of them ----------------------------------------------------------------------------- */

static const char *function_of(const dq_processor *cpu, host_symbol *symbol)
{
    host_symbol_find((const char *)cpu->execution->place - 1, symbol);
    return symbol->function[0] != '\0' ? symbol->function : "a function";
}

static void report_other(dq_processor *cpu, const char *said)
{
    char name[96], exception[300];

    if (said[0] == '\0' && host_exception_end(exception, sizeof(exception))) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "abort" },
                "abort() was called in `%s`, IRQL %u: because nothing caught the C++ exception %s, "
                "or by the code that handled it.",
                dq_execution_describe(cpu->execution, name, sizeof(name)), cpu->irql, exception);
        return;
    }
    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "abort" },
            "abort() was called in `%s`, IRQL %u: %s%s%s.",
            dq_execution_describe(cpu->execution, name, sizeof(name)), cpu->irql,
            said[0] != '\0' ? "\"" : "",
            said[0] != '\0' ? said
                            : "by the code itself, or because of a C++ exception that nothing "
                              "caught. What it printed stands before this report",
            said[0] != '\0' ? "\"" : "");
}

void dq_abort_report(dq_processor *cpu, const host_fault *fault, const void *end)
{
    char said[SAID];
    const host_abort cause = host_abort_cause(said, sizeof(said));
    host_symbol symbol;

    if (cause == HOST_ABORT_HEAP) {
        locate(cpu, fault, end);
        end_process(cpu, said);
    }
    locate(cpu, fault, end);
    switch (cause) {
    case HOST_ABORT_POINTER:
        report_pointer(cpu, fault, said);
        break;
    case HOST_ABORT_STACK:
        dq_bugcheck(cpu, OVERRAN_STACK_BUFFER, 0, 0, 0, 0,
                    "`%s` has written behind the end of a local array, over what keeps its return "
                    "address (\"%s\")",
                    function_of(cpu, &symbol), said);
    case HOST_ABORT_BUFFER:
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "abort" },
                "the C library has ended `%s`: \"%s\". It was told to write more than the buffer "
                "that it was given holds.",
                function_of(cpu, &symbol), said);
        break;
    default:
        report_other(cpu, said);
        break;
    }
    dq_go_home(cpu); /* It was suppressed, but there is nothing to go on with. */
}

void dq_abort_report_raised(dq_processor *cpu, const host_fault *fault, const void *end)
{
    char name[96];

    locate(cpu, fault, end);
    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "abort" },
            "raise(%s) was called in `%s`, IRQL %u: nothing was touched that could not be, the code "
            "has sent itself the signal.",
            fault->raised, dq_execution_describe(cpu->execution, name, sizeof(name)), cpu->irql);
    dq_go_home(cpu);
}
