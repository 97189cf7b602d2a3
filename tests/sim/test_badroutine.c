/*
 * test_badroutine.c - a routine that is no code is told where a service was given it, and what a
 * service does after it has called one is done on behalf of its own caller.
 */
#include "../check/rule.h"

#define GUEST __attribute__((noinline))

/* Nothing lies there. */
static void *volatile nowhere = (void *)0x10000;

enum { TAG = 'rtuR' };

static BOOLEAN claim(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return TRUE;
}

#define NO_CODE(type) ((type)(ULONG_PTR)nowhere)

static RTL_RUN_ONCE once;
static RTL_GENERIC_TABLE table;
static RTL_AVL_TABLE tree;
static NPAGED_LOOKASIDE_LIST lookaside;
static PVOID context_of_once;
static PCALLBACK_OBJECT callback;
static ULONG element = 1;

static RTL_GENERIC_COMPARE_RESULTS NTAPI all_are_less(RTL_GENERIC_TABLE *of, PVOID a, PVOID b)
{
    (void)of;
    (void)a;
    (void)b;
    KeStallExecutionProcessor(1); /* The routine calls others. */
    return GenericLessThan;
}

static PVOID NTAPI get_element(RTL_GENERIC_TABLE *of, CLONG bytes)
{
    (void)of;
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG);
}

static void begin_table(PRTL_GENERIC_COMPARE_ROUTINE compare, PRTL_GENERIC_ALLOCATE_ROUTINE get,
                        PRTL_GENERIC_FREE_ROUTINE give_back)
{
    RtlInitializeGenericTable(&table, compare, get, give_back, NULL);
}

static int insert_one(void)
{
    return RtlInsertElementGenericTable(&table, &element, sizeof(element), NULL) != NULL;
}

#define DOES(name, first, ...)                        \
    GUEST static void does_##name(void *context)      \
    {                                                 \
        (void)context;                                \
        first;                                        \
        (void)(__VA_ARGS__);                          \
        fail_msg("nobody was stopped");               \
    }

DOES(expand, (void)0,
     KeExpandKernelStackAndCallout(NO_CODE(PEXPAND_STACK_CALLOUT), NULL, 0x1000))
DOES(expand_ex, (void)0,
     KeExpandKernelStackAndCalloutEx(NULL, NULL, 0x1000, FALSE, NULL))
DOES(execute_once, RtlRunOnceInitialize(&once),
     RtlRunOnceExecuteOnce(&once, NO_CODE(PRTL_RUN_ONCE_INIT_FN), NULL, &context_of_once))
DOES(insert, begin_table(all_are_less, NO_CODE(PRTL_GENERIC_ALLOCATE_ROUTINE), NULL),
     RtlInsertElementGenericTable(&table, &element, sizeof(element), NULL))
DOES(insert_another, begin_table(all_are_less, get_element, NULL); insert_one();
     table.AllocateRoutine = NULL,
     RtlInsertElementGenericTable(&table, &element, sizeof(element), NULL))
DOES(look_up, begin_table(NO_CODE(PRTL_GENERIC_COMPARE_ROUTINE), get_element, NULL); insert_one(),
     RtlLookupElementGenericTable(&table, &element))
DOES(copy_nothing, begin_table(all_are_less, get_element, NULL); insert_one(),
     RtlInsertElementGenericTable(&table, nowhere, sizeof(element), NULL))
DOES(insert_into_tree,
     RtlInitializeGenericTableAvl(&tree, NULL, NO_CODE(PRTL_AVL_ALLOCATE_ROUTINE), NULL, NULL),
     RtlInsertElementGenericTableAvl(&tree, &element, sizeof(element), NULL))
DOES(allocate, ExInitializeNPagedLookasideList(&lookaside, NO_CODE(PALLOCATE_FUNCTION), NULL, 0, 64,
                                               TAG, 0),
     ExAllocateFromNPagedLookasideList(&lookaside))
DOES(give_back, ExInitializeNPagedLookasideList(&lookaside, NULL, NO_CODE(PFREE_FUNCTION), 0, 64,
                                                TAG, 0),
     (ExFreeToNPagedLookasideList(&lookaside, &element), 0))

/* It is called when another one is; it was given when it was registered. */
GUEST static void does_register(void *context)
{
    static UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Bad");
    OBJECT_ATTRIBUTES attributes;

    (void)context;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    assert_int_equal(ExCreateCallback(&callback, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    (void)ExRegisterCallback(callback, NO_CODE(PCALLBACK_FUNCTION), NULL);
}

GUEST static void notify(void *context)
{
    does_register(context);
    ExNotifyCallback(callback, NULL, NULL);
}

GUEST static void does_synchronize(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 5 });
    PKINTERRUPT interrupt;

    (void)context;
    IoConnectInterrupt(&interrupt, claim, NULL, NULL, dirql_line_vector(line), 5, 5,
                       LevelSensitive, FALSE, 1, FALSE);
    (void)KeSynchronizeExecution(interrupt, NO_CODE(PKSYNCHRONIZE_ROUTINE), NULL);
    fail_msg("nobody was stopped");
}

DOES(ipi, (void)0, KeIpiGenericCall(NO_CODE(PKIPI_BROADCAST_WORKER), 0))

static const struct {
    void (*body)(void *context);
    const char *where;
} callers[] = {
    { does_expand, "KeExpandKernelStackAndCallout, at does_expand test_badr" },
    { does_expand_ex, "KeExpandKernelStackAndCalloutEx, at does_expand_ex test_badr" },
    { does_execute_once, "RtlRunOnceExecuteOnce, at does_execute_once test_badr" },
    { does_insert, "RtlInsertElementGenericTable, at does_insert test_badr" },
    { does_insert_another, "RtlInsertElementGenericTable, at does_insert_another test_badr" },
    { does_look_up, "RtlLookupElementGenericTable, at does_look_up test_badr" },
    { does_insert_into_tree, "RtlInsertElementGenericTableAvl, at does_insert_into_tree test_badr" },
    { does_allocate, "ExAllocateFromNPagedLookasideList, at does_allocate test_badr" },
    { does_give_back, "ExFreeToNPagedLookasideList, at does_give_back test_badr" },
    { does_ipi, "KeIpiGenericCall, at does_ipi test_badr" },
    { notify, "ExRegisterCallback, at does_register test_badr" },
    { does_synchronize, "KeSynchronizeExecution, at does_synchronize test_badr" },
};

static void a_routine_that_is_no_code_is_told_where_it_was_given(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(callers) / sizeof(*callers); i++) {
        print_message("%s\n", callers[i].where);
        rule_run(1, callers[i].body);
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);
        assert_report_has("that was given as a routine to be called, and is none");
        assert_report_has(callers[i].where);
    }
}

/* Below the stack pointer. */
GUEST static void leave_behind(void *what)
{
    void *volatile rubbish[1024];

    for (size_t i = 0; i < sizeof(rubbish) / sizeof(*rubbish); i++) {
        rubbish[i] = what;
    }
}

GUEST static void call_no_code(void)
{
    NO_CODE(PEXPAND_STACK_CALLOUT)(NULL);
}

static void call_above_rubbish(void *context)
{
    (void)context;
    leave_behind(nowhere);
    call_no_code();
}

/* There lies what a return has taken from the stack, but not only that. */
static void a_call_is_no_return_whatever_lies_below_the_stack(void **state)
{
    (void)state;
    rule_run(1, call_above_rubbish);
    assert_report_has("call of address 0x10000");
}

/* Also when the routine has called services itself. */
static void a_service_is_at_fault_where_it_was_called_after_it_has_called_a_routine(void **state)
{
    (void)state;
    rule_run(1, does_copy_nothing);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("RtlInsertElementGenericTable, at does_copy_nothing test_badr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_routine_that_is_no_code_is_told_where_it_was_given),
        cmocka_unit_test(a_call_is_no_return_whatever_lies_below_the_stack),
        cmocka_unit_test(a_service_is_at_fault_where_it_was_called_after_it_has_called_a_routine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
