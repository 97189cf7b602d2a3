/*
 * test_slowreader.c - who prints more than its reader takes waits for that one: it is no endless
 * loop.
 */
#include <dirql/cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WATCHDOG_MS = 400, WORK_MS = 150, READER_IS_LATE_MS = 2400, ROUNDS = 4, BYTES = 65536 };

static int ends[2]; /* Of a pipe. */

static void print(void *text)
{
    for (size_t done = 0; done < BYTES;) {
        const ssize_t written = write(ends[1], (const char *)text + done, BYTES - done);

        done += written > 0 ? (size_t)written : 0;
    }
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Far less than the watchdog allows. */
static void work(void)
{
    const uint64_t until = now_ms() + WORK_MS;

    while (now_ms() < until) {
        for (volatile unsigned i = 0; i < 100000; i++) {
        }
    }
}

static void print_a_lot(void *context)
{
    static char text[BYTES];

    (void)context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        dirql_at_home(print, text);
        work(); /* Who was late must not be held against it. */
    }
}

/* Prints without end: that is a loop all the same. */
static void print_for_ever(void *context)
{
    (void)context;
    for (;;) {
        dirql_at_home(print, context);
    }
}

static dirql_outcome run(void (*body)(void *context), void *context)
{
    const dirql_options options = { .watchdog_ms = WATCHDOG_MS, .fixed = 1 };
    dirql_result result;
    dirql_outcome outcome = dirql_run(&options, body, context, &result);

    if (outcome != DIRQL_PASSED) {
        fprintf(stderr, "%s", result.report);
    }
    dirql_result_free(&result);
    return outcome;
}

static int status_of(pid_t child)
{
    int status = 0;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_test_may_wait_for_who_reads_what_it_prints(void **state)
{
    char text[BYTES];
    size_t all = 0;
    ssize_t got;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(run(print_a_lot, NULL) == DIRQL_PASSED ? 0 : 1);
    }
    close(ends[1]);
    for (unsigned i = 0; i < 3; i++) { /* Late again and again. */
        usleep(READER_IS_LATE_MS / 3 * 1000);
        got = read(ends[0], text, sizeof(text));
        all += got > 0 ? (size_t)got : 0;
    }
    while ((got = read(ends[0], text, sizeof(text))) > 0) {
        all += (size_t)got;
    }
    close(ends[0]);
    assert_int_equal(status_of(child), 0);
    assert_int_equal(all, ROUNDS * BYTES);
}

static void who_prints_for_ever_is_found_all_the_same(void **state)
{
    static char text[BYTES];
    pid_t child;

    (void)state;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        assert_non_null(freopen("/dev/null", "w", stderr));
        ends[1] = fileno(fopen("/dev/null", "w"));
        _exit(run(print_for_ever, text) == DIRQL_FAILED ? 0 : 1);
    }
    assert_int_equal(status_of(child), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_may_wait_for_who_reads_what_it_prints),
        cmocka_unit_test(who_prints_for_ever_is_found_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
