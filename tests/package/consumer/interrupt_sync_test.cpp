/*
 * interrupt_sync_test.cpp - a user's C++ test: a miniport's interrupt sync object on a simulated
 * line.
 */
#include <portcls.h>

#include <dirql/cmocka.h>
#include <dirql/line.h>

static NTSTATUS serve(PINTERRUPTSYNC, PVOID context)
{
    dirql_line_deassert(static_cast<dirql_line *>(context));
    return STATUS_SUCCESS;
}

static NTSTATUS answer(PINTERRUPTSYNC, PVOID context)
{
    *static_cast<int *>(context) = 42;
    return STATUS_SUCCESS;
}

static void service_routine_silences_the_line(void **)
{
    dirql_line *line = dirql_line_create(NULL);
    dirql_resources *resources = dirql_resources_create();
    PRESOURCELIST list = NULL;
    PINTERRUPTSYNC sync = NULL;
    int result = 0;

    dirql_resources_add_line(resources, line);
    assert_int_equal(PcNewResourceList(&list, NULL, PagedPool, dirql_resources_translated(resources),
                                       dirql_resources_raw(resources)),
                     STATUS_SUCCESS);
    assert_int_equal(PcNewInterruptSync(&sync, NULL, list, 0, InterruptSyncModeNormal),
                     STATUS_SUCCESS);
    assert_int_equal(sync->RegisterServiceRoutine(serve, line, FALSE), STATUS_SUCCESS);
    assert_int_equal(sync->Connect(), STATUS_SUCCESS);

    dirql_line_assert(line);
    assert_false(dirql_line_is_asserted(line));
    assert_int_equal(dirql_line_count(line), 1);
    assert_int_equal(sync->CallSynchronizedRoutine(answer, &result), STATUS_SUCCESS);
    assert_int_equal(result, 42);

    sync->Disconnect();
    sync->Release();
    list->Release();
}

int main()
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(service_routine_silences_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
