/*
 * processor.h - a simulated processor: its IRQL, what it runs, and how interrupts reach it.
 *
 * An interrupt is a call. dq_deliver() is the one function that delivers: while the highest pending
 * level is above the processor's IRQL it raises, calls, and lowers. It is entered when IRQL is
 * lowered, when a line is raised towards an unmasked processor, and at a schedule point. Nothing
 * else delivers.
 *
 * A thread switch can move the caller to another processor whenever its IRQL is below
 * DISPATCH_LEVEL. So every function here that may switch returns the processor on which the caller
 * goes on.
 */
#ifndef DQ_PROCESSOR_H
#define DQ_PROCESSOR_H

#include "host/host.h"
#include "sim/monitor.h"
#include "sim/service.h"

enum {
    DQ_LEVEL_PASSIVE = 0,
    DQ_LEVEL_APC = 1,
    DQ_LEVEL_DISPATCH = 2,
    DQ_LEVEL_CLOCK = 13,
    DQ_LEVEL_IPI = 14,
    DQ_LEVEL_HIGH = 15,
    DQ_LEVELS = 16
};
enum { DQ_PROCESSORS_MAX = 64 };

/* One word says whether a service may take its short way. Bits 1..15: an interrupt of that level is
 * pending. */
enum {
    DQ_ATTEND_LEVELS = 0xFFFE,
    DQ_ATTEND_SWITCH = 1 << 16, /* A thread switch is wanted, at DISPATCH_LEVEL. */
    DQ_ATTEND_SINKS = 1 << 17,  /* Somebody listens to events. */
    DQ_ATTEND_TURNS = 1 << 18,  /* A schedule point has something to decide. */
    DQ_ATTEND_REFUSE =
        1 << 19, /* Not simulated code: a foreign host thread, or a device callback. */
    DQ_ATTEND_LOOP = 1 << 20, /* It may loop (loop.h). */
    DQ_ATTEND_ALWAYS = DQ_ATTEND_SINKS | DQ_ATTEND_TURNS | DQ_ATTEND_REFUSE | DQ_ATTEND_LOOP
};

typedef struct dq_processor dq_processor;
typedef struct dq_task dq_task;
typedef struct dq_line dq_line;
struct dq_lock_call; /* emit.h */

typedef enum dq_execution_kind {
    DQ_EXECUTION_IDLE,
    DQ_EXECUTION_THREAD,
    DQ_EXECUTION_THREADED_DPC,
    DQ_EXECUTION_PASSIVE_ISR,
    DQ_EXECUTION_DPC,
    DQ_EXECUTION_ISR,
    DQ_EXECUTION_IPI,
    DQ_EXECUTION_NMI,
    DQ_EXECUTION_DEVICE /* A register callback or stimulus: hardware, not a processor's code. */
} dq_execution_kind;

/* Something that runs: a thread, or a DPC or ISR on top of what it interrupted. Lives
 * on the stack. */
typedef struct dq_execution {
    dq_execution_kind kind;
    uint8_t base_level; /* Of its kind: thread 0, DPC 2, ISR its interrupt's Irql. */
    uint8_t interrupted_irql;
    uint32_t ordinal;           /* Counts executions of this run. */
    uint32_t calls;             /* Services called, the long way. */
    uint32_t choices;           /* It has asked so many. */
    dq_service service;         /* The service that it is in, for events and reports. */
    const void *place;          /* Return address of the outermost service call, in guest code. */
    const void *caller;         /* The same, of a call that dq_call_begin() began; or NULL. */
    uint16_t caller_at;         /* What `guests` was then. */
    uint16_t place_at;          /* The same, at `place`. */
    const void *frame;          /* Of who began the latest call of a service: no guest code's frame
                                   lies below it then. NULL: it has called none. */
    uint16_t guests;            /* Guest routines that services have called, and that go on. */
    dq_service given_service;   /* What is touched now was given to that (dq_given). */
    const void *given_place;    /* By whom; NULL: nobody. */
    const void *callee;         /* What a service has called last: a guest's routine. */
    dq_service callee_service;  /* Which service; and who called that: NULL: it was not said. */
    const void *callee_place;
    const void *routine;        /* The guest's routine. */
    const void *object;         /* The KDPC, KINTERRUPT, thread or device. */
    const char *name;           /* The user's name for it, or NULL. */
    uint64_t begun_ns;          /* Virtual time. */
    uint64_t polled_at;         /* One of its latest run of steps that only look, or 0. */
    uint8_t polls;              /* Steps since that one. */
    bool polls_alone;           /* Its step is a look of such a loop (poll.h). */
    uint32_t rounds;            /* So often it has come back there, ... */
    uint32_t rounds_since;      /* ... since it had called so many services. */
    bool lonely;                /* What it touches next, nobody else does. */
    bool pinned;                /* Its step matters to nobody: it goes on, and nothing arrives. */
    uint8_t pinned_answer;      /* Which says that it goes on. */
    bool owes;                  /* Its latest step was such a one: what could have come may come yet. */
    bool under_way;             /* It has passed a schedule point. */
    bool left;                  /* Its thread has been switched, or something has run on top of it. */
    bool handed;                /* A thread has left the processor to it, and nobody was asked since. */
    bool touches;               /* Its step is an access of guest code, and nothing else. */
    bool unseen;                /* Code of it does not say what it touches (mode explore). */
    uint64_t processors;        /* Those that it may run on; 0: any. */
    uint64_t spent_ns;          /* Of it, in stalls and accesses of its own. */
    uint64_t latest_step;       /* Its number (order.h). */
    struct dq_try_frame *frames; /* Innermost __try that it is in (tryframe.h). */
    struct dq_raise *raise;      /* Innermost exception of it that is being dispatched. */
    struct dq_execution *below; /* What it interrupted. */
} dq_execution;

/* Where executions begin: to copy it takes a fraction of the time that a compiler's way to clear one
 * does, as long as it does not see that it is all zeros. */
extern const dq_execution dq_execution_blank;

/* An exception that a handler has taken: what it may still ask. */
typedef struct dq_caught {
    const void *function; /* Frame address of the handler's function. */
    uint32_t id;          /* Of its __try. */
    uint32_t code;
    bool begins; /* The handler has not yet been told that it is its turn. */
} dq_caught;

enum { DQ_CAUGHT = 16 }; /* Handlers inside each other, on one stack. */

typedef struct dq_catches {
    dq_caught of[DQ_CAUGHT]; /* A ring. */
    unsigned count;
} dq_catches;

/* A stack that a processor can run: a thread's, or a processor's idle loop. */
struct dq_task {
    host_context context;
    dq_execution execution;
    dq_processor *processor;    /* Where it runs, NULL while it does not. */
    dq_execution *top;          /* Innermost execution while it is switched out. */
    void *kernel;               /* The kernel's thread object. */
    struct dq_carrier *carrier; /* In live mode: the host thread that runs it. */
    dq_catches *catches; /* Whose handlers run on it (tryframe.h); NULL: none has. */
    bool ended;
    dq_task *next; /* All tasks of the machine. */
};

/* Where its stack begins: the highest address. */
static inline uint64_t dq_task_stack_begin(const dq_task *task)
{
    return (uintptr_t)task->context.stack + task->context.stack_bytes;
}

struct dq_processor {
    uint32_t attention;
    uint8_t irql;
    uint8_t number;
    bool idle;               /* In its idle loop, with nothing to run. */
    bool parked;             /* Its idle loop stands where it rests, or has not begun. */
    bool resting;            /* In live mode: its host thread sleeps. */
    bool says_access;        /* Sinks are being told of an access; theirs are none. */
    uint16_t accesses;       /* Of guest code, since the last one that was a schedule point. */
    dq_execution *execution; /* Innermost. */
    uint64_t sink_kinds;     /* Kinds of events that any sink wants, see emit.h. */
    uint64_t points;         /* Progress, for the watchdog: one per service call. */
    dq_machine *machine;
    dq_machine *live; /* The machine too, in live mode; else NULL. */
    dq_task *task;    /* Whose stack it runs on. */
    dq_task *idle_task;
    void *kernel;                      /* The kernel's per-processor block. */
    const void *spinning_on;           /* The lock that it waits for with its processor, or NULL. */
    uint64_t spin_ticket;              /* Order of arrival among spinners. */
    bool spin_blocked;                 /* Its lock has not been released since it looked. */
    dq_line *pending_first[DQ_LEVELS]; /* By level, in order of arrival. */
    dq_line *pending_last[DQ_LEVELS];
    unsigned locks_held; /* Spin and interrupt locks, for reports and checks. */
};

/* The processor that the calling host thread is. Never NULL: outside a run it is a processor that
 * refuses. */
extern DQ_TLS dq_processor *dq_self;

/* In live mode other host threads change the word, inside the monitor; guest code reads it from
 * outside. */
static inline uint32_t dq_attention(const dq_processor *cpu)
{
    return __atomic_load_n(&cpu->attention, __ATOMIC_RELAXED);
}

static inline void dq_attend(dq_processor *cpu, uint32_t what)
{
    __atomic_store_n(&cpu->attention, cpu->attention | what, __ATOMIC_RELAXED);
}

static inline void dq_unattend(dq_processor *cpu, uint32_t what)
{
    __atomic_store_n(&cpu->attention, cpu->attention & ~what, __ATOMIC_RELAXED);
}

static inline bool dq_attends(const dq_processor *cpu, uint32_t what)
{
    return DQ_UNLIKELY((dq_attention(cpu) & what) != 0);
}

/* True if something above `irql` is pending, or a service must take its long way anyhow. */
static inline bool dq_must_look(const dq_processor *cpu, unsigned irql)
{
    return DQ_UNLIKELY((dq_attention(cpu) & (~1u << irql)) != 0);
}

/* True if dq_deliver() has something to do. */
static inline bool dq_is_deliverable(const dq_processor *cpu)
{
    const uint32_t attention = dq_attention(cpu);

    return (attention & DQ_ATTEND_LEVELS & (~1u << cpu->irql)) != 0 ||
           (cpu->irql < DQ_LEVEL_DISPATCH && (attention & DQ_ATTEND_SWITCH) != 0);
}

/* ---- Entering a service ---------------------------------------------------------------------- */

/* Begins a service call on its long way: enters the monitor, refuses foreign callers, tells the
 * sinks, and is a schedule point. Returns the processor on which the caller goes on, or NULL when
 * it was refused: the service must then return without any effect. A refusal has already failed
 * the run. Every call is followed by DQ_LEAVES(), or by dq_leave() in the end. */
dq_processor *dq_enter(dq_service service, const void *place, const void *object, uint64_t a,
                       uint64_t b, uint64_t c);

/* The short way of a service that takes a free spin lock or releases one, where sinks are all that
 * listens, and have nothing to say: they have been told, and the service does it at once. False:
 * nothing has happened. */
bool dq_enter_lock_call(dq_processor *cpu, const struct dq_lock_call *call);

/* Ends what dq_enter() began. In live mode this delivers what is pending. */
static inline void dq_leave(const dq_processor *cpu)
{
    if (DQ_UNLIKELY(cpu->live != NULL)) {
        dq_monitor_leave(cpu->live);
    }
}

/* Says that the service leaves when the enclosing block ends. `cpu` is what dq_enter() returned. */
#define DQ_LEAVES(cpu) DQ_MONITOR_SCOPE = (cpu) != NULL ? (cpu)->live : NULL

/* Begins a call as dq_enter does, at the top of an exported function, and leaves at its end.
 * Declares `cpu`. Services nest: the outermost call that guest code made is the one that reports
 * name. */
#define DQ_ENTER(name, object, a, b, c, refused)                                                \
    dq_processor *cpu = dq_self;                                                                \
    DQ_MONITOR_SCOPE = NULL;                                                                    \
    cpu->points++;                                                                              \
    if (dq_attends(cpu, DQ_ATTEND_ALWAYS | DQ_ATTEND_SWITCH | DQ_ATTEND_LEVELS)) {              \
        cpu = dq_enter(DQ_SERVICE_##name, __builtin_return_address(0), (object), (uint64_t)(a), \
                       (uint64_t)(b), (uint64_t)(c));                                           \
        if (cpu == NULL) {                                                                      \
            return refused;                                                                     \
        }                                                                                       \
        dq_monitor_scope = cpu->live;                                                           \
    }                                                                                           \
    do {                                                                                        \
    } while (0)

/* For services without a result: DQ_ENTER(KeFoo, object, 0, 0, 0, DQ_VOID). */
#define DQ_VOID

/* Around a call of a guest's routine from a service: in live mode it runs outside the monitor, in
 * parallel with others, and can be interrupted. */
static inline unsigned dq_guest_begin(const dq_processor *cpu)
{
    if (DQ_LIKELY(cpu->live == NULL)) {
        cpu->execution->guests++;
        return 0;
    }
    cpu->execution->guests += dq_inside > 0;
    return dq_monitor_open(cpu->live);
}

static inline void dq_guest_end(unsigned depth)
{
    if (DQ_UNLIKELY(depth != 0)) {
        dq_monitor_close(dq_self->live, depth);
        dq_self->execution->guests--;
    } else if (DQ_LIKELY(dq_self->live == NULL)) {
        dq_self->execution->guests--;
    }
}

/* ---- Who called ------------------------------------------------------------------------------ */

/* A call of dirql that is no service of the kernel: of the control API, or of PortCls, which calls
 * services itself. What is found meanwhile is found at the place that guest code called from. */
typedef struct dq_call {
    dq_execution *execution; /* NULL: it is in another such call, or in no simulated code. */
    const void *place;       /* That the outermost one was made from. */
    const void *outer;
    uint16_t outer_at;
} dq_call;

dq_call dq_call_begin(const void *place);
void dq_call_end(const dq_call *call);

/* At the top of such a function, until the enclosing block ends. */
#define DQ_CALLED_FROM(place) \
    __attribute__((cleanup(dq_call_end), unused)) dq_call dq_call_scope = dq_call_begin(place)

/* Who made the call that the return address `place` is in. */
static inline const void *dq_caller(const dq_processor *cpu, const void *place)
{
    const dq_execution *execution = cpu->execution;

    return DQ_UNLIKELY(execution->caller != NULL) && execution->caller_at == execution->guests
               ? execution->caller
               : place;
}

/* In a service: the place that it is called from, to be kept or reported. */
#define DQ_CALL_PLACE dq_caller(dq_self, __builtin_return_address(0))

/* While the kernel touches memory that it was given earlier, or by way of a driver: a fault is found
 * where it was given. Calls no guest code, and does not wait. */
typedef struct dq_given {
    dq_execution *execution;
    dq_service service; /* As it was before. */
    const void *place;
} dq_given;

static inline dq_given dq_given_begin(dq_execution *execution, dq_service service,
                                      const void *place)
{
    const dq_given before = { execution, execution->given_service, execution->given_place };

    execution->given_service = service;
    execution->given_place = place;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* Only the handler of a fault reads it. */
    return before;
}

static inline void dq_given_end(const dq_given *before)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    before->execution->given_service = before->service;
    before->execution->given_place = before->place;
}

/* Until the enclosing block ends. */
#define DQ_TOUCHES_GIVEN(service, place)                                \
    __attribute__((cleanup(dq_given_end), unused)) const dq_given       \
        dq_given_before = dq_given_begin(dq_self->execution, (service), (place))

/* ---- Routines that services call ------------------------------------------------------------- */

/* While a service calls routines of its caller's: one that is no code is found where the service
 * was called, or where another one was that it was given to. Services nest. */
typedef struct dq_calling {
    dq_execution *execution;
    const void *callee; /* As it was before. */
    dq_service service;
    const void *place;
} dq_calling;

static inline dq_calling dq_calling_begin(dq_execution *execution, dq_service service,
                                          const void *place)
{
    const dq_calling before = { execution, execution->callee, execution->callee_service,
                                execution->callee_place };

    execution->callee = execution; /* No routine so far. */
    execution->callee_service = service;
    execution->callee_place = place;
    return before;
}

static inline void dq_calling_end(const dq_calling *before)
{
    before->execution->callee = before->callee;
    before->execution->callee_service = before->service;
    before->execution->callee_place = before->place;
}

/* Until the enclosing block ends, at the latest when the service returns. */
#define DQ_CALLS_ROUTINES(service, place)                              \
    __attribute__((cleanup(dq_calling_end), unused)) const dq_calling  \
        dq_calling_before = dq_calling_begin(dq_self->execution, (service), (place))

/* As dq_guest_begin(), of this routine; dq_guest_return() ends it. */
static inline unsigned dq_guest_call(const dq_processor *cpu, const void *routine)
{
    cpu->execution->callee = routine;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* Only the handler of a fault reads it. */
    return dq_guest_begin(cpu);
}

/* After it: what is found from here on is found in the service again, whatever others the routine
 * has called. */
static inline void dq_guest_return(unsigned depth)
{
    dq_execution *execution;

    dq_guest_end(depth);
    execution = dq_self->execution;
    execution->service = execution->callee_service;
    execution->place = execution->callee_place;
    execution->place_at = execution->guests;
}

/* A schedule point inside a service. May switch; delivers what is unmasked. */
dq_processor *dq_point(dq_processor *cpu);

/* The same behind the last step that is explored: in a reduced search what would have come before a
 * step that matters to nobody comes behind it. Elsewhere nothing is asked there. */
dq_processor *dq_point_behind(dq_processor *cpu);

/* The same before a step that only looks: `look` tells it from others that look elsewhere; not 0.
 */
dq_processor *dq_point_looking(dq_processor *cpu, uint64_t look);

/* The same, in a service that was entered by a schedule point and has changed nothing since:
 * there is no need to explore what others could do here. */
dq_processor *dq_point_within(dq_processor *cpu);

/* The caller gives its turn away if anybody else can use it (YieldProcessor, a stall). */
dq_processor *dq_yield(dq_processor *cpu);

/* ---- IRQL and delivery ----------------------------------------------------------------------- */

/* Raises without any check: for kernel code that keeps the order itself. Emits. */
void dq_irql_raise(dq_processor *cpu, unsigned irql);

/* Lowers and delivers what this unmasks before it returns. */
dq_processor *dq_irql_lower(dq_processor *cpu, unsigned irql);

/* Delivers everything pending above the processor's IRQL. */
dq_processor *dq_deliver(dq_processor *cpu);

/* Marks a software interrupt (DQ_LEVEL_APC, _DISPATCH, _IPI, or _HIGH: an NMI) pending on
 * `target`; the kernel's hook is called at that level. Not delivered here: the caller's next
 * lowering or point does that. */
void dq_pend(dq_processor *target, unsigned level);
void dq_unpend(dq_processor *target, unsigned level);
void dq_want_switch(dq_processor *target);

/* ---- Executions ------------------------------------------------------------------------------ */

void dq_execution_begin(dq_processor *cpu, dq_execution *execution, dq_execution_kind kind,
                        unsigned base_level, const void *routine, const void *object,
                        const char *name);
void dq_execution_end(dq_processor *cpu, dq_execution *execution);

/* "ISR uart_isr", "thread reader", "DPC 2": for reports. Slow. Returns text. */
const char *dq_execution_describe(const dq_execution *execution, char *text, size_t bytes);

/* ---- Spinning -------------------------------------------------------------------------------- */

/* Waits with the processor until `lock` may be free: others go on, interrupts above IRQL are taken.
 * Returns when a release of `lock` was announced; the caller tests and, if need be, spins again.
 * `ticket` must be zero at first and be passed again: it keeps the caller's place. */
void dq_spin(dq_processor *cpu, const void *lock, uint64_t *ticket);

/* True if somebody else has been spinning on `lock` since before `ticket` (0: at all): for locks
 * that promise first come, first served. */
bool dq_spin_is_behind(const dq_processor *cpu, const void *lock, uint64_t ticket);

/* Ends a spin that began with `ticket`, when the lock has been taken. */
void dq_spin_done(dq_processor *cpu);

/* dq_spin_released() (machine.h) says that `lock` was released. */

#endif
