/*
 * test_resourcelist_methods.cpp - IResourceList as a miniport in C++ calls it: a method for each
 * kind of resource.
 */
#include <portcls.h>

#include <cstring>

#include <dirql/cmocka.h>

/* One of each kind, told apart by their flags; what is translated has 100 more. */
static const UCHAR kinds[] = {
    CmResourceTypePort,          CmResourceTypeInterrupt, CmResourceTypeMemory,
    CmResourceTypeDma,           CmResourceTypeBusNumber, CmResourceTypeDeviceSpecific,
    CmResourceTypeDevicePrivate,
};

enum { KINDS = sizeof(kinds) };

struct list_of_all {
    CM_RESOURCE_LIST list;
    CM_PARTIAL_RESOURCE_DESCRIPTOR others[KINDS - 1];
};

static void make(list_of_all *all, USHORT first)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor =
        all->list.List[0].PartialResourceList.PartialDescriptors;

    std::memset(static_cast<void *>(all), 0, sizeof(*all));
    all->list.Count = 1;
    all->list.List[0].PartialResourceList.Count = KINDS;
    for (unsigned i = 0; i < KINDS; i++) {
        descriptor[i].Type = kinds[i];
        descriptor[i].Flags = static_cast<USHORT>(first + i);
    }
}

static PRESOURCELIST list;

static int start(void **state)
{
    static list_of_all translated, raw;

    (void)state;
    make(&raw, 0);
    make(&translated, 100);
    return PcNewResourceList(&list, nullptr, PagedPool, &translated.list, &raw.list) !=
           STATUS_SUCCESS;
}

static int stop(void **state)
{
    (void)state;
    list->Release();
    return 0;
}

/* The one of its kind, under both names, and nothing behind it. */
#define IS_FOUND(Kind, Kinds, index)                                         \
    do {                                                                     \
        assert_int_equal(list->NumberOf##Kinds(), 1);                        \
        assert_int_equal(list->FindTranslated##Kind(0)->Flags, 100 + index); \
        assert_int_equal(list->FindUntranslated##Kind(0)->Flags, index);     \
        assert_null(list->FindTranslated##Kind(1));                          \
        assert_null(list->FindUntranslated##Kind(1));                        \
    } while (0)

static void each_kind_is_found(void **state)
{
    (void)state;
    IS_FOUND(Port, Ports, 0);
    IS_FOUND(Interrupt, Interrupts, 1);
    IS_FOUND(Memory, Memories, 2);
    IS_FOUND(Dma, Dmas, 3);
    IS_FOUND(BusNumber, BusNumbers, 4);
    IS_FOUND(DeviceSpecific, DeviceSpecifics, 5);
    IS_FOUND(DevicePrivate, DevicePrivates, 6);
}

static void each_kind_is_handed_to_a_sublist(void **state)
{
    PRESOURCELIST part;

    (void)state;
    assert_int_equal(PcNewResourceSublist(&part, nullptr, PagedPool, list, KINDS + 1),
                     STATUS_SUCCESS);
    assert_int_equal(part->AddDevicePrivateFromParent(list, 0), STATUS_SUCCESS);
    assert_int_equal(part->AddDeviceSpecificFromParent(list, 0), STATUS_SUCCESS);
    assert_int_equal(part->AddBusNumberFromParent(list, 0), STATUS_SUCCESS);
    assert_int_equal(part->AddDmaFromParent(list, 0), STATUS_SUCCESS);
    assert_int_equal(part->AddMemoryFromParent(list, 0), STATUS_SUCCESS);
    assert_int_equal(part->AddInterruptFromParent(list, 0), STATUS_SUCCESS);
    assert_int_equal(part->AddPortFromParent(list, 0), STATUS_SUCCESS);
    assert_int_equal(part->NumberOfEntries(), KINDS);
    for (unsigned i = 0; i < KINDS; i++) {
        assert_int_equal(
            part->TranslatedList()->List[0].PartialResourceList.PartialDescriptors[i].Type,
            kinds[KINDS - 1 - i]);
    }
    assert_int_equal(part->AddPortFromParent(list, 1), STATUS_INVALID_PARAMETER);
    part->Release();
}

int main()
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(each_kind_is_found, start, stop),
        dirql_unit_test_setup_teardown(each_kind_is_handed_to_a_sublist, start, stop),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
