/*
 * test_slist.c - sequenced singly linked lists.
 */
#include "../check/rule.h"

static SLIST_HEADER head;
static SLIST_ENTRY entries[3];

static int reset(void **state)
{
    (void)state;
    ExInitializeSListHead(&head);
    return 0;
}

static void new_list_is_empty(void **state)
{
    (void)state;
    assert_int_equal(ExQueryDepthSList(&head), 0);
    assert_null(ExInterlockedPopEntrySList(&head, NULL));
    assert_null(ExInterlockedFlushSList(&head));
    assert_null(FirstEntrySList(&head));
}

static void last_in_is_first_out(void **state)
{
    (void)state;
    assert_null(ExInterlockedPushEntrySList(&head, &entries[0], NULL));
    assert_ptr_equal(ExInterlockedPushEntrySList(&head, &entries[1], NULL), &entries[0]);
    assert_ptr_equal(FirstEntrySList(&head), &entries[1]);
    assert_int_equal(ExQueryDepthSList(&head), 2);
    assert_ptr_equal(InterlockedPopEntrySList(&head), &entries[1]);
    assert_ptr_equal(InterlockedPopEntrySList(&head), &entries[0]);
    assert_null(InterlockedPopEntrySList(&head));
    assert_int_equal(QueryDepthSList(&head), 0);
}

static void flush_takes_the_whole_chain(void **state)
{
    PSLIST_ENTRY chain;

    (void)state;
    for (int i = 0; i < 3; i++) {
        InterlockedPushEntrySList(&head, &entries[i]);
    }
    chain = InterlockedFlushSList(&head);
    assert_ptr_equal(chain, &entries[2]);
    assert_ptr_equal(chain->Next, &entries[1]);
    assert_ptr_equal(chain->Next->Next, &entries[0]);
    assert_null(chain->Next->Next->Next);
    assert_int_equal(ExQueryDepthSList(&head), 0);
}

static void push_and_pop(void *context)
{
    for (int i = 0; i < 50; i++) {
        ExInterlockedPushEntrySList(&head, context, NULL);
        while (ExInterlockedPopEntrySList(&head, NULL) != context) {
            YieldProcessor();
        }
    }
}

static void push_and_hand_back(void *context)
{
    (void)context;
    for (int i = 0; i < 50; i++) {
        PSLIST_ENTRY entry = ExInterlockedPopEntrySList(&head, NULL);

        if (entry != NULL) {
            ExInterlockedPushEntrySList(&head, entry, NULL);
        }
    }
}

static void nothing_is_lost_between_processors(void **state)
{
    dirql_thread *thread = dirql_thread_start("second", 1, push_and_hand_back, NULL);

    (void)state;
    push_and_pop(&entries[0]);
    dirql_thread_join(thread);
    assert_int_equal(ExQueryDepthSList(&head), 0);
}

/* ---- Alignment ------------------------------------------------------------------------------- */

static union {
    SLIST_ENTRY aligned;
    char bytes[64];
} packed;

static void push_between(void *context)
{
    (void)context;
    ExInitializeSListHead(&head);
    InterlockedPushEntrySList(&head, (PSLIST_ENTRY)(PVOID)(packed.bytes + 8));
    fail_msg("the list would lose it");
}

static void push_at_an_odd_address(void *context)
{
    (void)context;
    ExInitializeSListHead(&head);
    ExInterlockedPushEntrySList(&head, (PSLIST_ENTRY)(PVOID)(packed.bytes + 1), NULL);
    fail_msg("the list would lose it");
}

static void initialise_between(void *context)
{
    (void)context;
    InitializeSListHead((PSLIST_HEADER)(PVOID)(packed.bytes + 8));
    fail_msg("it has room for no list");
}

static void push_where_it_belongs(void *context)
{
    (void)context;
    ExInitializeSListHead(&head);
    InterlockedPushEntrySList(&head, &packed.aligned);
    assert_ptr_equal(InterlockedPopEntrySList(&head), &packed.aligned);
}

/* The lowest bit of the header says that somebody changes it: an odd address would hang. */
static void what_is_not_aligned_is_found(void **state)
{
    (void)state;
    assert_error(push_between, 1, "SListAlignment");
    assert_error(push_at_an_odd_address, 1, "SListAlignment");
    assert_report_has("ExInterlockedPushEntrySList, at push_at_an_odd_address");
    assert_error(initialise_between, 1, "SListAlignment");
    assert_silent(push_where_it_belongs, 1, "SListAlignment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(new_list_is_empty, reset),
        dirql_unit_test_setup(last_in_is_first_out, reset),
        dirql_unit_test_setup(flush_takes_the_whole_chain, reset),
        cmocka_unit_test(what_is_not_aligned_is_found),
        dirql_unit_test_setup(nothing_is_lost_between_processors, reset, .processors = 2),
        dirql_unit_test_setup(nothing_is_lost_between_processors, reset, .processors = 2,
                              .mode = DIRQL_MODE_RANDOM, .seed = 5),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
