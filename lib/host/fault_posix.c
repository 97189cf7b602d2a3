/*
 * fault_posix.c - faults in guest code become calls of a function on a landing stack.
 *
 * The signal handler runs on an alternate stack (the faulting stack may be full), notes what
 * happened, and rewrites the interrupted state, so that returning from the signal enters the
 * landing stack as ordinary code. Nothing but the note is made inside the signal handler. What is
 * handled on top of the faulting code enters the stack of that instead, below what lies there; to
 * let it go on, a signal is sent whose handler puts its state back. The handlers are the process's,
 * the rest is the thread's: a thread that catches nothing, and a fault on the landing stack itself,
 * go to the handler that was there before.
 */
#include "host/fault.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/abort.h"
#include "host/frame.h"
#include "host/here_posix.h"
#include "host/sanitizer.h"
#include "host/signal_posix.h"
#include "host/stack.h"
#include "host/unwind.h"

#define LANDING_BYTES   ((size_t)256 * 1024)
#define ALTERNATE_BYTES ((size_t)64 * 1024) /* Beyond any processor's register state. */
#define STATE_BYTES     ((size_t)16 * 1024)

/* What a handler on top has to run on, and what the faulting code may use below its stack
 * pointer. */
#define ON_TOP_BYTES    ((uintptr_t)48 * 1024)
#define RED_ZONE_BYTES  ((uintptr_t)128)

/* How far from the stack pointer an access below a thread's own stack still counts as its
 * overflow. */
#define OWN_GUARD_BYTES ((uintptr_t)1024 * 1024)

typedef struct host_catch {
    host_fault_handler *handler;
    void *owner;
    host_fault_question *on_top; /* NULL: none is handled so. */
    host_fault fault;
    size_t state_bytes;
    host_stack landing;
    host_stack alternate;
    stack_t alternate_before;
    bool is_kept; /* Beyond its release, for the next one. */
    _Alignas(16) unsigned char state[STATE_BYTES]; /* Of the code that faulted. */
} host_catch;

enum { SIGNALS = 6 };
static const int signals[SIGNALS] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };

static HOST_KEPT struct {
    pthread_mutex_t mutex;
    unsigned threads; /* That catch faults. */
    struct sigaction before[SIGNALS];
} handlers = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* ---- What happened --------------------------------------------------------------------------- */

static bool overflows_own_stack(uintptr_t address, uintptr_t stack_pointer)
{
    uintptr_t low = (uintptr_t)host_here_now.own_stack;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    bool below = low != 0 && address < low + page && low - OWN_GUARD_BYTES <= address;

    return host_here_now.stack == NULL && below && stack_pointer < low + OWN_GUARD_BYTES;
}

static bool overflows(uintptr_t address, uintptr_t stack_pointer)
{
    return host_stack_guards(host_here_now.stack, (const void *)address) ||
           overflows_own_stack(address, stack_pointer);
}

static const void *guess(const void *state)
{
    const uintptr_t address = host_frame_wild_address(state);

    return (const void *)(address != 0 ? address : UINTPTR_MAX);
}

static void describe_access(host_fault *fault, const siginfo_t *info, const void *state)
{
    const uintptr_t caller = host_frame_caller(state);
    uintptr_t target;

    if (host_frame_is_privileged(state)) {
        fault->kind = HOST_FAULT_PRIVILEGED;
        return;
    }
    fault->kind = HOST_FAULT_ACCESS;
    fault->caller = (const void *)caller;
    fault->access = host_frame_access(state);
    fault->address = host_frame_address_unknown(state) ? guess(state) : info->si_addr;
    if (host_frame_returns(state, &target)) {
        fault->access = HOST_FAULT_RETURN;
        fault->address = (const void *)target;
    } else if (host_frame_is_known() && fault->address == fault->place) {
        fault->access = HOST_FAULT_EXECUTE;
    }
    if (overflows((uintptr_t)fault->address, (uintptr_t)fault->stack_pointer)) {
        fault->kind = HOST_FAULT_STACK_OVERFLOW;
    } else if (fault->access == HOST_FAULT_EXECUTE) {
        fault->place = caller != 0 ? (const void *)caller : fault->place;
    }
}

/* In it. */
static const void *caller_of_library(void)
{
    const uintptr_t returns_to = host_unwind_to_guest();

    return returns_to != 0 ? (const void *)(returns_to - 1) : NULL;
}

/* What a sent signal says of an access is not so. (SIGTRAP is how programs call a debugger.) */
static bool describe_sent(host_fault *fault, int signal, const siginfo_t *info)
{
    static const char *const names[] = { "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL" };

    for (unsigned i = 0; i < sizeof names / sizeof *names && info->si_code <= 0; i++) {
        if (signals[i] == signal) {
            fault->kind = HOST_FAULT_RAISED;
            fault->raised = names[i];
            fault->caller = caller_of_library();
            return true;
        }
    }
    return false;
}

static void describe(host_fault *fault, int signal, const siginfo_t *info, const void *state)
{
    fault->place = (const void *)host_frame_place(state);
    fault->stack_pointer = (const void *)host_frame_stack_pointer(state);
    fault->address = fault->place;
    fault->caller = NULL;
    fault->access = HOST_FAULT_EXECUTE;
    fault->raised = NULL;
    if (describe_sent(fault, signal, info)) {
        return;
    }
    switch (signal) {
    case SIGFPE:
        fault->kind = HOST_FAULT_ARITHMETIC;
        break;
    case SIGILL:
        fault->kind = HOST_FAULT_INSTRUCTION;
        break;
    case SIGABRT:
        fault->kind = HOST_FAULT_ABORT;
        fault->caller = caller_of_library();
        break;
    case SIGTRAP:
        fault->kind = HOST_FAULT_BREAKPOINT;
        fault->place = (const void *)host_frame_breakpoint(state);
        break;
    default:
        describe_access(fault, info, state);
        if (signal == SIGBUS && fault->kind == HOST_FAULT_ACCESS) {
            fault->kind = HOST_FAULT_BUS;
        }
        break;
    }
}

/* ---- Delivery -------------------------------------------------------------------------------- */

static HOST_UNINSTRUMENTED void land(void *argument)
{
    host_catch *caught = argument;

    host_sanitizer_land(caught->landing.base, caught->landing.bytes);
    host_here_now.stack = caught->landing.base;
    caught->handler(caught->owner, &caught->fault);
    abort(); /* A handler must not return: the code it stands in for is gone. */
}

static bool is_on_landing(const host_catch *caught, const void *stack_pointer)
{
    const char *base = caught->landing.base;

    if (!host_frame_is_known()) {
        return host_here_now.stack == base;
    }
    return host_stack_guards(base, stack_pointer) ||
           (uintptr_t)stack_pointer - (uintptr_t)base <= caught->landing.bytes;
}

static void let_signals_in(void *state)
{
    ucontext_t *interrupted = state;
    unsigned i;

    for (i = 0; i < SIGNALS; i++) {
        sigdelset(&interrupted->uc_sigmask, signals[i]);
    }
    sigdelset(&interrupted->uc_sigmask, SIGURG);
}

bool host_fault_deliver(void *state, const host_fault *fault)
{
    host_catch *caught = host_here_now.caught;

    if (is_on_landing(caught, fault->stack_pointer)) {
        return false;
    }
    caught->fault = *fault;
    let_signals_in(state);
    host_frame_redirect(state, caught->landing.base, caught->landing.bytes, land, caught);
    return true;
}

static bool has_room(uintptr_t stack_pointer)
{
    const void *stack = host_here_now.stack != NULL ? host_here_now.stack : host_here_now.own_stack;

    return stack != NULL && stack_pointer > (uintptr_t)stack + ON_TOP_BYTES;
}

static _Noreturn void go_on(const void *state)
{
    host_here_now.again = state;
    pthread_kill(pthread_self(), SIGSEGV);
    abort(); /* The signal's handler does not come back here. */
}

/* Another fault may come from here on: what is known of this one is taken along. */
static HOST_UNINSTRUMENTED void stand_on_top(void *argument)
{
    const host_catch *caught = argument;
    const host_fault fault = caught->fault;
    void *state = __builtin_alloca(caught->state_bytes);

    memcpy(state, caught->state, caught->state_bytes);
    host_here_now.keeps_lock--;
    caught->handler(caught->owner, &fault);
    go_on(state);
}

/* Until the handler has taken its copy, no kick is answered on this thread. */
static bool deliver_on_top(void *state, const host_fault *fault)
{
    const uintptr_t top = (uintptr_t)fault->stack_pointer - RED_ZONE_BYTES;
    host_catch *caught = host_here_now.caught;

    if (caught->on_top == NULL || is_on_landing(caught, fault->stack_pointer) || !has_room(top) ||
        !caught->on_top(caught->owner, fault)) {
        return false;
    }
    caught->state_bytes = host_frame_keep(state, caught->state, sizeof caught->state);
    if (caught->state_bytes == 0) {
        return false;
    }
    caught->fault = *fault;
    host_here_now.keeps_lock++;
    let_signals_in(state);
    host_frame_redirect(state, (void *)(top - ON_TOP_BYTES), ON_TOP_BYTES, stand_on_top, caught);
    return true;
}

static void let_default_happen(int signal, const siginfo_t *info)
{
    struct sigaction plain = { .sa_handler = SIG_DFL };

    sigaction(signal, &plain, NULL);
    if (info->si_code <= 0) {
        raise(signal); /* Sent, not caused: it does not come again by itself. */
    }
}

void host_fault_pass_on(const struct sigaction *before, int signal, siginfo_t *info, void *state)
{
    sigset_t mask = ((ucontext_t *)state)->uc_sigmask;

    if (before->sa_handler == SIG_DFL || before->sa_handler == SIG_IGN) {
        let_default_happen(signal, info);
        return;
    }
    if ((before->sa_flags & SA_NODEFER) == 0) {
        sigaddset(&mask, signal);
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    if ((before->sa_flags & SA_SIGINFO) != 0) {
        before->sa_sigaction(signal, info, state);
    } else {
        before->sa_handler(signal);
    }
}

/* A signal that another process sent is no fault of the code it interrupts. */
static bool is_ours(const siginfo_t *info)
{
    return info->si_code > 0 || info->si_pid == getpid();
}

/* Somebody wants the process to end (kill -SEGV). It interrupts any code: whoever had a handler
 * before would leave that in its middle, with locks of ours held. */
static bool ends_process(int signal, const siginfo_t *info)
{
    return signal != SIGABRT && info->si_code <= 0 && info->si_code != SI_TKILL;
}

void host_abort_explain(const char *text)
{
    host_here_now.abort_explained = text;
}

static void say(const char *text)
{
    const ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void)written;
}

static void explain_abort(void)
{
    const char *text = host_here_now.abort_explained;

    if (text != NULL && text[0] != '\0') {
        say("dirql: ");
        say(text);
        say("\n");
    }
}

static void pass_on(int signal, siginfo_t *info, void *state)
{
    unsigned i;

    if (signal == SIGABRT && is_ours(info)) {
        explain_abort();
    }
    for (i = 0; i < SIGNALS; i++) {
        if (signals[i] == signal) {
            host_fault_pass_on(&handlers.before[i], signal, info, state);
        }
    }
}

static HOST_UNINSTRUMENTED void on_fault(int signal, siginfo_t *info, void *state)
{
    host_fault fault;

    if (host_here_now.again != NULL) {
        host_frame_put_back(state, host_here_now.again);
        host_here_now.again = NULL;
        return;
    }
    if (ends_process(signal, info)) {
        say("dirql: the process ends in the middle of a run: it was sent a signal for faults\n");
        let_default_happen(signal, info);
        return;
    }
    if (host_here_now.caught != NULL && !host_here_now.passes_faults && is_ours(info)) {
        describe(&fault, signal, info, state);
        if (deliver_on_top(state, &fault) || host_fault_deliver(state, &fault)) {
            return;
        }
    }
    pass_on(signal, info, state);
}

/* ---- Catch and release ----------------------------------------------------------------------- */

static void install(void)
{
    struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
    unsigned i;

    action.sa_sigaction = on_fault;
    sigfillset(&action.sa_mask);
    for (i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &action, &handlers.before[i]);
    }
}

/* If somebody put a handler over ours, that one stays; ours below it passes everything on. */
static void uninstall(void)
{
    struct sigaction now;
    unsigned i;

    for (i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &handlers.before[i], &now);
        if ((now.sa_flags & SA_SIGINFO) == 0 || now.sa_sigaction != on_fault) {
            sigaction(signals[i], &now, NULL);
        }
    }
}

static void count_threads(int change)
{
    if (change > 0) {
        host_abort_prepare();
        host_unwind_prepare();
    }
    pthread_mutex_lock(&handlers.mutex);
    if (change > 0 && handlers.threads == 0) {
        install();
    }
    handlers.threads += (unsigned)change;
    if (change < 0 && handlers.threads == 0) {
        uninstall();
    }
    pthread_mutex_unlock(&handlers.mutex);
}

/* A handler that was left by a longjmp leaves its signal blocked. */
static void unblock_signals(void)
{
    sigset_t ours;
    unsigned i;

    sigemptyset(&ours);
    for (i = 0; i < SIGNALS; i++) {
        sigaddset(&ours, signals[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
}

static bool take_stacks(host_catch *caught)
{
    stack_t alternate = { 0 };

    if (!host_stack_take(&caught->landing, LANDING_BYTES)) {
        return false;
    }
    if (!host_stack_take(&caught->alternate, ALTERNATE_BYTES)) {
        host_stack_give(caught->landing);
        return false;
    }
    alternate.ss_sp = caught->alternate.base;
    alternate.ss_size = caught->alternate.bytes;
    if (sigaltstack(&alternate, &caught->alternate_before) != 0) {
        host_stack_give(caught->alternate);
        host_stack_give(caught->landing);
        return false;
    }
    return true;
}

bool host_faults_catch(host_fault_handler *handler, void *owner)
{
    host_catch *caught;

    if (host_here_now.caught != NULL) {
        return false; /* This thread's faults are already taken. */
    }
    if (host_here_now.kept != NULL) {
        host_here_now.kept->handler = handler;
        host_here_now.kept->owner = owner;
        host_here_now.caught = host_here_now.kept;
        return true;
    }
    caught = malloc(sizeof *caught);
    if (caught == NULL) {
        return false;
    }
    memset(caught, 0, offsetof(host_catch, state)); /* Which is large. */
    if (!take_stacks(caught)) {
        free(caught);
        return false;
    }
    caught->handler = handler;
    caught->owner = owner;
    unblock_signals();
    count_threads(+1);
    host_here_now.caught = caught;
    return true;
}

void host_faults_on_top(host_fault_question *on_top)
{
    if (host_here_now.caught != NULL) {
        host_here_now.caught->on_top = on_top;
    }
}

void host_faults_release(void)
{
    host_catch *caught = host_here_now.caught;

    if (caught == NULL) {
        return;
    }
    host_here_now.caught = NULL;
    host_here_now.passes_faults = false;
    caught->on_top = NULL;
    if (caught->is_kept) {
        return;
    }
    count_threads(-1);
    sigaltstack(&caught->alternate_before, NULL);
    host_stack_give(caught->alternate);
    host_stack_give(caught->landing);
    free(caught);
}

void host_faults_pass(bool pass)
{
    host_here_now.passes_faults = pass;
    host_watch_passes(pass);
}

void host_faults_keep(void)
{
    if (host_here_now.kept == NULL && host_faults_catch(NULL, NULL)) {
        host_here_now.kept = host_here_now.caught;
        host_here_now.kept->is_kept = true;
        host_here_now.caught = NULL;
    }
}

void host_faults_let_go(void)
{
    host_catch *kept = host_here_now.kept;

    if (kept != NULL) {
        host_here_now.kept = NULL;
        kept->is_kept = false;
        host_here_now.caught = kept;
        host_faults_release();
    }
}
