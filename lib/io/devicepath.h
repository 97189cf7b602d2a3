/*
 * devicepath.h - paths and names that the PnP manager makes up of a device.
 */
#ifndef DQ_DEVICEPATH_H
#define DQ_DEVICEPATH_H

#include <wdm.h>

#include "sim/machine.h"

enum { DQ_PATH_CHARACTERS = 1024 };

/* Always ends in a null. What does not fit is cut off, and `cut` tells. */
typedef struct dq_path {
    UNICODE_STRING name;
    bool cut;
    WCHAR text[DQ_PATH_CHARACTERS];
} dq_path;

/* Begins with this. */
void dq_path_start(dq_path *path, const char *text);
void dq_path_add(dq_path *path, const char *text);
void dq_path_add_wide(dq_path *path, const UNICODE_STRING *text);
void dq_path_add_number(dq_path *path, unsigned number); /* Four digits. */
void dq_path_add_guid(dq_path *path, const GUID *guid);  /* In braces. */

#endif
