/*
 * live.h - what the tests of live mode begin with: a line with an ISR on it, host threads that are
 * no simulated ones, runs whose result is looked at, and children whose last words are read.
 *
 * Loops here are plain: they read a volatile variable and call nothing. Each ends when the thing it
 * waits for has happened, however long that takes. (The variables are no bool: gcc 12's UBSan
 * forgets that one is volatile.)
 */
#ifndef TEST_LIVE_H
#define TEST_LIVE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

#include "host/host.h"

/* A test here is about live mode, on as many processors as it says. */
#define LIVE .mode = DIRQL_MODE_LIVE, .fixed = 1

/* Plain loops are interrupted only where kicks are prompt (not under ThreadSanitizer). */
#define RUN_WHERE_KICKS_ARE_PROMPT(tests) \
    (host_kicks_are_prompt() ? cmocka_run_group_tests(tests, NULL, NULL) : 0)

/* ---- A line and its ISR ---------------------------------------------------------------------- */

struct source {
    dirql_line *line;
    PKINTERRUPT interrupt;
    void (*act)(struct source *source); /* Called by the ISR, before it silences the line. */
    volatile unsigned calls;            /* That have ended. */
    volatile KIRQL irql;
    volatile ULONG processor;
    const char *volatile frame; /* Of the ISR, to see on whose stack it ran. */
};

static inline BOOLEAN source_isr(PKINTERRUPT interrupt, PVOID context)
{
    struct source *source = context;

    (void)interrupt;
    source->irql = KeGetCurrentIrql();
    source->processor = KeGetCurrentProcessorNumberEx(NULL);
    source->frame = __builtin_frame_address(0);
    if (source->act != NULL) {
        source->act(source);
    }
    dirql_line_deassert(source->line);
    source->calls++;
    return TRUE;
}

/* What source_make() connected, for source_stop(). */
static PKINTERRUPT source_connected[8];
static unsigned source_connected_count;

/* A teardown. PASSIVE_LEVEL. */
__attribute__((unused)) static int source_stop(void **state)
{
    (void)state;
    dirql_suppress("InterruptPointer", NULL, "of an earlier run, or disconnected already");
    dirql_suppress("DisconnectAsserting", NULL, "the test is over");
    for (unsigned i = 0; i < source_connected_count && i < 8; i++) {
        IoDisconnectInterrupt(source_connected[i]);
    }
    source_connected_count = 0;
    return 0;
}

/* A level line of this DIRQL for these processors (0: all). */
static inline void source_make(struct source *source, KIRQL irql, KAFFINITY processors)
{
    source->line = dirql_line_create(
        &(dirql_line_options){ .name = "source", .irql = irql, .processors = processors });
    assert_int_equal(IoConnectInterrupt(&source->interrupt, source_isr, source, NULL,
                                        dirql_line_vector(source->line), irql, irql, LevelSensitive,
                                        FALSE, dirql_line_processors(source->line), FALSE),
                     STATUS_SUCCESS);
    source_connected[source_connected_count++ % 8] = source->interrupt;
}

/* ---- Host threads ---------------------------------------------------------------------------- */

struct stranger {
    pthread_t thread;
    void (*act)(void *context);
    void *context;
};

static inline void *stranger_main(void *argument)
{
    struct stranger *stranger = argument;

    stranger->act(stranger->context);
    return NULL;
}

static inline void stranger_start(struct stranger *stranger, void (*act)(void *), void *context)
{
    stranger->act = act;
    stranger->context = context;
    assert_int_equal(pthread_create(&stranger->thread, NULL, stranger_main, stranger), 0);
}

static inline void stranger_join(struct stranger *stranger)
{
    assert_int_equal(pthread_join(stranger->thread, NULL), 0);
}

static inline void host_sleep_ms(unsigned ms)
{
    usleep(ms * 1000);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static dirql_result live_result;

static inline void live_run_with(dirql_options options, void (*body)(void *), void *context)
{
    options.mode = DIRQL_MODE_LIVE;
    options.fixed = 1;
    options.name = "inner";
    options.leaks = DIRQL_LEAKS_IGNORED; /* Most end in the middle of something. */
    dirql_result_free(&live_result);
    dirql_run(&options, body, context, &live_result);
}

static inline void live_run(unsigned processors, void (*body)(void *), void *context)
{
    live_run_with((dirql_options){ .processors = processors }, body, context);
}

#define assert_report_has(text)                                                          \
    do {                                                                                 \
        if (strstr(live_result.report, (text)) == NULL) {                                \
            fail_msg("the report does not say \"%s\":\n%s", (text), live_result.report); \
        }                                                                                \
    } while (0)

/* ---- Children -------------------------------------------------------------------------------- */

static char child_said[65536]; /* On stdout and stderr. */

/* Runs act(context) in a child process and returns its exit status; 1000 and the signal if it was
 * killed. */
static inline int child_run(void (*act)(void *context), void *context)
{
    size_t length = 0;
    ssize_t got;
    int ends[2], status = 0;
    pid_t child;

    fflush(NULL);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        act(context);
        fflush(NULL);
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], child_said + length, sizeof(child_said) - 1 - length)) > 0) {
        length += (size_t)got;
    }
    child_said[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#define assert_child_said(text)                                                    \
    do {                                                                           \
        if (strstr(child_said, (text)) == NULL) {                                  \
            fail_msg("the child did not say \"%s\" but:\n%s", (text), child_said); \
        }                                                                          \
    } while (0)

#endif
