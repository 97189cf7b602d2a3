/*
 * unit_there.cpp - see unit.h.
 */
#include "unit.h"

int count_there()
{
    counting own;

    return count_by(&own);
}
