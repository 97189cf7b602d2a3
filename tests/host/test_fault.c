/*
 * test_fault.c - faults become calls on a landing stack, and the thread goes on.
 *
 * Each fault happens in a context of its own; the handler leaves it for the home context, as a
 * run does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/frame.h"
#include "host/host.h"

#define STACK_BYTES ((size_t)64 * 1024)
#define UNCHECKED   __attribute__((noinline, no_sanitize("address", "undefined")))

typedef struct scene {
    host_context home;
    host_context guest;
    host_fault fault;
    unsigned faults;
} scene;

/* ---- Ways to fault --------------------------------------------------------------------------- */

static volatile uintptr_t nowhere = 0x10;
static volatile int zero;

static UNCHECKED void write_nowhere(void)
{
    *(volatile int *)nowhere = 1;
}

static UNCHECKED void read_nowhere(void)
{
    (void)*(volatile int *)nowhere;
}

static UNCHECKED void read_non_canonical(void)
{
    (void)*(volatile int *)(nowhere | (uintptr_t)0x1234567800000000u);
}

static UNCHECKED void call_null(void)
{
    void (*volatile function)(void) = NULL;

    function();
    nowhere = 0x10; /* So that it is a call and not a jump. */
}

static UNCHECKED void divide_by_zero(void)
{
    volatile int result = 7 / zero; /* 1 / x needs no division. */

    (void)result;
}

static UNCHECKED void run_nonsense(void)
{
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#elif defined(__aarch64__)
    __asm__ volatile(".inst 0");
#else
    raise(SIGILL);
#endif
}

static void give_up(void)
{
    abort();
}

static UNCHECKED int recurse(int depth)
{
    volatile char space[200];

    space[depth % 200] = (char)depth;
    return depth < 1000000000 ? recurse(depth + 1) + space[0] : 0;
}

static UNCHECKED void overflow_the_stack(void)
{
    recurse(0);
}

static UNCHECKED void step_over_a_page(void)
{
    volatile char large[100 * 1024];

    large[(size_t)zero] = 1;
    zero = large[0] - 1;
}

static void do_nothing(void) {}

/* ---- The scene ------------------------------------------------------------------------------- */

static void go_home(void *owner, const host_fault *fault)
{
    scene *s = owner;

    s->fault = *fault;
    s->faults++;
    host_context_leave(&s->guest, &s->home);
}

typedef struct guest_call {
    scene *scene;
    void (*function)(void);
} guest_call;

static void guest(void *argument)
{
    guest_call *call = argument;

    call->function();
    host_context_leave(&call->scene->guest, &call->scene->home);
}

static void perform(scene *s, void (*function)(void))
{
    guest_call call = { s, function };

    host_context_adopt(&s->home);
    assert_true(host_context_make(&s->guest, STACK_BYTES, guest, &call));
    host_context_switch(&s->home, &s->guest);
    host_context_release(&s->guest);
}

/* Not in a setup function: CMocka puts its own handlers over everything when it enters the test
 * itself. */
static scene *catch (void)
{
    static scene s;

    memset(&s, 0, sizeof s);
    assert_true(host_faults_catch(go_home, &s));
    return &s;
}

static int release(void **state)
{
    (void)state;
    host_faults_release();
    return 0;
}

/* On a processor that dirql knows nothing about, neither access nor place is known. */
static void assert_access(const scene *s, host_fault_access access)
{
    if (host_frame_is_known()) {
        assert_int_equal(s->fault.access, access);
    }
}

static void assert_place(const scene *s, void (*function)(void))
{
    if (host_frame_is_known()) {
        assert_in_range((uintptr_t)s->fault.place, (uintptr_t)function, (uintptr_t)function + 128);
    }
}

/* ---- Kinds ----------------------------------------------------------------------------------- */

static void a_write_to_nowhere_is_an_access_fault(void **state)
{
    scene *s = catch ();

    (void)state;
    perform(s, write_nowhere);
    assert_int_equal(s->faults, 1);
    assert_int_equal(s->fault.kind, HOST_FAULT_ACCESS);
    assert_ptr_equal(s->fault.address, (void *)0x10);
    assert_access(s, HOST_FAULT_WRITE);
    assert_place(s, write_nowhere);
}

static void a_read_from_nowhere_is_an_access_fault(void **state)
{
    scene *s = catch ();

    (void)state;
    perform(s, read_nowhere);
    assert_int_equal(s->fault.kind, HOST_FAULT_ACCESS);
    assert_access(s, HOST_FAULT_READ);
    assert_ptr_equal(s->fault.address, (void *)0x10);
}

static void an_impossible_address_is_an_access_fault(void **state)
{
    scene *s = catch ();

    (void)state;
    perform(s, read_non_canonical);
    assert_int_equal(s->faults, 1);
    assert_int_equal(s->fault.kind, HOST_FAULT_ACCESS);
    assert_access(s, HOST_FAULT_READ);
}

static void a_call_of_null_is_placed_at_its_caller(void **state)
{
    scene *s = catch ();

    (void)state;
    perform(s, call_null);
    assert_int_equal(s->faults, 1);
    assert_int_equal(s->fault.kind, HOST_FAULT_ACCESS);
    assert_access(s, HOST_FAULT_EXECUTE);
    assert_ptr_equal(s->fault.address, NULL);
    assert_place(s, call_null);
}

static void a_division_by_zero_is_an_arithmetic_fault(void **state)
{
    scene *s = catch ();

    (void)state;
#if !defined(__x86_64__) && !defined(__i386__)
    skip(); /* Only here does the processor fault on it. */
#endif
    perform(s, divide_by_zero);
    assert_int_equal(s->faults, 1);
    assert_int_equal(s->fault.kind, HOST_FAULT_ARITHMETIC);
    assert_place(s, divide_by_zero);
}

static void abort_is_a_fault_of_its_own(void **state)
{
    scene *s = catch ();

    (void)state;
    perform(s, give_up);
    assert_int_equal(s->faults, 1);
    assert_int_equal(s->fault.kind, HOST_FAULT_ABORT);
}

static void nonsense_is_an_instruction_fault(void **state)
{
    scene *s = catch ();

    (void)state;
    perform(s, run_nonsense);
    assert_int_equal(s->faults, 1);
    assert_int_equal(s->fault.kind, HOST_FAULT_INSTRUCTION);
}

static void a_full_stack_is_a_stack_overflow(void **state)
{
    scene *s = catch ();

    (void)state;
    perform(s, overflow_the_stack);
    assert_int_equal(s->faults, 1);
    assert_int_equal(s->fault.kind, HOST_FAULT_STACK_OVERFLOW);
    perform(s, step_over_a_page);
    assert_int_equal(s->faults, 2);
    assert_int_equal(s->fault.kind, HOST_FAULT_STACK_OVERFLOW);
}

static void code_without_fault_is_left_alone(void **state)
{
    scene *s = catch ();

    (void)state;
    perform(s, do_nothing);
    assert_int_equal(s->faults, 0);
}

/* ---- The landing ----------------------------------------------------------------------------- */

static void every_fault_is_survived_a_thousand_times(void **state)
{
    static void (*const ways[])(void) = {
        write_nowhere,
        call_null,
        run_nonsense,
        overflow_the_stack,
        read_nowhere,
        give_up,
#if defined(__x86_64__)
        divide_by_zero,
#endif
    };
    scene *s = catch ();
    unsigned i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        perform(s, ways[i % (sizeof ways / sizeof *ways)]);
    }
    assert_int_equal(s->faults, 1000);
}

static bool blocked_on_landing[5];

static void look_at_mask_and_go_home(void *owner, const host_fault *fault)
{
    static const int looked_at[5] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGURG };
    sigset_t mask;
    int i;

    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    for (i = 0; i < 5; i++) {
        blocked_on_landing[i] = sigismember(&mask, looked_at[i]) == 1;
    }
    go_home(owner, fault);
}

static void the_handler_runs_with_no_signal_blocked(void **state)
{
    static scene s;
    stack_t alternate;
    int i;

    (void)state;
    memset(&s, 0, sizeof s);
    assert_true(host_faults_catch(look_at_mask_and_go_home, &s));
    memset(blocked_on_landing, 1, sizeof blocked_on_landing);
    perform(&s, write_nowhere);
    host_faults_release();
    assert_int_equal(s.faults, 1);
    for (i = 0; i < 5; i++) {
        assert_false(blocked_on_landing[i]);
    }
    sigaltstack(NULL, &alternate);
    assert_int_equal(alternate.ss_flags & SS_ONSTACK, 0);
}

/* ---- Handlers of others ---------------------------------------------------------------------- */

static void the_handlers_from_before_come_back(void **state)
{
    static const int restored[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    struct sigaction before[4], during, after;
    stack_t alternate_before, alternate_after;
    static scene s;
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        sigaction(restored[i], NULL, &before[i]);
    }
    sigaltstack(NULL, &alternate_before);
    assert_true(host_faults_catch(go_home, &s));
    sigaction(SIGSEGV, NULL, &during);
    assert_true(during.sa_sigaction != before[0].sa_sigaction);
    host_faults_release();
    for (i = 0; i < 4; i++) {
        sigaction(restored[i], NULL, &after);
        assert_true(after.sa_sigaction == before[i].sa_sigaction);
        assert_int_equal(after.sa_flags, before[i].sa_flags);
    }
    sigaltstack(NULL, &alternate_after);
    assert_ptr_equal(alternate_after.ss_sp, alternate_before.ss_sp);
}

static void a_second_catch_is_refused(void **state)
{
    scene *s = catch ();

    (void)state;
    assert_false(host_faults_catch(go_home, s));
    perform(s, write_nowhere);
    assert_int_equal(s->faults, 1);
}

static sigjmp_buf way_out;
static volatile int passed_on;

static void outer_handler(int signal)
{
    passed_on = signal;
    siglongjmp(way_out, 1);
}

static void *fault_without_catching(void *argument)
{
    (void)argument;
    if (sigsetjmp(way_out, 1) == 0) {
        write_nowhere();
    }
    return NULL;
}

static void faults_of_other_threads_go_where_they_went(void **state)
{
    struct sigaction outer = { .sa_handler = outer_handler }, before;
    static scene s;
    pthread_t thread;

    (void)state;
    memset(&s, 0, sizeof s);
    sigaction(SIGSEGV, &outer, &before);
    assert_true(host_faults_catch(go_home, &s));
    passed_on = 0;
    assert_int_equal(pthread_create(&thread, NULL, fault_without_catching, NULL), 0);
    pthread_join(thread, NULL);
    host_faults_release();
    sigaction(SIGSEGV, &before, NULL);
    assert_int_equal(passed_on, SIGSEGV);
    assert_int_equal(s.faults, 0);
}

/* ---- Two threads ----------------------------------------------------------------------------- */

typedef struct worker {
    scene scene;
    void (*function)(void);
    bool caught;
} worker;

/* No assertion here: CMocka's are for its own thread. */
static void work(void *argument)
{
    worker *w = argument;
    guest_call call = { &w->scene, w->function };
    int i;

    w->caught = host_faults_catch(go_home, &w->scene);
    if (!w->caught) {
        return;
    }
    host_context_adopt(&w->scene.home);
    for (i = 0; i < 500; i++) {
        if (!host_context_make(&w->scene.guest, STACK_BYTES, guest, &call)) {
            break;
        }
        host_context_switch(&w->scene.home, &w->scene.guest);
        host_context_release(&w->scene.guest);
    }
    host_faults_release();
}

static void two_threads_catch_independently(void **state)
{
    static worker workers[2];
    host_thread *threads[2];
    int i;

    (void)state;
    workers[0].function = write_nowhere;
    workers[1].function = overflow_the_stack;
    for (i = 0; i < 2; i++) {
        threads[i] = host_thread_start(work, &workers[i]);
        assert_non_null(threads[i]);
    }
    for (i = 0; i < 2; i++) {
        host_thread_join(threads[i]);
        assert_true(workers[i].caught);
        assert_int_equal(workers[i].scene.faults, 500);
    }
    assert_int_equal(workers[0].scene.fault.kind, HOST_FAULT_ACCESS);
    assert_int_equal(workers[1].scene.fault.kind, HOST_FAULT_STACK_OVERFLOW);
}

/* ---- A thread's own stack -------------------------------------------------------------------- */

static host_gate *own_stack_faulted;
static host_fault own_stack_fault;

/* There is no context to go on in, so the thread stays here until the process ends. */
static void tell_and_stay(void *owner, const host_fault *fault)
{
    (void)owner;
    own_stack_fault = *fault;
    host_gate_open(own_stack_faulted);
    for (;;) {
        pause();
    }
}

static void overflow_own_stack(void *argument)
{
    host_context own;

    (void)argument;
    host_context_adopt(&own);
    if (host_faults_catch(tell_and_stay, NULL)) {
        overflow_the_stack();
    }
}

static void a_full_stack_of_a_thread_is_a_stack_overflow(void **state)
{
    (void)state;
    own_stack_faulted = host_gate_create();
    assert_non_null(own_stack_faulted);
    assert_non_null(host_thread_start(overflow_own_stack, NULL));
    host_gate_wait(own_stack_faulted);
    assert_int_equal(own_stack_fault.kind, HOST_FAULT_STACK_OVERFLOW);
    host_gate_destroy(own_stack_faulted);
}

#define caught_test(f) cmocka_unit_test_teardown(f, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        caught_test(a_write_to_nowhere_is_an_access_fault),
        caught_test(a_read_from_nowhere_is_an_access_fault),
        caught_test(an_impossible_address_is_an_access_fault),
        caught_test(a_call_of_null_is_placed_at_its_caller),
        caught_test(a_division_by_zero_is_an_arithmetic_fault),
        caught_test(abort_is_a_fault_of_its_own),
        caught_test(nonsense_is_an_instruction_fault),
        caught_test(a_full_stack_is_a_stack_overflow),
        caught_test(code_without_fault_is_left_alone),
        caught_test(every_fault_is_survived_a_thousand_times),
        caught_test(the_handler_runs_with_no_signal_blocked),
        caught_test(the_handlers_from_before_come_back),
        caught_test(a_second_catch_is_refused),
        caught_test(faults_of_other_threads_go_where_they_went),
        caught_test(two_threads_catch_independently),
        caught_test(a_full_stack_of_a_thread_is_a_stack_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
