/*
 * unit.c - a dirql test, as CMocka sees it.
 *
 * CMocka calls dirql_cmocka_run(), which runs setup, test and teardown on a fresh machine, and
 * dirql_cmocka_clean() afterwards. A CMocka failure inside the run leaves it by longjmp from the
 * home context, so only dirql_cmocka_clean() can stop the machine then; every other end comes
 * back here. Each prints what was found, so a report appears once.
 */
#include "real.h"

#include "calls.h"

#include <dirql/fail.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORTEN_RUNS = 300 };
enum { PIECE_BYTES = 512 }; /* CMocka cuts off what is printed at once beyond 1 KiB. */

static const char *name_of(const dirql_cmocka_case *test)
{
    return test->shared && test->shared->name ? test->shared->name : test->name;
}

static void print_text(const char *text)
{
    size_t left = strlen(text);

    while (left) {
        int bytes = left < PIECE_BYTES ? (int)left : PIECE_BYTES;

        dirql_cmocka_print_error("%.*s", bytes, text);
        text += bytes;
        left -= (size_t)bytes;
    }
}

/* A report ends in how to see the run again. Where there is none, the machine found nothing wrong,
 * but a CMocka failure can be repeated as well. */
static void print_result(const dirql_result *result)
{
    const bool reported = result->report && *result->report;

    if (!reported && result->outcome != DIRQL_PASSED && result->failure) {
        print_text("made to fail: ");
        print_text(result->failure);
        print_text("\n");
    }
    if (reported) {
        print_text(result->report);
        if (result->report[strlen(result->report) - 1] != '\n')
            print_text("\n");
    } else if (result->outcome != DIRQL_PASSED && result->repeat && *result->repeat) {
        print_text(result->repeat);
        print_text("\n");
    }
}

/* A passed exploration says what it has passed, for who reads the log and for a gate. */
static void print_coverage(const dirql_result *result)
{
    if (result->outcome == DIRQL_PASSED && result->coverage)
        dirql_cmocka_print_message("%s\n", result->coverage);
}

static void check_fixture(const dirql_cmocka_case *test, const char *role, const char *function,
                          int answer)
{
    char text[256];

    if (answer == 0)
        return;
    snprintf(text, sizeof text, "%s %s of %s returned %d", role, function, test->name, answer);
    dirql_fail(test->file, test->line, text);
}

/* The first thread of the machine. */
static void guest(void *context)
{
    const dirql_cmocka_case *test = context;
    void *state = NULL;
    int answer;

    dirql_explore_pause(); /* An exploration is of the test itself. */
    answer = test->setup ? test->setup(&state) : 0;
    if (answer && dirql_fail_count() > 0)
        return; /* It was made to fail, and says so. */
    check_fixture(test, "setup", test->setup_name, answer);
    dirql_explore_resume();
    test->test(&state);
    dirql_explore_pause();
    if (test->teardown)
        check_fixture(test, "teardown", test->teardown_name, test->teardown(&state));
}

static void forget_calls(void *unused)
{
    (void)unused;
    dq_calls_forget();
    dq_expected_forget();
}

/* One of several runs of the same test. */
static void guest_again(void *context)
{
    dirql_at_home_foretold(forget_calls, NULL, DIRQL_ENDING_RETURNS, NULL);
    guest(context);
}

static dirql_outcome fail_each(const dirql_options *options, void (*body)(void *), void *context,
                               dirql_result *result)
{
    const dirql_outcome outcome = dirql_fail_each(options, body, context, result);

    if (outcome == DIRQL_PASSED && result->failed == 0 && result->runs > 0)
        dirql_cmocka_print_message("%s: %u calls failed, one in each run\n", options->name,
                                   (unsigned)(result->runs - 1));
    return outcome;
}

/* DIRQL_TEST may name the function, or what reports call the test; and where several tests are of one
 * function, what kind of it: "f:explore". */
static bool is_wanted(const dirql_cmocka_case *test, const char *kind)
{
    const char *wanted = getenv("DIRQL_TEST");
    char name[256];

    if (dirql_is_wanted(test->name, name_of(test))) {
        return true;
    }
    snprintf(name, sizeof name, "%s:%s", test->name, kind);
    return wanted && strchr(wanted, ':') && dirql_is_wanted(name, NULL);
}

static void run_by(dirql_outcome (*run)(const dirql_options *, void (*)(void *), void *,
                                        dirql_result *),
                   void (*body)(void *), dirql_cmocka_case *test)
{
    dirql_options options = test->shared ? *test->shared : test->options;
    dirql_result result;
    dirql_outcome outcome;

    if (options.mode == DIRQL_MODE_DEFAULT)
        options.mode = test->mode;
    if (!is_wanted(test, run == fail_each ? "fail-each"
                         : options.mode == DIRQL_MODE_EXPLORE ? "explore" : "unit"))
        dirql_cmocka_skip(test->file, test->line);
    dirql_abandon(&result); /* A run that a plain CMocka test left behind. */
    dirql_result_free(&result);
    forget_calls(NULL);
    if (!options.name)
        options.name = test->name;
    options.routine = (const char *)(uintptr_t)test->test;
    if (options.shorten_limit == 0 && run == dirql_run)
        options.shorten_limit = SHORTEN_RUNS; /* Setup and teardown are part of each run. */
    /* As if it were a return address. */
    dirql_blame((const char *)(uintptr_t)test->test + 1);
    outcome = run(&options, body, test, &result);
    print_result(&result);
    print_coverage(&result);
    dirql_result_free(&result);
    if (outcome != DIRQL_PASSED)
        dirql_cmocka_fail(test->file, test->line);
}

void dirql_cmocka_run(void **state)
{
    run_by(dirql_run, guest, *state);
}

void dirql_cmocka_fail_each(void **state)
{
    run_by(fail_each, guest_again, *state);
}

int dirql_cmocka_clean(void **state)
{
    const bool quietly = dq_calls_left_quietly();
    dirql_result result;

    (void)state;
    dirql_blame(dq_calls_place());
    dirql_abandon(quietly ? NULL : &result);
    if (!quietly) {
        print_result(&result);
        dirql_result_free(&result);
    }
    forget_calls(NULL);
    return 0;
}
