/*
 * initguid.h: from here on, DEFINE_GUID defines the GUIDs that it names.
 *
 * Include it before the headers whose GUIDs this translation unit is to hold.
 */
#ifndef INITGUID
#define INITGUID
#endif

#include <guiddef.h>
