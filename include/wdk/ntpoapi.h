/*
 * ntpoapi.h: power states and actions; all of it is in wdm.h.
 */
#ifndef NTPOAPI_H
#define NTPOAPI_H

#include <wdm.h>

#endif
