/*
 * counter.h - what counter.c counts.
 */
#ifndef COUNTER_H
#define COUNTER_H

extern int the_counter;

void count_ten(void *context);

#endif
