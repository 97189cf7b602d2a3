/*
 * machine.h - one simulated machine: its life, and the one way home.
 *
 * A machine lives for one run. dq_machine_run() is called on the home context (the host thread's
 * own stack), starts the processors, and returns when the run ended: the body returned, or a
 * finding ended it. A failed check anywhere (thread, DPC, ISR, device) is written down and control
 * goes to the home context; what was running is abandoned. Machines know nothing of each other; two
 * may run on two host threads at once.
 */
#ifndef DQ_MACHINE_H
#define DQ_MACHINE_H

#include "sim/arena.h"
#include "sim/choice.h"
#include "sim/clock.h"
#include "sim/device.h"
#include "sim/emit.h"
#include "sim/fail.h"
#include "sim/finding.h"
#include "sim/intc.h"
#include "sim/loop.h"
#include "sim/processor.h"
#include "sim/sched.h"
#include "sim/shelf.h"
#include "sim/text.h"
#include "sim/trail.h"

/* What the kernel lends to the machine. All are called on a processor unless said otherwise. */
typedef struct dq_kernel_hooks {
    /* On the home context, before the processors start: makes the first thread, that will call
     * dq_machine_body(). False when memory is short. */
    bool (*boot)(dq_machine *machine);
    /* At DISPATCH_LEVEL: drains DPCs, then switches the thread if dq_want_switch() was said. */
    void (*dispatch)(dq_processor *cpu);
    void (*apc)(dq_processor *cpu);
    /* How many regions the task's thread is in that keep kernel APCs away: `special` ones (guarded
     * regions), or normal ones. */
    int (*apcs_off)(const dq_task *task, bool special);
    /* At a schedule point below DISPATCH_LEVEL, in a mode that chooses, while there are contenders:
     * may say dq_want_switch(cpu). */
    void (*preempt)(dq_processor *cpu);
    /* In live mode: the thread that `cpu` runs has had its time, as the host counts it: may say
     * dq_want_switch(cpu). Any host thread, inside the monitor. */
    void (*quantum)(dq_processor *cpu);
    /* At IPI_LEVEL: the processor was interrupted by another one. */
    void (*ipi)(dq_processor *cpu);
    /* At HIGH_LEVEL: the processor has taken a nonmaskable interrupt. */
    void (*nmi)(dq_processor *cpu);
    /* In the idle loop, IRQL PASSIVE_LEVEL, before the processor rests: last things to do (low
     * importance DPCs). Returns true if it did any. */
    bool (*idle)(dq_processor *cpu);
    /* For idle processors, so that their loops need not run. True if `idle` would do nothing. */
    bool (*is_quiet)(const dq_processor *cpu);
    /* The same, after dq_want_switch(): true if `dispatch` would do nothing but switch the
     * thread. */
    bool (*only_switches)(const dq_processor *cpu);
    /* Adds lines for a report of a deadlock or the like, each after a new line: which processor
     * or thread waits for what, and who has that. Any context. */
    void (*describe_waits)(dq_machine *machine, dq_text *text);
    /* The same: which DPCs and APCs are queued, and why they do not come. May be NULL. */
    void (*describe_pending)(dq_machine *machine, dq_text *text);
    /* Guest code, or a service on its behalf (then the execution is in it), has touched memory that
     * is not there. Returns if it is none that the kernel knows of. May be NULL. */
    void (*fault)(dq_processor *cpu, const host_fault *fault);
    /* True if such a fault at the address is one that it knows of. May be NULL. */
    bool (*owns)(const dq_machine *machine, const void *address);
    /* What lies at the address, or near it, of memory that guest code was given: "byte 8 of a pool
     * block of 16 bytes (tag Test), allocated by f a.c:1". False: nothing. For reports. May be NULL,
     * like the next two. */
    bool (*describe)(dq_machine *machine, const void *address, char *text, size_t bytes);
    /* The same for a block that begins there, and is in use. */
    bool (*describe_block)(dq_machine *machine, const void *address, char *text, size_t bytes);
    /* Which of it was written to by somebody who had no right to: a line each, while there is room.
     * Returns how many. */
    unsigned (*tell_damages)(dq_machine *machine, char *text, size_t bytes);
    /* On the home context, after everything has stopped: gives back what the kernel holds outside
     * of the machine's arena, which is then rewound. */
    void (*rewind)(dq_machine *machine);
    /* The same, for good: frees what the kernel holds. */
    void (*halt)(dq_machine *machine);
} dq_kernel_hooks;

/* Where in its pages a pool block lies, with pages before and behind it that nobody may touch. */
typedef enum dq_special_pool {
    DQ_SPECIAL_OFF,      /* No such pages. */
    DQ_SPECIAL_OVERRUNS, /* At their end. */
    DQ_SPECIAL_UNDERRUNS /* At their start. */
} dq_special_pool;

typedef struct dq_machine_options {
    const char *name;
    unsigned processors;
    dq_mode mode;
    uint64_t seed;
    const char *replay;      /* Schedule text, for replay. */
    size_t stack_bytes;      /* Of each simulated thread. */
    uint64_t access_cost_ns; /* Virtual time of a register access or time query. */
    uint64_t watchdog_ns;    /* Host time without progress; 0: none. */
    uint64_t
        busy_limit_ns;    /* Virtual time that processors may spend stalling and polling; 0: any. */
    unsigned storm_limit; /* Refires of a level line without progress. */
    uint64_t fingerprint; /* Of test and options, for the schedule text. */
    unsigned pct_depth;    /* Mode pct, see pct.h. */
    uint64_t pct_steps;    /* That a run has; 0: that is not known. */
    const dq_guide *guide; /* Mode replay: in place of a text, or NULL. */
    bool tries; /* The run is one of many that look for a shorter schedule: no errand of a test
                   framework may leave it. */
    const char *put_back;  /* Where static variables were put back before the run: what that may
                              mean for the C library's heap, in words. Empty, or NULL: not so. */
    const dq_loop_moment *loops_since; /* A run of this schedule was found to loop; or NULL. */
    bool stalls; /* A run of this schedule was found to loop without a call of a service. */
    uint64_t deadline_ns;  /* As host_clock_ns() counts: then the run ends; 0: never. */
    dq_searcher *searcher; /* Mode explore: who answers. */
    dq_arena *arena;       /* Mode explore: where the machine and the pool lie; else NULL. */
    unsigned
        clock_percent; /* Live: virtual time follows the host's at this rate; 0: it does not. */
    dq_special_pool special_pool;
    uint32_t delays; /* That a run may have, see delay.h. */
} dq_machine_options;

/* Memory of the kernel's own, in words. */
typedef struct dq_memory_name {
    char text[192];     /* "Cancel of an IRP". */
    char origin[400];   /* "made by IoAllocateIrp at f a.c:1"; may be empty. */
    const char *advice; /* The rule that keeps its accesses apart, or NULL: as with any memory. */
} dq_memory_name;

typedef enum dq_outcome { DQ_OUTCOME_PASSED, DQ_OUTCOME_FAILED, DQ_OUTCOME_REFUSED } dq_outcome;

struct dq_machine {
    dq_machine_options options;
    uintptr_t generation; /* Tells it from all others that this process had. Never 0. */
    unsigned holders;     /* Under host_lock(). */
    const dq_kernel_hooks *hooks;
    void *kernel;             /* The kernel's own block for the machine. */
    void *control;            /* The control API's block. */
    dq_processor *processors; /* An array of options.processors. */
    unsigned processor_count;
    const dq_scheduler *scheduler;
    void *scheduler_state; /* Mode live's. */
    dq_turns turns;        /* All other modes'. */
    dq_monitor monitor;
    dq_task *tasks;
    dq_task *spare_tasks;  /* In an arena: over, with stacks for others. */
    unsigned stacks_taken; /* In an arena: from the shelf, in this run. */
    unsigned ranges_taken; /* The same, everywhere. */
    dq_shelf shelf;
    dq_sink *sinks[DQ_SINKS_MAX];
    unsigned sink_count;
    uint8_t listeners[DQ_EVENT_COUNT]; /* To each kind of event: a bit for each sink. */
    dq_sink *lock_sink;                /* See dq_emit_lock_call; NULL: there is none. */
    dq_clock clock;
    uint32_t delays_left;
    uint64_t delays_state; /* Of their generator. */
    dq_choice_log choices;
    dq_trail trail;  /* When it is rewound: of the latest run. */
    size_t trail_at; /* How far along it the present run is. */
    dq_failing failing;
    dq_intc intc;
    dq_address_map addresses;
    dq_finding_list findings;
    dq_task
        *ended_tasks;    /* Their stacks wait to be freed by somebody who does not stand on them. */
    uint32_t executions; /* Ordinal of the last one begun. */
    unsigned contenders; /* Threads that could go on, but for a processor: the kernel counts them. */
    uint64_t progress;   /* For the watchdog: every long way through a service counts. */
    uint64_t wakes;      /* Threads that could go on again, and what was before a rewind. */
    dq_loop loop;
    uint64_t points;     /* Since the deadline was looked at, and before. */
    uint64_t spin_tickets;
    unsigned spinners;      /* Processors that wait for a lock. */
    uint64_t thread_ran_ns; /* When a thread last went on, for lost wake-ups. */
    unsigned skips_since_thread;
    uint64_t busy_ns;          /* Virtual time that passed because a processor spent it. */
    uint64_t spent_ns;         /* Of that, what was not for YieldProcessor. */
    uint64_t worst_latency_ns; /* From a line's assertion until it was taken. */
    uint64_t event_sequence;
    uint64_t counted_interrupts, counted_dpcs;
    uint64_t idle_begun; /* Processors whose idle loops have begun, in this run. */
    bool marked;    /* It can be rewound (rewind.h). */
    bool stopping;  /* The run is over; nothing more may start. */
    bool overdue;   /* It was ended by its deadline, ... */
    char *overdue_state; /* ... where everybody was as this tells. */
    bool abandoned; /* The home context was left by a longjmp out of an errand. */
    void (*body)(void *argument);
    void *body_argument;
    /* The body has returned, and nothing was found so far: may write findings down, of what is left
     * over. On the body's processor. May be NULL. */
    void (*body_done)(dq_processor *cpu);
    /* At a bug check, before the machine stops. May be NULL. */
    void (*bug_check)(dq_processor *cpu);
    /* Names memory of the kernel's own; false: it is none. For reports. May be NULL. */
    bool (*name_memory)(dq_machine *machine, const void *address, dq_memory_name *name);
    dq_heap *heap;      /* Of its own, when it was asked for; or NULL. */
    bool heap_was_asked; /* For. */
    host_context home;
    host_context *standing; /* Where processors take turns: whose stack runs, see standin.h. */
    host_context *home_back; /* The same, when an errand is done. */
    const void *home_frame;              /* The frame that dq_machine_run() was called from. */
    void (*home_errand)(void *argument); /* See dq_at_home. */
    void *home_argument;
    uint64_t errands;       /* So far. */
    uint64_t failing_errand; /* That one fails instead of being run; 0: none. */
    const void *failing_place; /* Where it is made, or NULL: as the call that it is in. */
    bool failed_in_errand; /* Found out before it was run; ... */
    bool errand_is_unknown; /* ... or it is not known how it would end. */
    dq_processor *home_caller;
    host_watch *watch;
    dq_processor *last_cpu; /* Who ran when control came home. */
    dq_machine *next;       /* All machines of the process. */
};

/* A generation leaves room for a number beside it in a pointer. */
#define DQ_GENERATIONS (UINTPTR_MAX >> 16)

/* On the calling host thread. NULL when memory is short. */
dq_machine *dq_machine_create(const dq_machine_options *options, const dq_kernel_hooks *hooks);

/* Runs body(argument) on the first thread until it returns or a finding ends the run. Home context
 * only. */
dq_outcome dq_machine_run(dq_machine *machine, void (*body)(void *argument), void *argument);

/* Ends whatever is left: also after the home context was left by a longjmp out of an errand. */
void dq_machine_stop(dq_machine *machine);
void dq_machine_destroy(dq_machine *machine);

/* While no other host thread holds the machine, calls put_back(machine), which may change anything;
 * then the machine has another generation. */
void dq_machine_renew(dq_machine *machine, void (*put_back)(dq_machine *machine));

/* Memory for a part of the machine: zeroed, and NULL when it is short. What is not given back must
 * not need to be: in an arena it is forgotten with the run. Not from other host threads. */
static inline void *dq_machine_get(dq_machine *machine, size_t bytes)
{
    return dq_arena_get(machine->options.arena, bytes);
}

static inline void dq_machine_give(dq_machine *machine, void *memory)
{
    dq_arena_give(machine->options.arena, memory);
}

/* Where guest code's memory lies; NULL: it is the host's. Not from other host threads. */
dq_heap *dq_machine_heap_make(dq_machine *machine);

static inline dq_heap *dq_machine_heap(dq_machine *machine)
{
    if (machine->options.arena != NULL) {
        return machine->options.arena->heap;
    }
    return DQ_LIKELY(machine->heap_was_asked) ? machine->heap : dq_machine_heap_make(machine);
}

/* The machine of that generation, not destroyed before it is let go; NULL if there is none, and
 * then whether there was. Any host thread. */
dq_machine *dq_machine_hold(uintptr_t generation, bool *was_there);
void dq_machine_let_go(dq_machine *machine);

/* The machine whose home is the calling host thread, or NULL. */
dq_machine *dq_machine_here(void);

/* Ends the run if its deadline is over. At a schedule point, or what stands in for one. */
void dq_machine_look_at_deadline(dq_processor *cpu);

/* Leaves simulated code for good. The run ends. */
_Noreturn void dq_go_home(dq_processor *cpu);

/* Runs errand(argument) on the home context's stack and comes back. If the errand leaves by
 * longjmp, the caller is abandoned. From the home context itself, or outside a run, it is a plain
 * call. */
void dq_at_home(void (*errand)(void *argument), void *argument);

/* For schedulers, on the home context: runs the errand. What faults in it is the business of who
 * owns the home stack: a test framework has handlers for that, which leave as its asserts do. */
void dq_errand(dq_machine *machine);

/* On the home context, before dq_machine_stop(): the errand has left by longjmp, since the test
 * framework saw a failure. Writes that down. `place`: where, or NULL. */
void dq_machine_left_by_errand(dq_machine *machine, const void *place);

/* How an errand will end. */
typedef enum dq_ending {
    DQ_ENDING_UNKNOWN,
    DQ_ENDING_RETURNS,
    DQ_ENDING_FAILS, /* It leaves by longjmp, since the test has failed. */
    DQ_ENDING_PRINTS, /* It returns, and does nothing but to say something. */
    DQ_ENDING_PASSES  /* It is an assertion that holds: a run saves itself the errand. */
} dq_ending;

/* The same for one whose end is known beforehand; `place` is where it was called, or NULL. */
void dq_at_home_foretold(void (*errand)(void *argument), void *argument, dq_ending ending,
                         const void *place);

/* The handler of faults in guest code: a host_fault_handler. */
void dq_machine_fault(void *machine, const host_fault *fault);

/* True if there may be a handler for the fault: then dq_machine_fault() is called on the
 * faulting stack. */
bool dq_machine_guards(const void *machine, const host_fault *fault);

/* The processor that stands for every host thread that simulates nothing. */
dq_processor *dq_processor_foreign(void);

/* For schedulers: gives a processor that has not run yet the stack of its idle loop. */
void dq_processor_ready(dq_processor *cpu);

/* All of these stacks at once, for a machine whose every run would make them. */
void dq_processors_make_idle_tasks(dq_machine *machine);

/* A service was called by a host thread that simulates nothing: fails the machine that is at hand,
 * else says so on stderr and fails the process's next run. */
void dq_refuse_foreign(const char *service);

/* ---- Spinning -------------------------------------------------------------------------------- */

/* Lets those look again that spin on `lock`. */
void dq_spin_wake(dq_machine *machine, const void *lock);

/* Says that `lock` was released. Cheap when nobody spins. */
static inline void dq_spin_released(dq_processor *cpu, const void *lock)
{
    if (DQ_UNLIKELY(cpu->machine->spinners != 0)) {
        dq_spin_wake(cpu->machine, lock);
    }
}

/* ---- Tasks ----------------------------------------------------------------------------------- */

/* A stack that will run entry(argument). NULL when memory is short. `kernel` is the kernel's thread
 * object. */
dq_task *dq_task_create(dq_machine *machine, host_entry *entry, void *argument, void *kernel,
                        const char *name, const void *routine);

/* Goes on with `to` (NULL: the idle loop) on this processor, at DISPATCH_LEVEL. Returns when
 * `cpu->task` of the caller is run again: the result is the processor it then runs on. The first
 * entry of a task begins at DISPATCH_LEVEL. */
dq_processor *dq_task_switch(dq_processor *cpu, dq_task *to);

/* All that are left, when nothing runs any more. */
void dq_tasks_free(dq_machine *machine);

/* The calling task is over: goes on with `to` and never returns. Its stack is freed. */
_Noreturn void dq_task_end(dq_processor *cpu, dq_task *to);

#endif
