/*
 * registry.h - the registry in a test's hands: what the driver finds there, and what it leaves.
 *
 * Each run begins with the keys that every Windows has and nothing else. Paths are absolute
 * ("\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart") and of ASCII, as are names.
 * These are the test's own: they never fail for want of anything, and any IRQL is fine.
 */
#ifndef DIRQL_REGISTRY_H
#define DIRQL_REGISTRY_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the key, and all above it. */
DIRQL_API void dirql_registry_add(const char *path);

/* Sets a value (`name` NULL: the unnamed one) of a key that is made if need be. */
DIRQL_API void dirql_registry_set(const char *path, const char *name, ULONG type, const void *data,
                                  ULONG bytes);
DIRQL_API void dirql_registry_set_dword(const char *path, const char *name, ULONG value);
/* REG_SZ, as wide text with its null. */
DIRQL_API void dirql_registry_set_string(const char *path, const char *name, const char *text);

/* True if there is such a key. */
DIRQL_API int dirql_registry_has(const char *path);

/* Copies at most `bytes` bytes of the value's data, and says how many there are; -1: there is no
 * such value. `type` and `data` may be NULL. */
DIRQL_API int64_t dirql_registry_get(const char *path, const char *name, ULONG *type, void *data,
                                     ULONG bytes);

/* Forgets the volatile keys, as a restart of the system does. */
DIRQL_API void dirql_registry_restart(void);

#ifdef __cplusplus
}
#endif

#endif
