/*
 * test_registrykey_methods.cpp - IRegistryKey as a miniport in C++ calls it, and makes its own.
 */
#include <portcls.h>
#include <stdunk.h>

#include <cstring>

#include <dirql/cmocka.h>
#include <dirql/registry.h>

static void a_miniport_calls_the_methods(void **state)
{
    UNICODE_STRING path, name;
    OBJECT_ATTRIBUTES attributes;
    PREGISTRYKEY key, sub;
    ULONG value = 5, seen = 0;

    (void)state;
    RtlInitUnicodeString(&path, L"\\Registry\\Machine\\Software\\Sound");
    RtlInitUnicodeString(&name, L"Mixer");
    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, nullptr, nullptr);
    assert_int_equal(PcNewRegistryKey(&key, nullptr, GeneralRegistryKey, KEY_ALL_ACCESS, nullptr,
                                      nullptr, &attributes, 0, nullptr),
                     STATUS_SUCCESS);
    assert_int_equal(key->NewSubKey(&sub, nullptr, KEY_ALL_ACCESS, &name, 0, nullptr),
                     STATUS_SUCCESS);
    assert_int_equal(sub->SetValueKey(&name, REG_DWORD, &value, sizeof(value)), STATUS_SUCCESS);
    assert_int_equal(dirql_registry_get("\\Registry\\Machine\\Software\\Sound\\Mixer", "Mixer",
                                        nullptr, &seen, sizeof(seen)),
                     4);
    assert_int_equal(seen, 5);
    assert_int_equal(sub->DeleteKey(), STATUS_SUCCESS);
    sub->Release();
    key->Release();
}

/* A driver's own key, as one that it hands to itself in a test: every method is declared. */
class Key : public IRegistryKey, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(Key);
    IMP_IRegistryKey;
};

int main()
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_miniport_calls_the_methods),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
