/*
 * test_misuse.c - a control API used wrongly says so: it neither crashes nor passes in silence.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>

#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../watched.h"

/* Runs the body and asserts that it fails with `reason` in the report. */
static void assert_fails(void (*body)(void *context), const char *reason)
{
    dirql_result result;

    assert_int_equal(dirql_run(NULL, body, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.errors, 1);
    if (strstr(result.report, reason) == NULL) {
        fail_msg("the report does not say \"%s\":\n%s", reason, result.report);
    }
    dirql_result_free(&result);
}

static void expect_no_finding_by_name(void *context)
{
    (void)context;
    dirql_expect_finding(NULL);
}

static void send_nothing_home(void *context)
{
    (void)context;
    dirql_at_home(NULL, NULL);
}

static void abandon_itself(void *context)
{
    dirql_result result;

    (void)context;
    dirql_abandon(&result);
}

static void fail_without_words(void *context)
{
    (void)context;
    dirql_fail(NULL, 1, NULL);
}

static void make_a_line_of_no_irql(void *context)
{
    (void)context;
    (void)dirql_line_create(&(dirql_line_options){ .irql = 99 });
}

static void ask_no_line(void *context)
{
    (void)context;
    (void)dirql_line_vector(NULL);
}

static void count_no_line(void *context)
{
    (void)context;
    (void)dirql_line_count(NULL);
}

static void resume_what_was_not_paused(void *context)
{
    (void)context;
    KeQueryTimeIncrement(); /* A service: the place is not that of the latest one. */
    dirql_explore_resume();
}

static void make_resources_of_no_line(void *context)
{
    (void)context;
    dirql_resources_add_line(dirql_resources_create(), NULL);
}

static void misuse_is_where_the_caller_is(void **state)
{
    (void)state;
    assert_fails(make_a_line_of_no_irql, "at make_a_line_of_no_irql");
    assert_fails(ask_no_line, "at ask_no_line");
    assert_fails(count_no_line, "at count_no_line");
    assert_fails(resume_what_was_not_paused, "at resume_what_was_not_paused");
    assert_fails(make_resources_of_no_line, "at make_resources_of_no_line");
    assert_fails(send_nothing_home, "at send_nothing_home");
    assert_fails(abandon_itself, "at abandon_itself");
    assert_fails(expect_no_finding_by_name, "at expect_no_finding_by_name");
}

static void calls_with_nothing_in_hand_are_findings(void **state)
{
    (void)state;
    assert_fails(expect_no_finding_by_name, "dirql_expect_finding: the rule has no name");
    assert_fails(send_nothing_home, "dirql_at_home: `errand` is NULL");
    assert_fails(fail_without_words, "dirql_fail() without a text");
    dirql_result_free(NULL);
}

static void a_run_cannot_abandon_itself(void **state)
{
    (void)state;
    assert_fails(abandon_itself, "dirql_abandon was called by simulated code");
}

static void say_nothing(void)
{
    if (freopen("/dev/null", "w", stderr) == NULL) {
        abort();
    }
}

static void exit_with_success(void *context)
{
    (void)context;
    say_nothing();
    exit(EXIT_SUCCESS);
}

static int status_after(dirql_mode mode, void (*body)(void *context))
{
    const dirql_options options = { .mode = mode, .fixed = 1 };
    pid_t child;
    int status = 0;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dirql_run(&options, body, NULL, NULL);
        _exit(EXIT_SUCCESS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void exit_in_a_run_is_no_success_of_the_process(void **state)
{
    (void)state;
    assert_int_equal(status_after(DIRQL_MODE_FIRST, exit_with_success), EXIT_FAILURE);
    assert_int_equal(status_after(DIRQL_MODE_LIVE, exit_with_success), EXIT_FAILURE);
}

static BOOLEAN leaving_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    _exit(EXIT_SUCCESS);
}

static void leave_at_once(void *context)
{
    dirql_line *line = dirql_line_create(
        &(dirql_line_options){ .name = "uart", .irql = 7, .trigger = DIRQL_EDGE });
    PKINTERRUPT interrupt;

    (void)context;
    say_nothing();
    IoConnectInterrupt(&interrupt, leaving_isr, NULL, NULL, dirql_line_vector(line), 7, 7, Latched,
                       FALSE, 1, FALSE);
    dirql_line_pulse(line);
}

static void leaving_at_once_in_a_run_is_none_either(void **state)
{
    (void)state;
    skip_where_memory_is_watched(); /* A sanitizer keeps _exit() to itself. */
    assert_int_equal(status_after(DIRQL_MODE_FIRST, leave_at_once), EXIT_FAILURE);
    assert_int_equal(status_after(DIRQL_MODE_LIVE, leave_at_once), EXIT_FAILURE);
}

/* They have no part in the run. */
static void have_children(void *context)
{
    const pid_t child = fork();
    int status = -1;

    (void)context;
    if (child == 0) {
        _exit(EXIT_SUCCESS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void children_of_a_run_may_leave(void **state)
{
    (void)state;
    assert_int_equal(dirql_run(&(dirql_options){ .fixed = 1 }, have_children, NULL, NULL),
                     DIRQL_PASSED);
}

static void be_sent_a_signal(void *context)
{
    say_nothing();
    kill(getpid(), *(const int *)context);
    for (unsigned i = 0; i < 1000; i++) { /* It need not have come yet. */
        usleep(10000);
        KeMemoryBarrier();
    }
}

static void assert_ends_process(dirql_mode mode, int signal)
{
    const dirql_options options = { .mode = mode, .processors = 2, .fixed = 1 };
    pid_t child;
    int status = 0;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dirql_run(&options, be_sent_a_signal, &signal, NULL);
        _exit(EXIT_SUCCESS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), signal);
}

/* CMocka has handlers for these, which leave whatever they interrupt. */
static void who_sends_a_signal_for_faults_ends_the_process(void **state)
{
    static const int sent[] = { SIGSEGV, SIGFPE, SIGILL, SIGBUS };

    (void)state;
    for (size_t i = 0; i < sizeof(sent) / sizeof(*sent); i++) {
        assert_ends_process(DIRQL_MODE_FIRST, sent[i]);
        assert_ends_process(DIRQL_MODE_LIVE, sent[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misuse_is_where_the_caller_is),
        cmocka_unit_test(calls_with_nothing_in_hand_are_findings),
        cmocka_unit_test(a_run_cannot_abandon_itself),
        cmocka_unit_test(exit_in_a_run_is_no_success_of_the_process),
        cmocka_unit_test(leaving_at_once_in_a_run_is_none_either),
        cmocka_unit_test(children_of_a_run_may_leave),
        cmocka_unit_test(who_sends_a_signal_for_faults_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
