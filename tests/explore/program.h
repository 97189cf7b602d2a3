/*
 * program.h - small generated programs: what two threads, two ISRs, a DPC and a work item do to a
 * few variables.
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

typedef enum program_operation {
#define X(name) DO_##name,
    PROGRAM_OPERATIONS(X)
#undef X
        PROGRAM_OPERATION_COUNT
} program_operation;

typedef struct program_step {
    unsigned char what;
    unsigned char which; /* Variable, lock or event. */
} program_step;

typedef struct program_line {
    unsigned char irql; /* 0: there is none. */
    unsigned char is_level;
} program_line;

typedef struct program {
    unsigned char processors;
    unsigned char preemptions, interrupts, delays; /* Bounds. */
    unsigned char thread_processor;        /* Of the other thread; 0xFF: any. */
    unsigned char has_thread;
    unsigned char importance, dpc_processor; /* Of the DPC; 0xFF: that which queues it. */
    program_line lines[PROGRAM_LINES];
    unsigned char instrumented; /* A bit for each actor. */
    unsigned char counts[PROGRAM_ACTORS];
    program_step steps[PROGRAM_ACTORS][PROGRAM_STEPS_MAX];
} program;

/* What a program works on: static data, as new in each run. */
typedef struct program_state {
    LONG shared[PROGRAM_VARIABLES];
    LONG own[PROGRAM_ACTORS];
    LONG seen[PROGRAM_ACTORS];
    LONG failed; /* A check found something. */
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
    KDPC dpc;
    KTIMER timer;
    WORK_QUEUE_ITEM work;
    KEVENT no_work; /* The work item is not queued, and not at work. */
    LONG is_queued;
    PKINTERRUPT interrupts[PROGRAM_LINES];
    struct dirql_line *lines[PROGRAM_LINES];
} program_objects;

extern program_objects program_things;

/* The program of that number, and its text. */
void program_make(unsigned long long seed, program *made);
void program_describe(const program *p, char *text, size_t bytes);

#endif
