/*
 * table_tests.h - the tests of generic tables, for both kinds of trees: included once by the file
 * of each, by the names that RTL_USE_AVL_TABLES exchanges.
 */
#ifndef TEST_TABLE_TESTS_H
#define TEST_TABLE_TESTS_H

#include <stdlib.h>
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/thread.h>
#include <ntddk.h>

enum { TAG = 0x6C626154, ELEMENTS = 200 };

typedef struct entry {
    int key;
    int value;
} entry;

static RTL_GENERIC_TABLE table;
static void (*in_compare)(void);
static CLONG allocated_bytes;
static void *allocated, *freed;

static RTL_GENERIC_COMPARE_RESULTS NTAPI compare(RTL_GENERIC_TABLE *t, PVOID first, PVOID second)
{
    const int a = ((const entry *)first)->key, b = ((const entry *)second)->key;
    void (*act)(void) = in_compare;

    assert_ptr_equal(t, &table);
    in_compare = NULL;
    if (act != NULL) {
        act();
    }
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID NTAPI allocate(RTL_GENERIC_TABLE *t, CLONG bytes)
{
    assert_ptr_equal(t->TableContext, &table);
    allocated_bytes = bytes;
    allocated = ExAllocatePoolWithTag(NonPagedPoolNx, bytes, TAG);
    return allocated;
}

static VOID NTAPI give_back(RTL_GENERIC_TABLE *t, PVOID memory)
{
    assert_ptr_equal(t, &table);
    freed = memory;
    ExFreePoolWithTag(memory, TAG);
}

static void begin(void)
{
    in_compare = NULL;
    RtlInitializeGenericTable(&table, compare, allocate, give_back, &table);
}

static entry *insert(int key, BOOLEAN *is_new)
{
    entry e = { .key = key, .value = key * 10 };

    return RtlInsertElementGenericTable(&table, &e, sizeof(e), is_new);
}

static entry *look_up(int key)
{
    return RtlLookupElementGenericTable(&table, &(entry){ .key = key });
}

static BOOLEAN delete_key(int key)
{
    return RtlDeleteElementGenericTable(&table, &(entry){ .key = key });
}

static void end(void)
{
    void *first;

    while ((first = RtlGetElementGenericTable(&table, 0)) != NULL) {
        assert_true(RtlDeleteElementGenericTable(&table, first));
    }
    assert_true(RtlIsGenericTableEmpty(&table));
}

/* The keys rise. Returns how many there are. */
static int count_in_order(void)
{
    PVOID restart = NULL;
    int count = 0, last = -1;

    for (const entry *e = RtlEnumerateGenericTableWithoutSplaying(&table, &restart); e != NULL;
         e = RtlEnumerateGenericTableWithoutSplaying(&table, &restart)) {
        assert_true(e->key > last);
        last = e->key;
        count++;
    }
    return count;
}

/* Keys 0, 1 ... in an order that mixes them. */
static void fill(void)
{
    begin();
    for (int i = 0; i < ELEMENTS; i++) {
        assert_non_null(insert(i * 37 % ELEMENTS, NULL));
    }
}

/* ---- What both do ---------------------------------------------------------------------------- */

static void a_new_table_is_empty(void **state)
{
    (void)state;
    begin();
    assert_true(RtlIsGenericTableEmpty(&table));
    assert_int_equal(RtlNumberGenericTableElements(&table), 0);
    assert_null(look_up(1));
    assert_null(RtlEnumerateGenericTable(&table, TRUE));
    assert_null(RtlGetElementGenericTable(&table, 0));
    assert_false(delete_key(1));
}

static void an_element_is_a_copy_that_is_found(void **state)
{
    BOOLEAN is_new;
    entry *e;

    (void)state;
    begin();
    e = insert(5, &is_new);
    assert_true(is_new);
    assert_int_equal(e->value, 50);
    assert_ptr_equal(look_up(5), e);
    assert_null(look_up(6));
    assert_int_equal(RtlNumberGenericTableElements(&table), 1);
    end();
}

static void an_equal_element_is_not_inserted_again(void **state)
{
    BOOLEAN is_new = TRUE;
    entry *e;

    (void)state;
    begin();
    e = insert(5, NULL);
    e->value = 7;
    assert_ptr_equal(insert(5, &is_new), e);
    assert_false(is_new);
    assert_int_equal(e->value, 7);
    assert_int_equal(RtlNumberGenericTableElements(&table), 1);
    end();
}

static void elements_come_in_their_order(void **state)
{
    int key = 0;

    (void)state;
    fill();
    assert_int_equal(count_in_order(), ELEMENTS);
    for (const entry *e = RtlEnumerateGenericTable(&table, TRUE); e != NULL;
         e = RtlEnumerateGenericTable(&table, FALSE)) {
        assert_int_equal(e->key, key++);
    }
    assert_int_equal(key, ELEMENTS);
    end();
}

static void deleting_keeps_the_others(void **state)
{
    (void)state;
    fill();
    for (int i = 0; i < ELEMENTS; i++) {
        const int key = i * 77 % ELEMENTS;

        assert_true(delete_key(key));
        assert_false(delete_key(key));
        assert_int_equal(count_in_order(), ELEMENTS - 1 - i);
        assert_int_equal(RtlNumberGenericTableElements(&table), ELEMENTS - 1 - i);
    }
    assert_true(RtlIsGenericTableEmpty(&table));
}

static void elements_are_counted_by_their_insertion(void **state)
{
    (void)state;
    fill();
    for (ULONG i = 0; i < ELEMENTS; i++) {
        const ULONG at = i * 53 % ELEMENTS;
        const entry *e = RtlGetElementGenericTable(&table, at);

        assert_int_equal(e->key, (int)at * 37 % ELEMENTS);
    }
    assert_null(RtlGetElementGenericTable(&table, ELEMENTS));
    assert_true(delete_key(0));
    assert_int_equal(((entry *)RtlGetElementGenericTable(&table, 0))->key, 37);
    end();
}

static void an_insertion_without_memory_is_null(void **state)
{
    BOOLEAN is_new = TRUE;

    (void)state;
    begin();
    assert_non_null(insert(1, NULL));
    dirql_fail_set("pool:1");
    assert_null(insert(2, &is_new));
    assert_false(is_new);
    assert_int_equal(count_in_order(), 1);
    end();
}

/* The system's bytes come first: SYSTEM_BYTES of the kind of table. */
static void the_data_lies_behind_the_systems_bytes(void **state)
{
    BOOLEAN is_new;
    entry *e;

    (void)state;
    begin();
    e = insert(5, &is_new);
    assert_int_equal(allocated_bytes, SYSTEM_BYTES + sizeof(entry));
    assert_ptr_equal(e, (char *)allocated + SYSTEM_BYTES);
    allocated = NULL;
    assert_ptr_equal(insert(5, &is_new), e);
    assert_null(allocated);
    assert_true(delete_key(5));
    assert_ptr_equal(freed, (char *)e - SYSTEM_BYTES);
}

static void an_insertion_by_a_search_result_says_whether_it_is_new(void **state)
{
    TABLE_SEARCH_RESULT result;
    entry e = { .key = 4 };
    BOOLEAN is_new = FALSE;
    PVOID place = NULL;
    entry *there;

    (void)state;
    begin();
    assert_non_null(insert(5, NULL));
    assert_null(RtlLookupElementGenericTableFull(&table, &e, &place, &result));
    assert_int_equal(result, TableInsertAsLeft);
    dirql_fail_set("pool:1");
    assert_null(RtlInsertElementGenericTableFull(&table, &e, sizeof(e), &is_new, place, result));
    assert_false(is_new);
    there = RtlInsertElementGenericTableFull(&table, &e, sizeof(e), &is_new, place, result);
    assert_true(is_new);
    assert_ptr_equal(RtlLookupElementGenericTableFull(&table, &e, &place, &result), there);
    assert_int_equal(result, TableFoundNode);
    assert_ptr_equal(
        RtlInsertElementGenericTableFull(&table, &e, sizeof(e), &is_new, place, result), there);
    assert_false(is_new);
    assert_int_equal(RtlNumberGenericTableElements(&table), 2);
    end();
}

static void a_search_result_saves_the_second_search(void **state)
{
    TABLE_SEARCH_RESULT result;
    entry e = { .key = 7, .value = 70 };
    BOOLEAN is_new;
    PVOID place = NULL;

    (void)state;
    begin();
    assert_null(RtlLookupElementGenericTableFull(&table, &e, &place, &result));
    assert_int_equal(result, TableEmptyTree);
    assert_null(place);
    assert_non_null(insert(5, NULL));
    assert_null(RtlLookupElementGenericTableFull(&table, &e, &place, &result));
    assert_int_equal(result, TableInsertAsRight);
    assert_non_null(
        RtlInsertElementGenericTableFull(&table, &e, sizeof(e), &is_new, place, result));
    assert_true(is_new);
    assert_ptr_equal(RtlLookupElementGenericTableFull(&table, &e, &place, &result), look_up(7));
    assert_int_equal(result, TableFoundNode);
    e.key = 4;
    assert_null(RtlLookupElementGenericTableFull(&table, &e, &place, &result));
    assert_int_equal(result, TableInsertAsLeft);
    assert_int_equal(count_in_order(), 2);
    end();
}

static void at_dispatch_level_a_table_works(void **state)
{
    KIRQL old;

    (void)state;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_non_null(insert(1, NULL));
    assert_non_null(look_up(1));
    KeLowerIrql(old);
    end();
}

static void an_element_is_told_by_its_number_at_any_irql(void **state)
{
    entry *e;
    KIRQL old;

    (void)state;
    begin();
    e = insert(1, NULL);
    KeRaiseIrql(HIGH_LEVEL, &old);
    assert_ptr_equal(RtlGetElementGenericTable(&table, 0), e);
    assert_null(RtlGetElementGenericTable(&table, 1));
    KeLowerIrql(old);
    end();
}

static void above_dispatch_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    dirql_expect_finding("IrqlKeDispatchLte");
    (void)look_up(1);
}

/* ---- One at a time --------------------------------------------------------------------------- */

static void delete_another(void)
{
    (void)delete_key(2);
}

static void a_routine_that_changes_its_own_table_is_reported(void **state)
{
    (void)state;
    begin();
    assert_non_null(insert(1, NULL));
    in_compare = delete_another;
    dirql_expect_finding("GenericTable");
    (void)insert(2, NULL);
}

static void enumerate_once(void)
{
    PVOID restart = NULL;

    (void)RtlEnumerateGenericTableWithoutSplaying(&table, &restart);
}

static void a_routine_that_reads_a_table_that_changes_is_reported(void **state)
{
    (void)state;
    begin();
    assert_non_null(insert(1, NULL));
    in_compare = enumerate_once;
    dirql_expect_finding("GenericTable");
    (void)insert(2, NULL);
}

static volatile LONG waiting;

static void let_others_in(void)
{
    InterlockedIncrement(&waiting);
    while (ReadAcquire(&waiting) < 2) {
        YieldProcessor();
    }
}

static void insert_another(void *context)
{
    (void)context;
    while (ReadAcquire(&waiting) < 1) {
        YieldProcessor();
    }
    (void)insert(3, NULL);
    InterlockedIncrement(&waiting);
}

static void two_threads_without_a_lock_are_a_data_race(void **state)
{
    (void)state;
    begin();
    waiting = 0;
    assert_non_null(insert(1, NULL));
    in_compare = let_others_in;
    dirql_expect_finding("data race");
    (void)dirql_thread_start("other", 0, insert_another, NULL);
    (void)insert(2, NULL);
}

static FAST_MUTEX mutex;

static void insert_some(void *context)
{
    const int first = *(const int *)context;

    for (int i = first; i < ELEMENTS; i += 2) {
        ExAcquireFastMutex(&mutex);
        (void)insert(i, NULL);
        ExReleaseFastMutex(&mutex);
    }
}

static void two_threads_with_a_mutex_are_silent(void **state)
{
    static const int even = 0, odd = 1;
    dirql_thread *other;

    (void)state;
    begin();
    ExInitializeFastMutex(&mutex);
    other = dirql_thread_start("other", 0, insert_some, (void *)(uintptr_t)&odd);
    insert_some((void *)(uintptr_t)&even);
    dirql_thread_join(other);
    assert_int_equal(count_in_order(), ELEMENTS);
    end();
}

#define TABLE_TESTS                                                                                \
    dirql_unit_test(a_new_table_is_empty), dirql_unit_test(an_element_is_a_copy_that_is_found),    \
        dirql_unit_test(an_equal_element_is_not_inserted_again),                                   \
        dirql_unit_test(elements_come_in_their_order), dirql_unit_test(deleting_keeps_the_others), \
        dirql_unit_test(elements_are_counted_by_their_insertion),                                  \
        dirql_unit_test(an_insertion_without_memory_is_null),                                      \
        dirql_unit_test(the_data_lies_behind_the_systems_bytes),                                   \
        dirql_unit_test(an_insertion_by_a_search_result_says_whether_it_is_new),                   \
        dirql_unit_test(an_element_is_told_by_its_number_at_any_irql),                             \
        dirql_unit_test(a_search_result_saves_the_second_search),                                  \
        dirql_unit_test(at_dispatch_level_a_table_works),                                          \
        dirql_unit_test(above_dispatch_level_it_is_reported),                                      \
        dirql_unit_test(a_routine_that_changes_its_own_table_is_reported),                         \
        dirql_unit_test(a_routine_that_reads_a_table_that_changes_is_reported),                    \
        dirql_unit_test(two_threads_without_a_lock_are_a_data_race, .processors = 2),              \
        dirql_unit_test(two_threads_with_a_mutex_are_silent, .processors = 2)

#endif
