/*
 * test_arguments.c - what the functions of include/dirql cannot do anything with, they say: null
 * pointers, nothing at all, too much, unknown names.
 */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/disk.h>
#include <dirql/driver.h>
#include <dirql/etw.h>
#include <dirql/fail.h>
#include <dirql/line.h>
#include <dirql/pci.h>
#include <dirql/power.h>
#include <dirql/property.h>
#include <dirql/registry.h>
#include <dirql/trace.h>
#include <dirql/wmi.h>

#include <stdio.h>
#include <string.h>

#define KEY "\\Registry\\Machine\\Software\\dirql"

static ULONG word;
static const GUID guid = { 1, 2, 3, { 4 } };

static void nothing(void *context)
{
    (void)context;
}

static dirql_stimulus stimulus = { .happen = nothing };

static PDEVICE_OBJECT device(void)
{
    return dirql_pdo_create("device", NULL, 0);
}

static PDEVICE_OBJECT pci_device(void)
{
    PDEVICE_OBJECT pdo = device();

    dirql_pci_attach(pdo, NULL);
    return pdo;
}

static void make_too_many_lines(void)
{
    for (unsigned i = 0; i < 5000; i++)
        (void)dirql_line_create(NULL);
}

static const char *const no_texts[] = { "one", NULL };

/* X(what is done, what the report says of it) */
#define CALLS(X)                                                                                   \
    X(dirql_expect_bugcheck(0), "0 is the code of no bug check")                                   \
    X(dirql_expect_bugcheck_with(0, 1, 2, 3, 4), "0 is the code of no bug check")                  \
    X(dirql_expect_finding("datarace"), "no rule or finding has this name. Did you mean \"data race") \
    X(dirql_expect_finding("DeadLock"), "Did you mean \"deadlock\"")                              \
    X(dirql_expect_finding("asertion"), "Did you mean \"assertion\"")                             \
    X(dirql_expect_finding(""), "the rule has no name")                                            \
    X(dirql_suppress("asertion", NULL, "why"), "(\"asertion\"): no rule has this name")            \
    X(dirql_suppress("assertion", NULL, "why"), "that is no rule for the driver")                  \
    X(dirql_suppress("data race", "", "why"), "`function` has no name. NULL means any")            \
    X(dirql_suppress("data race", NULL, ""), "say why")                                            \
    X(dirql_escalate("memory"), "that is no rule for the driver")                                  \
    X(dirql_race_ignore(NULL, 4, "why"), "4 bytes at address 0x0 are no range")                    \
    X(dirql_race_ignore(&word, 0, "why"), "dirql_race_ignore: 0 bytes at")                         \
    X(dirql_race_ignore(&word, SIZE_MAX, "why"), "leave the address space")                        \
    X(dirql_fail_set("99999999999999999999999"), "the number is none, or out of range")            \
    X(dirql_fail_set("pool:18446744073709551616+"), "the number is none, or out of range")         \
    X(dirql_time_advance_ns(UINT64_MAX), "virtual time ends after 292 years")                      \
    X(dirql_time_advance_us(UINT64_MAX), "virtual time ends after 292 years")                      \
    X(dirql_time_advance_ms(UINT64_MAX), "virtual time ends after 292 years")                      \
    X(dirql_time_advance_ms(UINT64_MAX / 1000000 - 1), "virtual time ends after 292 years")        \
    X(dirql_stimulus_after(&stimulus, UINT64_MAX), "virtual time ends after 292 years")            \
    X(dirql_stimulus_at(&stimulus, (uint64_t)-1000), "virtual time ends after 292 years")          \
    X(make_too_many_lines(), "all vectors of the machine are taken")                               \
    X(dirql_resources_add_port(dirql_resources_create(), 8, 0), "0x0 bytes at 0x8 are no range")   \
    X(dirql_resources_add_port(dirql_resources_create(), UINT32_MAX, 2), "beyond the last address") \
    X(dirql_resources_add_memory(dirql_resources_create(), (PHYSICAL_ADDRESS){ .QuadPart = 8 }, 0), \
      "0x0 bytes at 0x8 are no range")                                                             \
    X(dirql_resources_add_memory(dirql_resources_create(), (PHYSICAL_ADDRESS){ .QuadPart = -5 }, 6), \
      "beyond the last address")                                                                   \
    X(dirql_etw_enable(NULL, 1, 0, 0), "dirql_etw_enable: `provider` is NULL")                     \
    X(dirql_etw_disable(NULL), "dirql_etw_disable: `provider` is NULL")                            \
    X(dirql_etw_capture_state(NULL), "dirql_etw_capture_state: `provider` is NULL")                \
    X(dirql_etw_find(NULL, NULL), "dirql_etw_find: `name` is NULL")                                \
    X(dirql_etw_number(NULL, NULL), "the event has no field \"NULL\"")                             \
    X(dirql_registry_set(KEY, "v", REG_BINARY, NULL, 4), "`data` is NULL, but `bytes` is 4")       \
    X(dirql_registry_set_string(KEY, "v", NULL), "dirql_registry_set_string: `text` is NULL")      \
    X(dirql_registry_has(NULL), "dirql_registry_has: `path` is NULL")                              \
    X(dirql_registry_get(NULL, "v", NULL, NULL, 0), "dirql_registry_get: `path` is NULL")          \
    X(dirql_registry_add(KEY "\\\xC3\xA4"), "is not ASCII")                                        \
    X(dirql_disk_write("C:\\x", NULL, 5), "`data` is NULL, but `bytes` is 5")                      \
    X(dirql_disk_write("C:\\\xC3\xA4", "x", 1), "is not ASCII")                                    \
    X(dirql_disk_entry("C:\\", 0, NULL, 5), "dirql_disk_entry: `name` is NULL")                    \
    X(dirql_disk_set_latency_us((uint64_t)-5), "no disk takes as long")                            \
    X(dirql_property_set(device(), DevicePropertyHardwareID, NULL, 5), "nothing to set: NULL")     \
    X(dirql_property_set_text(device(), DevicePropertyHardwareID, NULL), "nothing to set: NULL")   \
    X(dirql_property_set_texts(device(), DevicePropertyHardwareID, NULL, 3), "nothing to set")     \
    X(dirql_property_set_texts(device(), DevicePropertyHardwareID, no_texts, 2), "nothing to set") \
    X(dirql_pci_read(pci_device(), 0, NULL, 4), "dirql_pci_read: `data` is NULL")                  \
    X(dirql_pci_write(pci_device(), 0, NULL, 4), "dirql_pci_write: `data` is NULL")                \
    X(dirql_device_set_power(device(), (DEVICE_POWER_STATE)99), "99 is no state of a device")      \
    X(dirql_device_set_system_power(device(), (SYSTEM_POWER_STATE)99), "99 is no state of the sy") \
    X(dirql_power_requests((POWER_REQUEST_TYPE)99), "99 is no POWER_REQUEST_TYPE")                 \
    X(dirql_wmi_query(NULL, &guid, 0, NULL, 0, NULL), "the device is no WMI provider")             \
    X(dirql_file_open_name(NULL, NULL), "dirql_file_open_name: `name` is NULL")                    \
    X(dirql_trace_mark(NULL), "dirql_trace_mark: `text` is NULL")                                  \
    X(dirql_assert_irql_at(9, NULL, 7), "?:7: IRQL is 0, expected 9")

enum {
#define X(call, says) +1
    COUNT = 0 CALLS(X)
#undef X
};

static void make_call(void *context)
{
    unsigned left = *(const unsigned *)context;

#define X(call, says) \
    if (left-- == 0)  \
        (void)(call);
    CALLS(X)
#undef X
}

static const char *const texts[COUNT] = {
#define X(call, says) says,
    CALLS(X)
#undef X
};

static const char *const names[COUNT] = {
#define X(call, says) #call,
    CALLS(X)
#undef X
};

static void what_cannot_be_done_is_said(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        dirql_result result;

        if (dirql_run(NULL, make_call, &i, &result) != DIRQL_FAILED || result.code != 0 ||
            result.errors != 1 || strstr(result.report, texts[i]) == NULL) {
            fail_msg("%s does not say \"%s\":\n%s", names[i], texts[i], result.report);
        }
        dirql_result_free(&result);
    }
}

/* ---- What can be done ------------------------------------------------------------------------ */

static void ask_for_little(void *context)
{
    (void)context;
    dirql_time_advance_ms(0);
    dirql_time_advance_ms(UINT64_MAX / 2000000 - 1);
    dirql_registry_set(KEY, "v", REG_BINARY, NULL, 0);
    dirql_disk_write("C:\\x", NULL, 0);
    dirql_race_ignore(&word, sizeof(word), "a hint");
    dirql_resources_add_port(dirql_resources_create(), UINT32_MAX, 1);
    dirql_pci_read(pci_device(), 0, NULL, 0);
    (void)dirql_etw_text(NULL, NULL, 10);
    dirql_suppress("data race", NULL, "a hint");
}

static void what_is_nothing_or_the_last_is_no_misuse(void **state)
{
    dirql_result result;

    (void)state;
    dirql_run(NULL, ask_for_little, NULL, &result);
    assert_string_equal(result.report, "");
    dirql_result_free(&result);
}

static void expect(void *context)
{
    dirql_expect_finding(context);
}

static void rules_and_other_findings_can_be_expected_by_name(void **state)
{
    static char known[][20] = { "IrqlKeDispatchLte", "foreign thread", "assertion", "driver" };
    dirql_result result;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        dirql_run(NULL, expect, known[i], &result);
        assert_non_null(strstr(result.report, "and the run ended without it"));
        dirql_result_free(&result);
    }
}

/* ---- A suppression of another function ------------------------------------------------------- */

static void leave_pool(void *context)
{
    (void)context;
    dirql_suppress("PoolLeak", "leave_pol", "a slip of the pen");
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'tseT');
}

static void a_suppression_that_is_for_another_function_is_named_by_the_finding(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, leave_pool, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "dirql_suppress() leaves it out in `leave_pol`, but this "
                                          "is in `leave_pool`"));
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_done_is_said),
        cmocka_unit_test(what_is_nothing_or_the_last_is_no_misuse),
        cmocka_unit_test(rules_and_other_findings_can_be_expected_by_name),
        cmocka_unit_test(a_suppression_that_is_for_another_function_is_named_by_the_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
