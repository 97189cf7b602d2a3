/*
 * ntifs.h: what file system drivers include; all of ntddk.h.
 */
#ifndef NTIFS_H
#define NTIFS_H

#include <ntddk.h>

#endif
