/*
 * enter.c - entering the functions of <dirql/driver.h>.
 */
#include "control/enter.h"

#include <stdarg.h>
#include <stdio.h>

dq_processor *dirql_control_enter(dq_service service, const void *place)
{
    dq_processor *cpu = dq_enter(service, place, NULL, 0, 0, 0);

    if (cpu != NULL && cpu->irql != DQ_LEVEL_PASSIVE) {
        dirql_control_fail(cpu->machine, "IRQL", "%s at IRQL %u: it needs PASSIVE_LEVEL",
                           dq_service_name(service), cpu->irql);
        dq_leave(cpu);
        return NULL;
    }
    return cpu;
}

dq_call dirql_control_call(const void *place)
{
    DQ_INSIDE(dq_self->live);

    return dq_call_begin(place);
}

bool dirql_control_refuse_call(dq_processor *cpu, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    dirql_control_fail(cpu->machine, "driver", "%s: %s", dq_service_name(cpu->execution->service),
                       text);
    return false;
}
