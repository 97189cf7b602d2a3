/*
 * pnp.h - a physical device object, and wide texts to compare with.
 */
#ifndef TESTS_IO_PNP_H
#define TESTS_IO_PNP_H

#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/line.h>
#include <dirql/property.h>
#include <dirql/registry.h>

#include <devpkey.h>
#include <ntddk.h>

static PDEVICE_OBJECT pdo;

static inline int pnp_start(void **state)
{
    (void)state;
    pdo = dirql_pdo_create("uart", NULL, 0);
    return 0;
}

#define assert_wide_equal(a, b) assert_memory_equal(a, b, sizeof(b))

#endif
