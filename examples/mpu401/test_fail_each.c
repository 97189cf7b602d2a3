/*
 * test_fail_each.c - the miniport when resources are short: each call that can fail does, in turn,
 * and nothing crashes and nothing is left.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>

#include "stage.h"

static stage the_stage;

/* True if the miniport could be made and initialised; else because a call was made to fail, and
 * then all is given back. */
static bool is_set(stage *s)
{
    NTSTATUS status = stage_try(s, &(mock_mpu401_options){.fifo_bytes = 256});

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_fail_each_test(starts_and_stops),
        dirql_fail_each_test(receives_and_sends),
        dirql_fail_each_test(receives_and_sends, .processors = 2),
        dirql_fail_each_test(starts_again_after_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
