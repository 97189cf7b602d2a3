/*
 * test_misuse.c - what live mode cannot do is said, and the process ends rather than hang.
 */
#include <signal.h>

#include "library.h"
#include "live.h"
#include "sim/live.h"

static struct source source;
static volatile int stands;

static void quickly(void)
{
    dq_live_patience_ns = 200u * 1000 * 1000;
}

static void say_result(void)
{
    printf("the run ended: %d\n%s", live_result.outcome, live_result.report);
}

/* ---- fork() ---------------------------------------------------------------------------------- */

static void wait_for_child(pid_t child)
{
    int status = 0;

    waitpid(child, &status, 0);
    printf("the forked process ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void fork_and_call(void *context)
{
    const pid_t child = fork();
    KIRQL old;

    if (child == 0) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        _exit(0);
    }
    wait_for_child(child);
    (void)context;
}

static void fork_and_return(void *context)
{
    const pid_t child = fork();

    if (child != 0) {
        wait_for_child(child);
    }
    (void)context;
}

static void fork_and_assert(void *context)
{
    const pid_t child = fork();

    if (child == 0) {
        assert_true(1);
        _exit(0);
    }
    wait_for_child(child);
    (void)context;
}

static void fork_and_leave(void *context)
{
    const pid_t child = fork();

    if (child == 0) {
        exit(7);
    }
    wait_for_child(child);
    (void)context;
}

static void run_two_processors(void *body)
{
    live_run(2, *(void (**)(void *))body, NULL);
    say_result();
}

static void assert_fork_is_refused(void (*body)(void *))
{
    assert_int_equal(child_run(run_two_processors, &body), 0);
    assert_child_said("this process was forked inside run \"inner\", in mode live");
    assert_child_said("the forked process ended with 1\n");
    assert_child_said("the run ended: 0\n");
}

static void a_forked_process_cannot_call_the_kernel(void **state)
{
    (void)state;
    assert_fork_is_refused(fork_and_call);
}

static void a_forked_process_cannot_return_from_the_body(void **state)
{
    (void)state;
    assert_fork_is_refused(fork_and_return);
}

static void a_forked_process_cannot_call_cmocka(void **state)
{
    (void)state;
    assert_fork_is_refused(fork_and_assert);
}

/* LeakSanitizer takes what the parent's threads hold for leaks of the child. */
static bool looks_for_leaks(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#endif
#elif defined(__SANITIZE_ADDRESS__)
    return true;
#endif
    return false;
}

static void a_forked_process_may_exit(void **state)
{
    void (*body)(void *) = fork_and_leave;

    (void)state;
    if (looks_for_leaks()) {
        return;
    }
    assert_int_equal(child_run(run_two_processors, &body), 0);
    assert_child_said("the forked process ended with 7\n");
    assert_child_said("the run ended: 0\n");
}

/* ---- Signals --------------------------------------------------------------------------------- */

static void block_all(void)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static void raise_when_it_stands(void *context)
{
    (void)context;
    while (!stands) {
    }
    dirql_line_assert(source.line);
}

static void make_source(void)
{
    stands = false;
    memset(&source, 0, sizeof(source));
    source_make(&source, 5, 1);
    dirql_thread_start("raiser", 1, raise_when_it_stands, NULL);
}

static void other_signals_may_be_blocked(void **state)
{
    sigset_t others;

    (void)state;
    sigfillset(&others);
    sigdelset(&others, SIGURG);
    make_source();
    pthread_sigmask(SIG_BLOCK, &others, NULL);
    stands = true;
    while (source.calls == 0) {
    }
    assert_int_equal(source.calls, 1);
}

static void interrupts_come_at_services_where_signals_are_blocked(void **state)
{
    KIRQL old;

    (void)state;
    make_source();
    block_all();
    stands = true;
    while (source.calls == 0) {
        KeRaiseIrql(APC_LEVEL, &old);
        KeLowerIrql(old);
    }
    assert_int_equal(source.calls, 1);
}

static void loop_with_signals_blocked(void *context)
{
    (void)context;
    make_source();
    block_all();
    stands = true;
    while (source.calls == 0) {
    }
}

static void run_with_little_patience(void *body)
{
    quickly();
    live_run(2, *(void (**)(void *))body, NULL);
    say_result();
}

static void run_with_a_quick_watchdog(void *body)
{
    quickly();
    live_run_with((dirql_options){ .processors = 2, .watchdog_ms = 200 }, *(void (**)(void *))body,
                  NULL);
    say_result();
}

static void an_interrupt_that_a_blocked_signal_holds_up_ends_the_process(void **state)
{
    void (*body)(void *) = loop_with_signals_blocked;

    (void)state;
    assert_int_equal(child_run(run_with_little_patience, &body), EXIT_FAILURE);
    assert_child_said("interrupt held up");
    assert_child_said("cannot be delivered to thread test");
    assert_child_said("it has blocked the signal SIGURG");
}

static void block_signals_until_the_run_is_over(void *context)
{
    sigset_t kick;

    (void)context;
    make_source();
    block_all();
    stands = true;
    while (!__atomic_load_n(&dq_self->machine->monitor.over, __ATOMIC_RELAXED)) {
    }
    sigemptyset(&kick);
    sigaddset(&kick, SIGURG);
    pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
    for (;;) {
    }
}

static void an_interrupt_that_is_held_up_is_a_finding(void **state)
{
    void (*body)(void *) = block_signals_until_the_run_is_over;

    (void)state;
    assert_int_equal(child_run(run_with_little_patience, &body), 0);
    assert_child_said("the run ended: 1\n");
    assert_child_said("interrupt held up");
    assert_child_said("it has blocked the signal SIGURG");
}

static void ignore(int signal)
{
    (void)signal;
}

static void loop_with_another_handler(void *context)
{
    (void)context;
    make_source();
    signal(SIGURG, ignore);
    stands = true;
    while (source.calls == 0) {
    }
}

static void another_handler_for_the_signal_ends_the_process(void **state)
{
    void (*body)(void *) = loop_with_another_handler;

    (void)state;
    assert_int_equal(child_run(run_with_little_patience, &body), EXIT_FAILURE);
    assert_child_said("interrupt held up");
    assert_child_said("SIGURG, by which interrupts arrive, has another handler than dirql's");
}

/* ---- Threads that do not return -------------------------------------------------------------- */

static void leave_thread(void *context)
{
    (void)context;
    pthread_exit(NULL);
}

static void leave_thread_in_isr(struct source *s)
{
    leave_thread(s);
}

static void leave_in_thread(void *context)
{
    (void)context;
    dirql_thread_start("leaves", 1, leave_thread, NULL);
    for (;;) {
    }
}

static void leave_in_isr(void *context)
{
    (void)context;
    make_source();
    source.act = leave_thread_in_isr;
    stands = true;
    for (;;) {
    }
}

static void do_nothing(void *context)
{
    (void)context;
}

static void leave_in_all_ways(void *context)
{
    void (*const bodies[])(void *) = { leave_thread, leave_in_thread, leave_in_isr, do_nothing };

    (void)context;
    for (unsigned i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        live_run(2, bodies[i], NULL);
        say_result();
    }
}

static void a_thread_that_ends_itself_by_the_hosts_means_is_a_finding(void **state)
{
    (void)state;
    if (looks_for_leaks()) {
        return; /* AddressSanitizer knows nothing of such an end of a context. */
    }
    assert_int_equal(child_run(leave_in_all_ways, NULL), 0);
    assert_child_said("thread exit");
    assert_child_said("pthread_exit() was called in `thread test`, IRQL 0");
    assert_child_said("pthread_exit() was called in `thread leaves`, IRQL 0");
    assert_child_said("pthread_exit() was called in `ISR source_isr`, IRQL 5");
    assert_child_said("the run ended: 0\n"); /* The last one, which does nothing. */
}

static void leave_process(void *context)
{
    (void)context;
    exit(0);
}

static void an_exit_names_the_run(void **state)
{
    void (*body)(void *) = leave_process;

    (void)state;
    assert_int_equal(child_run(run_two_processors, &body), EXIT_FAILURE);
    assert_child_said("exit() was called while run \"inner\" was under way");
}

static void cancel_and_go_on(void *context)
{
    (void)context;
    pthread_cancel(pthread_self());
    host_sleep_ms(1);
    pthread_testcancel();
}

static void a_simulated_thread_is_not_cancelled(void **state)
{
    (void)state;
    live_run(1, cancel_and_go_on, NULL);
    assert_string_equal(live_result.report, "");
}

/* ---- Libraries that hold a lock while they call back ----------------------------------------- */

static void count_in_isr(struct source *s)
{
    (void)s;
    (void)library_count();
}

static void loop_in_callback(void *context)
{
    (void)context;
    stands = true;
    while (source.calls == 0) {
    }
}

static void let_a_library_call_back(void *context)
{
    (void)context;
    make_source();
    source.act = count_in_isr;
    library_for_each(loop_in_callback, NULL);
}

static void an_isr_that_waits_for_a_lock_of_a_library_ends_the_process(void **state)
{
    void (*body)(void *) = let_a_library_call_back;

    (void)state;
    assert_int_equal(child_run(run_with_a_quick_watchdog, &body), EXIT_FAILURE);
    assert_child_said("livelock in `ISR source_isr`, IRQL 5");
    assert_child_said("it is in libc.so");
    assert_child_said("The process ends.");
}

static void call_back_without_interrupts(void *context)
{
    KIRQL old;

    (void)context;
    make_source();
    source.act = count_in_isr;
    KeRaiseIrql(5, &old);
    library_for_each(raise_when_it_stands, (stands = true, NULL));
    KeLowerIrql(old);
    while (source.calls == 0) {
        YieldProcessor();
    }
}

static void a_masked_callback_is_no_trouble(void **state)
{
    (void)state;
    live_run(2, call_back_without_interrupts, NULL);
    assert_string_equal(live_result.report, "");
}

/* ---- Calls that do not return ---------------------------------------------------------------- */

static int nobody_writes[2];
static volatile pid_t other_thread;

static void read_for_ever(void *context)
{
    char byte;

    (void)context;
    other_thread = gettid();
    stands = true;
    while (read(nobody_writes[0], &byte, 1) != 0) {
    }
}

static pthread_mutex_t nobody_unlocks = PTHREAD_MUTEX_INITIALIZER;

static void lock_for_ever(void *context)
{
    (void)context;
    pthread_mutex_lock(&nobody_unlocks);
    other_thread = gettid();
    stands = true;
    pthread_mutex_lock(&nobody_unlocks);
}

/* In the state of a thread that waits in the system. */
static bool other_thread_sleeps(void)
{
    char path[64], state[256] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)other_thread);
    file = fopen(path, "r");
    if (file != NULL) {
        state[fread(state, 1, sizeof(state) - 1, file)] = '\0';
        fclose(file);
    }
    return strstr(state, ") S ") != NULL;
}

static void fail_beside(void (*other)(void *))
{
    stands = false;
    dirql_thread_start("other", 1, other, NULL);
    while (!stands) {
    }
    while (!other_thread_sleeps()) {
        host_sleep_ms(1);
    }
    dirql_fail("test", 1, "enough");
}

static void fail_beside_a_read(void *context)
{
    (void)context;
    if (pipe(nobody_writes) == 0) {
        fail_beside(read_for_ever);
    }
}

static void fail_beside_a_lock(void *context)
{
    (void)context;
    fail_beside(lock_for_ever);
}

static void assert_process_ends(void (*body)(void *))
{
    assert_int_equal(child_run(run_with_little_patience, &body), EXIT_FAILURE);
    assert_child_said("run \"inner\" is over, but for 0.2 seconds a host thread could not be");
    assert_child_said("thread other: it is in libc.so");
    assert_child_said("found in this run: assertion");
    assert_child_said("test:1: enough");
}

static void a_read_that_does_not_return_ends_the_process(void **state)
{
    (void)state;
    assert_process_ends(fail_beside_a_read);
}

static void a_lock_of_the_host_that_nobody_frees_ends_the_process(void **state)
{
    (void)state;
    assert_process_ends(fail_beside_a_lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forked_process_cannot_call_the_kernel),
        cmocka_unit_test(a_forked_process_cannot_return_from_the_body),
        cmocka_unit_test(a_forked_process_cannot_call_cmocka),
        cmocka_unit_test(a_forked_process_may_exit),
        dirql_unit_test_teardown(other_signals_may_be_blocked, source_stop, LIVE, .processors = 2),
        dirql_unit_test_teardown(interrupts_come_at_services_where_signals_are_blocked, source_stop,
                                 LIVE, .processors = 2),
        cmocka_unit_test(an_interrupt_that_a_blocked_signal_holds_up_ends_the_process),
        cmocka_unit_test(an_interrupt_that_is_held_up_is_a_finding),
        cmocka_unit_test(another_handler_for_the_signal_ends_the_process),
        cmocka_unit_test(a_thread_that_ends_itself_by_the_hosts_means_is_a_finding),
        cmocka_unit_test(an_exit_names_the_run),
        cmocka_unit_test(a_simulated_thread_is_not_cancelled),
        cmocka_unit_test(an_isr_that_waits_for_a_lock_of_a_library_ends_the_process),
        cmocka_unit_test(a_masked_callback_is_no_trouble),
        cmocka_unit_test(a_read_that_does_not_return_ends_the_process),
        cmocka_unit_test(a_lock_of_the_host_that_nobody_frees_ends_the_process),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}
