/*
 * test_relationship.c - how the processors belong together.
 */
#include <stdlib.h>
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

typedef SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX information;

enum { PROCESSORS = 3 };

static union {
    information first;
    unsigned char bytes[16384];
} buffer;

static ULONG length;

static NTSTATUS query(PPROCESSOR_NUMBER number, LOGICAL_PROCESSOR_RELATIONSHIP type)
{
    memset(&buffer, 0xEE, sizeof(buffer));
    length = sizeof(buffer);
    return KeQueryLogicalProcessorRelationship(number, type, &buffer.first, &length);
}

/* The entry with that number; NULL: there are fewer. */
static const information *entry(unsigned number)
{
    ULONG at = 0;

    while (at < length) {
        const information *here = (const information *)(const void *)(buffer.bytes + at);

        if (number-- == 0) {
            return here;
        }
        at += here->Size;
    }
    assert_int_equal(at, length);
    return NULL;
}

static KAFFINITY all(void)
{
    return KeQueryActiveProcessors();
}

static void each_processor_is_a_core(void **state)
{
    const ULONG count = KeQueryActiveProcessorCount(NULL);

    (void)state;
    assert_int_equal(query(NULL, RelationProcessorCore), STATUS_SUCCESS);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(entry(i)->Relationship, RelationProcessorCore);
        assert_int_equal(entry(i)->Processor.Flags, 0);
        assert_int_equal(entry(i)->Processor.GroupCount, 1);
        assert_int_equal(entry(i)->Processor.GroupMask[0].Group, 0);
        assert_int_equal(entry(i)->Processor.GroupMask[0].Mask, (KAFFINITY)1 << i);
    }
    assert_null(entry(count));
}

static void all_are_one_package_die_and_module(void **state)
{
    static const LOGICAL_PROCESSOR_RELATIONSHIP types[] = { RelationProcessorPackage,
                                                            RelationProcessorDie,
                                                            RelationProcessorModule };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(query(NULL, types[i]), STATUS_SUCCESS);
        assert_int_equal(entry(0)->Relationship, types[i]);
        assert_int_equal(entry(0)->Processor.GroupMask[0].Mask, all());
        assert_null(entry(1));
    }
}

static void all_are_one_node(void **state)
{
    (void)state;
    assert_int_equal(query(NULL, RelationNumaNode), STATUS_SUCCESS);
    assert_int_equal(entry(0)->Relationship, RelationNumaNode);
    assert_int_equal(entry(0)->NumaNode.NodeNumber, 0);
    assert_int_equal(entry(0)->NumaNode.GroupCount, 1);
    assert_int_equal(entry(0)->NumaNode.GroupMask.Mask, all());
    assert_null(entry(1));
    assert_int_equal(query(NULL, RelationNumaNodeEx), STATUS_SUCCESS);
    assert_int_equal(entry(0)->Relationship, RelationNumaNode);
}

static void all_are_one_group(void **state)
{
    (void)state;
    assert_int_equal(query(NULL, RelationGroup), STATUS_SUCCESS);
    assert_int_equal(entry(0)->Group.ActiveGroupCount, 1);
    assert_int_equal(entry(0)->Group.MaximumGroupCount, 1);
    assert_int_equal(entry(0)->Group.GroupInfo[0].ActiveProcessorCount,
                     KeQueryActiveProcessorCount(NULL));
    assert_int_equal(entry(0)->Group.GroupInfo[0].ActiveProcessorMask, all());
    assert_null(entry(1));
}

static void there_are_no_caches(void **state)
{
    (void)state;
    assert_int_equal(query(NULL, RelationCache), STATUS_SUCCESS);
    assert_int_equal(length, 0);
}

static void one_processor_may_be_asked_about(void **state)
{
    PROCESSOR_NUMBER second = { .Number = 1 };

    (void)state;
    assert_int_equal(query(&second, RelationProcessorCore), STATUS_SUCCESS);
    assert_int_equal(entry(0)->Processor.GroupMask[0].Mask, 2);
    assert_null(entry(1));
    assert_int_equal(query(&second, RelationProcessorPackage), STATUS_SUCCESS);
    assert_int_equal(entry(0)->Processor.GroupMask[0].Mask, all());
}

static void a_processor_that_is_not_there_is_refused(void **state)
{
    PROCESSOR_NUMBER beyond = { .Number = 63 };
    PROCESSOR_NUMBER elsewhere = { .Group = 1 };

    (void)state;
    assert_int_equal(query(&beyond, RelationProcessorCore), STATUS_INVALID_PARAMETER);
    assert_int_equal(query(&elsewhere, RelationProcessorCore), STATUS_INVALID_PARAMETER);
    assert_int_equal(query(NULL, (LOGICAL_PROCESSOR_RELATIONSHIP)99), STATUS_INVALID_PARAMETER);
}

static void the_length_is_told_first(void **state)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX found;
    ULONG needed = 0;

    (void)state;
    assert_int_equal(KeQueryLogicalProcessorRelationship(NULL, RelationAll, NULL, &needed),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_true(needed > 0);
    found = malloc(needed);
    assert_int_equal(KeQueryLogicalProcessorRelationship(NULL, RelationAll, found, &needed),
                     STATUS_SUCCESS);
    needed--;
    assert_int_equal(KeQueryLogicalProcessorRelationship(NULL, RelationAll, found, &needed),
                     STATUS_INFO_LENGTH_MISMATCH);
    free(found);
}

static void all_relationships_come_one_behind_the_other(void **state)
{
    unsigned counts[RelationProcessorModule + 1] = { 0 };

    (void)state;
    assert_int_equal(query(NULL, RelationAll), STATUS_SUCCESS);
    for (unsigned i = 0; entry(i) != NULL; i++) {
        assert_in_range(entry(i)->Relationship, 0, RelationProcessorModule);
        counts[entry(i)->Relationship]++;
    }
    assert_int_equal(counts[RelationProcessorCore], KeQueryActiveProcessorCount(NULL));
    assert_int_equal(counts[RelationNumaNode], 1);
    assert_int_equal(counts[RelationGroup], 1);
    assert_int_equal(counts[RelationProcessorPackage], 1);
}

static void above_dispatch_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeDispatchLte");
    KeRaiseIrql(7, &old);
    (void)query(NULL, RelationAll);
    fail_msg("that was too high");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(each_processor_is_a_core, .processors = PROCESSORS),
        dirql_unit_test(all_are_one_package_die_and_module, .processors = PROCESSORS),
        dirql_unit_test(all_are_one_node, .processors = PROCESSORS),
        dirql_unit_test(all_are_one_group, .processors = PROCESSORS),
        dirql_unit_test(there_are_no_caches, .processors = PROCESSORS),
        dirql_unit_test(one_processor_may_be_asked_about, .processors = PROCESSORS),
        dirql_unit_test(a_processor_that_is_not_there_is_refused, .processors = PROCESSORS),
        dirql_unit_test(the_length_is_told_first, .processors = PROCESSORS),
        dirql_unit_test(all_relationships_come_one_behind_the_other, .processors = PROCESSORS),
        dirql_unit_test(above_dispatch_level_it_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
