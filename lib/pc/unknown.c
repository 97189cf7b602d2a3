/*
 * unknown.c - reference counting and QueryInterface.
 *
 * An interface that an object does not have: STATUS_INVALID_PARAMETER and a NULL pointer, as the
 * helpers of stdunk.h answer.
 */
#include "unknown.h"

/* IID_IUnknown, known here by value so that a driver's INITGUID is not needed. */
static const GUID unknown_id = {
    0x00000000, 0x0000, 0x0000, { 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46 }
};

void *pc_unknown_create(SIZE_T bytes, const void *methods, const GUID *const *interfaces,
                        void (*destroy)(pc_unknown *unknown, const void *place),
                        const pc_origin *origin)
{
    pc_unknown *unknown = pc_allocate(NonPagedPoolNx, bytes, origin);

    if (unknown != NULL) {
        unknown->methods = methods;
        unknown->references = 1;
        unknown->interfaces = interfaces;
        unknown->destroy = destroy;
    }
    return unknown;
}

static BOOLEAN same_id(const GUID *a, const GUID *b)
{
    return RtlEqualMemory(a, b, sizeof(*a));
}

static BOOLEAN has_interface(const pc_unknown *unknown, const GUID *id)
{
    if (same_id(id, &unknown_id)) {
        return TRUE;
    }
    for (const GUID *const *known = unknown->interfaces; *known != NULL; known++) {
        if (same_id(id, *known)) {
            return TRUE;
        }
    }
    return FALSE;
}

NTSTATUS pc_unknown_query(pc_unknown *unknown, REFIID interface_id, PVOID *result)
{
    if (result == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (interface_id == NULL || !has_interface(unknown, interface_id)) {
        *result = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    *result = unknown;
    pc_unknown_add(unknown);
    return STATUS_SUCCESS;
}

ULONG pc_unknown_add(pc_unknown *unknown)
{
    return (ULONG)InterlockedIncrement(&unknown->references);
}

/* The count is read once, from the decrement itself: reading it again would race
 * with other owners. */
ULONG pc_unknown_release(pc_unknown *unknown, const void *place)
{
    const LONG left = InterlockedDecrement(&unknown->references);

    if (left == 0) {
        unknown->destroy(unknown, place);
        ExFreePoolWithTag(unknown, PC_POOL_TAG);
    }
    return (ULONG)left;
}
