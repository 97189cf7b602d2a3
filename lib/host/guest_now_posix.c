/*
 * guest_now_posix.c - the map of guest code that kicks are judged by.
 *
 * Handlers on many threads read it without a lock while it is renewed: there are a few maps in
 * turn, and a reader that was overtaken by too many renewals gives the careful answer.
 */
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>

#include "host/guest.h"
#include "host/here_posix.h"
#include "host/sanitizer.h"
#include "host/thread_posix.h"

enum { MAPS = 4, EXCEPTIONS = 16 };

static HOST_KEPT struct {
    pthread_mutex_t mutex;
    unsigned long long came; /* Modules, at the last renewal. */
    unsigned long long went;
    atomic_uint renewals;
    host_guest map[MAPS]; /* The last one is [renewals % MAPS]; none before the first. */
} now = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* They only become more; one that is not filled in yet is empty. */
static HOST_KEPT struct {
    atomic_uint count;
    struct {
        atomic_uintptr_t from, to;
    } range[EXCEPTIONS];
} excepted;

typedef struct tally {
    unsigned long long came;
    unsigned long long went;
} tally;

static int note_tally(struct dl_phdr_info *info, size_t bytes, void *owner)
{
    tally *t = owner;

    if (bytes >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs) {
        t->came = info->dlpi_adds;
        t->went = info->dlpi_subs;
    }
    return 1; /* Each module brings the same numbers. */
}

/* Inside the lock. */
static void renew(bool must)
{
    tally t = { 0, 0 };
    unsigned renewals;

    dl_iterate_phdr(note_tally, &t);
    renewals = atomic_load(&now.renewals);
    if (must || renewals == 0 || t.came != now.came || t.went != now.went) {
        host_guest_read(&now.map[(renewals + 1) % MAPS], HOST_GUEST_TO_INTERRUPT);
        now.came = t.came;
        now.went = t.went;
        atomic_store(&now.renewals, renewals + 1);
    }
}

static void lock(void)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&now.mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&now.mutex);
    host_here_now.keeps_lock--;
}

void host_guest_renew(bool must)
{
    lock();
    renew(must);
    unlock();
}

void host_guest_now(host_guest *guest)
{
    lock();
    renew(false);
    *guest = now.map[atomic_load(&now.renewals) % MAPS];
    unlock();
}

void host_guest_except(uintptr_t from, uintptr_t to)
{
    unsigned count = atomic_load(&excepted.count);

    if (from >= to || host_guest_is_excepted(from)) {
        return;
    }
    while (count < EXCEPTIONS &&
           !atomic_compare_exchange_weak(&excepted.count, &count, count + 1)) {
    }
    if (count < EXCEPTIONS) {
        atomic_store(&excepted.range[count].from, from);
        atomic_store(&excepted.range[count].to, to);
    }
}

HOST_UNINSTRUMENTED bool host_guest_is_excepted(uintptr_t address)
{
    const unsigned count = atomic_load(&excepted.count);
    unsigned i;

    for (i = 0; i < count; i++) {
        if (address < atomic_load(&excepted.range[i].to) &&
            address >= atomic_load(&excepted.range[i].from)) {
            return true;
        }
    }
    return false;
}

HOST_UNINSTRUMENTED bool host_guest_has_now(uintptr_t address)
{
    unsigned renewals = atomic_load(&now.renewals);
    bool has = renewals != 0 && host_guest_has(&now.map[renewals % MAPS], address);

    atomic_thread_fence(memory_order_seq_cst);
    return has && !host_guest_is_excepted(address) && atomic_load(&now.renewals) - renewals < MAPS - 1;
}

void host_guest_forget(void)
{
    pthread_mutex_init(&now.mutex, NULL);
}
