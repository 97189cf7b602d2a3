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

static void any_irql_will_do(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    ExInitializeSListHead(&head);
    ExInterlockedPushEntrySList(&head, &entries[0], NULL);
    ExInterlockedPushEntrySList(&head, &entries[1], NULL);
    assert_ptr_equal(FirstEntrySList(&head), &entries[1]);
    assert_ptr_equal(ExInterlockedPopEntrySList(&head, NULL), &entries[1]);
    assert_ptr_equal(ExInterlockedFlushSList(&head), &entries[0]);
    KeLowerIrql(old);
    assert_int_equal(ExQueryDepthSList(&head), 0);
}

/* The lock is one that nobody needs: no routine touches it. */
static void the_lock_is_left_alone(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    ExInterlockedPushEntrySList(&head, &entries[0], &lock);
    assert_ptr_equal(ExInterlockedPopEntrySList(&head, &lock), &entries[0]);
    KeReleaseSpinLock(&lock, old);
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

#define BETWEEN ((PSLIST_HEADER)(PVOID)(packed.bytes + 8))

/* The header's memory is what an initialised one has. */
static void pop_between(void *context)
{
    (void)context;
    memset(&packed, 0, sizeof(packed));
    InterlockedPopEntrySList(BETWEEN);
    fail_msg("it is no list");
}

static void flush_between(void *context)
{
    (void)context;
    memset(&packed, 0, sizeof(packed));
    ExInterlockedFlushSList(BETWEEN);
    fail_msg("it is no list");
}

static void query_between(void *context)
{
    (void)context;
    memset(&packed, 0, sizeof(packed));
    ExQueryDepthSList(BETWEEN);
    fail_msg("it is no list");
}

static void look_between(void *context)
{
    (void)context;
    memset(&packed, 0, sizeof(packed));
    FirstEntrySList(BETWEEN);
    fail_msg("it is no list");
}

/* The lowest bit of the header says that somebody changes it: an odd address would hang. */
static void what_is_not_aligned_is_found(void **state)
{
    (void)state;
    assert_error(push_between, 1, "SListAlignment");
    assert_error(push_at_an_odd_address, 1, "SListAlignment");
    assert_report_has("ExInterlockedPushEntrySList, at push_at_an_odd_address");
    assert_error(initialise_between, 1, "SListAlignment");
    assert_error(pop_between, 1, "SListAlignment");
    assert_error(flush_between, 1, "SListAlignment");
    assert_error(query_between, 1, "SListAlignment");
    assert_error(look_between, 1, "SListAlignment");
    assert_silent(push_where_it_belongs, 1, "SListAlignment");
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static PSLIST_HEADER allocate(POOL_FLAGS flags)
{
    return ExAllocatePool2(flags, sizeof(SLIST_HEADER), 'tseT');
}

static void pop_from_what_is_no_list(void *context)
{
    (void)context;
    InterlockedPopEntrySList(allocate(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED));
}

static void push_to_what_is_overwritten(void *context)
{
    (void)context;
    ExInitializeSListHead(&head);
    memset(&head, 0xFF, sizeof(head));
    ExInterlockedPushEntrySList(&head, &entries[0], NULL);
}

static void use_a_list_in_pool(void *context)
{
    PSLIST_HEADER list = allocate(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED);

    (void)context;
    ExInitializeSListHead(list);
    ExInterlockedPushEntrySList(list, &entries[0], NULL);
    ExInterlockedPopEntrySList(list, NULL);
    ExFreePoolWithTag(list, 'tseT');
}

static void a_list_that_was_not_initialised_is_found(void **state)
{
    (void)state;
    assert_error(pop_from_what_is_no_list, 1, "SListInit");
    assert_report_has("ExInterlockedPopEntrySList, at pop_from_what_is_no_list");
    assert_error(push_to_what_is_overwritten, 1, "SListInit");
    assert_silent(use_a_list_in_pool, 1, "SListInit");
}

static PSLIST_HEADER paged;

static void keep_a_list_in_paged_pool(void *context)
{
    (void)context;
    paged = allocate(POOL_FLAG_PAGED);
    ExInitializeSListHead(paged);
    ExInterlockedFlushSList(paged);
}

static void a_list_is_resident_at_any_irql(void **state)
{
    (void)state;
    assert_verifier(keep_a_list_in_paged_pool, 0xE1, (ULONG_PTR)paged, 0, 0, "PageableObject");
    assert_silent(use_a_list_in_pool, 1, "PageableObject");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(new_list_is_empty, reset),
        dirql_unit_test_setup(last_in_is_first_out, reset),
        dirql_unit_test_setup(flush_takes_the_whole_chain, reset),
        dirql_unit_test(any_irql_will_do),
        dirql_unit_test_setup(the_lock_is_left_alone, reset),
        cmocka_unit_test(what_is_not_aligned_is_found),
        cmocka_unit_test(a_list_that_was_not_initialised_is_found),
        cmocka_unit_test(a_list_is_resident_at_any_irql),
        dirql_unit_test_setup(nothing_is_lost_between_processors, reset, .processors = 2),
        dirql_unit_test_setup(nothing_is_lost_between_processors, reset, .processors = 2,
                              .mode = DIRQL_MODE_RANDOM, .seed = 5),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
