/*
 * guids.c - the GUIDs of wdmguid.h, ntddser.h and wdm.h, for drivers none of whose tested sources
 * defines them.
 *
 * The definitions are weak: a driver that has its own keeps them.
 */
#include <initguid.h>

#include <ntddser.h>
#include <wdm.h>
#include <wdmguid.h>
