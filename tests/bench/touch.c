/*
 * touch.c - instrumented stores, for the benchmark.
 */
#include "bench.h"

static volatile int touched;

void bench_touch(int times)
{
    while (times-- > 0) {
        touched = times;
    }
}
