/*
 * unindexed.c - code whose compilation unit is in no index of addresses.
 */
#include "unindexed.h"

const int line_of_unindexed_function = __LINE__ + 2;

int an_unindexed_function(int value)
{
    return value * 5 + 2;
}
