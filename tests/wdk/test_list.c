/*
 * test_list.c: rings and stacks without a lock (wdm_list.h).
 */
#include <wdm.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

typedef struct numbered {
    int number;
    LIST_ENTRY link;
} numbered;

#define LONGEST 9

/* The numbers of the ring, read forwards, as the digits of one number; 0 if backwards differs. */
static int digits(LIST_ENTRY *head)
{
    LIST_ENTRY *at = head->Flink;
    int forwards = 0;
    int backwards = 0;
    int place = 1;

    for (int i = 0; i < LONGEST && at != head; i++, at = at->Flink) {
        forwards = forwards * 10 + CONTAINING_RECORD(at, numbered, link)->number;
    }
    at = head->Blink;
    for (int i = 0; i < LONGEST && at != head; i++, at = at->Blink) {
        backwards += place * CONTAINING_RECORD(at, numbered, link)->number;
        place *= 10;
    }
    return forwards == backwards ? forwards : 0;
}

static void a_new_list_is_empty(void **state)
{
    LIST_ENTRY head;

    UNREFERENCED_PARAMETER(state);
    InitializeListHead(&head);
    assert_true(IsListEmpty(&head));
    assert_ptr_equal(head.Flink, &head);
    assert_ptr_equal(head.Blink, &head);
}

static void entries_are_inserted_at_both_ends(void **state)
{
    numbered entries[3] = {{1, {NULL, NULL}}, {2, {NULL, NULL}}, {3, {NULL, NULL}}};
    LIST_ENTRY head;

    UNREFERENCED_PARAMETER(state);
    InitializeListHead(&head);
    InsertTailList(&head, &entries[1].link);
    InsertTailList(&head, &entries[2].link);
    InsertHeadList(&head, &entries[0].link);
    assert_false(IsListEmpty(&head));
    assert_int_equal(digits(&head), 123);
}

static void entries_are_removed_from_both_ends(void **state)
{
    numbered entries[3] = {{1, {NULL, NULL}}, {2, {NULL, NULL}}, {3, {NULL, NULL}}};
    LIST_ENTRY head;

    UNREFERENCED_PARAMETER(state);
    InitializeListHead(&head);
    for (int i = 0; i < 3; i++) {
        InsertTailList(&head, &entries[i].link);
    }
    assert_ptr_equal(RemoveHeadList(&head), &entries[0].link);
    assert_ptr_equal(RemoveTailList(&head), &entries[2].link);
    assert_int_equal(digits(&head), 2);
}

static void removing_from_an_empty_list_gives_its_head(void **state)
{
    LIST_ENTRY head;

    UNREFERENCED_PARAMETER(state);
    InitializeListHead(&head);
    assert_ptr_equal(RemoveHeadList(&head), &head);
    assert_ptr_equal(RemoveTailList(&head), &head);
    assert_true(IsListEmpty(&head));
}

static void removing_an_entry_tells_whether_it_was_the_last(void **state)
{
    numbered entries[2] = {{1, {NULL, NULL}}, {2, {NULL, NULL}}};
    LIST_ENTRY head;

    UNREFERENCED_PARAMETER(state);
    InitializeListHead(&head);
    InsertTailList(&head, &entries[0].link);
    InsertTailList(&head, &entries[1].link);
    assert_false(RemoveEntryList(&entries[0].link));
    assert_int_equal(digits(&head), 2);
    assert_true(RemoveEntryList(&entries[1].link));
    assert_true(IsListEmpty(&head));
}

static void a_ring_of_entries_is_appended_in_order(void **state)
{
    numbered entries[4] = {
        {1, {NULL, NULL}}, {2, {NULL, NULL}}, {3, {NULL, NULL}}, {4, {NULL, NULL}}};
    LIST_ENTRY head;
    LIST_ENTRY other;

    UNREFERENCED_PARAMETER(state);
    InitializeListHead(&head);
    InitializeListHead(&other);
    InsertTailList(&head, &entries[0].link);
    for (int i = 1; i < 4; i++) {
        InsertTailList(&other, &entries[i].link);
    }
    RemoveEntryList(&other);
    AppendTailList(&head, &entries[1].link);
    assert_int_equal(digits(&head), 1234);
}

static void a_stack_gives_back_what_was_pushed_last(void **state)
{
    SINGLE_LIST_ENTRY head = {NULL};
    SINGLE_LIST_ENTRY entries[2];

    UNREFERENCED_PARAMETER(state);
    PushEntryList(&head, &entries[0]);
    PushEntryList(&head, &entries[1]);
    assert_ptr_equal(PopEntryList(&head), &entries[1]);
    assert_ptr_equal(PopEntryList(&head), &entries[0]);
    assert_null(PopEntryList(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty),
        cmocka_unit_test(entries_are_inserted_at_both_ends),
        cmocka_unit_test(entries_are_removed_from_both_ends),
        cmocka_unit_test(removing_from_an_empty_list_gives_its_head),
        cmocka_unit_test(removing_an_entry_tells_whether_it_was_the_last),
        cmocka_unit_test(a_ring_of_entries_is_appended_in_order),
        cmocka_unit_test(a_stack_gives_back_what_was_pushed_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
