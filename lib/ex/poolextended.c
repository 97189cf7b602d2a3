/*
 * poolextended.c - pool with extended parameters, priorities and quotas.
 *
 * Nobody's quota is ever exceeded here and no memory is short unless the test says so: then a
 * priority makes no difference but for special pool, and what is charged to a quota raises its
 * status.
 */
#include "ex/pool.h"
#include "ke/raise.h"

/* ---- Extended parameters --------------------------------------------------------------------- */

static bool is_priority(EX_POOL_PRIORITY priority)
{
    switch (priority) {
    case LowPoolPriority:
    case LowPoolPrioritySpecialPoolOverrun:
    case LowPoolPrioritySpecialPoolUnderrun:
    case NormalPoolPriority:
    case NormalPoolPrioritySpecialPoolOverrun:
    case NormalPoolPrioritySpecialPoolUnderrun:
    case HighPoolPriority:
    case HighPoolPrioritySpecialPoolOverrun:
    case HighPoolPrioritySpecialPoolUnderrun:
        return true;
    default:
        return false;
    }
}

/* In which of its pages' ends a block lies, where special pool is on. */
static dq_special_pool side_of(EX_POOL_PRIORITY priority)
{
    switch (priority) {
    case LowPoolPrioritySpecialPoolOverrun:
    case NormalPoolPrioritySpecialPoolOverrun:
    case HighPoolPrioritySpecialPoolOverrun:
        return DQ_SPECIAL_OVERRUNS;
    case LowPoolPrioritySpecialPoolUnderrun:
    case NormalPoolPrioritySpecialPoolUnderrun:
    case HighPoolPrioritySpecialPoolUnderrun:
        return DQ_SPECIAL_UNDERRUNS;
    default:
        return DQ_SPECIAL_OFF;
    }
}

/* Where no parameter says it, the machine's. */
static dq_special_pool side_asked(const POOL_EXTENDED_PARAMETER *parameters, ULONG count)
{
    dq_special_pool side = DQ_SPECIAL_OFF;

    for (ULONG i = 0; i < count; i++) {
        if ((POOL_EXTENDED_PARAMETER_TYPE)parameters[i].Type == PoolExtendedParameterPriority) {
            side = side_of(parameters[i].Priority);
        }
    }
    return side;
}

/* The machine has one node. A node is for nonpaged pool only. */
static bool can_use_node(POOL_NODE_REQUIREMENT node, POOL_FLAGS flags)
{
    return (flags & POOL_FLAG_NON_PAGED) != 0 && ((node & MM_ANY_NODE_OK) != 0 || node == 0);
}

/* Secure pools need a hypervisor: there are none. */
static bool can_heed(const POOL_EXTENDED_PARAMETER *parameter, POOL_FLAGS flags)
{
    switch ((POOL_EXTENDED_PARAMETER_TYPE)parameter->Type) {
    case PoolExtendedParameterPriority:
        return is_priority(parameter->Priority);
    case PoolExtendedParameterNumaNode:
        return can_use_node(parameter->PreferredNode, flags);
    default:
        return false;
    }
}

/* What is optional may be ignored. */
static bool can_heed_all(const POOL_EXTENDED_PARAMETER *parameters, ULONG count, POOL_FLAGS flags)
{
    if (count > 0 && parameters == NULL) {
        return false;
    }
    for (ULONG i = 0; i < count; i++) {
        if (!parameters[i].Optional && !can_heed(&parameters[i], flags)) {
            return false;
        }
    }
    return true;
}

PVOID NTAPI ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                            PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                            ULONG ExtendedParametersCount)
{
    dq_pool_request r;
    const bool valid = dq_pool_request_of_flags(
        &r, Flags, NumberOfBytes, Tag, DQ_SERVICE_ExAllocatePool3, DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePool3, NULL, Flags, NumberOfBytes, Tag, NULL);
    if (!valid || !can_heed_all(ExtendedParameters, ExtendedParametersCount, Flags)) {
        if (r.raises) {
            dq_raise_status(cpu, STATUS_INVALID_PARAMETER, r.place,
                            "ExAllocatePool3 with a tag, size, flags or parameters that are not "
                            "valid");
        }
        return NULL;
    }
    r.side = side_asked(ExtendedParameters, ExtendedParametersCount);
    return dq_pool_request_memory(cpu, &r);
}

/* ---- Priorities and quotas ------------------------------------------------------------------- */

PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY Priority)
{
    dq_pool_request r = dq_pool_request_of_type(
        PoolType, NumberOfBytes, Tag, DQ_SERVICE_ExAllocatePoolWithTagPriority, DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePoolWithTagPriority, NULL, PoolType, NumberOfBytes, Tag, NULL);
    r.side = side_of(Priority);
    return dq_pool_request_memory(cpu, &r);
}

static dq_pool_request charged(POOL_TYPE type, size_t bytes, uint32_t tag, dq_service service,
                               const void *place)
{
    dq_pool_request r = dq_pool_request_of_type(type, bytes, tag, service, place);

    r.raises = ((unsigned)type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0;
    return r;
}

PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    const dq_pool_request r =
        charged(PoolType, NumberOfBytes, Tag, DQ_SERVICE_ExAllocatePoolWithQuotaTag,
                DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePoolWithQuotaTag, NULL, PoolType, NumberOfBytes, Tag, NULL);
    return dq_pool_request_memory(cpu, &r);
}

PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    const dq_pool_request r =
        charged(PoolType, NumberOfBytes, DQ_POOL_UNTAGGED, DQ_SERVICE_ExAllocatePoolWithQuota,
                DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePoolWithQuota, NULL, PoolType, NumberOfBytes, DQ_POOL_UNTAGGED, NULL);
    return dq_pool_request_memory(cpu, &r);
}
