/*
 * test_faileach.c - every service that can fail for want of resources does, as its page says; and
 * the loop over all of them ends at the first driver's mistake, which it names.
 */
#include <stdlib.h>
#include <string.h>

#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/fail.h>
#include <dirql/line.h>

#include <ntddk.h>
#include <portcls.h>

enum { TAG = 0x68636145 }; /* "Each" */

static dirql_result result;

static void run(const char *plan, void (*body)(void *), void *context)
{
    const dirql_options options = { .name = "each", .fail = plan };

    dirql_result_free(&result);
    dirql_run(&options, body, context, &result);
}

static void run_each(const char *filter, void (*body)(void *), void *context)
{
    const dirql_options options = { .name = "each", .fail = filter, .fixed = 1 };

    dirql_result_free(&result);
    dirql_fail_each(&options, body, context, &result);
}

/* ---- The services ---------------------------------------------------------------------------- */

static BOOLEAN claim(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return TRUE;
}

static NTSTATUS connect(dirql_line *line, PKINTERRUPT *interrupt)
{
    return IoConnectInterrupt(interrupt, claim, NULL, NULL, dirql_line_vector(line),
                              dirql_line_irql(line), dirql_line_irql(line), dirql_line_mode(line),
                              FALSE, dirql_line_processors(line), FALSE);
}

static NTSTATUS connect_line_based(PDEVICE_OBJECT pdo, PKINTERRUPT *interrupt)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = { .Version = CONNECT_LINE_BASED };

    parameters.LineBased.PhysicalDeviceObject = pdo;
    parameters.LineBased.InterruptObject = interrupt;
    parameters.LineBased.ServiceRoutine = claim;
    return IoConnectInterruptEx(&parameters);
}

static void end_at_once(PVOID context)
{
    (void)context;
}

static void interrupts_fail(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "line" });
    PDEVICE_OBJECT pdo = dirql_pdo_create("pdo", &line, 1);
    PKINTERRUPT interrupt = NULL;

    (void)context;
    assert_int_equal(connect(line, &interrupt), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(interrupt);
    assert_int_equal(connect_line_based(pdo, &interrupt), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(dirql_fail_count(), 2);
}

static void objects_fail(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Mine");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT callback;
    PDEVICE_OBJECT device;
    HANDLE thread = NULL;

    (void)context;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    assert_int_equal(ExCreateCallback(&callback, &attributes, TRUE, FALSE),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_null(device);
    assert_int_equal(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, end_at_once,
                                          NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_null(ExAllocateTimer(NULL, NULL, 0));
    assert_int_equal(dirql_fail_count(), 4);
}

static void memory_fails(void *context)
{
    const dirql_device card = { .name = "card" };
    const PHYSICAL_ADDRESS registers = dirql_device_add_memory(&card, 0, 0x100);
    DRIVER_OBJECT driver = { .Type = IO_TYPE_DRIVER };
    LOOKASIDE_LIST_EX list;
    UNICODE_STRING wide;
    ANSI_STRING narrow;

    (void)context;
    RtlInitAnsiString(&narrow, "text");
    assert_null(ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG));
    assert_null(ExAllocatePoolZero(PagedPool, 2 * PAGE_SIZE, TAG));
    assert_null(IoAllocateWorkItem((PDEVICE_OBJECT)(PVOID)&driver));
    assert_null(MmMapIoSpace(registers, 0x100, MmNonCached));
    assert_null(ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, TAG));
    assert_int_equal(RtlAnsiStringToUnicodeString(&wide, &narrow, TRUE), STATUS_NO_MEMORY);
    assert_int_equal(
        ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, 64, TAG, 0),
        STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(dirql_fail_count(), 7);
}

static void entries_of_a_list_fail(void *context)
{
    NPAGED_LOOKASIDE_LIST list;

    (void)context;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    assert_null(ExAllocateFromNPagedLookasideList(&list));
    ExDeleteNPagedLookasideList(&list);
    assert_int_equal(dirql_fail_count(), 1);
}

static void portcls_objects_fail(void *context)
{
    PRESOURCELIST resources = NULL;
    PSERVICEGROUP group = NULL;

    (void)context;
    assert_int_equal(PcNewResourceList(&resources, NULL, NonPagedPool, NULL, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(PcNewServiceGroup(&group, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(resources);
    assert_null(group);
    assert_int_equal(dirql_fail_count(), 2);
}

#define assert_all_fail(plan, body)                     \
    do {                                                \
        run(plan, body, NULL);                          \
        assert_string_equal(result.report, "");         \
        assert_int_equal(result.outcome, DIRQL_PASSED); \
    } while (0)

static void every_service_fails_as_its_page_says(void **state)
{
    (void)state;
    assert_all_fail("1+", interrupts_fail);
    assert_all_fail("1+", objects_fail);
    assert_all_fail("1+", memory_fails);
    assert_all_fail("lookaside:1+", entries_of_a_list_fail);
    assert_all_fail("1+", portcls_objects_fail);
}

static void allocate_or_raise(void *context)
{
    (void)context;
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 16, TAG);
}

static void what_raises_on_failure_raises(void **state)
{
    (void)state;
    run("1", allocate_or_raise, NULL);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_int_equal(result.code, KMODE_EXCEPTION_NOT_HANDLED);
    assert_int_equal((NTSTATUS)result.parameters[0], STATUS_INSUFFICIENT_RESOURCES);
}

static void remove_a_member(void *context)
{
    PSERVICEGROUP group, member;

    (void)context;
    PcNewServiceGroup(&group, NULL);
    PcNewServiceGroup(&member, NULL); /* A service sink like any other. */
    group->lpVtbl->AddMember(group, (PSERVICESINK)member);
    dirql_fail_set("1+");
    group->lpVtbl->RemoveMember(group, (PSERVICESINK)member);
    assert_int_equal(dirql_fail_count(), 0);
    group->lpVtbl->Release(group);
    member->lpVtbl->Release(member);
}

static void what_cannot_fail_does_not(void **state)
{
    (void)state;
    run(NULL, remove_a_member, NULL);
    assert_string_equal(result.report, "");
    assert_int_equal(result.outcome, DIRQL_PASSED);
}

/* ---- The loop -------------------------------------------------------------------------------- */

/* Starts a small driver, in `careless` ways. */
enum { CAREFUL, LEAKS, CRASHES, INSISTS };

static unsigned runs;

/* It writes through a null pointer on purpose, which no sanitizer is to see first. */
__attribute__((noinline, no_sanitize("address", "undefined"))) static void touch(void *memory)
{
    *(volatile char *)memory = 1;
}

static NTSTATUS start(PKINTERRUPT *interrupt, void **memory, void **more, int careless)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "line" });
    NTSTATUS status;

    *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    if (*memory == NULL && careless != CRASHES) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    touch(*memory);
    *more = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, TAG);
    status = *more != NULL ? connect(line, interrupt) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status)) {
        if (*more != NULL && careless != LEAKS) {
            ExFreePoolWithTag(*more, TAG);
        }
        ExFreePoolWithTag(*memory, TAG);
    }
    return status;
}

static void drive(void *context)
{
    const int careless = *(int *)context;
    PKINTERRUPT interrupt;
    void *memory, *more;
    NTSTATUS status;

    runs++;
    status = start(&interrupt, &memory, &more, careless);
    if (careless == INSISTS && status != STATUS_SUCCESS) {
        dirql_fail(__FILE__, __LINE__, "it did not start");
    }
    if (NT_SUCCESS(status)) {
        IoDisconnectInterrupt(interrupt);
        ExFreePoolWithTag(more, TAG);
        ExFreePoolWithTag(memory, TAG);
    }
}

static void each_in_turn(const char *filter, int careless)
{
    runs = 0;
    run_each(filter, drive, &careless);
    assert_int_equal(result.runs, runs);
}

static void a_careful_driver_survives_each_failure(void **state)
{
    (void)state;
    each_in_turn(NULL, CAREFUL);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(result.failed, 0);
    assert_int_equal(runs, 4); /* Three calls can fail; the last run is without. */
    each_in_turn("pool", CAREFUL);
    assert_int_equal(runs, 3);
    each_in_turn("connect", CAREFUL);
    assert_int_equal(runs, 2);
    each_in_turn("thread", CAREFUL);
    assert_int_equal(runs, 1);
}

#define assert_report_has(text) assert_non_null(strstr(result.report, text))

static void a_leak_on_the_way_out_is_found_and_can_be_repeated(void **state)
{
    (void)state;
    each_in_turn(NULL, LEAKS);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_int_equal(runs, 3);
    assert_non_null(strstr(result.failure,
                           "call 3 of those that can fail, IoConnectInterrupt (connect), at "));
    assert_report_has("nonpaged pool with tag \"Each\" was never freed: 32 bytes in 1 block");
    assert_report_has("made to fail: call 3 of those that can fail, IoConnectInterrupt (connect)");
    assert_non_null(strstr(result.repeat, "DIRQL_TEST=each DIRQL_FAIL=3 DIRQL_MODE=first"));
    each_in_turn("connect", LEAKS);
    assert_int_equal(runs, 1);
    assert_non_null(strstr(result.repeat, "DIRQL_FAIL=connect:1 "));
}

static void the_variable_repeats_one_run(void **state)
{
    (void)state;
    setenv("DIRQL_FAIL", "3", 1);
    each_in_turn(NULL, LEAKS);
    assert_int_equal(runs, 1);
    assert_report_has("call 3 of those that can fail");
    setenv("DIRQL_FAIL", "2", 1);
    each_in_turn(NULL, LEAKS);
    assert_int_equal(runs, 1);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(result.failed, 1);
    unsetenv("DIRQL_FAIL");
}

static void a_null_pointer_that_is_used_is_found(void **state)
{
    (void)state;
    each_in_turn(NULL, CRASHES);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_int_equal(runs, 1);
    assert_report_has("made to fail: call 1 of those that can fail, ExAllocatePool2 (pool, tag "
                      "Each), at ");
}

static void a_test_that_takes_no_failure_fails(void **state)
{
    (void)state;
    each_in_turn(NULL, INSISTS);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_report_has("it did not start");
    assert_report_has("made to fail: call 1");
}

/* ---- With CMocka ----------------------------------------------------------------------------- */

static int allocate(void **state)
{
    *state = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    return *state != NULL ? 0 : -1;
}

static void works_with_or_without_more(void **state)
{
    void *more = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);

    assert_non_null(*state);
    assert_true(more != NULL || dirql_fail_count() == 1);
    if (more != NULL) {
        ExFreePoolWithTag(more, TAG);
    }
}

static int release(void **state)
{
    ExFreePoolWithTag(*state, TAG);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_service_fails_as_its_page_says),
        cmocka_unit_test(what_raises_on_failure_raises),
        cmocka_unit_test(what_cannot_fail_does_not),
        cmocka_unit_test(a_careful_driver_survives_each_failure),
        cmocka_unit_test(a_leak_on_the_way_out_is_found_and_can_be_repeated),
        cmocka_unit_test(the_variable_repeats_one_run),
        cmocka_unit_test(a_null_pointer_that_is_used_is_found),
        cmocka_unit_test(a_test_that_takes_no_failure_fails),
        dirql_fail_each_test_setup_teardown(works_with_or_without_more, allocate, release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
