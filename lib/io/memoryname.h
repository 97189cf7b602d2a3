/*
 * memoryname.h - an address in one of the kernel's own structures, in the words of the headers.
 */
#ifndef DQ_IO_MEMORYNAME_H
#define DQ_IO_MEMORYNAME_H

#include "sim/machine.h"

/* machine->name_memory: IRPs, MDLs, device objects and their extensions. */
bool dq_io_name_memory(dq_machine *machine, const void *address, dq_memory_name *name);

#endif
