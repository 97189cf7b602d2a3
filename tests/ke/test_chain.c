/*
 * test_chain.c - several ISRs on one vector: who is called, in which order, how often.
 */
#include "wire.h"

static const dirql_line_options level_line = { .name = "shared", .irql = 6, .shared = TRUE };
static const dirql_line_options edge_line = {
    .name = "shared", .irql = 6, .shared = TRUE, .trigger = DIRQL_EDGE
};

static struct wire a, b, c;

static void make_chain(const dirql_line_options *options, LONG claims_of_a, LONG claims_of_b,
                       LONG claims_of_c)
{
    a = (struct wire){ .letter = "a", .claims = claims_of_a, .share = TRUE };
    b = (struct wire){ .letter = "b", .claims = claims_of_b };
    c = (struct wire){ .letter = "c", .claims = claims_of_c };
    wire_order[0] = '\0';
    a.line = dirql_line_create(options);
    wire_connect(&a);
    wire_join(&b, &a);
    wire_join(&c, &a);
}

/* ---- Level-sensitive ------------------------------------------------------------------------- */

static void level_chain_stops_at_the_first_that_claims(void **state)
{
    (void)state;
    make_chain(&level_line, WIRE_ALWAYS, WIRE_ALWAYS, WIRE_ALWAYS);
    dirql_line_assert(a.line);
    wire_settle();
    assert_string_equal(wire_order, "a");
}

static void level_chain_goes_on_after_one_that_refuses(void **state)
{
    (void)state;
    make_chain(&level_line, 0, WIRE_ALWAYS, WIRE_ALWAYS);
    dirql_line_assert(a.line);
    wire_settle();
    assert_string_equal(wire_order, "ab");
}

static void isrs_are_called_in_order_of_connection(void **state)
{
    (void)state;
    make_chain(&level_line, 0, 0, WIRE_ALWAYS);
    dirql_line_assert(a.line);
    wire_settle();
    assert_string_equal(wire_order, "abc");
}

static void level_line_starts_again_at_the_head_while_asserted(void **state)
{
    (void)state;
    make_chain(&level_line, 1, WIRE_ALWAYS, 0);
    a.noisy = true; /* Serves its own device; that of b still asserts the line. */
    dirql_line_assert(a.line);
    wire_settle();
    assert_string_equal(wire_order, "aab");
    assert_int_equal(dirql_line_count(a.line), 2);
}

static void disconnected_isr_is_not_called_and_the_rest_is(void **state)
{
    (void)state;
    make_chain(&level_line, 0, 0, WIRE_ALWAYS);
    IoDisconnectInterrupt(b.interrupt);
    dirql_line_assert(a.line);
    wire_settle();
    assert_string_equal(wire_order, "ac");
}

static void each_isr_runs_at_its_own_synchronize_irql(void **state)
{
    (void)state;
    a = (struct wire){ .share = TRUE, .synchronize_irql = 9 };
    b = (struct wire){ .claims = WIRE_ALWAYS };
    a.line = dirql_line_create(&level_line);
    wire_connect(&a);
    wire_join(&b, &a);
    dirql_line_assert(a.line);
    wire_settle();
    assert_int_equal(a.irql, 9);
    assert_int_equal(b.irql, 6);
}

/* ---- Latched --------------------------------------------------------------------------------- */

static void latched_chain_is_walked_until_nobody_claims(void **state)
{
    (void)state;
    make_chain(&edge_line, 1, 2, 0);
    dirql_line_pulse(a.line);
    wire_settle();
    assert_string_equal(wire_order, "abcabcabc");
}

static void latched_chain_that_nobody_claims_is_walked_once(void **state)
{
    (void)state;
    make_chain(&edge_line, 0, 0, 0);
    dirql_line_pulse(a.line);
    wire_settle();
    assert_string_equal(wire_order, "abc");
}

static void single_isr_on_a_latched_vector_is_called_once_for_each_edge(void **state)
{
    (void)state;
    a = (struct wire){ .letter = "a" };
    wire_make(&a, &edge_line);
    dirql_line_pulse(a.line);
    wire_settle();
    dirql_line_pulse(a.line);
    wire_settle();
    assert_string_equal(wire_order, "aa");
}

static void latched_chain_that_is_always_claimed_is_a_livelock(void **state)
{
    (void)state;
    make_chain(&edge_line, 0, WIRE_ALWAYS, 0);
    dirql_expect_finding("livelock");
    dirql_line_pulse(a.line);
    wire_settle();
    fail_msg("the chain was left although it was still claimed");
}

/* ---- Who may join ---------------------------------------------------------------------------- */

static NTSTATUS join(BOOLEAN first_shares, BOOLEAN second_shares)
{
    a = (struct wire){ .share = first_shares };
    b = (struct wire){ .share = second_shares };
    a.line = dirql_line_create(&level_line);
    b.line = a.line;
    wire_connect(&a);
    return wire_try_connect(&b);
}

static void vector_of_an_exclusive_isr_cannot_be_joined(void **state)
{
    (void)state;
    assert_int_equal(join(FALSE, TRUE), STATUS_INVALID_PARAMETER);
    assert_null(b.interrupt);
}

static void exclusive_isr_cannot_join(void **state)
{
    (void)state;
    assert_int_equal(join(TRUE, FALSE), STATUS_INVALID_PARAMETER);
}

static void vector_is_free_again_when_its_exclusive_isr_has_left(void **state)
{
    (void)state;
    assert_int_equal(join(FALSE, FALSE), STATUS_INVALID_PARAMETER);
    IoDisconnectInterrupt(a.interrupt);
    assert_int_equal(wire_try_connect(&b), STATUS_SUCCESS);
}

static void isr_of_the_other_mode_cannot_join(void **state)
{
    PKINTERRUPT interrupt;

    (void)state;
    a = (struct wire){ .share = TRUE };
    a.line = dirql_line_create(&level_line);
    wire_connect(&a);
    assert_int_equal(IoConnectInterrupt(&interrupt, wire_isr, &b, NULL, dirql_line_vector(a.line),
                                        6, 6, Latched, TRUE, 1, FALSE),
                     STATUS_INVALID_PARAMETER);
}

static void interrupt_goes_to_a_processor_on_which_all_are_connected(void **state)
{
    (void)state;
    a = (struct wire){ .share = TRUE, .processors = 3 };
    b = (struct wire){ .processors = 6, .claims = WIRE_ALWAYS };
    a.line = dirql_line_create(&level_line);
    wire_connect(&a);
    wire_join(&b, &a);
    dirql_line_assert(a.line);
    wire_settle();
    assert_int_equal(b.calls, 1);
    assert_int_equal(b.processor, 1);
}

static void isrs_without_a_common_processor_cannot_share(void **state)
{
    (void)state;
    a = (struct wire){ .share = TRUE, .processors = 1 };
    b = (struct wire){ .share = TRUE, .processors = 2 };
    a.line = dirql_line_create(&level_line);
    b.line = a.line;
    wire_connect(&a);
    assert_int_equal(wire_try_connect(&b), STATUS_INVALID_PARAMETER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(level_chain_stops_at_the_first_that_claims, NULL, wire_stop),
        dirql_unit_test_setup_teardown(level_chain_goes_on_after_one_that_refuses, NULL, wire_stop),
        dirql_unit_test_setup_teardown(isrs_are_called_in_order_of_connection, NULL, wire_stop),
        dirql_unit_test_setup_teardown(level_line_starts_again_at_the_head_while_asserted, NULL,
                                       wire_stop),
        dirql_unit_test_setup_teardown(disconnected_isr_is_not_called_and_the_rest_is, NULL,
                                       wire_stop),
        dirql_unit_test_setup_teardown(each_isr_runs_at_its_own_synchronize_irql, NULL, wire_stop),
        dirql_unit_test_setup_teardown(latched_chain_is_walked_until_nobody_claims, NULL,
                                       wire_stop),
        dirql_unit_test_setup_teardown(latched_chain_that_nobody_claims_is_walked_once, NULL,
                                       wire_stop),
        dirql_unit_test_setup_teardown(single_isr_on_a_latched_vector_is_called_once_for_each_edge,
                                       NULL, wire_stop),
        dirql_unit_test_setup_teardown(latched_chain_that_is_always_claimed_is_a_livelock, NULL,
                                       wire_stop),
        dirql_unit_test_setup_teardown(vector_of_an_exclusive_isr_cannot_be_joined, NULL,
                                       wire_stop),
        dirql_unit_test_setup_teardown(exclusive_isr_cannot_join, NULL, wire_stop),
        dirql_unit_test_setup_teardown(vector_is_free_again_when_its_exclusive_isr_has_left, NULL,
                                       wire_stop),
        dirql_unit_test_setup_teardown(isr_of_the_other_mode_cannot_join, NULL, wire_stop),
        dirql_unit_test_setup_teardown(interrupt_goes_to_a_processor_on_which_all_are_connected,
                                       NULL, wire_stop, .processors = 3),
        dirql_unit_test_setup_teardown(isrs_without_a_common_processor_cannot_share, NULL,
                                       wire_stop, .processors = 2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
