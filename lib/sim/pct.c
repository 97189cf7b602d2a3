/*
 * pct.c - priorities of processes.
 */
#include "sim/choice.h"

#include <string.h>

enum { GOES_ON_MAX = 1000 };

/* Below all that is drawn, and each fall below the ones before. */
static const uint64_t first_fallen = 1ull << 32;

void dq_pct_start(dq_pct *pct, uint64_t seed, unsigned depth, uint64_t steps)
{
    uint64_t state = seed;

    memset(pct, 0, sizeof(*pct));
    pct->seed = dq_choice_draw(&state);
    pct->counts = steps == 0;
    for (unsigned i = 1; i < depth && i < DQ_PCT_DEPTH_MAX && steps > 0; i++) {
        pct->points[pct->point_count++] = 1 + dq_choice_draw(&state) % steps;
    }
}

/* Where it is, or would be: those for which there is no room share the place that stays free. */
static unsigned slot_of(const dq_pct *pct, uint64_t process)
{
    unsigned slot = (unsigned)(process * 0x9E3779B97F4A7C15u >> 54);

    while (pct->seen[slot] != 0 && pct->seen[slot] != process) {
        slot = (slot + 1) % DQ_PCT_PROCESSES;
    }
    return slot;
}

static void note(dq_pct *pct, uint64_t process)
{
    const unsigned slot = slot_of(pct, process);

    if (pct->seen[slot] == 0 && pct->processes < DQ_PCT_PROCESSES - 1) {
        pct->seen[slot] = process;
        pct->processes++;
    }
}

static uint64_t priority_of(const dq_pct *pct, uint64_t process)
{
    const unsigned kept = pct->fallen_count < DQ_PCT_FALLEN ? pct->fallen_count : DQ_PCT_FALLEN;
    uint64_t state = pct->seed ^ process;

    if (process == DQ_PCT_NOBODY) {
        return 0;
    }
    for (unsigned i = 1; i <= kept; i++) {
        const dq_pct_fallen *fallen = &pct->fallen[(pct->fallen_count - i) % DQ_PCT_FALLEN];

        if (fallen->process == process) {
            return fallen->priority;
        }
    }
    if (pct->counts && process >> 40 == 1) {
        return first_fallen + 1; /* The lowest of those that have not fallen. */
    }
    return dq_choice_draw(&state) | 1ull << 63;
}

static void fall(dq_pct *pct, uint64_t process)
{
    pct->fallen[pct->fallen_count % DQ_PCT_FALLEN] =
        (dq_pct_fallen){ process, first_fallen - pct->fallen_count };
    pct->fallen_count++;
}

unsigned dq_pct_highest(const dq_pct *pct, const uint64_t *processes, unsigned count)
{
    unsigned best = 0;

    for (unsigned i = 1; i < count; i++) {
        if (priority_of(pct, processes[i]) > priority_of(pct, processes[best])) {
            best = i;
        }
    }
    return best;
}

static bool is_change_point(const dq_pct *pct)
{
    for (unsigned i = 0; i < pct->point_count; i++) {
        if (pct->points[i] == pct->steps) {
            return true;
        }
    }
    return false;
}

unsigned dq_pct_choose(dq_pct *pct, const uint64_t *processes, unsigned count)
{
    unsigned best = dq_pct_highest(pct, processes, count);
    uint32_t *gone_on;

    for (unsigned i = 0; i < count; i++) {
        note(pct, processes[i]);
    }
    pct->steps++;
    gone_on = &pct->gone_on[slot_of(pct, processes[best])];
    ++*gone_on;
    if (is_change_point(pct) || *gone_on > GOES_ON_MAX) {
        fall(pct, processes[best]);
        *gone_on = 0;
        best = dq_pct_highest(pct, processes, count);
    }
    return best;
}
