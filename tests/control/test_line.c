/*
 * test_line.c - lines, resources and physical device objects in a test's hands.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

/* ---- Creating -------------------------------------------------------------------------------- */

static void line_has_defaults(void **state)
{
    dirql_line *line = dirql_line_create(NULL);

    (void)state;
    assert_int_equal(dirql_line_irql(line), 5);
    assert_int_equal(dirql_line_mode(line), LevelSensitive);
    assert_int_equal(dirql_line_processors(line), KeQueryActiveProcessors());
    assert_int_equal(dirql_line_count(line), 0);
    assert_false(dirql_line_is_asserted(line));
}

static void lines_have_vectors_of_their_own(void **state)
{
    enum { LINES = 40 };
    ULONG vectors[LINES];

    (void)state;
    for (unsigned i = 0; i < LINES; i++) {
        vectors[i] = dirql_line_vector(dirql_line_create(NULL));
        for (unsigned j = 0; j < i; j++) {
            assert_int_not_equal(vectors[i], vectors[j]);
        }
    }
}

static void line_is_as_it_was_asked_for(void **state)
{
    const dirql_line_options options = {
        .name = "x", .vector = 0x93, .irql = 9, .trigger = DIRQL_EDGE, .processors = 2
    };
    dirql_line *line = dirql_line_create(&options);

    (void)state;
    assert_int_equal(dirql_line_vector(line), 0x93);
    assert_int_equal(dirql_line_irql(line), 9);
    assert_int_equal(dirql_line_mode(line), Latched);
    assert_int_equal(dirql_line_processors(line), 2);
}

static void passive_line_has_passive_level(void **state)
{
    (void)state;
    assert_int_equal(dirql_line_irql(dirql_line_create(&(dirql_line_options){ .passive = TRUE })),
                     PASSIVE_LEVEL);
}

static void level_line_stays_asserted_until_it_is_deasserted(void **state)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .processors = 1 });
    KIRQL old;

    (void)state;
    dirql_thread_move(0);
    KeRaiseIrql(HIGH_LEVEL, &old);
    dirql_line_assert(line);
    assert_true(dirql_line_is_asserted(line));
    dirql_line_deassert(line);
    assert_false(dirql_line_is_asserted(line));
    KeLowerIrql(old); /* The interrupt has gone away again. */
}

/* ---- Wrong options: each run fails, with a text that names the member ------------------------ */

static void create(void *context)
{
    dirql_line_create(context);
    dirql_fail(__FILE__, __LINE__, "the options were accepted");
}

static void is_refused_by_naming(const dirql_line_options *options, const char *member)
{
    dirql_options two = { .processors = 2 };
    dirql_line_options copy = *options;
    dirql_result result;

    assert_int_equal(dirql_run(&two, create, &copy, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, member));
    assert_null(strstr(result.report, "were accepted"));
    dirql_result_free(&result);
}

static void irql_out_of_range_is_refused(void **state)
{
    (void)state;
    is_refused_by_naming(&(dirql_line_options){ .irql = 2 }, "`irql`");
    is_refused_by_naming(&(dirql_line_options){ .irql = 13 }, "`irql`");
}

static void trigger_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    is_refused_by_naming(&(dirql_line_options){ .trigger = (dirql_trigger)7 }, "`trigger`");
}

static void empty_processor_set_is_refused(void **state)
{
    (void)state;
    is_refused_by_naming(&(dirql_line_options){ .processors = 1ull << 63 }, "`processors`");
}

static void vector_out_of_range_is_refused(void **state)
{
    (void)state;
    is_refused_by_naming(&(dirql_line_options){ .vector = 4096 }, "`vector`");
}

static void message_number_of_a_line_is_refused(void **state)
{
    (void)state;
    is_refused_by_naming(&(dirql_line_options){ .message = 1 }, "`message`");
}

static void passive_message_is_refused(void **state)
{
    (void)state;
    is_refused_by_naming(&(dirql_line_options){ .passive = TRUE, .trigger = DIRQL_MESSAGE },
                         "`passive`");
}

static void create_two(void *context)
{
    const dirql_line_options *options = context;

    dirql_line_create(&options[0]);
    dirql_line_create(&options[1]);
}

static dirql_outcome outcome_of_two(dirql_line_options first, dirql_line_options second)
{
    dirql_line_options both[2] = { first, second };
    dirql_result result;
    dirql_outcome outcome;

    both[0].vector = both[1].vector = 0x55;
    outcome = dirql_run(NULL, create_two, both, &result);
    assert_true(outcome == DIRQL_PASSED || strstr(result.report, "`vector`") != NULL);
    dirql_result_free(&result);
    return outcome;
}

static void vector_is_shared_only_by_lines_that_agree(void **state)
{
    const dirql_line_options shared = { .shared = TRUE };

    (void)state;
    assert_int_equal(outcome_of_two(shared, shared), DIRQL_PASSED);
    assert_int_equal(outcome_of_two(shared, (dirql_line_options){ .shared = FALSE }), DIRQL_FAILED);
    assert_int_equal(outcome_of_two(shared, (dirql_line_options){ .shared = TRUE, .irql = 7 }),
                     DIRQL_FAILED);
    assert_int_equal(
        outcome_of_two(shared, (dirql_line_options){ .shared = TRUE, .trigger = DIRQL_EDGE }),
        DIRQL_FAILED);
}

/* ---- Wrong pointers -------------------------------------------------------------------------- */

static void assert_line(void *context)
{
    dirql_line_create(NULL); /* Has the number that a line of another run would have. */
    dirql_line_assert(context);
    dirql_fail(__FILE__, __LINE__, "the pointer was accepted");
}

static void pointer_is_refused(void *line)
{
    dirql_result result;

    assert_int_equal(dirql_run(NULL, assert_line, line, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "dirql_line_assert"));
    assert_null(strstr(result.report, "was accepted"));
    dirql_result_free(&result);
}

static void null_line_is_refused(void **state)
{
    (void)state;
    pointer_is_refused(NULL);
}

static void pointer_to_something_else_is_refused(void **state)
{
    int something;

    (void)state;
    pointer_is_refused(&something);
}

static void remember_line(void *context)
{
    *(dirql_line **)context = dirql_line_create(NULL);
}

static void line_of_an_earlier_run_is_refused(void **state)
{
    dirql_line *line = NULL;

    (void)state;
    assert_int_equal(dirql_run(NULL, remember_line, &line, NULL), DIRQL_PASSED);
    assert_non_null(line);
    pointer_is_refused(line);
}

static void take_resources_for_a_line(void *context)
{
    (void)context;
    dirql_line_assert((dirql_line *)dirql_resources_create());
    dirql_fail(__FILE__, __LINE__, "the pointer was accepted");
}

static void resources_are_no_line(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, take_resources_for_a_line, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "dirql_line_assert"));
    dirql_result_free(&result);
}

/* ---- Resources ------------------------------------------------------------------------------- */

static PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor_of(PCM_RESOURCE_LIST list, unsigned index)
{
    assert_int_equal(list->Count, 1);
    assert_true(index < list->List[0].PartialResourceList.Count);
    return &list->List[0].PartialResourceList.PartialDescriptors[index];
}

static void empty_list_has_one_empty_descriptor(void **state)
{
    dirql_resources *resources = dirql_resources_create();

    (void)state;
    assert_int_equal(dirql_resources_translated(resources)->Count, 1);
    assert_int_equal(dirql_resources_translated(resources)->List[0].PartialResourceList.Count, 0);
    assert_int_equal(dirql_resources_translated(resources)->List[0].PartialResourceList.Version, 1);
    assert_int_equal(dirql_resources_raw(resources)->Count, 1);
}

static void translated_interrupt_says_how_to_connect(void **state)
{
    dirql_resources *resources = dirql_resources_create();
    dirql_line *line =
        dirql_line_create(&(dirql_line_options){ .irql = 8, .shared = TRUE, .processors = 2 });
    PCM_PARTIAL_RESOURCE_DESCRIPTOR d;

    (void)state;
    dirql_resources_add_line(resources, line);
    d = descriptor_of(dirql_resources_translated(resources), 0);
    assert_int_equal(d->Type, CmResourceTypeInterrupt);
    assert_int_equal(d->ShareDisposition, CmResourceShareShared);
    assert_int_equal(d->Flags, CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE);
    assert_int_equal(d->u.Interrupt.Level, 8);
    assert_int_equal(d->u.Interrupt.Vector, dirql_line_vector(line));
    assert_int_equal(d->u.Interrupt.Affinity, 2);
}

static void edge_is_latched_and_exclusive_by_default(void **state)
{
    dirql_resources *resources = dirql_resources_create();
    PCM_PARTIAL_RESOURCE_DESCRIPTOR d;

    (void)state;
    dirql_resources_add_line(resources,
                             dirql_line_create(&(dirql_line_options){ .trigger = DIRQL_EDGE }));
    d = descriptor_of(dirql_resources_translated(resources), 0);
    assert_int_equal(d->Flags, CM_RESOURCE_INTERRUPT_LATCHED);
    assert_int_equal(d->ShareDisposition, CmResourceShareDeviceExclusive);
}

static void message_is_described_as_one(void **state)
{
    dirql_resources *resources = dirql_resources_create();
    dirql_line *line =
        dirql_line_create(&(dirql_line_options){ .irql = 6, .trigger = DIRQL_MESSAGE });
    PCM_PARTIAL_RESOURCE_DESCRIPTOR d;

    (void)state;
    dirql_resources_add_line(resources, line);
    d = descriptor_of(dirql_resources_translated(resources), 0);
    assert_int_equal(d->Flags, CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE);
    assert_int_equal(d->u.MessageInterrupt.Translated.Level, 6);
    assert_int_equal(d->u.MessageInterrupt.Translated.Vector, dirql_line_vector(line));
    d = descriptor_of(dirql_resources_raw(resources), 0);
    assert_int_equal(d->u.MessageInterrupt.Raw.MessageCount, 1);
}

static void raw_interrupt_differs_from_the_translated_one(void **state)
{
    dirql_resources *resources = dirql_resources_create();
    dirql_line *line = dirql_line_create(NULL);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR d;

    (void)state;
    dirql_resources_add_line(resources, line);
    d = descriptor_of(dirql_resources_raw(resources), 0);
    assert_int_equal(d->Type, CmResourceTypeInterrupt);
    assert_int_not_equal(d->u.Interrupt.Vector, dirql_line_vector(line));
    assert_true(d->u.Interrupt.Level > HIGH_LEVEL);
}

static void other_resources_follow_in_order(void **state)
{
    dirql_resources *resources = dirql_resources_create();
    PHYSICAL_ADDRESS start;
    PCM_RESOURCE_LIST list;

    (void)state;
    start.QuadPart = 0xF1230000;
    dirql_resources_add_line(resources, dirql_line_create(NULL));
    dirql_resources_add_port(resources, 0x330, 2);
    dirql_resources_add_memory(resources, start, 0x1000);
    dirql_resources_add_dma(resources, 5);
    list = dirql_resources_translated(resources);
    assert_int_equal(list->List[0].PartialResourceList.Count, 4);
    assert_int_equal(descriptor_of(list, 1)->Type, CmResourceTypePort);
    assert_int_equal(descriptor_of(list, 1)->u.Port.Start.QuadPart, 0x330);
    assert_int_equal(descriptor_of(list, 1)->u.Port.Length, 2);
    assert_int_equal(descriptor_of(list, 2)->Type, CmResourceTypeMemory);
    assert_true(descriptor_of(list, 2)->u.Memory.Start.QuadPart == 0xF1230000);
    assert_int_equal(descriptor_of(list, 3)->u.Dma.Channel, 5);
    assert_memory_equal(descriptor_of(list, 1), descriptor_of(dirql_resources_raw(resources), 1),
                        3 * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR));
}

static void any_descriptor_can_be_added(void **state)
{
    dirql_resources *resources = dirql_resources_create();
    CM_PARTIAL_RESOURCE_DESCRIPTOR one, other;

    (void)state;
    memset(&one, 0, sizeof(one));
    one.Type = CmResourceTypeBusNumber;
    other = one;
    other.u.BusNumber.Start = 3;
    dirql_resources_add(resources, &one, &other);
    dirql_resources_add(resources, &one, NULL);
    assert_int_equal(descriptor_of(dirql_resources_translated(resources), 0)->u.BusNumber.Start, 0);
    assert_int_equal(descriptor_of(dirql_resources_raw(resources), 0)->u.BusNumber.Start, 3);
    assert_int_equal(descriptor_of(dirql_resources_raw(resources), 1)->u.BusNumber.Start, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(line_has_defaults, .processors = 2),
        dirql_unit_test(lines_have_vectors_of_their_own),
        dirql_unit_test(line_is_as_it_was_asked_for, .processors = 2),
        dirql_unit_test(passive_line_has_passive_level),
        dirql_unit_test(level_line_stays_asserted_until_it_is_deasserted),
        cmocka_unit_test(irql_out_of_range_is_refused),
        cmocka_unit_test(trigger_that_does_not_exist_is_refused),
        cmocka_unit_test(empty_processor_set_is_refused),
        cmocka_unit_test(vector_out_of_range_is_refused),
        cmocka_unit_test(message_number_of_a_line_is_refused),
        cmocka_unit_test(passive_message_is_refused),
        cmocka_unit_test(vector_is_shared_only_by_lines_that_agree),
        cmocka_unit_test(null_line_is_refused),
        cmocka_unit_test(pointer_to_something_else_is_refused),
        cmocka_unit_test(line_of_an_earlier_run_is_refused),
        cmocka_unit_test(resources_are_no_line),
        dirql_unit_test(empty_list_has_one_empty_descriptor),
        dirql_unit_test(translated_interrupt_says_how_to_connect, .processors = 2),
        dirql_unit_test(edge_is_latched_and_exclusive_by_default),
        dirql_unit_test(message_is_described_as_one),
        dirql_unit_test(raw_interrupt_differs_from_the_translated_one),
        dirql_unit_test(other_resources_follow_in_order),
        dirql_unit_test(any_descriptor_can_be_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
