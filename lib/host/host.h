/*
 * host.h - everything dirql asks of the operating system.
 *
 * This folder knows the operating system and no NT type; the rest of dirql knows NT and no
 * operating system. A host side is a set of files with the names below and a suffix
 * (`context_posix.c`), chosen by CMake. Each group of functions states what it promises; nothing
 * here allocates on a path that a simulated interrupt takes.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Static data ----------------------------------------------------------------------------- */

/* Of a variable: host_data_restore() leaves it as it is. Every variable of dirql's own has it,
 * since dirql may be linked into the program that it restores. */
#define HOST_KEPT __attribute__((section("dirql_keep")))

/* What the static variables of guest code (guest.h) hold now. Without those that are kept, and
 * without what coverage and sanitizers count. NULL when memory is short. */
typedef struct host_data host_data;

host_data *host_data_capture(void);

/* Puts it back. Only by the thread that runs the program's guest code, while none runs. */
void host_data_restore(const host_data *data);
void host_data_release(host_data *data);

/* True if modules of guest code came or went since: their variables are not put back, or are no
 * more. Then says which, as in "loaded driver.so". */
bool host_data_is_stale(const host_data *data, char *text, size_t bytes);

/* True if `address` lies in what is put back. */
bool host_data_has(const host_data *data, const void *address);

/* A static pointer to memory of malloc() that is about to be put back, while it holds something
 * else now: the memory may have been freed, and nobody puts that back. NULL: none is found. */
const void *host_data_find_loose(const host_data *data);

/* ---- Floating point: how the processor rounds, and which exceptions it masks ----------------- */

/* Opaque: restored only by the same host. */
typedef uint64_t host_float;

/* The calling host thread's. */
host_float host_float_now(void);
void host_float_set(host_float words);

/* Round to nearest, all exceptions masked: what a program begins with. */
void host_float_reset(void);

/* ---- Contexts: a stack and the place where it was left --------------------------------------- */

typedef void host_entry(void *argument);

typedef struct host_context {
    void *stack_pointer; /* Where the context was left; the switch's own. */
    void *stack;         /* Lowest usable byte, NULL for an adopted context. */
    size_t stack_bytes;  /* Usable bytes, a multiple of the page size. */
    host_entry *entry;
    void *argument;
    int saved_errno;
    void *exception_globals[2]; /* C++ caught and uncaught exceptions of this context. */
    void *fake_stack;           /* AddressSanitizer's, while the context is away. */
    void *fiber;                /* ThreadSanitizer's. */
    unsigned stack_id;          /* Valgrind's. */
} host_context;

/* Makes `context` stand for the stack that the caller runs on. */
void host_context_adopt(host_context *context);

/* Gives `context` a guard-paged stack from the pool, to run entry(argument) at the first switch
 * to it. The entry must never return. Returns false when memory is short. */
bool host_context_make(host_context *context, size_t stack_bytes, host_entry *entry,
                       void *argument);

/* The same on the stack that `context` has (stack, stack_bytes), which is the caller's. What lay
 * there is gone. */
void host_context_prepare(host_context *context, host_entry *entry, void *argument);

/* Ends what host_context_prepare() began, wherever the context was left. The stack stays. */
void host_context_drop(host_context *context);

/* True if a sanitizer or Valgrind keeps books of its own about each context: a copy of one is none. */
bool host_contexts_are_watched(void);

/* Leaves the caller's stack in `from` and goes on in `to`. Returns when somebody switches back.
 * Carries errno and the C++ exception globals with the context, and tells the sanitizers. */
void host_context_switch(host_context *from, host_context *to);

/* As host_context_switch, but the caller's context will never be resumed. */
_Noreturn void host_context_leave(host_context *from, host_context *to);

/* Returns the stack to the pool, whether its entry ended or it was abandoned half way. */
void host_context_release(host_context *context);

/* True if `address` lies in the guard pages below the context's stack. */
bool host_context_guards(const host_context *context, const void *address);

/* ---- Marks: where a function can be gone back to --------------------------------------------- */

/* As long as the function that saved it has not returned. */
typedef struct host_mark {
    void *words[24];
} host_mark;

#ifdef __ELF__
#define HOST_FOR_GUESTS __attribute__((visibility("default")))
#else
#define HOST_FOR_GUESTS
#endif

/* Returns 0, and 1 each time that somebody goes there. Also called by guest code. */
HOST_FOR_GUESTS __attribute__((returns_twice)) int host_mark_save(host_mark *mark);

/* Goes there, on the same stack: what lies below the mark is gone. */
_Noreturn void host_mark_go(const host_mark *mark);

/* Goes there as if the caller had called it: what lies on the stack stays, and the function goes on
 * below it, until it goes to a mark in its turn. Its variables must not be found by its stack
 * pointer: it has an alloca somewhere. */
_Noreturn void host_mark_visit(const host_mark *mark);

/* ---- Threads and gates ----------------------------------------------------------------------- */

typedef struct host_thread host_thread;
typedef struct host_gate host_gate;
typedef struct host_mutex host_mutex;

/* Runs entry(argument) on another host thread. Threads whose entry has returned wait for the next
 * start; a start is then a wake-up. NULL when it cannot be had. */
host_thread *host_thread_start(host_entry *entry, void *argument);

/* Returns when the entry has returned. Once for each start. */
void host_thread_join(host_thread *thread);

/* From now on, if code on the calling thread ends it (pthread_exit()), torn(owner) is called, on
 * the thread's own stack: what it ran on is gone. Then the entry counts as returned. Only for
 * threads that were started here, whose entry says so each time. */
void host_thread_when_torn(host_entry *torn, void *owner);

/* Lets other threads of the host go first. */
void host_thread_give_way(void);

/* How many threads of this process are neither the caller nor made by this folder (nor a
 * sanitizer's own): somebody who might still do something from outside. */
unsigned host_thread_count_strangers(void);

/* How long a thread has had what it needs to go on: the processor's time that it used, and the time
 * that it slept or waited in the system. What a busy host gave to others is no part of it, nor is
 * the time in which the whole process was stopped. So nobody is blamed for a turn that he was not
 * given. */
typedef struct host_given {
    uint64_t looked_ns; /* 0: not started. */
    uint64_t ran_ns;
    uint64_t sum_ns;
    uint64_t used_ns; /* Of the sum, the processor's time. */
} host_given;

void host_given_start(host_given *given, const host_thread *thread);

/* Adds what came since the last look, at most `most_ns`. Returns the sum. The thread has not been
 * joined. */
uint64_t host_given_look(host_given *given, const host_thread *thread, uint64_t most_ns);

/* A gate lets one waiter through for each opening; openings do not add up. */
host_gate *host_gate_create(void);
void host_gate_open(host_gate *gate);
void host_gate_wait(host_gate *gate);
bool host_gate_wait_for(host_gate *gate, uint64_t limit_ns); /* False when the time is over. */
void host_gate_destroy(host_gate *gate);

/* A lock that is held for short times by many threads. May be taken in a kick's handler. */
host_mutex *host_mutex_create(void);
void host_mutex_lock(host_mutex *mutex);
void host_mutex_unlock(host_mutex *mutex);
void host_mutex_destroy(host_mutex *mutex);

/* A process-wide lock for the few tables that all machines share. */
void host_lock(void);
void host_unlock(void);

/* True in a process that was forked after its parent had started a thread here: there are none of
 * them. */
bool host_is_forked(void);

/* How often that happened from one process to the next: differs between parent and child. */
unsigned host_fork_count(void);

/* ---- Kicks: a thread is interrupted wherever it is ------------------------------------------- */

/* Runs on the kicked thread, on top of what it does, and may take its time: the interrupted code
 * goes on when it returns, or never (host_context_leave). Further kicks nest. errno is kept.
 * `in_guest`: the interrupted code is guest code (guest.h) or dirql's own; nothing of the C
 * library or another runtime library is interrupted. */
typedef void host_kick_handler(void *owner, const void *place, bool in_guest);

/* From now on kicks of the calling thread go to `handler`. False if it cannot be had. */
bool host_kicks_catch(host_kick_handler *handler, void *owner);
void host_kicks_release(void);

/* Kicks a thread, from any thread or kick handler. A kick that comes after
 * host_kicks_release() does nothing. */
void host_kick(host_thread *thread);

/* In a kick's handler: kicks the calling thread again when that time has passed, wherever it is
 * then. One at a time: the last call counts. False where that cannot be had. */
bool host_kick_again(uint64_t within_ns);

/* True if `thread` keeps kicks away from itself (it has blocked the signal). */
bool host_kick_is_blocked(host_thread *thread);

/* True if somebody in the process has given the kicks' signal another handler. */
bool host_kicks_are_replaced(void);

/* False if in this process it cannot be told what is guest code, or if kicks do not arrive in it:
 * then says why and what to do. `advice` is a sentence or two. */
bool host_kicks_can_be_had(char *advice, size_t bytes);

/* False where kicks arrive only now and then (ThreadSanitizer puts them off): do not count on
 * them. */
bool host_kicks_are_prompt(void);

/* Modules that were loaded since are guest code, too. */
void host_kicks_look_again(void);

/* ---- A beat: a function called now and then on a thread of its own --------------------------- */

typedef struct host_beat host_beat;

/* Returns after how many nanoseconds it wants to be called again; UINT64_MAX: when told. */
typedef uint64_t host_beat_function(void *owner);

/* The first call comes after `first_ns`. NULL when it cannot be had. */
host_beat *host_beat_start(host_beat_function *function, void *owner, uint64_t first_ns);

/* Wants the next call within `within_ns`. From any thread or kick handler; costs nothing if a
 * call is due by then anyhow. */
void host_beat_within(host_beat *beat, uint64_t within_ns);

/* Returns when no call is under way, nor will be. */
void host_beat_stop(host_beat *beat);

/* True if a debugger or tracer is attached. */
bool host_is_debugged(void);

/* ---- The end of the process ------------------------------------------------------------------ */

/* Prints `text` to stderr and ends the process at once, with a failure status, whatever its
 * threads do. */
_Noreturn void host_process_fail(const char *text);

/* Asked when _exit() or _Exit() (the name) is about to end the process with success; may end it in
 * another way. On any host thread, perhaps in a signal's handler. Not under a sanitizer. */
typedef void host_leave_question(const char *function);
void host_leave_ask(host_leave_question *question);

/* ---- Faults and the watchdog ----------------------------------------------------------------- */

typedef enum host_fault_kind {
    HOST_FAULT_ACCESS, /* Nothing mapped there, or not allowed. */
    HOST_FAULT_BUS,
    HOST_FAULT_ARITHMETIC,     /* Integer division by zero and the like. */
    HOST_FAULT_INSTRUCTION,    /* An illegal instruction. */
    HOST_FAULT_PRIVILEGED,     /* One that only a kernel may execute. */
    HOST_FAULT_BREAKPOINT,     /* One that calls a debugger, and none is there. */
    HOST_FAULT_STACK_OVERFLOW, /* An access in a guard page of a context's stack. */
    HOST_FAULT_ABORT,          /* abort(): a failed assert(), an exception that nobody catches. */
    HOST_FAULT_RAISED,         /* Somebody has sent himself the signal of one: raise(). */
    HOST_FAULT_STALLED         /* The watchdog's: no progress for the agreed time. */
} host_fault_kind;

typedef enum host_fault_access {
    HOST_FAULT_READ,
    HOST_FAULT_WRITE,
    HOST_FAULT_EXECUTE,
    HOST_FAULT_RETURN /* To an address that the stack held, and that is no code. */
} host_fault_access;

typedef struct host_fault {
    host_fault_kind kind;
    host_fault_access access;
    const void *address; /* What was touched (UINTPTR_MAX: unknown); what was to be executed. An
                            address that cannot be at all is told as far as it can be guessed. */
    const void *place;   /* The program counter. After a call of a bad address, inside that call. */
    const void *stack_pointer; /* Where the faulting code's stack stood. */
    const void *caller; /* In the call of the faulting code, as far as that is known; or NULL. */
    const char *raised; /* HOST_FAULT_RAISED: the signal's name. */
} host_fault;

/* Runs on a landing stack of its own, as ordinary code (no signal is blocked), in place of the
 * faulting code. It must not return, but see host_faults_on_top(). The context that faulted is
 * abandoned. */
typedef void host_fault_handler(void *owner, const host_fault *fault);

/* The code that an access's fault belongs to, as a return address: `call`, if the faulting code is
 * in the call that returns there (NULL: it is not); else, in a runtime library, that of the guest
 * code which called it; else behind the faulting instruction. The stack is looked at up to
 * `stack_end`. Slow: for reports. */
const void *host_fault_blame(const host_fault *fault, const void *call, const void *stack_end);

/* Why the C library has called abort(), as far as it says. */
typedef enum host_abort {
    HOST_ABORT_UNKNOWN, /* Nothing was said, or something else: said is empty, or has it. */
    HOST_ABORT_POINTER, /* free() or realloc() refused a pointer. The heap can be used. */
    HOST_ABORT_HEAP,    /* It found its heap damaged, and may hold its lock: the heap is lost. */
    HOST_ABORT_STACK,   /* A function found that its frame was written over. */
    HOST_ABORT_BUFFER   /* A function of it was about to write behind the end of a buffer. */
} host_abort;

/* Once for each abort, by who handles it. `said`: its words. */
host_abort host_abort_cause(char *said, size_t bytes);

/* What the calling host thread writes to stderr when an abort() outside of caught code is about to
 * end the process, or NULL. Not copied. */
void host_abort_explain(const char *text);

/* The C++ exception that the calling context handles, or that nobody would: "std::runtime_error
 * (\"no device\")". It is then over, as at the end of its handler. False: there is none. */
bool host_exception_end(char *text, size_t bytes);

/* Before the end of a process whose heap is lost: from now on, the functions that name code and
 * data do without it, and find no source lines. */
void host_heap_is_lost(void);

/* From now on, faults on the calling host thread go to `handler`. Whatever handlers the process
 * had (CMocka's, a sanitizer's) are put aside until the last thread releases. Faults on other
 * threads and in threads that caught nothing go where they went before. Returns false if it
 * cannot be had. */
bool host_faults_catch(host_fault_handler *handler, void *owner);
void host_faults_release(void);

/* Of those, the ones for which on_top(owner, fault) is true are handled on top of the faulting
 * code, on its own stack. The handler may go to a mark there, or return: then the instruction that
 * faulted is tried again. on_top() is called inside a signal handler. */
typedef bool host_fault_question(const void *owner, const host_fault *fault);
void host_faults_on_top(host_fault_question *on_top);

/* While true, faults of the calling thread go where they went before, though it catches them: it
 * runs code of somebody who has handlers of his own, such as a test framework. Ends with the
 * release, too. */
void host_faults_pass(bool pass);

/* For who catches and releases again and again on one thread: in between, the handlers stay, and
 * what comes goes where it went before. */
void host_faults_keep(void);
void host_faults_let_go(void);

/* A watch fires HOST_FAULT_STALLED on the thread that started it (which must catch faults) when
 * `*progress` has not changed for `limit_ns`. It waits for a place in guest code, where no lock
 * of the C library can be held. It never fires under a debugger. If the thread stays outside
 * guest code, the process ends with a message and a failure status. One per host thread. limit_ns
 * 0: no watch. NULL also where it cannot be had. */
typedef struct host_watch host_watch;

host_watch *host_watch_start(const volatile uint64_t *progress, uint64_t limit_ns);

/* Loops whose every round is some progress, but to no end. */
typedef struct host_watch_loops {
    uint64_t (*moved)(const void *owner);       /* Changes with what is more than that. */
    void (*found)(void *owner, uint64_t moved); /* It has not, for long. Called again and again. */
    void *owner;
} host_watch_loops;

/* How many times the limit it may take. */
#define HOST_WATCH_LOOP_LIMITS 4u

/* The watch looks for loops too; watch NULL: nothing. Both functions are called on the watchdog's
 * thread, while the watched one runs. */
void host_watch_for_loops(host_watch *watch, const host_watch_loops *loops);
void host_watch_stop(host_watch *watch);

/* ---- Small things ---------------------------------------------------------------------------- */

/* Of the host's memory, as it can be made inaccessible. */
size_t host_page_bytes(void);

/* An address range that belongs to nobody and faults when touched: device memory, seen from a
 * driver. NULL when it cannot be had. */
void *host_address_reserve(size_t bytes);
void host_address_release(void *range, size_t bytes);

/* Makes whole pages of such a range memory, which holds zeroes, or what it held when it was closed.
 * False when it cannot be had. */
bool host_address_open(void *start, size_t bytes);

/* They fault again when touched. `drop`: what they held is gone, and the host has its memory
 * back. */
void host_address_close(void *start, size_t bytes, bool drop);

/* Copies from memory that may not be there. Returns how many bytes could be read. */
size_t host_memory_copy(void *to, const void *from, size_t bytes);

/* How memory can be used that lies there. */
typedef enum host_memory {
    HOST_MEMORY_NONE, /* There is none, or nobody may touch it. */
    HOST_MEMORY_READ, /* It may only be read: constants. */
    HOST_MEMORY_DATA,
    HOST_MEMORY_CODE
} host_memory;

/* Slow: for reports. Without the heap. `module`: the base name of the file that it comes from;
 * empty: none. */
host_memory host_memory_kind(const void *address, char *module, size_t bytes);

/* Memory of the host's allocator at an aligned address. NULL when it is short. */
void *host_aligned_allocate(size_t bytes, size_t alignment);
void host_aligned_free(void *memory);

/* True if stderr is a terminal. */
bool host_is_watched(void);

/* Monotonic, in nanoseconds. For benchmarks and the watchdog only: never a source of choices. */
uint64_t host_clock_ns(void);

/* The environment variable of that number, as "NAME=value"; NULL behind the last. */
const char *host_environment(unsigned index);

typedef struct host_symbol {
    char function[128]; /* Empty if unknown. */
    char file[128];     /* Base name of the source file; empty if unknown. */
    unsigned line;      /* 0 if unknown. */
    size_t offset;      /* From the start of the function (not the inlined one), or of the module. */
    char module[64];    /* Base name of the module. */
} host_symbol;

/* Names the code at `address`, in inlined code by the function that was inlined. For a return
 * address, pass the address minus one. Slow: for reports. */
void host_symbol_find(const void *address, host_symbol *symbol);

/* Names the static variable at `address` in `function`, with the offset from its start. False if
 * there is none with a name. */
bool host_symbol_find_data(const void *address, host_symbol *symbol);

#endif
