/*
 * program.h - small generated programs: what a few threads, ISRs, DPCs and work items do to a few
 * variables, and to kernel objects of one theme.
 *
 * The same code is there twice, instrumented and not; a program says which of it each of its actors
 * is.
 */
#ifndef TEST_PROGRAM_H
#define TEST_PROGRAM_H

#include <wdm.h>

#include <stdbool.h>
#include <stddef.h>

enum {
    PROGRAM_STEPS_MAX = 4,
    PROGRAM_VARIABLES = 3, /* The last one is each actor's own. */
    PROGRAM_LOCKS = 2,
    PROGRAM_EVENTS = 2,
    PROGRAM_LINES = 2,
    PROGRAM_UNBOUNDED = 0xFF
};

typedef enum program_actor {
    ACTOR_BODY, /* The test's thread. */
    ACTOR_THREAD,
    ACTOR_ISR, /* Of the first line. */
    ACTOR_DPC,
    ACTOR_OTHER_ISR, /* Of the second line. */
    ACTOR_WORK,
    ACTOR_TWIN, /* A thread with the routine of the other one. */
    ACTOR_OTHER_DPC,
    ACTOR_OTHER_WORK,
    PROGRAM_ACTORS
} program_actor;

enum { PROGRAM_ALL_INSTRUMENTED = (1 << PROGRAM_ACTORS) - 1 };

#define PROGRAM_OPERATIONS(X) \
    X(READ)                   \
    X(WRITE)                  \
    X(ADD)                    \
    X(INCREMENT)              \
    X(EXCHANGE)               \
    X(LOCKED_ADD)             \
    X(RAISED_ADD)             \
    X(MASKED_ADD)             \
    X(SYNCHRONIZED_ADD)       \
    X(SET_EVENT)              \
    X(CLEAR_EVENT)            \
    X(READ_EVENT)             \
    X(POLL_EVENT)             \
    X(AWAIT_EVENT)            \
    X(QUEUE_DPC)              \
    X(REMOVE_DPC)             \
    X(PULSE)                  \
    X(STALL)                  \
    X(READ_TIME)              \
    X(SET_TIMER)              \
    X(CANCEL_TIMER)           \
    X(TRY_LOCK)               \
    X(YIELD)                  \
    X(ALLOCATE)               \
    X(QUEUE_WORK)             \
    X(CHECK)

/* Those of a theme, which program_theme.c and program_memory.c take. */
#define PROGRAM_THEME_OPERATIONS(X) \
    X(RELEASE_SEMAPHORE)            \
    X(POLL_SEMAPHORE)               \
    X(AWAIT_SEMAPHORE)              \
    X(READ_SEMAPHORE)               \
    X(MUTEX_ADD)                    \
    X(TRY_MUTEX)                    \
    X(READ_MUTEX)                   \
    X(PULSE_EVENT)                  \
    X(AWAIT_ANY)                    \
    X(AWAIT_ALL)                    \
    X(POLL_ANY)                     \
    X(POLL_ALL)                     \
    X(FAST_ADD)                     \
    X(TRY_FAST)                     \
    X(GUARDED_ADD)                  \
    X(SHARED_READ)                  \
    X(EXCLUSIVE_ADD)                \
    X(TRY_SHARED)                   \
    X(TRY_EXCLUSIVE)                \
    X(PUSH_SHARED_READ)             \
    X(PUSH_ADD)                     \
    X(QUEUED_ADD)                   \
    X(SPIN_SHARED_READ)             \
    X(SPIN_ADD)                     \
    X(TRY_SPIN_SHARED)              \
    X(TRY_SPIN)                     \
    X(HOLD_REMOVE)                  \
    X(REMOVE)                       \
    X(HOLD_RUNDOWN)                 \
    X(RUN_DOWN)                     \
    X(RAISE_PRIORITY)               \
    X(LOWER_PRIORITY)               \
    X(MOVE)                         \
    X(REST)                         \
    X(YIELD_THREAD)                 \
    X(QUEUE_OTHER_DPC)              \
    X(REMOVE_OTHER_DPC)             \
    X(FLUSH_DPCS)                   \
    X(QUEUE_OTHER_WORK)             \
    X(CALL_ALL)                     \
    X(PUSH_ENTRY)                   \
    X(POP_ENTRY)                    \
    X(INSERT_ENTRY)                 \
    X(REMOVE_ENTRY)                 \
    X(GIVE_MEMORY)                  \
    X(TAKE_MEMORY)                  \
    X(READ_DEVICE)                  \
    X(WRITE_DEVICE)                 \
    X(STIMULATE)                    \
    X(READ_BYTE)                    \
    X(WRITE_BYTE)                   \
    X(WRITE_SHORT)                  \
    X(READ_QUAD)                    \
    X(ADD_QUAD)

typedef enum program_operation {
#define X(name) DO_##name,
    PROGRAM_OPERATIONS(X)
#undef X
        PROGRAM_OPERATION_COUNT,
    PROGRAM_THEME_BEGINS = PROGRAM_OPERATION_COUNT - 1,
#define X(name) DO_##name,
    PROGRAM_THEME_OPERATIONS(X)
#undef X
        PROGRAM_OPERATIONS_END
} program_operation;

/* A theme has the operations from one to another. */
#define PROGRAM_THEMES(X)                             \
    X(SEMAPHORE, RELEASE_SEMAPHORE, READ_SEMAPHORE)   \
    X(MUTEX, MUTEX_ADD, READ_MUTEX)                   \
    X(SEVERAL, PULSE_EVENT, POLL_ALL)                 \
    X(FAST, FAST_ADD, GUARDED_ADD)                    \
    X(RESOURCE, SHARED_READ, TRY_EXCLUSIVE)           \
    X(PUSH, PUSH_SHARED_READ, PUSH_ADD)               \
    X(SPIN, QUEUED_ADD, TRY_SPIN)                     \
    X(GOING, HOLD_REMOVE, RUN_DOWN)                   \
    X(PRIORITY, RAISE_PRIORITY, YIELD_THREAD)         \
    X(DPCS, QUEUE_OTHER_DPC, FLUSH_DPCS)              \
    X(WORKS, QUEUE_OTHER_WORK, QUEUE_OTHER_WORK)      \
    X(ALL_PROCESSORS, CALL_ALL, CALL_ALL)             \
    X(ENTRIES, PUSH_ENTRY, REMOVE_ENTRY)              \
    X(MEMORY, GIVE_MEMORY, TAKE_MEMORY)               \
    X(DEVICE, READ_DEVICE, STIMULATE)                 \
    X(WIDTHS, READ_BYTE, ADD_QUAD)                    \
    X(TWINS, QUEUE_OTHER_DPC, FLUSH_DPCS)             \
    X(LINES, READ_DEVICE, STIMULATE)

typedef enum program_theme {
    THEME_NONE,
#define X(name, first, last) THEME_##name,
    PROGRAM_THEMES(X)
#undef X
        PROGRAM_THEME_COUNT
} program_theme;

typedef struct program_step {
    unsigned char what;
    unsigned char which; /* Variable, lock or event. */
} program_step;

typedef struct program_line {
    unsigned char irql; /* 0: there is none. */
    unsigned char is_level;
    unsigned char is_message;
    unsigned char is_passive;
    unsigned char holds; /* A level line is deasserted by an activation after so many. */
} program_line;

typedef struct program {
    unsigned char processors;
    unsigned char preemptions, interrupts, delays; /* Bounds. */
    unsigned char thread_processor;        /* Of the other thread; 0xFF: any. */
    unsigned char has_thread;
    unsigned char importance, dpc_processor; /* Of the DPC; 0xFF: that which queues it. */
    program_line lines[PROGRAM_LINES];
    unsigned char theme, has_twin, is_threaded; /* The other DPC is. */
    unsigned char other_processor;              /* Of the other DPC. */
    unsigned short instrumented;                /* A bit for each actor. */
    unsigned char counts[PROGRAM_ACTORS];
    program_step steps[PROGRAM_ACTORS][PROGRAM_STEPS_MAX];
} program;

/* What a program works on: static data, as new in each run. */
typedef struct program_state {
    LONG shared[PROGRAM_VARIABLES];
    LONG own[PROGRAM_ACTORS];
    LONG seen[PROGRAM_ACTORS];
    LONG failed; /* A check found something. */
    LONG taken[PROGRAM_LINES]; /* Activations of a line that holds. */
} program_state;

extern program program_now;
extern program_state program_data;

/* Runs it, on a machine; then calls ended(). */
void program_body(void *context);

/* The function that does it, for options.routine. */
const void *program_routine(void);

/* Called at the end of each run, with a number that stands for the state that it has ended in. */
extern void (*program_ended)(unsigned long long state);

/* The code of an actor. */
typedef struct program_code {
    void (*act)(unsigned actor);
    KSTART_ROUTINE *thread;
    PKSERVICE_ROUTINE isr;
    PKDEFERRED_ROUTINE dpc;
    PWORKER_THREAD_ROUTINE work;
    void (*run)(void);
} program_code;

extern const program_code program_instrumented, program_plain;

/* Objects that the code works with. */
typedef struct program_objects {
    KSPIN_LOCK locks[PROGRAM_LOCKS];
    KEVENT events[PROGRAM_EVENTS];
    KDPC dpc, other_dpc;
    KTIMER timer;
    WORK_QUEUE_ITEM work[2];
    KEVENT no_work[2]; /* The work item is not queued, and not at work. */
    LONG is_queued[2];
    PKINTERRUPT interrupts[PROGRAM_LINES];
    struct dirql_line *lines[PROGRAM_LINES];
} program_objects;

extern program_objects program_things;

#define PROGRAM_JOINED_(a, b) a##b
#define PROGRAM_JOINED(a, b) PROGRAM_JOINED_(a, b)

/* What the actors have in common (program_code.c), ... */
typedef struct program_doing {
    void (*note)(unsigned actor, LONG value);
    LONG *(*variable)(unsigned actor, const program_step *step);
    void (*queue_work)(unsigned which);
} program_doing;

/* ... and what they do with the objects of a theme (program_theme.c, program_memory.c). */
typedef struct program_theme_code {
    void (*take)(unsigned actor, const program_step *step, const program_doing *by);
    void (*prepare)(void);
    void (*settle)(void);
} program_theme_code;

extern const program_theme_code program_instrumented_theme, program_plain_theme;
extern const program_theme_code program_instrumented_memory, program_plain_memory;

static inline BOOLEAN program_is_isr(unsigned actor)
{
    return (BOOLEAN)(actor == ACTOR_ISR || actor == ACTOR_OTHER_ISR);
}

static inline BOOLEAN program_is_dpc(unsigned actor)
{
    return (BOOLEAN)(actor == ACTOR_DPC || actor == ACTOR_OTHER_DPC);
}

static inline BOOLEAN program_is_thread(unsigned actor)
{
    return (BOOLEAN)(!program_is_isr(actor) && !program_is_dpc(actor));
}

/* The program of that number, and its text. */
/* A theme of PROGRAM_THEME_COUNT: that goes by number, too. */
void program_make(unsigned long long seed, unsigned theme, program *made);
void program_describe(const program *p, char *text, size_t bytes);

#endif
