/* Tests of lib/cmake/dirql-tmh.cmake, wdkwpp.h, lib/ke/wpp.c: messages of WPP tracing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <dirql/dirql.h>
#include <dirql/trace.h>

#include "../check/rule.h"
#include "driver.h"

/* What was traced since dirql_trace_start() has this text. */
static void assert_traced(const char *text)
{
    char *trace = dirql_trace_text();

    if (strstr(trace, text) == NULL) {
        fail_msg("\"%s\" is not in the trace:\n%s", text, trace);
    }
    dirql_trace_free(trace);
}

static void messages_are_in_the_trace(void **state)
{
    UNICODE_STRING path = RTL_CONSTANT_STRING(L"uart");
    DRIVER_OBJECT driver = { 0 };

    (void)state;
    dirql_trace_start();
    assert_int_equal(sample_entry(&driver, &path), STATUS_SUCCESS);
    sample_unload(&driver);
    assert_traced("[VERBOSE]  sample_entry entered");
    assert_traced("[ERROR DBG_INIT] starting uart failed: 0xC00000A3");
}

static void conditions_come_from_the_block(void **state)
{
    static const GUID kind = {
        0x84bdb2e9, 0x829e, 0x41b3, { 0xb8, 0x91, 2, 0xf4, 0x54, 0xbc, 0x2b, 0xd7 }
    };
    KIRQL irql;

    (void)state;
    dirql_trace_start();
    sample_io(&kind, 0);
    KeRaiseIrql(HIGH_LEVEL, &irql); /* Any IRQL will do. */
    sample_io(&kind, 80);
    KeLowerIrql(irql);
    assert_traced("[DBG_IO] nothing to do");
    assert_traced("[INFORMATION DBG_IO] 80% of 84bdb2e9-829e-41b3-b891-02f454bc2bd7 in sample_io, "
                  "line 25");
    assert_traced("\"[VERBOSE DBG_IO] 80 bytes\"");
    assert_traced("[ERROR] sample_io returns 0x00000103");
}

static void sources_in_cxx_have_messages_too(void **state)
{
    (void)state;
    dirql_trace_start();
    sample_play(44100);
    assert_traced("[WARNING DBG_IO] rate 44100, 7");
}

static void trace_and_bug_check(void *context)
{
    UNICODE_STRING path = RTL_CONSTANT_STRING(L"uart");
    DRIVER_OBJECT driver = { 0 };

    (void)context;
    (void)sample_entry(&driver, &path);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

/* The same file as by DIRQL_TRACE=file. */
static void messages_are_in_the_file_of_a_run_and_in_its_report(void **state)
{
    static const char message[] = "[ERROR DBG_INIT] starting uart failed: 0xC00000A3";
    static char text[20000];
    char name[40]; /* Of its own, as the same test may run beside it in another mode. */
    const dirql_options options = { .name = "tmh", .trace = name };
    dirql_result result = { 0 };
    FILE *file;

    (void)state;
    snprintf(name, sizeof(name), "tmh_trace_%ld.txt", (long)getpid());
    dirql_run(&options, trace_and_bug_check, NULL, &result);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_non_null(strstr(result.report, message));
    assert_null(strstr(result.report, "DoTraceMessage")); /* The message is its call. */
    dirql_result_free(&result);
    file = fopen(name, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    (void)remove(name);
    assert_non_null(strstr(text, message));
}

static UNICODE_STRING path = RTL_CONSTANT_STRING(L"uart");

static void begin_twice(void *context)
{
    (void)context;
    (void)sample_entry(NULL, &path);
    (void)sample_entry(NULL, &path);
    sample_unload(NULL);
}

static void begin_again_after_the_end(void *context)
{
    (void)context;
    (void)sample_entry(NULL, &path);
    sample_unload(NULL);
    sample_unload(NULL); /* For nothing, and nothing happens. */
    (void)sample_entry(NULL, &path);
    sample_unload(NULL);
}

static void tracing_that_begins_twice_is_warned_of(void **state)
{
    (void)state;
    assert_warned(begin_twice, 1, 1, "WppTracing");
    assert_report_has("WPP_INIT_TRACING, at sample_entry");
    assert_silent(begin_again_after_the_end, 1, "WppTracing");
}

static void everything_is_on(void **state)
{
    (void)state;
    assert_true(sample_is_traced());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(messages_are_in_the_trace),
        dirql_unit_test(conditions_come_from_the_block),
        dirql_unit_test(sources_in_cxx_have_messages_too),
        cmocka_unit_test(messages_are_in_the_file_of_a_run_and_in_its_report),
        cmocka_unit_test(tracing_that_begins_twice_is_warned_of),
        cmocka_unit_test(everything_is_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
