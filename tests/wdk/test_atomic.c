/*
 * test_atomic.c - reads and writes with an order move the whole value and no more, under all of
 * their names; barriers leave everything as it is.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>

/* What is written, of whichever width, and what stands around it. */
static const ULONG64 value = 0x8182838485868788u;

enum { GUARD = 0x5A };

/* Each bit goes there and comes back as one and as none, by each pair of names. */
#define MOVES(type, ReadAcquire, ReadNoFence, ReadRaw, WriteRelease, WriteNoFence, WriteRaw) \
    do {                                                                                     \
        MOVES_BY(type, WriteRelease, ReadAcquire);                                           \
        MOVES_BY(type, WriteNoFence, ReadNoFence);                                           \
        MOVES_BY(type, WriteRaw, ReadRaw);                                                   \
    } while (0)

#define MOVES_BY(type, Write, Read)        \
    do {                                   \
        WRITES(type, Write, (type)value);  \
        READS(type, Read, (type)value);    \
        WRITES(type, Write, (type)~value); \
        READS(type, Read, (type)~value);   \
    } while (0)

#define AT(type) ((type volatile *)(void *)(memory + sizeof(type)))

#define WRITES(type, Write, written)                               \
    do {                                                           \
        Write(AT(type), (written));                                \
        assert_true(*AT(type) == (written));                       \
        for (unsigned i = 0; i < sizeof(type); i++) {              \
            assert_int_equal(memory[i], GUARD);                    \
            assert_int_equal(memory[2 * sizeof(type) + i], GUARD); \
        }                                                          \
    } while (0)

#define READS(type, Read, expected) assert_true(Read(AT(type)) == (expected))

/* The names of a type: ReadUlongAcquire and so on. */
#define NAMED(type, Name)                                                      \
    do {                                                                       \
        DECLSPEC_ALIGN(16) UCHAR memory[3 * sizeof(type)];                     \
                                                                               \
        RtlFillMemory(memory, sizeof(memory), GUARD);                          \
        MOVES(type, Read##Name##Acquire, Read##Name##NoFence, Read##Name##Raw, \
              Write##Name##Release, Write##Name##NoFence, Write##Name##Raw);   \
    } while (0)

/* The names with the width at their end: ReadAcquire8 and so on. */
#define NUMBERED(type, bits)                                                                 \
    do {                                                                                     \
        DECLSPEC_ALIGN(16) UCHAR memory[3 * sizeof(type)];                                   \
                                                                                             \
        RtlFillMemory(memory, sizeof(memory), GUARD);                                        \
        MOVES(type, ReadAcquire##bits, ReadNoFence##bits, ReadRaw##bits, WriteRelease##bits, \
              WriteNoFence##bits, WriteRaw##bits);                                           \
    } while (0)

static void values_of_8_and_16_bits_are_moved_whole(void **state)
{
    (void)state;
    NAMED(UCHAR, UChar);
    NAMED(INT8, Int8);
    NAMED(UINT8, UInt8);
    NAMED(BOOLEAN, Boolean);
    NAMED(USHORT, UShort);
    NAMED(INT16, Int16);
    NAMED(UINT16, UInt16);
    NUMBERED(INT8, 8);
    NUMBERED(INT16, 16);
}

static void values_of_32_bits_are_moved_whole(void **state)
{
    (void)state;
    NUMBERED(LONG, );
    NAMED(LONG, Long);
    NAMED(ULONG, ULong);
    NAMED(INT32, Int32);
    NAMED(UINT32, UInt32);
}

static void values_of_64_bits_are_moved_whole(void **state)
{
    (void)state;
    NAMED(ULONG64, ULong64);
    NAMED(LONG_PTR, LongPtr);
    NAMED(ULONG_PTR, ULongPtr);
    NAMED(INT64, Int64);
    NAMED(UINT64, UInt64);
    NUMBERED(INT64, 64);
}

static void pointers_are_moved(void **state)
{
    PVOID volatile pointer = NULL;

    (void)state;
    WritePointerRelease(&pointer, (PVOID)(ULONG_PTR)1);
    assert_ptr_equal(ReadPointerAcquire(&pointer), (PVOID)(ULONG_PTR)1);
    WritePointerNoFence(&pointer, (PVOID)(ULONG_PTR)2);
    assert_ptr_equal(ReadPointerNoFence(&pointer), (PVOID)(ULONG_PTR)2);
    WritePointerRaw(&pointer, (PVOID)(ULONG_PTR)3);
    assert_ptr_equal(ReadPointerRaw(&pointer), (PVOID)(ULONG_PTR)3);
}

static void barriers_change_no_value(void **state)
{
    LONG plain = 7;

    (void)state;
    KeMemoryBarrier();
    MemoryBarrier();
    KeMemoryBarrierWithoutFence();
    _ReadWriteBarrier();
    assert_int_equal(plain, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_8_and_16_bits_are_moved_whole),
        cmocka_unit_test(values_of_32_bits_are_moved_whole),
        cmocka_unit_test(values_of_64_bits_are_moved_whole),
        cmocka_unit_test(pointers_are_moved),
        cmocka_unit_test(barriers_change_no_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
