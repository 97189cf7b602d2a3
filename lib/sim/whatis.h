/*
 * whatis.h - what lies at an address, in words: for reports about a bad pointer.
 */
#ifndef DQ_WHATIS_H
#define DQ_WHATIS_H

#include "sim/machine.h"

/* "byte 8 of a pool block of 16 bytes (tag Test), allocated by f a.c:1", "the variable `x`", "what
 * freed pool memory is filled with". False: nothing is known of it. */
bool dq_whatis(dq_machine *machine, const void *address, char *text, size_t bytes);

#endif
