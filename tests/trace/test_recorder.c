/*
 * test_recorder.c - the trace as text: what is in it, and that it is the same with every compiler.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>
#include <dirql/trace.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", part, text);
    }
}

static void events_are_named_by_object_and_call(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;
    char *text;

    (void)state;
    dirql_trace_start();
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    text = dirql_trace_text();
    assert_contains(text, "CPU0 IRQL 0 CALL in KeInitializeSpinLock");
    assert_contains(text, "LOCK_ACQUIRE in KeAcquireSpinLock lock1");
    assert_contains(text, "LOCK_RELEASE in KeReleaseSpinLock lock1");
    dirql_trace_free(text);
}

static void two_objects_have_two_numbers(void **state)
{
    KSPIN_LOCK locks[2];
    char *text;

    (void)state;
    dirql_trace_start();
    KeInitializeSpinLock(&locks[1]);
    KeInitializeSpinLock(&locks[0]);
    text = dirql_trace_text();
    assert_contains(text, "lock1");
    assert_contains(text, "lock2");
    dirql_trace_free(text);
}

static void nothing_is_kept_before_start_and_after_stop(void **state)
{
    KSPIN_LOCK lock;
    char *text;

    (void)state;
    KeInitializeSpinLock(&lock);
    dirql_trace_start();
    dirql_trace_mark("between");
    dirql_trace_stop();
    KeInitializeSpinLock(&lock);
    text = dirql_trace_text();
    assert_contains(text, "MARK in dirql_trace_mark \"between\"");
    assert_null(strstr(text, "KeInitializeSpinLock"));
    dirql_trace_free(text);
}

/* ---- A scene with everything in it, against the file in the repository ----------------------- */

static KSPIN_LOCK lock;
static KDPC dpc;
static KEVENT done;
static ULONG shared;

static VOID dpc_routine(PKDPC which, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)which;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeAcquireSpinLockAtDpcLevel(&lock);
    shared++;
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeSetEvent(&done, 0, FALSE);
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)0x300, 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return TRUE;
}

static void acknowledge(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    (void)offset;
    (void)bytes;
    (void)value;
    dirql_line_deassert(context);
}

static void other(void *context)
{
    KIRQL old;

    (void)context;
    for (int i = 0; i < 3; i++) {
        KeAcquireSpinLock(&lock, &old);
        shared++;
        KeReleaseSpinLock(&lock, old);
        KeStallExecutionProcessor(5);
    }
}

static void play(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "wire", .irql = 6 });
    PKINTERRUPT interrupt;
    dirql_thread *thread;

    dirql_trace_start();
    shared = 0;
    KeInitializeSpinLock(&lock);
    KeInitializeDpc(&dpc, dpc_routine, NULL);
    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    dirql_device_add_ports(&(dirql_device){ .name = "card", .write = acknowledge, .context = line },
                           0x300, 1);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 6, 6,
                                        LevelSensitive, FALSE, dirql_line_processors(line), FALSE),
                     STATUS_SUCCESS);
    thread = dirql_thread_start("other", 1, other, NULL);
    dirql_line_assert(line);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    dirql_time_advance_us(10);
    dirql_thread_join(thread);
    IoDisconnectInterrupt(interrupt);
    assert_int_equal(shared, 4);
    *(char **)context = dirql_trace_text();
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);

    if (file == NULL || text == NULL) {
        fail_msg("%s cannot be read", path);
    }
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

/* With REWRITE_GOLDEN in the environment the file is written anew, to be reviewed as a change. */
static void compare(const char *trace, const char *path)
{
    char *expected;

    if (getenv("REWRITE_GOLDEN") != NULL) {
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_true(fputs(trace, file) >= 0);
        fclose(file);
        return;
    }
    expected = read_file(path);
    assert_string_equal(trace, expected);
    free(expected);
}

static void assert_golden(const dirql_options *options, const char *path)
{
    char *trace = NULL;
    dirql_result result;

    if (dirql_run(options, play, &trace, &result) != DIRQL_PASSED) {
        fail_msg("%s", result.report);
    }
    dirql_result_free(&result);
    compare(trace, path);
    free(trace);
}

static void mode_first_writes_the_trace_in_the_repository(void **state)
{
    (void)state;
    assert_golden(&(dirql_options){ .name = "golden", .processors = 2, .fixed = 1 }, GOLDEN_FIRST);
}

static void seed_7_writes_the_trace_in_the_repository(void **state)
{
    (void)state;
    assert_golden(&(dirql_options){ .name = "golden",
                                    .processors = 2,
                                    .mode = DIRQL_MODE_RANDOM,
                                    .seed = 7,
                                    .fixed = 1 },
                  GOLDEN_RANDOM);
}

/* ---- To a file ------------------------------------------------------------------------------- */

static void the_option_writes_the_trace_to_a_file(void **state)
{
    char *trace = NULL, *written, path[64];

    (void)state;
    /* The same test may run beside this one, in another mode. */
    snprintf(path, sizeof(path), "recorder_test_%d.trace", (int)getpid());
    assert_int_equal(dirql_run(&(dirql_options){ .processors = 2, .trace = path }, play, &trace,
                               NULL),
                     DIRQL_PASSED);
    written = read_file(path);
    assert_contains(written, "dirql trace 1, ");
    assert_contains(written, "\"wire\"");
    free(trace);
    free(written);
    remove(path);
}

static void assert_not_written(const char *path, dirql_outcome outcome, const char *reason)
{
    char *trace = NULL;
    dirql_result result;

    assert_int_equal(dirql_run(&(dirql_options){ .processors = 2, .trace = path }, play, &trace,
                               &result),
                     outcome);
    assert_contains(result.report, reason);
    dirql_result_free(&result);
    free(trace);
}

static void a_file_that_cannot_be_written_is_refused(void **state)
{
    (void)state;
    assert_not_written("no/such/folder/x", DIRQL_REFUSED, "no/such/folder/x cannot be written");
}

static void a_trace_that_does_not_fit_fails_the_run(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_not_written("/dev/full", DIRQL_FAILED, "could not be written to /dev/full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(events_are_named_by_object_and_call),
        dirql_unit_test(two_objects_have_two_numbers),
        dirql_unit_test(nothing_is_kept_before_start_and_after_stop),
        cmocka_unit_test(mode_first_writes_the_trace_in_the_repository),
        cmocka_unit_test(seed_7_writes_the_trace_in_the_repository),
        cmocka_unit_test(the_option_writes_the_trace_to_a_file),
        cmocka_unit_test(a_file_that_cannot_be_written_is_refused),
        cmocka_unit_test(a_trace_that_does_not_fit_fails_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
