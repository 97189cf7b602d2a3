/*
 * test_tryvariables.c - what a block, or a filter, has changed is what the handler reads, without a
 * volatile: with gcc. clang promises that only without optimisation (excpt.h).
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

#define NOINLINE __attribute__((noinline))

static void skip_where_it_is_not_promised(void)
{
#if defined(__clang__) && defined(__OPTIMIZE__)
    skip();
#endif
}

static NOINLINE void raise_if(BOOLEAN wanted)
{
    if (wanted) {
        ExRaiseStatus(STATUS_NO_MEMORY);
    }
}

static NOINLINE int stage_of_a_block(void)
{
    int stage = 0;

    __try {
        stage = 1;
        raise_if(FALSE);
        stage = 2;
        raise_if(TRUE);
        stage = 3;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        stage += 10;
    }
    return stage;
}

static void a_handler_reads_what_its_block_has_changed(void **state)
{
    skip_where_it_is_not_promised();
    (void)state;
    assert_int_equal(stage_of_a_block(), 12);
}

static NOINLINE NTSTATUS status_of_a_filter(void)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        ExRaiseStatus(STATUS_INVALID_PARAMETER);
    } __except (status = (NTSTATUS)GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
        return status;
    }
    return STATUS_UNSUCCESSFUL;
}

static void a_handler_reads_what_its_filter_has_changed(void **state)
{
    skip_where_it_is_not_promised();
    (void)state;
    assert_int_equal(status_of_a_filter(), STATUS_INVALID_PARAMETER);
}

static NOINLINE LONG note(PEXCEPTION_POINTERS pointers, NTSTATUS *status)
{
    *status = pointers->ExceptionRecord->ExceptionCode;
    return EXCEPTION_EXECUTE_HANDLER;
}

static NOINLINE NTSTATUS status_of_a_filter_function(void)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        raise_if(TRUE);
    } __except (note(GetExceptionInformation(), &status)) {
    }
    return status;
}

static void a_filter_function_may_write_to_a_variable(void **state)
{
    skip_where_it_is_not_promised();
    (void)state;
    assert_int_equal(status_of_a_filter_function(), STATUS_NO_MEMORY);
}

/* What is left if the block does not see the pointer is a leak, which fails the test. */
static NOINLINE void allocate_and_raise(void)
{
    PVOID memory = NULL;

    __try {
        memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'yrTq');
        raise_if(TRUE);
    } __finally {
        if (memory != NULL) {
            ExFreePoolWithTag(memory, 'yrTq');
        }
    }
}

static void a_finally_block_frees_what_its_block_has_allocated(void **state)
{
    BOOLEAN handled = FALSE;

    skip_where_it_is_not_promised();
    (void)state;
    __try {
        allocate_and_raise();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        handled = TRUE;
    }
    assert_true(handled);
}

static NOINLINE int rounds_of_a_loop(void)
{
    int raised = 0, sum = 0;

    for (int i = 0; i < 10; i++) {
        __try {
            sum += i;
            raise_if(i % 2 != 0);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            raised++;
        }
    }
    return 100 * sum + raised;
}

static void a_loop_goes_on_with_its_own_variables(void **state)
{
    skip_where_it_is_not_promised();
    (void)state;
    assert_int_equal(rounds_of_a_loop(), 4505);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_handler_reads_what_its_block_has_changed),
        dirql_unit_test(a_handler_reads_what_its_filter_has_changed),
        dirql_unit_test(a_filter_function_may_write_to_a_variable),
        dirql_unit_test(a_finally_block_frees_what_its_block_has_allocated),
        dirql_unit_test(a_loop_goes_on_with_its_own_variables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
