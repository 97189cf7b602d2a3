/*
 * service.c - names of the kernel's services, from the one table.
 */
#include "sim/service.h"

static const char *const names[DQ_SERVICE_COUNT] = {
    "",
#define DQ_SERVICE_ROW(name, lowest, highest, subcode, rule, header) #name,
#include "sim/service.def"
#undef DQ_SERVICE_ROW
};

const char *dq_service_name(dq_service service)
{
    return service < DQ_SERVICE_COUNT ? names[service] : "";
}
