/*
 * power.h - power requests and power settings.
 */
#ifndef DQ_POWER_H
#define DQ_POWER_H

#include <wdm.h>

#include "sim/machine.h"

/* ---- powerrequest.c -------------------------------------------------------------------------- */

/* How many of this type are set. */
ULONG dq_power_requests_count(dq_machine *machine, POWER_REQUEST_TYPE type);

/* The device object is deleted: a finding, if a request is still its. */
void dq_power_requests_check(dq_processor *cpu, const DEVICE_OBJECT *device);

/* Calls visit() for each that is not deleted, with who made it: for leak reports. */
void dq_power_requests_for_each(dq_machine *machine,
                                void (*visit)(void *context, const void *place), void *context);

/* ---- powersetting.c -------------------------------------------------------------------------- */

/* Changes a setting, and tells who wants to know. PASSIVE_LEVEL. False: short of memory. */
bool dq_power_setting_change(dq_processor *cpu, const GUID *setting, const void *value,
                             ULONG bytes);

/* Calls visit() for each callback that is registered, with who did it: for leak reports. */
void dq_power_settings_for_each(dq_machine *machine,
                                void (*visit)(void *context, const void *place), void *context);

#endif
