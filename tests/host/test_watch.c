/*
 * test_watch.c - the watchdog ends what makes no progress, and nothing else.
 *
 * Cases that end the process run in a process of their own: this executable, started again with
 * the name of the case.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/frame.h"
#include "host/host.h"
#include "host/watch.h"

#define STACK_BYTES ((size_t)64 * 1024)
#define LIMIT_NS    50000000u

typedef struct scene {
    host_context home;
    host_context guest;
    host_fault fault;
    unsigned faults;
} scene;

static scene s;
static volatile uint64_t progress;
static volatile bool go_on;

static void go_home(void *owner, const host_fault *fault)
{
    (void)owner;
    s.fault = *fault;
    s.faults++;
    host_context_leave(&s.guest, &s.home);
}

static __attribute__((noinline)) void loop_for_ever(void *argument)
{
    (void)argument;
    while (go_on) {
    }
}

static void perform(host_entry *guest)
{
    host_context_adopt(&s.home);
    assert_true(host_context_make(&s.guest, STACK_BYTES, guest, NULL));
    host_context_switch(&s.home, &s.guest);
    host_context_release(&s.guest);
}

static int release(void **state)
{
    (void)state;
    host_faults_release();
    return 0;
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    go_on = true;
    assert_true(host_faults_catch(go_home, NULL));
}

/* ThreadSanitizer puts signals off until the program calls something. */
static bool signals_are_deferred(void)
{
#if defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
}

/* ---- It fires -------------------------------------------------------------------------------- */

static void an_endless_loop_is_ended(void **state)
{
    host_watch *watch;

    (void)state;
    begin();
    watch = host_watch_start(&progress, LIMIT_NS);
    assert_non_null(watch);
    perform(loop_for_ever);
    host_watch_stop(watch);
    assert_int_equal(s.faults, 1);
    assert_int_equal(s.fault.kind, HOST_FAULT_STALLED);
    assert_true((uintptr_t)s.fault.place - (uintptr_t)loop_for_ever < 128);
}

static void it_fires_again_after_progress(void **state)
{
    host_watch *watch;
    unsigned i;

    (void)state;
    begin();
    watch = host_watch_start(&progress, LIMIT_NS / 5);
    for (i = 0; i < 20; i++) {
        progress++;
        perform(loop_for_ever);
    }
    host_watch_stop(watch);
    assert_int_equal(s.faults, 20);
}

/* ---- It stays silent ------------------------------------------------------------------------- */

static uint64_t elapsed_ns(uint64_t since_ns)
{
    return host_clock_ns() - since_ns;
}

static void work_with_progress(void *argument)
{
    uint64_t start_ns = host_clock_ns();

    (void)argument;
    while (elapsed_ns(start_ns) < 3 * (uint64_t)LIMIT_NS) {
        progress++;
    }
    host_context_leave(&s.guest, &s.home);
}

static void progress_keeps_it_silent(void **state)
{
    host_watch *watch;

    (void)state;
    begin();
    watch = host_watch_start(&progress, LIMIT_NS);
    perform(work_with_progress);
    host_watch_stop(watch);
    assert_int_equal(s.faults, 0);
}

static void work_without_progress(void *argument)
{
    uint64_t start_ns = host_clock_ns();

    (void)argument;
    while (elapsed_ns(start_ns) < 3 * (uint64_t)LIMIT_NS) {
    }
    host_context_leave(&s.guest, &s.home);
}

static void a_stopped_watch_is_silent(void **state)
{
    host_watch *watch;

    (void)state;
    begin();
    watch = host_watch_start(&progress, LIMIT_NS);
    host_watch_stop(watch);
    perform(work_without_progress);
    assert_int_equal(s.faults, 0);
}

static void a_fired_watch_is_silent_until_there_is_progress(void **state)
{
    uint64_t patience_ns = host_watch_patience_ns;
    host_watch *watch;

    (void)state;
    begin();
    watch = host_watch_start(&progress, LIMIT_NS);
    perform(loop_for_ever);
    host_watch_patience_ns = 1; /* It does not end the process either. */
    perform(work_without_progress);
    host_watch_stop(watch);
    host_watch_patience_ns = patience_ns;
    assert_int_equal(s.faults, 1);
}

static void no_limit_is_no_watch(void **state)
{
    (void)state;
    begin();
    assert_null(host_watch_start(&progress, 0));
    host_watch_stop(NULL);
}

static void a_thread_that_catches_nothing_has_no_watch(void **state)
{
    (void)state;
    assert_null(host_watch_start(&progress, LIMIT_NS));
}

static volatile sig_atomic_t urgent_signals;

static void count_urgent(int signal)
{
    (void)signal;
    urgent_signals++;
}

static void the_signal_of_others_is_passed_on(void **state)
{
    struct sigaction count = { .sa_handler = count_urgent }, before, after;
    host_watch *watch;

    (void)state;
    begin();
    urgent_signals = 0;
    sigaction(SIGURG, &count, &before);
    watch = host_watch_start(&progress, LIMIT_NS);
    kill(getpid(), SIGURG);
    host_watch_stop(watch);
    sigaction(SIGURG, &before, &after);
    assert_int_equal(urgent_signals, 1);
    assert_true(after.sa_handler == count_urgent);
}

/* ---- It ends the process --------------------------------------------------------------------- */

static void sleep_for_ever(void *argument)
{
    (void)argument;
    for (;;) {
        pause();
    }
}

static void block_and_loop(void *argument)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    loop_for_ever(argument);
}

static int get_stuck(host_entry *how)
{
    host_watch_patience_ns = 300000000u;
    go_on = true;
    printf("buffered\n");
    if (!host_faults_catch(go_home, NULL) || host_watch_start(&progress, LIMIT_NS) == NULL) {
        return 77;
    }
    host_context_adopt(&s.home);
    if (host_context_make(&s.guest, STACK_BYTES, how, NULL)) {
        host_context_switch(&s.home, &s.guest);
    }
    return 0;
}

/* Runs this executable with an argument; returns its exit status and all it wrote. */
static int run_self(const char *how, char *output, size_t bytes)
{
    extern char **environ;
    char name[64], *arguments[3] = { NULL, NULL, NULL };
    posix_spawn_file_actions_t actions;
    int pipes[2], status;
    size_t held = 0;
    ssize_t got;
    pid_t child;

    snprintf(name, sizeof name, "%s", how);
    arguments[0] = name;
    arguments[1] = name;
    assert_int_equal(pipe(pipes), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
    posix_spawn_file_actions_addclose(&actions, pipes[0]);
    posix_spawn_file_actions_addclose(&actions, pipes[1]);
    assert_int_equal(posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    while (held < bytes - 1 && (got = read(pipes[0], output + held, bytes - 1 - held)) > 0) {
        held += (size_t)got;
    }
    output[held] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void a_thread_stuck_in_the_c_library_ends_the_process(void **state)
{
    char output[4096];

    (void)state;
    assert_int_equal(run_self("sleep", output, sizeof output), EXIT_FAILURE);
    assert_non_null(strstr(output, "no progress"));
    assert_non_null(strstr(output, "lib"));
    assert_non_null(strstr(output, "buffered"));
}

static void a_thread_that_takes_no_signal_ends_the_process(void **state)
{
    char output[4096];

    (void)state;
    assert_int_equal(run_self("block", output, sizeof output), EXIT_FAILURE);
    assert_non_null(strstr(output, "takes no signal"));
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_endless_loop_is_ended, release),
        cmocka_unit_test_teardown(it_fires_again_after_progress, release),
        cmocka_unit_test_teardown(progress_keeps_it_silent, release),
        cmocka_unit_test_teardown(a_stopped_watch_is_silent, release),
        cmocka_unit_test_teardown(a_fired_watch_is_silent_until_there_is_progress, release),
        cmocka_unit_test_teardown(no_limit_is_no_watch, release),
        cmocka_unit_test(a_thread_that_catches_nothing_has_no_watch),
        cmocka_unit_test_teardown(the_signal_of_others_is_passed_on, release),
        cmocka_unit_test(a_thread_stuck_in_the_c_library_ends_the_process),
        cmocka_unit_test(a_thread_that_takes_no_signal_ends_the_process),
    };

    if (count > 1) {
        return get_stuck(strcmp(arguments[1], "sleep") == 0 ? sleep_for_ever : block_and_loop);
    }
    if (!host_frame_is_known() || signals_are_deferred()) {
        return 0; /* There is no watch here. */
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
