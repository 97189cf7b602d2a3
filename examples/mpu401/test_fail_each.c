/*
 * test_fail_each.c - the miniport when resources are short: each call that can fail does, in turn,
 * and nothing crashes and nothing is left.
 */
#include <stdio.h>
#include <string.h>

#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>

#include "stage.h"

static stage the_stage;

/* True if the miniport could be made and initialised; else because a call was made to fail, and
 * then all is given back. */
static bool is_set(stage *s)
{
    NTSTATUS status = stage_try(s, &(mock_mpu401_options){ .fifo_bytes = 256 });

    if (NT_SUCCESS(status)) {
        status = stage_init_miniport(s);
    }
    if (!NT_SUCCESS(status)) {
        assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
        assert_int_equal(dirql_fail_count(), 1);
        stage_clear(s);
    }
    return NT_SUCCESS(status);
}

static void starts_and_stops(void **state)
{
    (void)state;
    if (is_set(&the_stage)) {
        stage_clear(&the_stage);
    }
}

static void receives_and_sends(void **state)
{
    stage *s = &the_stage;
    UCHAR byte = 0;
    ULONG taken;

    (void)state;
    if (!is_set(s)) {
        return;
    }
    mock_mpu401_receive(&s->mpu, 0x90);
    assert_int_equal(stage_read(s, &byte, 1, &taken, 1000), STATUS_SUCCESS);
    assert_int_equal(byte, 0x90);
    assert_int_equal(s->miniport->lpVtbl->Write(s->miniport, &byte, 1), STATUS_SUCCESS);
    stage_clear(s);
}

/* Whatever failed the first time, nothing of it is in the way of the next. */
static void starts_again_after_a_failure(void **state)
{
    stage *s = &the_stage;

    (void)state;
    if (!NT_SUCCESS(stage_try(s, NULL))) {
        stage_clear(s);
        return;
    }
    if (!NT_SUCCESS(stage_init_miniport(s))) {
        assert_int_equal(stage_init_miniport(s), STATUS_SUCCESS);
    }
    s->miniport->lpVtbl->Stop(s->miniport);
    assert_true(NT_SUCCESS(stage_init_miniport(s)) || dirql_fail_count() == 1);
    stage_clear(s);
}

static void start_and_stop(void *context)
{
    stage *s = context;

    if (NT_SUCCESS(stage_try(s, NULL))) {
        (void)stage_init_miniport(s);
    }
    stage_clear(s);
}

/* What the miniport asks for, in the order in which it does. */
static void each_of_its_requests_fails_once(void **state)
{
    static const char *const requests[] = {
        "tag sUnk",           "PcNewServiceGroup",      "AddMember",
        "PcNewInterruptSync", "RegisterServiceRoutine", "IoConnectInterrupt",
    };
    const unsigned count = sizeof(requests) / sizeof(requests[0]);
    dirql_options options = { .name = "each" };
    dirql_result result;
    char plan[8];

    (void)state;
    for (unsigned i = 0; i <= count; i++) {
        snprintf(plan, sizeof(plan), "%u", i + 1);
        options.fail = plan;
        assert_int_equal(dirql_run(&options, start_and_stop, &the_stage, &result), DIRQL_PASSED);
        if (i < count) {
            assert_non_null(result.failure);
            assert_non_null(strstr(result.failure, requests[i]));
        } else {
            assert_null(result.failure); /* There is nothing else. */
        }
        dirql_result_free(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_fail_each_test(starts_and_stops),
        dirql_fail_each_test(receives_and_sends),
        dirql_fail_each_test(receives_and_sends, .processors = 2),
        dirql_fail_each_test(starts_again_after_a_failure),
        cmocka_unit_test(each_of_its_requests_fails_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
