/*
 * test_guids.cpp - the library has the GUIDs for sources that only declare them.
 */
#include <portcls.h>

#include <dirql/cmocka.h>

static void a_driver_source_links_without_one_that_defines_the_guids(void **state)
{
    (void)state;
    assert_true(IsEqualGUID(IID_IUnknown, IID_IUnknown));
    assert_int_equal(IID_IUnknown.Data4[0], 0xC0);
    assert_int_equal(IID_IInterruptSync.Data1, 0x22C6AC63);
    assert_int_equal(IID_IResourceList.Data1, 0x22C6AC60);
    assert_int_equal(IID_IServiceGroup.Data1, 0x22C6AC65);
    assert_int_equal(IID_IRegistryKey.Data1, 0xE8DA4302);
    assert_int_equal(KSDATAFORMAT_SUBTYPE_PCM.Data1, 1);
}

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_source_links_without_one_that_defines_the_guids),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
