/*
 * triagedump.c - arrays of memory blocks that a driver wants in a small dump.
 */
#include <wdm.h>

#include "sim/computing.h"

NTSTATUS NTAPI KeInitializeTriageDumpDataArray(PKTRIAGE_DUMP_DATA_ARRAY KtriageDumpDataArray,
                                               ULONG Size)
{
    DQ_COMPUTES();
    const ULONG head = FIELD_OFFSET(KTRIAGE_DUMP_DATA_ARRAY, Blocks);

    if (Size < head + sizeof(KADDRESS_RANGE)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(KtriageDumpDataArray, Size);
    InitializeListHead(&KtriageDumpDataArray->List);
    KtriageDumpDataArray->NumBlocksTotal = (ULONG)((Size - head) / sizeof(KADDRESS_RANGE));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KeAddTriageDumpDataBlock(PKTRIAGE_DUMP_DATA_ARRAY KtriageDumpDataArray,
                                        PVOID Address, SIZE_T Size)
{
    DQ_COMPUTES();
    const ULONG used = KtriageDumpDataArray->NumBlocksUsed;

    if (Address == NULL || Size == 0 || Size > MAXULONG - KtriageDumpDataArray->DataSize) {
        return STATUS_INVALID_PARAMETER;
    }
    if (used == KtriageDumpDataArray->NumBlocksTotal) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    KtriageDumpDataArray->Blocks[used] = (KADDRESS_RANGE){ .Address = Address, .Size = Size };
    KtriageDumpDataArray->NumBlocksUsed = used + 1;
    KtriageDumpDataArray->DataSize += (ULONG)Size;
    return STATUS_SUCCESS;
}
