/* Tests of lib/rtl/avltable.c. */
#define RTL_USE_AVL_TABLES 0
#define SYSTEM_BYTES sizeof(RTL_BALANCED_LINKS)
#include "table_tests.h"

/* Heights differ by one at most, and Balance says which. Returns the height. */
static int check_balance(const RTL_BALANCED_LINKS *links)
{
    int left, right;

    if (links == NULL) {
        return 0;
    }
    left = check_balance(links->LeftChild);
    right = check_balance(links->RightChild);
    assert_int_equal(right - left, links->Balance);
    assert_in_range(links->Balance + 1, 0, 2);
    assert_true(links->LeftChild == NULL || links->LeftChild->Parent == links);
    assert_true(links->RightChild == NULL || links->RightChild->Parent == links);
    return 1 + (left > right ? left : right);
}

static void check_table(void)
{
    assert_int_equal(check_balance(table.BalancedRoot.RightChild), (int)table.DepthOfTree);
}

static void insertions_leave_a_balanced_tree(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < ELEMENTS; i++) {
        (void)insert(i, NULL); /* Sorted: the worst for a tree that is not balanced. */
        check_table();
    }
    end();
    fill();
    check_table();
    end();
}

static void deletions_leave_a_balanced_tree(void **state)
{
    static const int steps[] = { 1, 77, 199, 3 };

    (void)state;
    for (unsigned s = 0; s < 4; s++) {
        fill();
        for (int i = 0; i < ELEMENTS; i++) {
            assert_true(delete_key(i * steps[s] % ELEMENTS));
            if (i % 7 == 0) { /* Not each time: the check is what takes the time. */
                check_table();
            }
        }
        assert_int_equal(table.DepthOfTree, 0);
    }
}

static void an_enumeration_goes_on_behind_what_was_deleted(void **state)
{
    int key = 0;

    (void)state;
    fill();
    for (const entry *e = RtlEnumerateGenericTable(&table, TRUE); e != NULL;
         e = RtlEnumerateGenericTable(&table, FALSE)) {
        assert_int_equal(e->key, key);
        assert_true(delete_key(key));
        key++;
    }
    assert_int_equal(key, ELEMENTS);
}

/* ---- As a directory -------------------------------------------------------------------------- */

static NTSTATUS NTAPI every_tenth(PRTL_AVL_TABLE t, PVOID data, PVOID match)
{
    const int key = ((const entry *)data)->key;

    (void)t;
    if (key >= *(const int *)match) {
        return STATUS_NO_MORE_MATCHES;
    }
    return key % 10 == 0 ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

static void a_directory_is_enumerated_by_matches(void **state)
{
    int limit = 55, key = 0;
    entry start = { .key = 0 };
    PVOID restart = NULL;
    ULONG deleted = 0, next = FALSE;
    const entry *e;

    (void)state;
    fill();
    while ((e = RtlEnumerateGenericTableLikeADirectory(&table, every_tenth, &limit, next, &restart,
                                                       &deleted, &start)) != NULL) {
        assert_int_equal(e->key, key);
        key += 10;
        next = TRUE;
    }
    assert_int_equal(key, 60);
    end();
}

static void a_directory_is_resumed_by_key_after_a_deletion(void **state)
{
    entry at = { .key = 3 };
    PVOID restart = NULL;
    ULONG deleted = 0;
    const entry *e;

    (void)state;
    fill();
    e = RtlEnumerateGenericTableLikeADirectory(&table, NULL, NULL, FALSE, &restart, &deleted, &at);
    assert_int_equal(e->key, 3);
    assert_true(delete_key(3));
    e = RtlEnumerateGenericTableLikeADirectory(&table, NULL, NULL, TRUE, &restart, &deleted, &at);
    assert_int_equal(e->key, 4);
    e = RtlEnumerateGenericTableLikeADirectory(&table, NULL, NULL, FALSE, &restart, &deleted, &at);
    assert_int_equal(e->key, 4);
    at.key = 10;
    restart = NULL;
    e = RtlEnumerateGenericTableLikeADirectory(&table, NULL, NULL, TRUE, &restart, &deleted, &at);
    assert_int_equal(e->key, 11);
    assert_int_equal(deleted, 1);
    at.key = ELEMENTS;
    restart = NULL;
    assert_null(
        RtlEnumerateGenericTableLikeADirectory(&table, NULL, NULL, FALSE, &restart, &deleted, &at));
    end();
}

/* Two keys of a pair are equal to a search with value 1. */
static RTL_GENERIC_COMPARE_RESULTS NTAPI compare_pairs(PRTL_AVL_TABLE t, PVOID first, PVOID second)
{
    const entry *search = first;
    const int shift = search->value == 1 ? 1 : 0;
    const int a = search->key >> shift, b = ((const entry *)second)->key >> shift;

    (void)t;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static void the_first_of_those_that_match_is_found(void **state)
{
    PVOID restart = NULL;
    const entry *e;

    (void)state;
    RtlInitializeGenericTableAvl(&table, compare_pairs, allocate, give_back, &table);
    for (int i = 0; i < ELEMENTS; i++) {
        (void)insert(i, NULL);
    }
    for (int i = 0; i < ELEMENTS; i += 2) {
        e = RtlLookupFirstMatchingElementGenericTableAvl(
            &table, &(entry){ .key = i + 1, .value = 1 }, &restart);
        assert_int_equal(e->key, i);
        e = RtlEnumerateGenericTableWithoutSplayingAvl(&table, &restart);
        assert_int_equal(e->key, i + 1);
    }
    assert_null(RtlLookupFirstMatchingElementGenericTableAvl(
        &table, &(entry){ .key = ELEMENTS, .value = 1 }, &restart));
    end();
}

static void a_lookup_beside_a_lookup_is_silent(void **state)
{
    (void)state;
    fill();
    in_compare = enumerate_once;
    assert_non_null(look_up(5));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TESTS,
        dirql_unit_test(insertions_leave_a_balanced_tree),
        dirql_unit_test(deletions_leave_a_balanced_tree),
        dirql_unit_test(an_enumeration_goes_on_behind_what_was_deleted),
        dirql_unit_test(a_directory_is_enumerated_by_matches),
        dirql_unit_test(a_directory_is_resumed_by_key_after_a_deletion),
        dirql_unit_test(the_first_of_those_that_match_is_found),
        dirql_unit_test(a_lookup_beside_a_lookup_is_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
