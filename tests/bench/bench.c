/*
 * bench.c - timing and printing.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *figures, int count)
{
    qsort(figures, (size_t)count, sizeof(*figures), ascending);
    return figures[count / 2];
}

/* Nanoseconds of one `step`, done `times` times a round. */
double bench_time_of(void (*step)(int times), int times)
{
    double figures[BENCH_ROUNDS];

    step(times / 10 + 1);
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        const double begun = bench_now_ns();

        step(times);
        figures[i] = (bench_now_ns() - begun) / times;
    }
    return bench_median(figures, BENCH_ROUNDS);
}

static const char *verdict(const char *goal_of, double goal, double value, double ratio)
{
    if (strcmp(goal_of, "-") == 0) {
        return "ok";
    }
    return (strcmp(goal_of, "ratio") == 0 ? ratio : value) <= goal ? "ok" : "short";
}

void bench_print_row(const char *name, double value, const char *unit, const char *base_name,
                     double base, const char *goal_of, double goal)
{
    const double ratio = base > 0 ? value / base : 0;

    printf("name=%s value=%.2f unit=%s ", name, value, unit);
    if (base > 0) {
        printf("ratio=%.3f base=%s ", ratio, base_name);
    } else {
        printf("ratio=- base=- ");
    }
    if (strcmp(goal_of, "-") == 0) {
        printf("goal=- ok\n");
    } else {
        printf("goal=%s<=%g %s\n", goal_of, goal, verdict(goal_of, goal, value, ratio));
    }
    fflush(stdout);
}
