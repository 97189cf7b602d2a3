/*
 * module_guest.c - a module as a driver is one, for test_guest.c to load.
 */
__attribute__((visibility("default"))) int module_function(int value);

int module_function(int value)
{
    return value + 1;
}
