/*
 * ntddk.h: what drivers of the older models include; all of it is in wdm.h.
 */
#ifndef NTDDK_H
#define NTDDK_H

#include <wdm.h>

#endif
