/* Tests of lib/cmake/dirql-tmh.cmake, wdkwpp.h, lib/ke/wpp.c: messages of WPP tracing. */
#include <string.h>

#include <dirql/cmocka.h>
#include <dirql/trace.h>

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
        cmocka_unit_test(everything_is_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
