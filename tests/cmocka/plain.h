/*
 * plain.h - helpers of a file that includes only <cmocka.h>.
 */
#ifndef PLAIN_H
#define PLAIN_H

/* Fails unless value is 1. */
void plain_expects_one(void *value);
/* Takes an int from its queue of mock values. */
int plain_mock(void);
void plain_prints(void *context);

#endif
