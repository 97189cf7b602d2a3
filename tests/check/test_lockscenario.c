/*
 * test_lockscenario.c - what is said and drawn of a cycle and an inversion, word for word but for
 * the places, which move with this file.
 */
#include "rule.h"

#include <ctype.h>
#include <stdlib.h>

#include <dirql/lock.h>

static KSPIN_LOCK queue, devices, names;
static KIRQL old;

static size_t column_width(const char *text)
{
    const char *first = strstr(text, "  CPU0"), *next = strstr(text, "  CPU1");

    return first != NULL && next != NULL ? (size_t)(next - first) : strlen(text);
}

/* Without "function test_lockscenario.c:12", and with a mark for the way to each further column. */
static char *without_places(const char *text)
{
    static const char file[] = "test_lockscenario.c:";
    const size_t width = column_width(text);
    char *plain = malloc(strlen(text) + 1), *out = plain;

    while (*text != '\0') {
        if (strncmp(text, file, sizeof(file) - 1) == 0) {
            for (text += sizeof(file) - 1; isdigit((unsigned char)*text); text++) {
            }
            for (out--; out > plain && out[-1] != ' '; out--) { /* The function. */
            }
            while (out > plain && out[-1] == ' ') {
                out--;
            }
        } else if (strncmp(text, "          ", 10) == 0) {
            size_t spaces = strspn(text, " ");

            text += spaces;
            do {
                *out++ = '|';
                spaces -= spaces < width ? spaces : width;
            } while (spaces > width / 2);
        } else {
            *out++ = *text++;
        }
    }
    *out = '\0';
    return plain;
}

#define assert_explained(expected)                                                  \
    do {                                                                            \
        char *plain_ = without_places(strstr(rule_result.report, "\n  lock A: ")); \
        *strstr(plain_, "replay:") = '\0';                                          \
        assert_string_equal(plain_, "\n" expected);                                 \
        free(plain_);                                                               \
    } while (0)

static void nest(PKSPIN_LOCK first, PKSPIN_LOCK then)
{
    KeAcquireSpinLock(first, &old);
    KeAcquireSpinLockAtDpcLevel(then);
    KeReleaseSpinLockFromDpcLevel(then);
    KeReleaseSpinLock(first, old);
}

static void name_all(void)
{
    KeInitializeSpinLock(&queue);
    KeInitializeSpinLock(&devices);
    KeInitializeSpinLock(&names);
    dirql_lock_class(&queue, "queue");
    dirql_lock_class(&devices, "devices");
    dirql_lock_class(&names, "names");
}

static void three_orders(void *context)
{
    (void)context;
    name_all();
    nest(&queue, &devices);
    nest(&devices, &names);
    nest(&names, &queue);
}

static void a_cycle_is_told_and_drawn(void **state)
{
    (void)state;
    rule_run_undisturbed(3, three_orders);
    assert_explained("  lock A: \"names\"\n"
                     "  lock B: \"queue\"\n"
                     "  lock C: \"devices\"\n"
                     "  seen:  thread test acquired A at (DISPATCH_LEVEL), then B at "
                     "(DISPATCH_LEVEL)\n"
                     "  seen:  thread test acquired B at (DISPATCH_LEVEL), then C at "
                     "(DISPATCH_LEVEL)\n"
                     "  seen:  thread test acquired C at (DISPATCH_LEVEL), then A at "
                     "(DISPATCH_LEVEL)\n"
                     "  this can happen, and never ends:\n"
                     "    CPU0|CPU1|CPU2\n"
                     "    DISPATCH thread test: acquires A\n"
                     "|DISPATCH thread test: acquires B\n"
                     "||DISPATCH thread test: acquires C\n"
                     "    DISPATCH thread test: waits for B, which CPU1 holds\n"
                     "|DISPATCH thread test: waits for C, which CPU2 holds\n"
                     "||DISPATCH thread test: waits for A, which CPU0 holds\n");
}

static dirql_line *line;

static BOOLEAN isr(PKINTERRUPT which, PVOID context)
{
    (void)which;
    (void)context;
    dirql_line_deassert(line);
    KeAcquireSpinLockAtDpcLevel(&queue);
    KeReleaseSpinLockFromDpcLevel(&queue);
    return TRUE;
}

static void held_at_dispatch_level(void *context)
{
    PKINTERRUPT interrupt;

    (void)context;
    dirql_suppress("IrqlDispatchPedantic", NULL, "the inversion is the point");
    name_all();
    nest(&queue, &devices);
    line = dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 5 });
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 5, 5, LevelSensitive,
                       FALSE, 1, FALSE);
    dirql_line_assert(line);
    settle();
}

static void an_inversion_is_told_and_drawn(void **state)
{
    (void)state;
    rule_run_undisturbed(1, held_at_dispatch_level);
    assert_explained("  lock A: \"queue\"\n"
                     "  seen:  thread test acquired A at (DISPATCH_LEVEL)\n"
                     "  seen:  ISR isr acquired A at (DIRQL 5)\n"
                     "  this can happen, and never ends:\n"
                     "    CPU0\n"
                     "    DISPATCH thread test: acquires A\n"
                     "    DIRQL 5  ISR isr: interrupts the holder of A\n"
                     "    DIRQL 5  ISR isr: waits for A, which CPU0 holds\n");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

static KSPIN_LOCK members[2];

static void initialise_in_one_line(void *context)
{
    (void)context;
    KeInitializeSpinLock(&queue), KeInitializeSpinLock(&names);
    nest(&queue, &names);
    nest(&names, &queue);
}

static __attribute__((noinline)) void initialise_member(PKSPIN_LOCK member)
{
    KeInitializeSpinLock(member);
    KeMemoryBarrier(); /* No tail call. */
}

static void initialise_at_one_place(void *context)
{
    (void)context;
    initialise_member(&members[0]);
    initialise_member(&members[1]);
    KeInitializeSpinLock(&names);
    nest(&members[0], &names);
    nest(&names, &members[1]);
}

static void locks_that_are_variables_have_their_names(void **state)
{
    (void)state;
    rule_run_undisturbed(1, initialise_in_one_line);
    assert_report_has("`queue`, initialized at initialise_in_one_line");
    assert_report_has("`names`, initialized at initialise_in_one_line");
}

static void a_class_of_several_locks_has_no_variables_name(void **state)
{
    (void)state;
    rule_run_undisturbed(1, initialise_at_one_place);
    assert_report_has(": initialized at initialise_member");
    assert_report_has("`names`, initialized at initialise_at_one_place");
    assert_null(strstr(rule_result.report, "`members`"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_that_are_variables_have_their_names),
        cmocka_unit_test(a_class_of_several_locks_has_no_variables_name),
        cmocka_unit_test(a_cycle_is_told_and_drawn),
        cmocka_unit_test(an_inversion_is_told_and_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
