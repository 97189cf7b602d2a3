/*
 * unknown.h: the older name of punknown.h.
 */
#ifndef UNKNOWN_H
#define UNKNOWN_H

#include <punknown.h>

#endif
