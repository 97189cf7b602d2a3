/*
 * test_explored.c - bytes arrive on one processor while another reads: every way in which that can
 * go, between any two accesses of the miniport.
 */
#include <string.h>

#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include "stage.h"

static const UCHAR BYTES[] = {0x90, 60};

static stage the_stage;

static int set_playing_stage(void **state)
{
    /* So that the miniport is not kept waiting when it stops: no schedule is longer than it must be. */
    const mock_mpu401_options options = {.ack_uart_reset = true};

    stage_set(&the_stage, &options);
    *state = &the_stage;
    assert_int_equal(stage_init_miniport(&the_stage), STATUS_SUCCESS);
    return 0;
}

static int clear_stage(void **state)
{
    stage_clear(*state);
    return 0;
}

static void read_bytes(stage *s, ULONG count)
{
    UCHAR got[sizeof(BYTES)];
    ULONG done, taken;

    for (done = 0; done < count; done += taken) {
        assert_int_equal(stage_read(s, got + done, count - done, &taken, 1000), STATUS_SUCCESS);
    }
    assert_memory_equal(got, BYTES, count);
}

static void read_one(void *context)
{
    read_bytes(context, 1);
}

static void read_all(void *context)
{
    read_bytes(context, sizeof(BYTES));
}

static void a_byte_is_read_while_it_arrives(void **state)
{
    stage *s = *state;
    dirql_thread *reader = dirql_thread_start("reader", 1, read_one, s);

    mock_mpu401_receive(&s->mpu, BYTES[0]);
    dirql_thread_join(reader);
}

static void bytes_are_read_while_they_arrive(void **state)
{
    stage *s = *state;
    dirql_thread *reader = dirql_thread_start("reader", 1, read_all, s);
    size_t i;

    for (i = 0; i < sizeof(BYTES); i++) {
        mock_mpu401_receive(&s->mpu, BYTES[i]);
    }
    dirql_thread_join(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test_setup_teardown(a_byte_is_read_while_it_arrives, set_playing_stage,
                                          clear_stage, .processors = 2, .time_limit_s = 600,
                                          .must_complete = 1),
        dirql_explore_test_setup_teardown(bytes_are_read_while_they_arrive, set_playing_stage,
                                          clear_stage, .processors = 2, .time_limit_s = 600,
                                          .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
