/*
 * module_guest.c - a module as a driver is one, for test_guest.c and test_explore.c to load.
 */
__attribute__((visibility("default"))) int module_function(int value);

static volatile int calls;

int module_function(int value)
{
    calls++;
    return value + 1;
}
