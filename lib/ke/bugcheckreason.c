/*
 * bugcheckreason.c - routines that drivers want asked at a bug check: for what belongs into a dump.
 *
 * No dump is written. They are asked as if one were, in the order in which its parts would be:
 * pages to add and to remove, memory of a small dump, secondary data; the latest registered first,
 * which the pages leave open. What they answer is held to what is documented.
 */
#include <inttypes.h>

#include "ke/bugcheckcallback.h"
#include "ke/bugcheckrecord.h"
#include "ke/keep.h"
#include "ke/ki.h"

enum { ROUNDS_MAX = 4096, IN_BUFFER_BYTES = 4096, DATA_BYTES_MAX = 1024 * 1024, DUMP_KERNEL = 6 };

typedef struct asked {
    dq_bugcheck_record known;
    PKBUGCHECK_REASON_CALLBACK_RECORD record;
    PKBUGCHECK_REASON_CALLBACK_ROUTINE routine;
    KBUGCHECK_CALLBACK_REASON reason;
} asked;

/* What the run ends with. */
static const dq_finding *latest(const dq_machine *machine)
{
    return machine->findings.last;
}

static void call(dq_processor *cpu, const asked *what, void *data, ULONG bytes)
{
    const unsigned depth = dq_guest_begin(cpu);

    what->routine(what->reason, what->record, data, bytes);
    dq_guest_end(depth);
}

/* The run is over: this is one more thing that was found. */
static void accuse(dq_processor *cpu, const asked *what, const char *why)
{
    dq_note(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "BugCheckReason",
                           .page = "wdm: KBUGCHECK_REASON_CALLBACK_ROUTINE",
                           .place = (const char *)DQ_CODE(what->routine) + 1 },
            "a bug check routine %s", why);
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static bool is_readable(uint64_t address)
{
    char byte;

    return host_memory_copy(&byte, (const void *)(uintptr_t)address, 1) == 1;
}

static void check_pages(dq_processor *cpu, const asked *what,
                        const KBUGCHECK_ADD_PAGES *pages)
{
    const ULONG kinds =
        pages->Flags & (KB_ADD_PAGES_FLAG_VIRTUAL_ADDRESS | KB_ADD_PAGES_FLAG_PHYSICAL_ADDRESS);

    if (pages->Count == 0) {
        return;
    }
    if (kinds == 0 || (kinds & (kinds - 1)) != 0) {
        accuse(cpu, what,
               "names pages without saying, by one flag, whether their address is a virtual or a "
               "physical one");
    } else if (kinds == KB_ADD_PAGES_FLAG_VIRTUAL_ADDRESS && !is_readable(pages->Address)) {
        accuse(cpu, what, "names pages where no memory is");
    }
}

/* Adding and removing have the same structure, and flags of the same values. */
static void ask_for_pages(dq_processor *cpu, const asked *what)
{
    KBUGCHECK_ADD_PAGES pages = { .BugCheckCode = latest(cpu->machine)->code };
    unsigned rounds = 0;

    do {
        pages.Flags = 0;
        pages.Address = 0;
        pages.Count = 0;
        call(cpu, what, &pages, sizeof(pages));
        check_pages(cpu, what, &pages);
    } while ((pages.Flags & KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST) != 0 &&
             ++rounds < ROUNDS_MAX);
    if (rounds == ROUNDS_MAX) {
        accuse(cpu, what, "names more and more pages, and comes to no end");
    }
}

/* ---- A small dump ---------------------------------------------------------------------------- */

static void ask_for_triage(dq_processor *cpu, const asked *what)
{
    const dq_finding *finding = latest(cpu->machine);
    KBUGCHECK_TRIAGE_DUMP_DATA data = { .Flags = KB_TRIAGE_DUMP_DATA_FLAG_BUGCHECK_ACTIVE,
                                        .MaxVirtMemSize = DATA_BYTES_MAX,
                                        .BugCheckCode = finding->code,
                                        .BugCheckParameter1 = finding->parameters[0],
                                        .BugCheckParameter2 = finding->parameters[1],
                                        .BugCheckParameter3 = finding->parameters[2],
                                        .BugCheckParameter4 = finding->parameters[3] };

    call(cpu, what, &data, sizeof(data));
    if (data.DataArray == NULL) {
        return;
    }
    if (data.DataArray->DataSize > data.MaxVirtMemSize) {
        accuse(cpu, what, "names more memory than MaxVirtMemSize allows");
    }
    for (ULONG i = 0; i < data.DataArray->NumBlocksUsed; i++) {
        if (!is_readable((uintptr_t)data.DataArray->Blocks[i].Address)) {
            accuse(cpu, what, "names a block where no memory is");
        }
    }
}

/* ---- Secondary data -------------------------------------------------------------------------- */

static bool is_zero(const GUID *guid)
{
    static const GUID zero;

    return RtlEqualMemory(guid, &zero, sizeof(zero)) != 0;
}

/* The beginning of KBUGCHECK_SECONDARY_DUMP_DATA_EX is a KBUGCHECK_SECONDARY_DUMP_DATA. */
static void check_data(dq_processor *cpu, const asked *what,
                       const KBUGCHECK_SECONDARY_DUMP_DATA_EX *data)
{
    const uintptr_t out = (uintptr_t)data->OutBuffer;

    if (data->OutBufferLength == 0) {
        return;
    }
    if (data->OutBufferLength > data->MaximumAllowed) {
        accuse(cpu, what, "has more data than MaximumAllowed");
    } else if (data->OutBuffer == NULL) {
        accuse(cpu, what, "has data, but leaves OutBuffer NULL");
    } else if (data->OutBuffer == data->InBuffer && data->OutBufferLength > data->InBufferLength) {
        accuse(cpu, what, "has written more to InBuffer than InBufferLength");
    } else if (!is_readable(out) || !is_readable(out + data->OutBufferLength - 1)) {
        accuse(cpu, what, "has data in a buffer where no memory is");
    } else if (is_zero(&data->Guid)) {
        accuse(cpu, what, "has data without a Guid");
    }
}

/* Twice: how much there is, and the data itself. */
static void ask_for_data(dq_processor *cpu, const asked *what,
                         KBUGCHECK_SECONDARY_DUMP_DATA_EX *data, ULONG bytes)
{
    data->OutBuffer = NULL;
    data->OutBufferLength = 0;
    call(cpu, what, data, bytes);
    if (data->OutBufferLength != 0) {
        data->OutBuffer = data->InBuffer;
        data->OutBufferLength = 0;
        call(cpu, what, data, bytes);
        check_data(cpu, what, data);
    }
}

static void ask_for_secondary(dq_processor *cpu, const asked *what)
{
    const bool parts = what->reason == KbCallbackSecondaryMultiPartDumpData;
    const dq_finding *finding = latest(cpu->machine);
    void *buffer = dq_keep(cpu->machine, IN_BUFFER_BYTES);
    KBUGCHECK_SECONDARY_DUMP_DATA_EX data = { .InBuffer = buffer,
                                              .InBufferLength =
                                                  buffer != NULL ? IN_BUFFER_BYTES : 0,
                                              .MaximumAllowed = DATA_BYTES_MAX,
                                              .DumpType = DUMP_KERNEL,
                                              .BugCheckCode = finding->code,
                                              .BugCheckParameter1 = finding->parameters[0],
                                              .BugCheckParameter2 = finding->parameters[1],
                                              .BugCheckParameter3 = finding->parameters[2],
                                              .BugCheckParameter4 = finding->parameters[3] };
    unsigned rounds = 0;

    do {
        data.Flags = 0;
        ask_for_data(cpu, what, &data,
                     parts ? sizeof(data) : sizeof(KBUGCHECK_SECONDARY_DUMP_DATA));
    } while (parts && (data.Flags & KB_SECONDARY_DATA_FLAG_ADDITIONAL_DATA) != 0 &&
             ++rounds < ROUNDS_MAX);
    if (rounds == ROUNDS_MAX) {
        accuse(cpu, what, "has more and more data, and comes to no end");
    }
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void ask(dq_processor *cpu, const asked *what)
{
    switch (what->reason) {
    case KbCallbackAddPages:
    case KbCallbackRemovePages:
        ask_for_pages(cpu, what);
        break;
    case KbCallbackTriageDumpData:
        ask_for_triage(cpu, what);
        break;
    case KbCallbackSecondaryDumpData:
    case KbCallbackSecondaryMultiPartDumpData:
        ask_for_secondary(cpu, what);
        break;
    default:
        break; /* Nothing is written. */
    }
}

/* Each once, even if it ends in another bug check. */
static void ask_all_for(dq_processor *cpu, KBUGCHECK_CALLBACK_REASON reason)
{
    dq_bugcheck_record **link = &dq_kernel_of(cpu)->bugcheck_reasons;

    while (*link != NULL) {
        dq_bugcheck_record *known = *link;
        const asked *what = CONTAINING_RECORD(known, asked, known);

        if (what->reason != reason) {
            link = &known->next;
            continue;
        }
        *link = known->next;
        *known->state = BufferStarted;
        ask(cpu, what);
        *known->state = BufferFinished;
    }
}

void dq_bugcheck_reasons_call(dq_processor *cpu)
{
    static const KBUGCHECK_CALLBACK_REASON order[] = { KbCallbackAddPages, KbCallbackRemovePages,
                                                       KbCallbackTriageDumpData,
                                                       KbCallbackSecondaryDumpData,
                                                       KbCallbackSecondaryMultiPartDumpData };

    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
        ask_all_for(cpu, order[i]);
    }
}

/* ---- Registering ----------------------------------------------------------------------------- */

BOOLEAN NTAPI KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                               PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine,
                                               KBUGCHECK_CALLBACK_REASON Reason, PUCHAR Component)
{
    asked *made = NULL;

    DQ_ENTER(KeRegisterBugCheckReasonCallback, CallbackRecord, Reason, 0, 0, FALSE);
    if (Reason >= KbCallbackSecondaryDumpData && Reason <= KbCallbackTriageDumpData) {
        made = dq_bugcheck_record_add(cpu, &dq_kernel_of(cpu)->bugcheck_reasons, CallbackRecord,
                                      &CallbackRecord->State, sizeof(*made), DQ_CALL_PLACE);
    }
    if (made == NULL) {
        return FALSE;
    }
    made->record = CallbackRecord;
    made->routine = CallbackRoutine;
    made->reason = Reason;
    *CallbackRecord = (KBUGCHECK_REASON_CALLBACK_RECORD){ .CallbackRoutine = CallbackRoutine,
                                                          .Component = Component,
                                                          .Reason = Reason,
                                                          .State = BufferInserted };
    return TRUE;
}

BOOLEAN NTAPI KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord)
{
    DQ_ENTER(KeDeregisterBugCheckReasonCallback, CallbackRecord, 0, 0, 0, FALSE);
    return dq_bugcheck_record_drop(cpu, &dq_kernel_of(cpu)->bugcheck_reasons, CallbackRecord);
}

void dq_bugcheck_reasons_for_each(dq_machine *machine,
                                  void (*visit)(void *context, const void *place), void *context)
{
    dq_bugcheck_record_for_each(((const dq_kernel *)machine->kernel)->bugcheck_reasons, visit,
                                context);
}
