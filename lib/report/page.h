/*
 * page.h - where the documentation of a page is to be read.
 */
#ifndef DQ_REPORT_PAGE_H
#define DQ_REPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/* The address of "wdm: KeSetEvent", "devtest: IrqlKeSetEvent", "kernel: Queued Spin Locks" or
 * "debugger: bug check 0xF". False if it is not known. */
bool dq_page_address(const char *page, char *address, size_t bytes);

#endif
