/*
 * test_process.c - the end of the process, in a process of its own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"

static void loop_for_ever(void *argument)
{
    (void)argument;
    for (;;) {
        host_thread_give_way();
    }
}

/* Returns what the failing process wrote, and its status. */
static int fail_in_a_process(char *output, size_t bytes)
{
    int pipes[2], status = -1;
    size_t held = 0;
    ssize_t got;
    pid_t child;

    fflush(NULL);
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        dup2(pipes[1], STDERR_FILENO);
        host_thread_start(loop_for_ever, NULL);
        printf("buffered");
        host_process_fail("last words\n");
    }
    close(pipes[1]);
    while (held < bytes - 1 && (got = read(pipes[0], output + held, bytes - 1 - held)) > 0) {
        held += (size_t)got;
    }
    output[held] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_failing_process_says_why_whatever_its_threads_do(void **state)
{
    char output[4096];

    (void)state;
    assert_int_equal(fail_in_a_process(output, sizeof output), EXIT_FAILURE);
    assert_non_null(strstr(output, "last words"));
}

static void a_failing_process_keeps_what_was_printed_before(void **state)
{
    char output[4096];

    (void)state;
    fail_in_a_process(output, sizeof output);
    assert_non_null(strstr(output, "buffered"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_process_says_why_whatever_its_threads_do),
        cmocka_unit_test(a_failing_process_keeps_what_was_printed_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
