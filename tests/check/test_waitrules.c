/*
 * test_waitrules.c - Wait TRUE at too high an IRQL is found; Wait FALSE there, and TRUE below, is
 * not.
 */
#include "rule.h"

static KEVENT event;
static KSEMAPHORE semaphore;
static KMUTEX mutex;
static KIRQL old;

static void start(KIRQL irql)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeSemaphore(&semaphore, 0, 9);
    KeInitializeMutex(&mutex, 0);
    KeRaiseIrql(irql, &old);
}

static void set_event(void *context)
{
    (void)context;
    start(DISPATCH_LEVEL);
    KeSetEvent(&event, IO_NO_INCREMENT, TRUE);
}

static void release_semaphore(void *context)
{
    (void)context;
    start(APC_LEVEL);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, TRUE);
}

static void release_mutex(void *context)
{
    (void)context;
    start(DISPATCH_LEVEL);
    KeReleaseMutex(&mutex, TRUE);
}

static void do_it_right(void *context)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    (void)context;
    start(DISPATCH_LEVEL);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &zero);
    KeReleaseMutex(&mutex, FALSE);
    KeLowerIrql(old);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, TRUE);
    KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL);
    KeRaiseIrql(APC_LEVEL, &old);
    KeSetEvent(&event, IO_NO_INCREMENT, TRUE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeLowerIrql(old);
}

static void wait_true_needs_the_irql_of_a_wait(void **state)
{
    (void)state;
    assert_verifier(set_event, 0x80, DISPATCH_LEVEL, "IrqlKeSetEvent");
    assert_verifier(release_semaphore, 0xE5, APC_LEVEL, "IrqlKePassive");
    assert_verifier(release_mutex, 0xE5, DISPATCH_LEVEL, "IrqlKeApcLte1");
}

static void what_is_right_is_not_reported(void **state)
{
    (void)state;
    assert_kept(do_it_right, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_true_needs_the_irql_of_a_wait),
        cmocka_unit_test(what_is_right_is_not_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
