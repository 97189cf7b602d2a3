/*
 * memioresource.c - ranges of memory and ports in resource descriptors, however long.
 *
 * A length of more than 32 bits is kept without its lowest 8, 16 or 32 bits, which must be zero.
 * The pages leave open which type a descriptor of memory then has: it is the one that its length
 * needs, whichever of the two was asked for.
 */
#include "rtl/rtl.h"

#include "sim/computing.h"

/* How a length is kept. */
typedef struct form {
    unsigned shift;
    USHORT flag;
} form;

static const form forms[] = {
    { 0, 0 },
    { 8, CM_RESOURCE_MEMORY_LARGE_40 },
    { 16, CM_RESOURCE_MEMORY_LARGE_48 },
    { 32, CM_RESOURCE_MEMORY_LARGE_64 },
};

static bool fits(ULONGLONG value, unsigned shift)
{
    return (value & ((1ull << shift) - 1)) == 0 && value >> shift <= MAXULONG;
}

/* The shortest form for both; NULL: there is none. Ports have only the first. */
static const form *choose(UCHAR type, ULONGLONG length, ULONGLONG alignment)
{
    const size_t count = type == CmResourceTypePort ? 1 : sizeof(forms) / sizeof(*forms);

    for (size_t i = 0; i < count; i++) {
        if (fits(length, forms[i].shift) && fits(alignment, forms[i].shift)) {
            return &forms[i];
        }
    }
    return NULL;
}

static bool is_range(UCHAR type)
{
    return type == CmResourceTypePort || type == CmResourceTypeMemory ||
           type == CmResourceTypeMemoryLarge;
}

static UCHAR type_of(UCHAR type, const form *f)
{
    if (type == CmResourceTypePort) {
        return type;
    }
    return f->shift == 0 ? CmResourceTypeMemory : CmResourceTypeMemoryLarge;
}

static USHORT flags_of(USHORT flags, UCHAR type, const form *f)
{
    return type == CmResourceTypePort ? flags
                                      : (USHORT)((flags & ~CM_RESOURCE_MEMORY_LARGE) | f->flag);
}

/* By how much the length of a descriptor is to be shifted. */
static unsigned shift_of(UCHAR type, USHORT flags)
{
    for (size_t i = 1; type == CmResourceTypeMemoryLarge && i < sizeof(forms) / sizeof(*forms);
         i++) {
        if ((flags & CM_RESOURCE_MEMORY_LARGE) == forms[i].flag) {
            return forms[i].shift;
        }
    }
    return 0;
}

/* ---- What a device has ----------------------------------------------------------------------- */

NTSTATUS NTAPI RtlCmEncodeMemIoResource(PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor, UCHAR Type,
                                        ULONGLONG Length, ULONGLONG Start)
{
    DQ_COMPUTES();
    const form *f = choose(Type, Length, 0);

    if (Descriptor == NULL || !is_range(Type)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (f == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    Descriptor->Type = type_of(Type, f);
    Descriptor->Flags = flags_of(Descriptor->Flags, Type, f);
    Descriptor->u.Generic.Start.QuadPart = (LONGLONG)Start;
    Descriptor->u.Generic.Length = (ULONG)(Length >> f->shift);
    return STATUS_SUCCESS;
}

ULONGLONG NTAPI RtlCmDecodeMemIoResource(PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor,
                                         PULONGLONG Start)
{
    DQ_COMPUTES();

    if (!is_range(Descriptor->Type)) {
        return 0;
    }
    if (Start != NULL) {
        *Start = (ULONGLONG)Descriptor->u.Generic.Start.QuadPart;
    }
    return (ULONGLONG)Descriptor->u.Generic.Length << shift_of(Descriptor->Type, Descriptor->Flags);
}

/* ---- What a device could have ---------------------------------------------------------------- */

NTSTATUS NTAPI RtlIoEncodeMemIoResource(PIO_RESOURCE_DESCRIPTOR Descriptor, UCHAR Type,
                                        ULONGLONG Length, ULONGLONG Alignment,
                                        ULONGLONG MinimumAddress, ULONGLONG MaximumAddress)
{
    DQ_COMPUTES();
    const form *f = choose(Type, Length, Alignment);

    if (Descriptor == NULL || !is_range(Type) || MinimumAddress > MaximumAddress) {
        return STATUS_INVALID_PARAMETER;
    }
    if (f == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    Descriptor->Type = type_of(Type, f);
    Descriptor->Flags = flags_of(Descriptor->Flags, Type, f);
    Descriptor->u.Generic.Length = (ULONG)(Length >> f->shift);
    Descriptor->u.Generic.Alignment = (ULONG)(Alignment >> f->shift);
    Descriptor->u.Generic.MinimumAddress.QuadPart = (LONGLONG)MinimumAddress;
    Descriptor->u.Generic.MaximumAddress.QuadPart = (LONGLONG)MaximumAddress;
    return STATUS_SUCCESS;
}

ULONGLONG NTAPI RtlIoDecodeMemIoResource(PIO_RESOURCE_DESCRIPTOR Descriptor, PULONGLONG Alignment,
                                         PULONGLONG MinimumAddress, PULONGLONG MaximumAddress)
{
    DQ_COMPUTES();
    const unsigned shift = shift_of(Descriptor->Type, Descriptor->Flags);

    if (!is_range(Descriptor->Type)) {
        return 0;
    }
    if (Alignment != NULL) {
        *Alignment = (ULONGLONG)Descriptor->u.Generic.Alignment << shift;
    }
    if (MinimumAddress != NULL) {
        *MinimumAddress = (ULONGLONG)Descriptor->u.Generic.MinimumAddress.QuadPart;
    }
    if (MaximumAddress != NULL) {
        *MaximumAddress = (ULONGLONG)Descriptor->u.Generic.MaximumAddress.QuadPart;
    }
    return (ULONGLONG)Descriptor->u.Generic.Length << shift;
}
