/*
 * 09 - A leak on the way out.
 *
 * A driver's start routine asks for one thing after another: memory, more memory, an interrupt.
 * Any of these can fail, and then what it got before must be given back. These ways out are rarely
 * tested, because memory is hardly ever short while somebody looks.
 *
 * dirql does two things about it. When a run has passed, it looks at what is left: pool that was
 * never freed, interrupts that are still connected, timers that are set, and so on. And it makes
 * calls fail on demand: dirql_fail_each() runs a body again and again, each time with another call
 * failing, until it has been through them all. The two together find the leak below, and name the
 * call that has to fail for it. With CMocka, dirql_fail_each_test() does the same for a test.
 */
#include <string.h>

#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/line.h>

#define TAG 'traU' /* "Uart" in memory. */

typedef struct uart {
    PVOID ring, names;
    PKINTERRUPT interrupt;
} uart;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return FALSE;
}

static NTSTATUS connect(uart *u)
{
    dirql_line *line = dirql_line_create(NULL);

    return IoConnectInterrupt(&u->interrupt, isr, u, NULL, dirql_line_vector(line),
                              dirql_line_irql(line), dirql_line_irql(line), dirql_line_mode(line),
                              FALSE, dirql_line_processors(line), FALSE);
}

static void release(uart *u)
{
    if (u->names != NULL) {
        ExFreePoolWithTag(u->names, TAG);
    }
    if (u->ring != NULL) {
        ExFreePoolWithTag(u->ring, TAG);
    }
}

static NTSTATUS start(uart *u, BOOLEAN careful)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    memset(u, 0, sizeof(*u));
    u->ring = ExAllocatePool2(POOL_FLAG_NON_PAGED, 4096, TAG);
    u->names = u->ring != NULL ? ExAllocatePool2(POOL_FLAG_PAGED, 200, TAG) : NULL;
    if (u->names != NULL) {
        status = connect(u);
    }
    if (!NT_SUCCESS(status) && (careful || u->names == NULL)) { /* Only the careful one thinks of */
        release(u);                                             /* what connect() may answer. */
    }
    return status;
}

static void start_and_stop(void *careful)
{
    uart u;

    if (NT_SUCCESS(start(&u, *(BOOLEAN *)careful))) {
        IoDisconnectInterrupt(u.interrupt);
        release(&u);
    }
}

static void a_careless_start_leaks_when_connecting_fails(void **state)
{
    const dirql_options options = {.name = "start", .fixed = 1};
    BOOLEAN careful = FALSE;
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(&options, start_and_stop, &careful, NULL), DIRQL_PASSED);

    assert_int_equal(dirql_fail_each(&options, start_and_stop, &careful, &result), DIRQL_FAILED);
    assert_int_equal(result.runs, 3); /* The first two failures it survives. */
    assert_non_null(strstr(result.report, "pool with tag \"Uart\" was never freed: 4096 bytes"));
    assert_non_null(strstr(result.failure, "IoConnectInterrupt (connect), at "));
    assert_non_null(strstr(result.repeat, "DIRQL_TEST=start DIRQL_FAIL=3 DIRQL_MODE=first"));
    dirql_result_free(&result);
}

static void a_careful_start_gives_back_what_it_got(void **state)
{
    BOOLEAN careful = TRUE;

    (void)state;
    start_and_stop(&careful);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_careless_start_leaks_when_connecting_fails),
        dirql_fail_each_test(a_careful_start_gives_back_what_it_got),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
