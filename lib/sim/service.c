/*
 * service.c - what is known of the kernel's services by number, from the tables.
 */
#include "sim/service.h"

static const char *const names[DQ_SERVICE_COUNT] = {
    "",
#define DQ_SERVICE_ROW(name, lowest, highest, subcode, rule, header) #name,
#include "sim/service.def"
#undef DQ_SERVICE_ROW
};

const unsigned char dq_service_manners[DQ_SERVICE_COUNT] = {
#define DQ_MANNER_ROW(name, manner) [DQ_SERVICE_##name] = DQ_MANNER_##manner,
#include "sim/manner.def"
#undef DQ_MANNER_ROW
};

const unsigned char dq_service_footprints[DQ_SERVICE_COUNT] = {
#define DQ_FOOTPRINT_ROW(name, footprint) [DQ_SERVICE_##name] = DQ_FOOTPRINT_##footprint,
#include "sim/footprint.def"
#undef DQ_FOOTPRINT_ROW
};

const char *dq_service_name(dq_service service)
{
    return service < DQ_SERVICE_COUNT ? names[service] : "";
}
