/*
 * test_annotations.cpp: a C++ driver's way to include headers, beside the C++ library: inside
 * extern "C", with the bare words of specstrings.h, which the library ends.
 */
extern "C" {
#include <ntddk.h>
#include <wdmguid.h>
#include <devpropdef.h>
}
#include <portcls.h>

static ULONG twice(__in ULONG value, __out PULONG result, __inout_opt PULONG count)
{
    *result = 2 * value;
    if (count != NULL) {
        ++*count;
    }
    return *result;
}

#include <algorithm>
#include <string>
#include <vector>

#include <dirql/cmocka.h>

namespace {

void annotations_mean_nothing(void **state)
{
    ULONG result = 0, count = 0;

    (void)state;
    assert_int_equal(twice(4, &result, &count), 8);
    assert_int_equal(count, 1);
}

void the_library_comes_after_them(void **state)
{
    std::vector<std::string> names = { "wave", "topology" };

    (void)state;
    std::sort(names.begin(), names.end());
    assert_string_equal(names[0].c_str(), "topology");
}

void guids_compare_where_the_header_was_included_as_c(void **state)
{
    const GUID one = { 1, 2, 3, { 4 } }, other = { 1, 2, 3, { 5 } };

    (void)state;
    assert_true(one == one);
    assert_true(one != other);
}

}

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(annotations_mean_nothing),
        cmocka_unit_test(the_library_comes_after_them),
        cmocka_unit_test(guids_compare_where_the_header_was_included_as_c),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
