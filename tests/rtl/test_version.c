/*
 * test_version.c - which Windows the machine is.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

static NTSTATUS verify(ULONG type, UCHAR condition, RTL_OSVERSIONINFOEXW wanted)
{
    return RtlVerifyVersionInfo(&wanted, type, VerSetConditionMask(0, type, condition));
}

static void the_size_tells_the_structure(void **state)
{
    RTL_OSVERSIONINFOEXW version = { .dwOSVersionInfoSize = sizeof(RTL_OSVERSIONINFOW),
                                     .wProductType = 0xEE };

    (void)state;
    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&version), STATUS_SUCCESS);
    assert_int_equal(version.dwMajorVersion, 10);
    assert_int_equal(version.dwMinorVersion, 0);
    assert_int_equal(version.dwBuildNumber, 19045);
    assert_int_equal(version.dwPlatformId, VER_PLATFORM_WIN32_NT);
    assert_int_equal(version.szCSDVersion[0], 0);
    assert_int_equal(version.wProductType, 0xEE);
    version.dwOSVersionInfoSize = sizeof(version);
    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&version), STATUS_SUCCESS);
    assert_int_equal(version.wProductType, VER_NT_WORKSTATION);
    assert_int_equal(version.dwOSVersionInfoSize, sizeof(version));
}

static void the_obsolete_routine_tells_what_is_asked_for(void **state)
{
    ULONG major = 0, minor = 99, build = 0;
    WCHAR buffer[8];
    UNICODE_STRING service_pack = { 4, sizeof(buffer), buffer };

    (void)state;
    assert_false(PsGetVersion(&major, &minor, &build, &service_pack)); /* A free build. */
    assert_int_equal(major, 10);
    assert_int_equal(minor, 0);
    assert_int_equal(build, 19045);
    assert_int_equal(service_pack.Length, 0);
    assert_false(PsGetVersion(NULL, NULL, NULL, NULL));
}

static void single_values_are_compared(void **state)
{
    const RTL_OSVERSIONINFOEXW same = { .dwMajorVersion = 10 }, less = { .dwMajorVersion = 6 };

    (void)state;
    assert_int_equal(verify(VER_MAJORVERSION, VER_EQUAL, same), STATUS_SUCCESS);
    assert_int_equal(verify(VER_MAJORVERSION, VER_EQUAL, less), STATUS_REVISION_MISMATCH);
    assert_int_equal(verify(VER_MAJORVERSION, VER_GREATER, same), STATUS_REVISION_MISMATCH);
    assert_int_equal(verify(VER_MAJORVERSION, VER_GREATER, less), STATUS_SUCCESS);
    assert_int_equal(verify(VER_MAJORVERSION, VER_GREATER_EQUAL, same), STATUS_SUCCESS);
    assert_int_equal(verify(VER_MAJORVERSION, VER_LESS, same), STATUS_REVISION_MISMATCH);
    assert_int_equal(verify(VER_MAJORVERSION, VER_LESS_EQUAL, same), STATUS_SUCCESS);
    assert_int_equal(verify(VER_MAJORVERSION, VER_LESS_EQUAL, less), STATUS_REVISION_MISMATCH);
}

static void a_higher_major_version_ends_the_comparison(void **state)
{
    RTL_OSVERSIONINFOEXW wanted = { .dwMajorVersion = 6,
                                    .dwMinorVersion = 3,
                                    .wServicePackMajor = 1 };
    ULONGLONG mask = 0;
    const ULONG types = VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR;

    (void)state;
    VER_SET_CONDITION(mask, VER_MAJORVERSION, VER_GREATER_EQUAL);
    VER_SET_CONDITION(mask, VER_MINORVERSION, VER_GREATER_EQUAL);
    VER_SET_CONDITION(mask, VER_SERVICEPACKMAJOR, VER_GREATER_EQUAL);
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types, mask), STATUS_SUCCESS);
    wanted.dwMajorVersion = 10;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types, mask), STATUS_REVISION_MISMATCH);
    wanted.dwMinorVersion = 0;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types, mask), STATUS_REVISION_MISMATCH);
    wanted.wServicePackMajor = 0;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types, mask), STATUS_SUCCESS);
}

static void each_other_value_is_compared_too(void **state)
{
    RTL_OSVERSIONINFOEXW wanted = { .dwBuildNumber = 19045,
                                    .dwPlatformId = VER_PLATFORM_WIN32_NT,
                                    .wProductType = VER_NT_WORKSTATION };
    const ULONG types = VER_BUILDNUMBER | VER_PLATFORMID | VER_PRODUCT_TYPE;
    const ULONGLONG mask = VerSetConditionMask(0, types, VER_EQUAL);

    (void)state;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types, mask), STATUS_SUCCESS);
    wanted.wProductType = VER_NT_SERVER;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types, mask), STATUS_REVISION_MISMATCH);
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types & ~VER_PRODUCT_TYPE, mask),
                     STATUS_SUCCESS);
    wanted.dwPlatformId = 1;
    assert_int_equal(verify(VER_PLATFORMID, VER_EQUAL, wanted), STATUS_REVISION_MISMATCH);
    wanted.dwBuildNumber = 22000;
    assert_int_equal(verify(VER_BUILDNUMBER, VER_GREATER_EQUAL, wanted),
                     STATUS_REVISION_MISMATCH);
    assert_int_equal(verify(VER_BUILDNUMBER, VER_LESS, wanted), STATUS_SUCCESS);
}

static void a_higher_service_pack_ends_the_comparison(void **state)
{
    RTL_OSVERSIONINFOEXW wanted = { .wServicePackMajor = 0, .wServicePackMinor = 1 };
    const ULONG types = VER_SERVICEPACKMAJOR | VER_SERVICEPACKMINOR;
    const ULONGLONG mask = VerSetConditionMask(0, types, VER_LESS_EQUAL);

    (void)state;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types, mask), STATUS_SUCCESS);
    wanted.wServicePackMajor = 1;
    wanted.wServicePackMinor = 0;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, types, mask), STATUS_SUCCESS);
    assert_int_equal(
        RtlVerifyVersionInfo(&wanted, types, VerSetConditionMask(0, types, VER_GREATER_EQUAL)),
        STATUS_REVISION_MISMATCH);
}

static RTL_OSVERSIONINFOEXW any_version = { .dwOSVersionInfoSize = sizeof(RTL_OSVERSIONINFOW) };

static void get(void)
{
    (void)RtlGetVersion((PRTL_OSVERSIONINFOW)&any_version);
}

static void compare(void)
{
    (void)verify(VER_MAJORVERSION, VER_EQUAL, any_version);
}

static void ask_for_a_release(void)
{
    (void)RtlIsNtDdiVersionAvailable(NTDDI_WIN10);
}

static void ask_for_a_service_pack(void)
{
    (void)RtlIsServicePackVersionInstalled(NTDDI_WIN10);
}

/* All of them are for PASSIVE_LEVEL. */
static void call_at_apc_level(void (*call)(void))
{
    KIRQL old;

    call();
    KeRaiseIrql(APC_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, APC_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    call();
    fail_msg("its page says PASSIVE_LEVEL");
}

static void the_version_is_for_passive_level(void **state)
{
    (void)state;
    call_at_apc_level(get);
}

static void comparing_is_for_passive_level(void **state)
{
    (void)state;
    call_at_apc_level(compare);
}

static void releases_are_for_passive_level(void **state)
{
    (void)state;
    call_at_apc_level(ask_for_a_release);
}

static void service_packs_are_for_passive_level(void **state)
{
    (void)state;
    call_at_apc_level(ask_for_a_service_pack);
}

static void suites_are_sets(void **state)
{
    const RTL_OSVERSIONINFOEXW one = { .wSuiteMask = VER_SUITE_SINGLEUSERTS };
    const RTL_OSVERSIONINFOEXW two = { .wSuiteMask = VER_SUITE_SINGLEUSERTS | VER_SUITE_TERMINAL };

    (void)state;
    assert_int_equal(verify(VER_SUITENAME, VER_AND, one), STATUS_SUCCESS);
    assert_int_equal(verify(VER_SUITENAME, VER_AND, two), STATUS_REVISION_MISMATCH);
    assert_int_equal(verify(VER_SUITENAME, VER_OR, two), STATUS_SUCCESS);
}

static void conditions_that_make_no_sense_are_refused(void **state)
{
    const RTL_OSVERSIONINFOEXW any = { .dwMajorVersion = 10 };

    (void)state;
    assert_int_equal(verify(0, VER_EQUAL, any), STATUS_INVALID_PARAMETER);
    assert_int_equal(verify(VER_MAJORVERSION, 0, any), STATUS_INVALID_PARAMETER);
    assert_int_equal(verify(VER_MAJORVERSION, VER_AND, any), STATUS_INVALID_PARAMETER);
    assert_int_equal(verify(VER_SUITENAME, VER_EQUAL, any), STATUS_INVALID_PARAMETER);
    assert_int_equal(verify(0x100, VER_EQUAL, any), STATUS_INVALID_PARAMETER);
}

static void earlier_releases_are_available(void **state)
{
    (void)state;
    assert_true(RtlIsNtDdiVersionAvailable(NTDDI_VISTA));
    assert_true(RtlIsNtDdiVersionAvailable(NTDDI_WIN10));
    assert_false(RtlIsNtDdiVersionAvailable(0x0B000000));
    assert_true(RtlIsServicePackVersionInstalled(NTDDI_WIN10));
    assert_false(RtlIsServicePackVersionInstalled(NTDDI_WIN7));
}

static void all_versions_of_wdm_up_to_6_0_are_available(void **state)
{
    (void)state;
    assert_true(IoIsWdmVersionAvailable(1, 0x30));
    assert_true(IoIsWdmVersionAvailable(WDM_MAJORVERSION, WDM_MINORVERSION));
    assert_false(IoIsWdmVersionAvailable(6, 1));
    assert_false(IoIsWdmVersionAvailable(7, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_size_tells_the_structure),
        dirql_unit_test(the_obsolete_routine_tells_what_is_asked_for),
        dirql_unit_test(single_values_are_compared),
        dirql_unit_test(a_higher_major_version_ends_the_comparison),
        dirql_unit_test(each_other_value_is_compared_too),
        dirql_unit_test(a_higher_service_pack_ends_the_comparison),
        dirql_unit_test(suites_are_sets),
        dirql_unit_test(the_version_is_for_passive_level),
        dirql_unit_test(comparing_is_for_passive_level),
        dirql_unit_test(releases_are_for_passive_level),
        dirql_unit_test(service_packs_are_for_passive_level),
        dirql_unit_test(conditions_that_make_no_sense_are_refused),
        dirql_unit_test(earlier_releases_are_available),
        dirql_unit_test(all_versions_of_wdm_up_to_6_0_are_available),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
