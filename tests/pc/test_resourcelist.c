/*
 * test_resourcelist.c - IResourceList and its two makers.
 */
#include "rig.h"

typedef struct lists {
    dirql_resources *system;
    PRESOURCELIST list;
} lists;

static int start(void **state)
{
    static lists the_lists; /* Not from the heap: a run that ends in a bug check has no teardown to
                               free it. */
    lists *l = &the_lists;

    *l = (lists){ 0 };
    l->system = dirql_resources_create();
    dirql_resources_add_port(l->system, 0x330, 2);
    dirql_resources_add_line(l->system, dirql_line_create(&(dirql_line_options){ .irql = 6 }));
    dirql_resources_add_port(l->system, 0x388, 4);
    dirql_resources_add_line(l->system, dirql_line_create(&(dirql_line_options){ .irql = 8 }));
    assert_int_equal(PcNewResourceList(&l->list, NULL, PagedPool,
                                       dirql_resources_translated(l->system),
                                       dirql_resources_raw(l->system)),
                     STATUS_SUCCESS);
    *state = l;
    return 0;
}

static int stop(void **state)
{
    lists *l = *state;

    IResourceList_Release(l->list);
    return 0;
}

static void entries_are_counted_in_all_and_by_type(void **state)
{
    lists *l = *state;

    assert_int_equal(IResourceList_NumberOfEntries(l->list), 4);
    assert_int_equal(IResourceList_NumberOfEntriesOfType(l->list, CmResourceTypePort), 2);
    assert_int_equal(IResourceList_NumberOfEntriesOfType(l->list, CmResourceTypeInterrupt), 2);
    assert_int_equal(IResourceList_NumberOfEntriesOfType(l->list, CmResourceTypeDma), 0);
}

static void the_index_counts_entries_of_one_type(void **state)
{
    lists *l = *state;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR second =
        IResourceList_FindTranslatedEntry(l->list, CmResourceTypePort, 1);

    assert_non_null(second);
    assert_int_equal(second->u.Port.Start.QuadPart, 0x388);
    assert_int_equal(second->u.Port.Length, 4);
    assert_int_equal(
        IResourceList_FindTranslatedEntry(l->list, CmResourceTypeInterrupt, 1)->u.Interrupt.Level,
        8);
}

static void an_absent_entry_is_null(void **state)
{
    lists *l = *state;

    assert_null(IResourceList_FindTranslatedEntry(l->list, CmResourceTypePort, 2));
    assert_null(IResourceList_FindUntranslatedEntry(l->list, CmResourceTypeDma, 0));
}

static void the_lists_are_the_objects_own_copies(void **state)
{
    lists *l = *state;
    PCM_RESOURCE_LIST copy = IResourceList_TranslatedList(l->list);

    assert_ptr_not_equal(copy, dirql_resources_translated(l->system));
    assert_int_equal(copy->Count, 1);
    assert_int_equal(copy->List[0].PartialResourceList.Count, 4);
    assert_int_equal(IResourceList_UntranslatedList(l->list)->List[0].PartialResourceList.Count, 4);
}

static void a_full_list_takes_no_entry(void **state)
{
    lists *l = *state;
    CM_PARTIAL_RESOURCE_DESCRIPTOR entry = { .Type = CmResourceTypeDma };

    assert_int_equal(IResourceList_AddEntry(l->list, &entry, &entry),
                     STATUS_INSUFFICIENT_RESOURCES);
}

static void a_sublist_is_filled_from_its_parent(void **state)
{
    lists *l = *state;
    PRESOURCELIST sub = NULL;

    assert_int_equal(PcNewResourceSublist(&sub, NULL, PagedPool, l->list, 1), STATUS_SUCCESS);
    assert_int_equal(IResourceList_NumberOfEntries(sub), 0);
    assert_int_equal(IResourceList_AddEntryFromParent(sub, l->list, CmResourceTypePort, 1),
                     STATUS_SUCCESS);
    assert_int_equal(
        IResourceList_FindUntranslatedEntry(sub, CmResourceTypePort, 0)->u.Port.Start.QuadPart,
        0x388);
    assert_int_equal(IResourceList_AddEntryFromParent(sub, l->list, CmResourceTypePort, 0),
                     STATUS_INSUFFICIENT_RESOURCES);
    IResourceList_Release(sub);
}

static void a_sublist_refuses_what_its_parent_lacks(void **state)
{
    lists *l = *state;
    PRESOURCELIST sub = NULL;

    assert_int_equal(PcNewResourceSublist(&sub, NULL, PagedPool, l->list, 4), STATUS_SUCCESS);
    assert_int_equal(IResourceList_AddEntryFromParent(sub, l->list, CmResourceTypeDma, 0),
                     STATUS_INVALID_PARAMETER);
    IResourceList_Release(sub);
}

static void null_lists_make_an_empty_list(void **state)
{
    PRESOURCELIST empty = NULL;

    (void)state;
    assert_int_equal(PcNewResourceList(&empty, NULL, PagedPool, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(IResourceList_NumberOfEntries(empty), 0);
    assert_null(IResourceList_FindTranslatedEntry(empty, CmResourceTypeInterrupt, 0));
    IResourceList_Release(empty);
}

/* Two full descriptors, the first with data of its own behind a descriptor. */
static void device_specific_data_and_several_buses_are_walked(void **state)
{
    struct {
        ULONG count;
        CM_FULL_RESOURCE_DESCRIPTOR first;
        UCHAR data[8];
        CM_FULL_RESOURCE_DESCRIPTOR second;
    } __attribute__((packed, aligned(8))) raw = { .count = 2 };
    PRESOURCELIST list = NULL;

    (void)state;
    raw.first.PartialResourceList.Count = 1;
    raw.first.PartialResourceList.PartialDescriptors[0].Type = CmResourceTypeDeviceSpecific;
    raw.first.PartialResourceList.PartialDescriptors[0].u.DeviceSpecificData.DataSize = 8;
    raw.second.PartialResourceList.Count = 1;
    raw.second.PartialResourceList.PartialDescriptors[0].Type = CmResourceTypeDma;
    raw.second.PartialResourceList.PartialDescriptors[0].u.Dma.Channel = 5;
    assert_int_equal(
        PcNewResourceList(&list, NULL, PagedPool, (PCM_RESOURCE_LIST)&raw, (PCM_RESOURCE_LIST)&raw),
        STATUS_SUCCESS);
    assert_int_equal(IResourceList_NumberOfEntries(list), 2);
    assert_int_equal(IResourceList_FindTranslatedEntry(list, CmResourceTypeDma, 0)->u.Dma.Channel,
                     5);
    IResourceList_Release(list);
}

static void lists_that_do_not_match_are_reported(void **state)
{
    lists *l = *state;
    PRESOURCELIST list = NULL;

    dirql_expect_finding("ResourceLists");
    PcNewResourceList(&list, NULL, PagedPool, dirql_resources_translated(l->system), NULL);
    fail_msg("lists of 4 and 0 entries were taken");
}

static void an_impossible_count_is_reported(void **state)
{
    CM_RESOURCE_LIST garbage;
    PRESOURCELIST list = NULL;

    (void)state;
    memset(&garbage, 0xCD, sizeof(garbage));
    dirql_expect_finding("ResourceLists");
    PcNewResourceList(&list, NULL, PagedPool, &garbage, &garbage);
    fail_msg("garbage was taken for a list");
}

static void a_list_made_above_passive_level_is_reported(void **state)
{
    lists *l = *state;
    PRESOURCELIST sublist = NULL;
    KIRQL old;

    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x00071001, DISPATCH_LEVEL,
                               DIRQL_ANY, DIRQL_ANY);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    PcNewResourceSublist(&sublist, NULL, PagedPool, l->list, 1);
    fail_msg("a list was made at DISPATCH_LEVEL");
}

static void a_list_searched_above_passive_level_is_reported(void **state)
{
    lists *l = *state;
    KIRQL old;

    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x00071003, DISPATCH_LEVEL,
                               DIRQL_ANY, DIRQL_ANY);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IResourceList_FindTranslatedEntry(l->list, CmResourceTypeInterrupt, 0);
    fail_msg("the list was searched at DISPATCH_LEVEL");
}

/* The usual way to read the raw list, which compilers must not take for an array of one. */
static void a_raw_list_is_walked_to_its_end(void **state)
{
    lists *l = *state;
    PCM_RESOURCE_LIST raw = IResourceList_TranslatedList(l->list);
    ULONG interrupts = 0;

    for (ULONG i = 0; i < raw->List[0].PartialResourceList.Count; i++) {
        if (raw->List[0].PartialResourceList.PartialDescriptors[i].Type ==
            CmResourceTypeInterrupt) {
            interrupts++;
        }
    }
    assert_int_equal(interrupts, 2);
}

#define LISTS(f) dirql_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LISTS(entries_are_counted_in_all_and_by_type),
        LISTS(the_index_counts_entries_of_one_type),
        LISTS(an_absent_entry_is_null),
        LISTS(the_lists_are_the_objects_own_copies),
        LISTS(a_full_list_takes_no_entry),
        LISTS(a_sublist_is_filled_from_its_parent),
        LISTS(a_sublist_refuses_what_its_parent_lacks),
        LISTS(null_lists_make_an_empty_list),
        LISTS(device_specific_data_and_several_buses_are_walked),
        LISTS(lists_that_do_not_match_are_reported),
        LISTS(an_impossible_count_is_reported),
        LISTS(a_list_made_above_passive_level_is_reported),
        LISTS(a_list_searched_above_passive_level_is_reported),
        LISTS(a_raw_list_is_walked_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
