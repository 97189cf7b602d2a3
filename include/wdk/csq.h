/*
 * csq.h: cancel-safe queues; all of it is in wdm.h.
 */
#ifndef CSQ_H
#define CSQ_H

#include <wdm.h>

#endif
