#include "plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void plain_expects_one(void *value)
{
    assert_int_equal(*(int *)value, 1); /* once: in a helper that knows only CMocka */
}

int plain_mock(void)
{
    return (int)mock();
}

void plain_prints(void *context)
{
    (void)context;
    print_message("printed by %s\n", "a plain helper");
}
