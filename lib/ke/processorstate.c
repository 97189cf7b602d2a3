/*
 * processorstate.c - KeSaveFloatingPointState, KeSaveExtendedProcessorState, and their undoing.
 *
 * The registers themselves are safe: code that interrupts is called, and calls save. What a save
 * keeps is how the processor rounds and which exceptions it masks; its caller begins with the
 * defaults. The rest is what the pages ask of the driver: the same thread, the same IRQL, the
 * latest first, all before the routine returns.
 *
 * Bug checks are those of codes 0xE7 and 0x131. The pages say that a routine which returns without
 * restoring bug-checks, and not how: it is a finding. So is what only upsets the nesting.
 */
#include "ke/processorstate.h"

#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static const uint64_t enabled_features = XSTATE_MASK_LEGACY | XSTATE_MASK_GSSE;

/* One call of a service. */
typedef struct call {
    const void *buffer;
    bool extended;
    dq_service service;
    const void *place;
} call;

static dq_saved_states *states_of(const dq_processor *cpu)
{
    return &dq_kernel_of(cpu)->saved_states;
}

static dq_saved_state **find(const dq_processor *cpu, const void *buffer)
{
    dq_saved_state **link = &states_of(cpu)->latest;

    while (*link != NULL && (*link)->buffer != buffer) {
        link = &(*link)->next;
    }
    return link;
}

/* The latest that the running code saved itself. */
static dq_saved_state **find_own(const dq_processor *cpu)
{
    dq_saved_state **link = &states_of(cpu)->latest;

    while (*link != NULL && (*link)->execution != cpu->execution->ordinal) {
        link = &(*link)->next;
    }
    return link;
}

/* The latest of the current thread, whoever saved it on its stack. */
static const dq_saved_state *find_of_thread(const dq_processor *cpu, bool extended)
{
    const dq_saved_state *state = states_of(cpu)->latest;

    while (state != NULL &&
           (state->thread != dq_thread_current(cpu) || state->extended != extended)) {
        state = state->next;
    }
    return state;
}

static void forget(const dq_processor *cpu, dq_saved_state **link)
{
    dq_saved_state *state = *link;

    *link = state->next;
    state->next = states_of(cpu)->unused;
    states_of(cpu)->unused = state;
}

static dq_saved_state *new_state(const dq_processor *cpu)
{
    dq_saved_states *states = states_of(cpu);
    dq_saved_state *state = states->unused;

    if (state == NULL) {
        return dq_keep(cpu->machine, sizeof(*state));
    }
    states->unused = state->next;
    return state;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void accuse(dq_processor *cpu, const call *c, const dq_saved_state *other, const char *what)
{
    char saved[PLACE_TEXT];

    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "ProcessorState",
                           .page = dq_service_name(c->service),
                           .place = c->place },
            "%s %s, at %s", dq_service_name(c->service), what,
            dq_place_describe(other->place, saved, sizeof(saved)));
}

static _Noreturn void refuse_level(dq_processor *cpu, const call *c, const dq_saved_state *state,
                                   const char *what)
{
    const bool nests = what != NULL;
    char saved[PLACE_TEXT];

    dq_bugcheck(cpu, c->extended ? INVALID_EXTENDED_PROCESSOR_STATE : INVALID_FLOATING_POINT_STATE,
                !c->extended ? 1 : (nests ? 2 : 4), state->irql, cpu->irql, 0,
                "%s at IRQL %u: %s at IRQL %u, at %s", dq_service_name(c->service), cpu->irql,
                nests ? what : "the state was saved", state->irql,
                dq_place_describe(state->place, saved, sizeof(saved)));
}

static void check_save(dq_processor *cpu, const call *c)
{
    const dq_saved_state *outer = find_of_thread(cpu, c->extended);
    const dq_saved_state *same = *find(cpu, c->buffer);

    if (same != NULL) {
        accuse(cpu, c, same, "overwrites the state that was saved into the same memory");
        forget(cpu, find(cpu, c->buffer));
        return;
    }
    if (outer != NULL && cpu->irql < outer->irql) {
        refuse_level(cpu, c, outer, "the state around it was saved");
    }
}

static _Noreturn void refuse_unknown(dq_processor *cpu, const call *c)
{
    const dq_thread *thread = dq_thread_current(cpu);

    if (c->extended) {
        dq_bugcheck(cpu, INVALID_EXTENDED_PROCESSOR_STATE, 3, 0, (uintptr_t)thread, 0,
                    "%s: nothing is saved there, or it was restored before",
                    dq_service_name(c->service));
    }
    dq_bugcheck(cpu, INVALID_FLOATING_POINT_STATE, 0, *(const uint32_t *)c->buffer, 0, 0,
                "%s: nothing is saved there, or it was restored before",
                dq_service_name(c->service));
}

static void check_restore(dq_processor *cpu, const call *c, const dq_saved_state *state)
{
    const dq_thread *thread = dq_thread_current(cpu);
    char saved[PLACE_TEXT];

    if (state->thread != thread) {
        dq_bugcheck(
            cpu, c->extended ? INVALID_EXTENDED_PROCESSOR_STATE : INVALID_FLOATING_POINT_STATE,
            c->extended ? 3 : 2, (uintptr_t)state->thread, (uintptr_t)thread, 0,
            "%s in thread %s: thread %s saved it, at %s", dq_service_name(c->service), thread->name,
            state->thread->name, dq_place_describe(state->place, saved, sizeof(saved)));
    }
    if (state->irql != cpu->irql) {
        refuse_level(cpu, c, state, NULL);
    }
    if (state->extended != c->extended) {
        accuse(cpu, c, state, "restores what the other pair's routine saved");
    }
    if (*find_own(cpu) != NULL && *find_own(cpu) != state) {
        accuse(cpu, c, *find_own(cpu), "restores a state before the one that was saved after it");
    }
}

static const char *name_of(const dq_saved_state *state)
{
    return state->extended ? "extended processor state" : "floating-point state";
}

void dq_processorstate_ends(dq_processor *cpu)
{
    char who[96];

    for (dq_saved_state **link; *(link = find_own(cpu)) != NULL;) {
        dq_saved_state state = **link;

        forget(cpu, link);
        host_float_set(state.words);
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "ProcessorStateLeft",
                               .page = state.extended ? "wdm: KeRestoreExtendedProcessorState"
                                                      : "wdm: KeRestoreFloatingPointState",
                               .place = state.place },
                "%s returns without restoring the %s that it saved",
                dq_execution_describe(cpu->execution, who, sizeof(who)), name_of(&state));
    }
}

/* ---- Saving and restoring -------------------------------------------------------------------- */

static NTSTATUS save(dq_processor *cpu, const call *c)
{
    dq_saved_state *state;

    check_save(cpu, c);
    state = dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, c->place) ? NULL : new_state(cpu);
    if (state == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *state = (dq_saved_state){ .buffer = c->buffer,
                               .thread = dq_thread_current(cpu),
                               .execution = cpu->execution->ordinal,
                               .irql = cpu->irql,
                               .extended = c->extended,
                               .words = host_float_now(),
                               .place = c->place,
                               .next = states_of(cpu)->latest };
    states_of(cpu)->latest = state;
    return STATUS_SUCCESS;
}

static void restore(dq_processor *cpu, const call *c)
{
    dq_saved_state **link = find(cpu, c->buffer);
    host_float words;

    if (*link == NULL) {
        refuse_unknown(cpu, c);
    }
    check_restore(cpu, c, *link);
    words = (*link)->words;
    forget(cpu, find(cpu, c->buffer));
    host_float_set(words);
}

#define CALL(buffer_, extended_, service_)      \
    (&(call){ .buffer = (buffer_),              \
              .extended = (extended_),          \
              .service = DQ_SERVICE_##service_, \
              .place = DQ_CALL_PLACE })

NTSTATUS NTAPI KeSaveFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    NTSTATUS status;

    DQ_ENTER(KeSaveFloatingPointState, FloatSave, FloatSave, 0, 0, STATUS_UNSUCCESSFUL);
    status = save(cpu, CALL(FloatSave, false, KeSaveFloatingPointState));
    if (status == STATUS_SUCCESS) {
        FloatSave->Dummy = 1;
        host_float_reset();
    }
    return status;
}

NTSTATUS NTAPI KeRestoreFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    DQ_ENTER(KeRestoreFloatingPointState, FloatSave, FloatSave, 0, 0, STATUS_UNSUCCESSFUL);
    restore(cpu, CALL(FloatSave, false, KeRestoreFloatingPointState));
    FloatSave->Dummy = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64 Mask, PXSTATE_SAVE XStateSave)
{
    NTSTATUS status;

    DQ_ENTER(KeSaveExtendedProcessorState, XStateSave, XStateSave, Mask, 0, STATUS_UNSUCCESSFUL);
    if ((Mask & ~enabled_features) != 0) {
        dq_bugcheck(cpu, INVALID_EXTENDED_PROCESSOR_STATE, 0, 1, (uint32_t)Mask, Mask >> 32,
                    "KeSaveExtendedProcessorState of features that are not enabled: 0x%llX",
                    (unsigned long long)(Mask & ~enabled_features));
    }
    if (cpu->irql > DQ_LEVEL_DISPATCH) {
        dq_bugcheck(cpu, INVALID_EXTENDED_PROCESSOR_STATE, 1, cpu->irql, 0, 0,
                    "KeSaveExtendedProcessorState at IRQL %u: it needs IRQL <= DISPATCH_LEVEL",
                    cpu->irql);
    }
    status = save(cpu, CALL(XStateSave, true, KeSaveExtendedProcessorState));
    if (status == STATUS_SUCCESS) {
        *XStateSave = (XSTATE_SAVE){ .Thread = (PKTHREAD)dq_thread_current(cpu),
                                     .Level = cpu->irql,
                                     .XStateContext.Mask = Mask };
        if ((Mask & XSTATE_MASK_LEGACY) != 0) {
            host_float_reset();
        }
    }
    return status;
}

VOID NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE XStateSave)
{
    DQ_ENTER(KeRestoreExtendedProcessorState, XStateSave, XStateSave, 0, 0, DQ_VOID);
    if (cpu->irql > DQ_LEVEL_DISPATCH) {
        dq_bugcheck(cpu, INVALID_EXTENDED_PROCESSOR_STATE, 1, cpu->irql, 0, 0,
                    "KeRestoreExtendedProcessorState at IRQL %u: it needs IRQL <= DISPATCH_LEVEL",
                    cpu->irql);
    }
    restore(cpu, CALL(XStateSave, true, KeRestoreExtendedProcessorState));
}

/* ---- Features -------------------------------------------------------------------------------- */

ULONG64 NTAPI RtlGetEnabledExtendedFeatures(ULONG64 FeatureMask)
{
    DQ_ENTER(RtlGetEnabledExtendedFeatures, NULL, FeatureMask, 0, 0, 0);
    return FeatureMask & enabled_features;
}

/* What every x64 processor of the last ten years has. */
BOOLEAN NTAPI ExIsProcessorFeaturePresent(ULONG ProcessorFeature)
{
    const uint32_t present =
        1u << PF_COMPARE_EXCHANGE_DOUBLE | 1u << PF_MMX_INSTRUCTIONS_AVAILABLE |
        1u << PF_XMMI_INSTRUCTIONS_AVAILABLE | 1u << PF_RDTSC_INSTRUCTION_AVAILABLE |
        1u << PF_PAE_ENABLED | 1u << PF_XMMI64_INSTRUCTIONS_AVAILABLE |
        1u << PF_SSE_DAZ_MODE_AVAILABLE | 1u << PF_NX_ENABLED |
        1u << PF_SSE3_INSTRUCTIONS_AVAILABLE | 1u << PF_COMPARE_EXCHANGE128 |
        1u << PF_XSAVE_ENABLED;

    DQ_ENTER(ExIsProcessorFeaturePresent, NULL, ProcessorFeature, 0, 0, FALSE);
    return ProcessorFeature < 32 && (present >> ProcessorFeature & 1) != 0;
}
