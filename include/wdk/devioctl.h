/*
 * devioctl.h: device types and control codes; all of it is in wdm.h.
 */
#ifndef DEVIOCTL_H
#define DEVIOCTL_H

#include <wdm.h>

#endif
