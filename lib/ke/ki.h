/*
 * ki.h - what the kernel's files share: the machine-wide block, the per-processor block, small
 * helpers.
 *
 * One NT noun per file. A file that needs another noun includes that noun's header. The blocks here
 * only hold each noun's own part; nobody touches another noun's part.
 */
#ifndef DQ_KI_H
#define DQ_KI_H

#include <bugcodes.h>
#include <ntddk.h>

#include "ke/dpc.h"
#include "ke/fastmutex.h"
#include "ke/interrupt.h"
#include "ke/ipi.h"
#include "ke/lockgraph.h"
#include "ke/processorstate.h"
#include "ke/resolution.h"
#include "ke/thread.h"
#include "ke/timer.h"
#include "ke/wait.h"
#include "sim/machine.h"

struct dq_special_thing; /* ex/specialpool.h */

/* Made by the boot hook (kernel.c), freed by the halt hook. */
typedef struct dq_kernel {
    dq_machine *machine;
    dq_threads threads;       /* thread.c */
    dq_dpcs dpcs;             /* dpc.c */
    struct dq_places *places; /* initplace.c */
    struct dq_timers *timers; /* timer.c */
    dq_interrupts interrupts; /* interrupt.c */
    KSPIN_LOCK cancel_lock;   /* spinlock.c */
    void *pool;               /* ex/pooltable.c */
    void (*pool_halt)(dq_machine *machine);
    void (*pool_fault)(dq_processor *cpu, const host_fault *fault); /* May be NULL. */
    bool (*pool_owns)(const dq_machine *machine, const void *address); /* The same. */
    /* What lies at an address, and what is damaged (ex/poolnear.h). May be NULL. */
    bool (*pool_describe)(dq_machine *machine, const void *address, char *text, size_t bytes);
    bool (*pool_describe_block)(dq_machine *machine, const void *address, char *text,
                                size_t bytes);
    void (*pool_refuse_freed)(dq_processor *cpu, const volatile void *object, const char *who,
                              const void *place);
    unsigned (*pool_tell_damages)(dq_machine *machine, char *text, size_t bytes);
    /* What begins at this address of special pool, if it is no block; false: nothing. May be
     * NULL. */
    bool (*special_other)(dq_machine *machine, const void *address,
                          struct dq_special_thing *thing);
    struct dq_executive *ex;      /* ex/executive.c */
    void (*ex_thread_ends)(dq_processor *cpu, const dq_thread *thread); /* May be NULL. */
    struct dq_object *objects;    /* handle.c */
    void *io;                     /* io/ */
    /* A thread ends, at PASSIVE_LEVEL; may wait. May be NULL. */
    void (*io_thread_ends)(dq_processor *cpu, const dq_thread *thread);
    union dq_kept *kept;          /* keep.c */
    dq_fast_mutexes fast_mutexes; /* fastmutex.c */
    dq_ipi ipi;                   /* ipi.c */
    dq_saved_states saved_states; /* processorstate.c */
    dq_resolution resolution;     /* resolution.c */
    struct dq_table_use *table_uses; /* rtl/tableuse.c */
    struct dq_section *sections;     /* mm/pagable.c */
    struct dq_onces *onces;          /* rtl/runonce.c */
    struct dq_bugcheck_record *bugcheck_callbacks;   /* bugcheckcallback.c */
    struct dq_bugcheck_record *bugcheck_reasons;     /* bugcheckreason.c */
    struct dq_processor_change *processor_changes;   /* processorchange.c */
    struct dq_nmi_callback *nmi_callbacks;           /* nmi.c */
    struct dq_wpp *wpps;                             /* wppbegin.c */
    struct dq_mapping *mappings;  /* mm/iospace.c */
    struct dq_mdl_hold *mdl_holds;      /* mm/mdlheld.c */
    struct dq_reserved_mapping *reserved_mappings; /* mm/reservedmapping.c */
    struct dq_adapter *adapters;        /* hal/adapter.c */
    struct dq_frames *frames;           /* mm/frame.c */
    void (*frames_halt)(dq_machine *machine);
    /* Calls visit() for each block of it, in use or freed. May be NULL. */
    void (*frames_for_each)(dq_machine *machine,
                            void (*visit)(void *context, const struct dq_special_thing *thing),
                            void *context);
} dq_kernel;

/* Per processor. */
typedef struct dq_prcb {
    dq_processor *cpu;
    dq_dpc_queue dpcs; /* dpc.c */
    dq_locks locks;    /* lockgraph.c, rwlock.c */
    dq_thread *thread; /* thread.c: the current one; the idle thread when there is none. */
    dq_thread idle;
    dq_turn turn;
} dq_prcb;

extern const dq_kernel_hooks dq_kernel_hooks_table;

/* The address of a routine, for events and reports. */
#define DQ_CODE(routine) ((const void *)(uintptr_t)(routine))

static inline dq_prcb *dq_prcb_of(const dq_processor *cpu)
{
    return (dq_prcb *)cpu->kernel;
}

static inline dq_kernel *dq_kernel_of(const dq_processor *cpu)
{
    return (dq_kernel *)cpu->machine->kernel;
}

/* Before an execution ends: what it saved of the processor's state must be restored. */
static inline void dq_check_saved_states(dq_processor *cpu)
{
    if (DQ_UNLIKELY(dq_kernel_of(cpu)->saved_states.latest != NULL)) {
        dq_processorstate_ends(cpu);
    }
}

/* Bug check 0x139 unless the neighbours of a driver's list entry point at it (bugcheck.c). */
void dq_expect_list_entry(dq_processor *cpu, const LIST_ENTRY *entry);

/* The parameter block of a finding that only the contract checker would see is in lib/check; what
 * Windows itself bug-checks is dq_bugcheck() (sim/finding.h), called from the noun's own file. */

#endif
