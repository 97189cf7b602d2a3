/*
 * power.h - what the power manager tells drivers, and what they ask of it.
 *
 * Devices are sent to power states by <dirql/driver.h>. All functions: IRQL: PASSIVE_LEVEL, on a
 * thread of the run.
 */
#ifndef DIRQL_POWER_H
#define DIRQL_POWER_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes a power setting, one of <wdm.h> or any other: GUID_CONSOLE_DISPLAY_STATE ... The
 * callbacks of PoRegisterPowerSettingCallback that are for it are called, one after the other as
 * they were registered, on the calling thread. The value, of `bytes` bytes, is copied; one that is
 * as it was is no change, and nobody is called. No setting, no value for its bytes, or want of
 * memory fails the run. IRQL: PASSIVE_LEVEL. "wdm: PoRegisterPowerSettingCallback". */
DIRQL_API void dirql_power_setting(const GUID *setting, const void *value, ULONG bytes);

/* The same, of the settings whose value is a ULONG. IRQL: PASSIVE_LEVEL. */
DIRQL_API void dirql_power_setting_ulong(const GUID *setting, ULONG value);

/* How many requests of this type drivers have set and not cleared: PowerRequestSystemRequired,
 * which is the one for them; 0 of others. IRQL: PASSIVE_LEVEL. "wdm: PoSetPowerRequest". */
DIRQL_API ULONG dirql_power_requests(POWER_REQUEST_TYPE type);

#ifdef __cplusplus
}
#endif

#endif
