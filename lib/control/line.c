/*
 * line.c - interrupt lines in a test's hands (include/dirql/line.h).
 */
#include "control/control.h"
#include "control/handle.h"
#include "control/outside.h"

#include <dirql/line.h>

#include <stdarg.h>
#include <stdio.h>

#include "io/io.h"
#include "ke/keep.h"
#include "ke/thread.h"

enum { LOWEST_DIRQL = 3, HIGHEST_DIRQL = 12, DEFAULT_DIRQL = 5, VECTORS_OF_LEVEL = 16 };

/* ---- Options --------------------------------------------------------------------------------- */

static bool refuse(dq_machine *machine, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(dq_machine *machine, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    dirql_control_fail(machine, "line", "dirql_line_create: %s", text);
    return false;
}

static bool check_members(dq_machine *machine, const dirql_line_options *options)
{
    if ((unsigned)options->trigger > DIRQL_MESSAGE) {
        return refuse(machine,
                      "`trigger` is %u, which is none of DIRQL_LEVEL, DIRQL_EDGE, DIRQL_MESSAGE",
                      (unsigned)options->trigger);
    }
    if (!options->passive && options->irql != 0 &&
        (options->irql < LOWEST_DIRQL || options->irql > HIGHEST_DIRQL)) {
        return refuse(machine, "`irql` is %u; a DIRQL is 3 to 12 (0: the default)", options->irql);
    }
    if (options->passive && options->trigger == DIRQL_MESSAGE) {
        return refuse(machine, "`passive` and `trigger` DIRQL_MESSAGE exclude each other");
    }
    if (options->message != 0 && options->trigger != DIRQL_MESSAGE) {
        return refuse(machine, "`message` is %u, but `trigger` is not DIRQL_MESSAGE",
                      (unsigned)options->message);
    }
    if (options->vector >= DQ_VECTORS) {
        return refuse(machine, "`vector` is 0x%x; vectors are below 0x%x",
                      (unsigned)options->vector, DQ_VECTORS);
    }
    if (options->processors != 0 && (options->processors & dq_processor_set(machine)) == 0) {
        return refuse(machine, "`processors` is 0x%llx, which names none of the machine's %u",
                      (unsigned long long)options->processors, machine->processor_count);
    }
    return true;
}

/* By x64's rule, a vector's upper digits are its IRQL; when those 16 are used up, anything free
 * above. */
static uint32_t free_vector(dq_machine *machine, unsigned level)
{
    const uint32_t start = level * VECTORS_OF_LEVEL;
    bool is_taken[DQ_VECTORS] = { false };

    for (const dq_line *line = machine->intc.lines; line != NULL; line = line->next) {
        is_taken[line->vector->number] = true;
    }
    for (uint32_t v = start; level > 0 && v < start + VECTORS_OF_LEVEL; v++) {
        if (!is_taken[v]) {
            return v;
        }
    }
    for (uint32_t v = DQ_LEVELS * VECTORS_OF_LEVEL; v < DQ_VECTORS; v++) {
        if (!is_taken[v]) {
            return v;
        }
    }
    return 0;
}

/* Two lines can meet in one vector only as wires of one shared interrupt. */
static bool check_neighbour(dq_machine *machine, const dq_line_options *wanted)
{
    const dq_line *other = dq_intc_line(machine, wanted->vector);

    if (other == NULL || (other->shared && wanted->shared && other->level == wanted->level &&
                          other->edge == wanted->edge && !other->message && !wanted->message)) {
        return true;
    }
    return refuse(
        machine,
        "`vector` 0x%x of line \"%s\" is that of line \"%s\" already. Lines share a vector "
        "only if both are `shared` and agree in `irql` and `trigger`.",
        (unsigned)wanted->vector, wanted->name, other->name);
}

static dq_line_options line_options(const dirql_line_options *options)
{
    return (dq_line_options){
        .name = options->name != NULL ? options->name : "line",
        .vector = options->vector,
        .level = options->passive     ? 0
                 : options->irql != 0 ? options->irql
                                      : DEFAULT_DIRQL,
        .edge = options->trigger != DIRQL_LEVEL,
        .message = options->trigger == DIRQL_MESSAGE,
        .shared = options->shared != FALSE,
        .affinity = options->processors,
        .message_number = options->message,
    };
}

dirql_line *dirql_line_create(const dirql_line_options *options)
{
    DIRQL_INSIDE;
    static const dirql_line_options defaults;
    dq_machine *machine = dirql_control_machine("dirql_line_create");
    dq_line_options wanted;
    dq_line *wire;
    uintptr_t handle;

    options = options != NULL ? options : &defaults;
    if (machine == NULL || !check_members(machine, options)) {
        return NULL;
    }
    wanted = line_options(options);
    if (wanted.vector == 0) {
        wanted.vector = free_vector(machine, wanted.level);
    }
    if (wanted.vector == 0) {
        (void)refuse(machine, "all vectors of the machine are taken");
        return NULL;
    }
    if (!check_neighbour(machine, &wanted)) {
        return NULL;
    }
    wire = dq_line_create(machine, &wanted);
    handle = wire != NULL ? dirql_handle_make(machine, DIRQL_HANDLE_LINE, wire) : 0;
    if (handle == 0) {
        dirql_control_fail(machine, "memory", "dirql_line_create: short of memory");
        return NULL;
    }
    return (dirql_line *)handle;
}

/* ---- The wire -------------------------------------------------------------------------------- */

/* The line of a handle, in simulated code or a device callback; NULL after a refusal. */
static dq_line *wire_of(const dirql_line *line, const char *function)
{
    dq_machine *machine = dq_self->machine;

    if (DQ_UNLIKELY(machine == NULL)) {
        machine = dirql_control_machine(function);
        if (machine != NULL) {
            dirql_control_fail(machine, "line", "%s was called outside the machine's own code",
                               function);
        }
        return NULL;
    }
    return dirql_handle_check(machine, DIRQL_HANDLE_LINE, line, function);
}

/* For calls that change the wire: a schedule point, except in device callbacks. */
static dq_line *enter(const dirql_line *line, dq_service service, const void *place)
{
    dq_processor *cpu = dq_self;
    dq_line *wire = cpu->machine != NULL
                        ? dirql_handle_find(cpu->machine, DIRQL_HANDLE_LINE, (uintptr_t)line)
                        : NULL;

    if (DQ_UNLIKELY(wire == NULL)) {
        return wire_of(line, dq_service_name(service)); /* Which says why. */
    }
    if (!dq_attends(cpu, DQ_ATTEND_REFUSE) &&
        dq_attends(cpu, DQ_ATTEND_ALWAYS | DQ_ATTEND_SWITCH | DQ_ATTEND_LEVELS)) {
        cpu = dq_enter(service, place, NULL, 0, 0, 0);
        dq_leave(cpu); /* The caller stays inside. */
    }
    return wire;
}

static uint64_t raise(dq_machine *machine, dq_line *wire)
{
    dq_line_assert(machine, wire);
    return 1;
}

static uint64_t lower(dq_machine *machine, dq_line *wire)
{
    dq_line_deassert(machine, wire);
    return 1;
}

static uint64_t pulse(dq_machine *machine, dq_line *wire)
{
    dq_line_assert(machine, wire);
    dq_line_deassert(machine, wire);
    return 1;
}

static uint64_t is_asserted(dq_machine *machine, dq_line *wire)
{
    (void)machine;
    return wire->asserted;
}

static uint64_t count(dq_machine *machine, dq_line *wire)
{
    (void)machine;
    return wire->count;
}

/* Changes the wire, for simulated code or from outside. */
static inline void change(dirql_line *line, dq_service service, const void *place,
                          dirql_outside_act *act)
{
    DIRQL_INSIDE_FROM(place);
    dq_line *wire;

    if (dirql_outside_is()) {
        (void)dirql_outside_do(line, dq_service_name(service), act);
        return;
    }
    wire = enter(line, service, place);
    if (wire != NULL) {
        (void)act(dq_self->machine, wire);
    }
}

static uint64_t ask(const dirql_line *line, const char *function, const void *place,
                    dirql_outside_act *act)
{
    DIRQL_INSIDE_FROM(place);
    dq_line *wire;

    if (dirql_outside_is()) {
        return dirql_outside_do(line, function, act);
    }
    wire = wire_of(line, function);
    return wire != NULL ? act(dq_self->machine, wire) : 0;
}

void dirql_line_assert(dirql_line *line)
{
    change(line, DQ_SERVICE_dirql_line_assert, __builtin_return_address(0), raise);
}

void dirql_line_deassert(dirql_line *line)
{
    change(line, DQ_SERVICE_dirql_line_deassert, __builtin_return_address(0), lower);
}

void dirql_line_pulse(dirql_line *line)
{
    change(line, DQ_SERVICE_dirql_line_pulse, __builtin_return_address(0), pulse);
}

void dirql_nmi(unsigned processor)
{
    DIRQL_INSIDE;
    dq_machine *machine = dq_self->machine;
    dq_processor *cpu = dq_self;

    if (machine == NULL || processor >= machine->processor_count) {
        machine = dirql_control_machine("dirql_nmi");
        if (machine != NULL) {
            dirql_control_fail(machine, "line",
                               "dirql_nmi(%u) was called for a processor that is not there, or "
                               "outside the machine's own code",
                               processor);
        }
        return;
    }
    if (!dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        cpu = dq_enter(DQ_SERVICE_dirql_nmi, __builtin_return_address(0), NULL, processor, 0, 0);
        dq_leave(cpu); /* The caller stays inside. */
    }
    dq_pend(&machine->processors[processor], DQ_LEVEL_HIGH);
    if (!dq_attends(dq_self, DQ_ATTEND_REFUSE) && dq_is_deliverable(dq_self)) {
        (void)dq_deliver(dq_self);
    }
}

int dirql_line_is_asserted(const dirql_line *line)
{
    return ask(line, "dirql_line_is_asserted", __builtin_return_address(0), is_asserted) != 0;
}

uint64_t dirql_line_count(const dirql_line *line)
{
    return ask(line, "dirql_line_count", __builtin_return_address(0), count);
}

ULONG dirql_line_vector(const dirql_line *line)
{
    DIRQL_INSIDE;
    const dq_line *wire = wire_of(line, "dirql_line_vector");

    return wire != NULL ? wire->vector->number : 0;
}

KIRQL dirql_line_irql(const dirql_line *line)
{
    DIRQL_INSIDE;
    const dq_line *wire = wire_of(line, "dirql_line_irql");

    return wire != NULL ? wire->level : PASSIVE_LEVEL;
}

KINTERRUPT_MODE dirql_line_mode(const dirql_line *line)
{
    DIRQL_INSIDE;
    const dq_line *wire = wire_of(line, "dirql_line_mode");

    return wire != NULL && wire->edge ? Latched : LevelSensitive;
}

KAFFINITY dirql_line_processors(const dirql_line *line)
{
    DIRQL_INSIDE;
    const dq_line *wire = wire_of(line, "dirql_line_processors");

    return wire != NULL ? (KAFFINITY)dq_resource_processors(dq_self->machine, wire) : 0;
}

/* ---- Physical device objects ----------------------------------------------------------------- */

PDEVICE_OBJECT dirql_pdo_create(const char *name, dirql_line *const *lines, unsigned count)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_pdo_create");
    dq_line **wires;
    const dq_pdo *pdo;

    if (machine == NULL) {
        return NULL;
    }
    if (count > 0 && lines == NULL) {
        dirql_control_fail(machine, "line", "dirql_pdo_create: `lines` is NULL, but `count` is %u",
                           count);
        return NULL;
    }
    wires = dq_keep(machine, (count + 1) * sizeof(dq_line *));
    for (unsigned i = 0; wires != NULL && i < count; i++) {
        wires[i] = wire_of(lines[i], "dirql_pdo_create");
        if (wires[i] == NULL) {
            return NULL;
        }
    }
    pdo = wires != NULL ? dq_pdo_create(machine, name != NULL ? name : "pdo", wires, count) : NULL;
    if (pdo == NULL) {
        dirql_control_fail(machine, "memory", "dirql_pdo_create: short of memory");
        return NULL;
    }
    dq_keep_drop(machine, wires);
    return pdo->device;
}
