/*
 * place.h - a return address in words, for reports.
 */
#ifndef DQ_PLACE_H
#define DQ_PLACE_H

#include <stddef.h>

/* "uart_isr uart.c:41", "uart_isr+0x1c", "libuart.so+0x4f10", or "an unknown place" for NULL. Slow.
 * Returns text. */
const char *dq_place_describe(const void *place, char *text, size_t bytes);

#endif
