/*
 * bitmap.c - bitmaps: bits set, cleared, counted, and runs of them found.
 *
 * Everything is made of two steps: a range is filled word by word, and the end of a run is found
 * word by word.
 */
#include "rtl/rtl.h"

enum { BITS = 32 };

#define NOT_FOUND 0xFFFFFFFFu

VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    DQ_COMPUTES();
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

/* ---- Changing -------------------------------------------------------------------------------- */

static void fill(PRTL_BITMAP map, ULONG index, ULONG count, bool set)
{
    while (count > 0) {
        const ULONG shift = index % BITS;
        const ULONG here = count < BITS - shift ? count : BITS - shift;
        const ULONG mask = (here == BITS ? 0xFFFFFFFFu : (1u << here) - 1) << shift;
        PULONG word = &map->Buffer[index / BITS];

        *word = set ? *word | mask : *word & ~mask;
        index += here;
        count -= here;
    }
}

VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    DQ_COMPUTES();
    fill(BitMapHeader, BitNumber, 1, false);
}

VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    DQ_COMPUTES();
    fill(BitMapHeader, BitNumber, 1, true);
}

VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    DQ_COMPUTES();
    fill(BitMapHeader, StartingIndex, NumberToClear, false);
}

VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    DQ_COMPUTES();
    fill(BitMapHeader, StartingIndex, NumberToSet, true);
}

VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    DQ_COMPUTES();
    fill(BitMapHeader, 0, BitMapHeader->SizeOfBitMap, false);
}

VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    DQ_COMPUTES();
    fill(BitMapHeader, 0, BitMapHeader->SizeOfBitMap, true);
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* The first bit from `index` on that is set, or clear; `end` if there is none before it. */
static ULONG find(const RTL_BITMAP *map, ULONG index, ULONG end, bool set)
{
    while (index < end) {
        const ULONG word = map->Buffer[index / BITS];
        const ULONG wanted = (set ? word : ~word) >> index % BITS;

        if (wanted != 0) {
            index += (ULONG)__builtin_ctz(wanted);
            return index < end ? index : end;
        }
        /* The last word may end where no ULONG can say so. */
        index = index / BITS < (end - 1) / BITS ? (index / BITS + 1) * BITS : end;
    }
    return end;
}

/* The next run of bits of one kind that begins at or after `from`. Returns its length. */
static ULONG next_run(const RTL_BITMAP *map, ULONG from, bool set, ULONG *start)
{
    *start = find(map, from, map->SizeOfBitMap, set);
    return find(map, *start, map->SizeOfBitMap, !set) - *start;
}

static BOOLEAN is_run(const RTL_BITMAP *map, ULONG index, ULONG count, bool set)
{
    if (count == 0 || index >= map->SizeOfBitMap || count > map->SizeOfBitMap - index) {
        return FALSE;
    }
    return find(map, index, index + count, !set) == index + count;
}

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    DQ_COMPUTES();
    return (BOOLEAN)RtlCheckBit(BitMapHeader, BitNumber);
}

BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    DQ_COMPUTES();
    return is_run(BitMapHeader, StartingIndex, Length, false);
}

BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    DQ_COMPUTES();
    return is_run(BitMapHeader, StartingIndex, Length, true);
}

static ULONG count_set(PRTL_BITMAP map)
{
    ULONG start, set = 0;

    for (ULONG i = 0; i < map->SizeOfBitMap;) {
        const ULONG run = next_run(map, i, true, &start);

        set += run;
        i = start + run;
    }
    return set;
}

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader)
{
    DQ_COMPUTES();
    return count_set(BitMapHeader);
}

ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader)
{
    DQ_COMPUTES();
    return BitMapHeader->SizeOfBitMap - count_set(BitMapHeader);
}

/* ---- Ranges of a wanted length --------------------------------------------------------------- */

/* A range that begins at or after `from` and before `limit`. It may end behind the limit. */
static ULONG find_range(const RTL_BITMAP *map, ULONG from, ULONG limit, ULONG count, bool set)
{
    while (from < limit) {
        ULONG start;
        const ULONG run = next_run(map, from, set, &start);

        if (run == 0 || start >= limit) {
            break;
        }
        if (run >= count) {
            return start;
        }
        from = start + run;
    }
    return NOT_FOUND;
}

static ULONG find_bits(const RTL_BITMAP *map, ULONG count, ULONG hint, bool set)
{
    ULONG found;

    if (hint >= map->SizeOfBitMap) {
        hint = 0;
    }
    if (count == 0) {
        return hint;
    }
    found = find_range(map, hint, map->SizeOfBitMap, count, set);
    return found != NOT_FOUND ? found : find_range(map, 0, hint, count, set);
}

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    DQ_COMPUTES();
    return find_bits(BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG NTAPI RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    DQ_COMPUTES();
    return find_bits(BitMapHeader, NumberToFind, HintIndex, true);
}

static ULONG find_and_fill(PRTL_BITMAP map, ULONG count, ULONG hint, bool set)
{
    const ULONG found = find_bits(map, count, hint, !set);

    if (found != NOT_FOUND) {
        fill(map, found, count, set);
    }
    return found;
}

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    DQ_COMPUTES();
    return find_and_fill(BitMapHeader, NumberToFind, HintIndex, true);
}

ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    DQ_COMPUTES();
    return find_and_fill(BitMapHeader, NumberToFind, HintIndex, false);
}

/* ---- Runs of any length ---------------------------------------------------------------------- */

ULONG NTAPI RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                       PULONG StartingRunIndex)
{
    DQ_COMPUTES();
    return next_run(BitMapHeader, FromIndex, false, StartingRunIndex);
}

ULONG NTAPI RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    DQ_COMPUTES();
    return next_run(BitMapHeader, 0, false, StartingIndex);
}

/* The run may reach up to FromIndex, which belongs to it if it is clear. */
ULONG NTAPI RtlFindLastBackwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                        PULONG StartingRunIndex)
{
    DQ_COMPUTES();
    ULONG end = FromIndex;
    ULONG start;

    *StartingRunIndex = FromIndex;
    if (BitMapHeader->SizeOfBitMap == 0) {
        return 0;
    }
    if (end >= BitMapHeader->SizeOfBitMap) {
        end = BitMapHeader->SizeOfBitMap - 1;
    }
    while (RtlCheckBit(BitMapHeader, end)) {
        if (end-- == 0) {
            return 0;
        }
    }
    for (start = end; start > 0 && !RtlCheckBit(BitMapHeader, start - 1); start--) {
    }
    *StartingRunIndex = start;
    return end - start + 1;
}

/* Keeps the runs longest first. Of equal ones the first found stays in front. */
static ULONG insert_by_length(PRTL_BITMAP_RUN runs, ULONG count, ULONG limit, RTL_BITMAP_RUN run)
{
    ULONG place = count;

    while (place > 0 && runs[place - 1].NumberOfBits < run.NumberOfBits) {
        place--;
    }
    if (place == limit) {
        return count;
    }
    count = count < limit ? count + 1 : limit;
    for (ULONG i = count - 1; i > place; i--) {
        runs[i] = runs[i - 1];
    }
    runs[place] = run;
    return count;
}

static ULONG find_runs(PRTL_BITMAP map, PRTL_BITMAP_RUN runs, ULONG limit, bool longest)
{
    ULONG count = 0, from = 0;

    while (longest || count < limit) {
        RTL_BITMAP_RUN run;

        run.NumberOfBits = next_run(map, from, false, &run.StartingIndex);
        if (run.NumberOfBits == 0) {
            break;
        }
        from = run.StartingIndex + run.NumberOfBits;
        if (longest) {
            count = insert_by_length(runs, count, limit, run);
        } else {
            runs[count++] = run;
        }
    }
    return count;
}

ULONG NTAPI RtlFindClearRuns(PRTL_BITMAP BitMapHeader, PRTL_BITMAP_RUN RunArray,
                             ULONG SizeOfRunArray, BOOLEAN LocateLongestRuns)
{
    DQ_COMPUTES();
    return find_runs(BitMapHeader, RunArray, SizeOfRunArray, LocateLongestRuns);
}

ULONG NTAPI RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    DQ_COMPUTES();
    RTL_BITMAP_RUN run;

    if (find_runs(BitMapHeader, &run, 1, true) == 0) {
        *StartingIndex = 0;
        return 0;
    }
    *StartingIndex = run.StartingIndex;
    return run.NumberOfBits;
}
