/*
 * guids.c - the GUIDs of the headers, for drivers none of whose tested sources defines them.
 *
 * Usually one source of a driver includes <initguid.h>, and a test may well do without that source.
 * The definitions are weak: a driver that has its own keeps them.
 */
#include <initguid.h>

#include <devpkey.h>
#include <ksmedia.h>
#include <portcls.h>
