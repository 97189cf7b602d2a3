/*
 * service.h - numbers for the kernel's services, made from the table in service.def.
 */
#ifndef DQ_SERVICE_H
#define DQ_SERVICE_H

#include <stdbool.h>

typedef enum dq_service {
    DQ_SERVICE_NONE,
#define DQ_SERVICE_ROW(name, lowest, highest, subcode, rule, header) DQ_SERVICE_##name,
#include "sim/service.def"
#undef DQ_SERVICE_ROW
    DQ_SERVICE_COUNT
} dq_service;

/* True if it belongs to the test and not to the kernel. */
static inline bool dq_service_is_tests(dq_service service)
{
    return service >= DQ_SERVICE_dirql_line_assert;
}

/* How an exploration treats a service, see manner.def. */
typedef enum dq_manner {
    DQ_MANNER_ORDINARY,
    DQ_MANNER_KNOWN,
    DQ_MANNER_OBJECT,
    DQ_MANNER_MASKS,
    DQ_MANNER_BRANCHLESS,
    DQ_MANNER_RELEASES,
    DQ_MANNER_POLL
} dq_manner;

extern const unsigned char dq_service_manners[];

static inline dq_manner dq_service_manner(dq_service service)
{
    return (dq_manner)dq_service_manners[service];
}

/* What it touches, see footprint.def. */
typedef enum dq_footprint {
    DQ_FOOTPRINT_ALL,
    DQ_FOOTPRINT_NOTHING,
    DQ_FOOTPRINT_READS,
    DQ_FOOTPRINT_WRITES
} dq_footprint;

extern const unsigned char dq_service_footprints[];

static inline dq_footprint dq_service_footprint(dq_service service)
{
    return (dq_footprint)dq_service_footprints[service];
}

/* "KeSetEvent"; the empty string for DQ_SERVICE_NONE. */
const char *dq_service_name(dq_service service);

#endif
