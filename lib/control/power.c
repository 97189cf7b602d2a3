/*
 * power.c - include/dirql/power.h: power settings that change, power requests that are counted.
 */
#include <dirql/power.h>

#include "control/enter.h"
#include "io/power.h"

static void change(dq_processor *cpu, const GUID *setting, const void *value, ULONG bytes)
{
    if (setting == NULL || (value == NULL && bytes != 0)) {
        (void)dirql_control_refuse_call(cpu, "it needs a setting, and a value");
        return;
    }
    if (!dq_power_setting_change(cpu, setting, value, bytes)) {
        (void)dirql_control_refuse_call(cpu, "short of memory for the value");
    }
}

void dirql_power_setting(const GUID *setting, const void *value, ULONG bytes)
{
    DIRQL_ENTER(dirql_power_setting, );
    change(cpu, setting, value, bytes);
}

void dirql_power_setting_ulong(const GUID *setting, ULONG value)
{
    DIRQL_ENTER(dirql_power_setting, );
    change(cpu, setting, &value, sizeof(value));
}

ULONG dirql_power_requests(POWER_REQUEST_TYPE type)
{
    DIRQL_ENTER(dirql_power_requests, 0);
    (void)place;
    if ((int)type < 0 || (int)type > PowerRequestExecutionRequired) {
        (void)dirql_control_refuse_call(cpu, "%d is no POWER_REQUEST_TYPE", (int)type);
        return 0;
    }
    return dq_power_requests_count(cpu->machine, type);
}
