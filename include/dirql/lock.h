/*
 * lock.h - what the checker should know of the driver's locks.
 *
 * Locks are checked by class: what one lock of a class does, each may do. Locks that the same place
 * initialised are of one class, an interrupt lock is of its line's, and a lock that nobody
 * initialised is of its own. Two locks of one class that are held together are warned of (rule
 * "LockNesting"), until the test says by their names which of them comes first.
 */
#ifndef DIRQL_LOCK_H
#define DIRQL_LOCK_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The lock (a KSPIN_LOCK, EX_SPIN_LOCK, mutex or resource) is of the class of that name from now
 * on, with all others that were given it; reports call it so. Until it is initialised again, or its
 * memory is freed: call it after the lock was initialised. At most 47 characters count. Any
 * IRQL. */
DIRQL_API void dirql_lock_class(const volatile void *lock, const char *name);

#ifdef __cplusplus
}
#endif

#endif
