/*
 * property.h - what the PnP manager would know about a device: its properties and its keys.
 *
 * For device objects that dirql_pdo_create() made. A device has a setup class ("Unknown" until it
 * is set), an enumerator ("DIRQL"), an address and a number (0xFFFFFFFF), a name and an install
 * state; all else it has when the test says so. These are the test's own: they never fail for want
 * of anything, and any IRQL is fine.
 */
#ifndef DIRQL_PROPERTY_H
#define DIRQL_PROPERTY_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets a property as bytes: a GUID (also of DevicePropertyClassGuid and DevicePropertyContainerID,
 * which the driver gets as text), a ULONG, a CM_RESOURCE_LIST, wide text. Setting the class sets
 * DevicePropertyDriverKeyName, too. */
DIRQL_API void dirql_property_set(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                                  const void *data, ULONG bytes);
DIRQL_API void dirql_property_set_number(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                                         ULONG number);
/* A text of ASCII, or a list of them (hardware IDs). */
DIRQL_API void dirql_property_set_text(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                                       const char *text);
DIRQL_API void dirql_property_set_texts(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                                        const char *const *texts, unsigned count);

/* The path of the key that IoOpenDeviceRegistryKey opens for these PLUGPLAY_REGKEY_... flags, for
 * dirql_registry_set() and its kin. Valid until the run is over. */
DIRQL_API const char *dirql_property_key(PDEVICE_OBJECT pdo, ULONG flags);

/* The same of IoOpenDeviceInterfaceRegistryKey. */
DIRQL_API const char *dirql_interface_key(const UNICODE_STRING *link);

#ifdef __cplusplus
}
#endif

#endif
