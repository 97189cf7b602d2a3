/*
 * poolnear.h - what lies at an address, or near it, of memory that drivers were given; and whose
 * guards are damaged.
 */
#ifndef DQ_POOLNEAR_H
#define DQ_POOLNEAR_H

#include "ex/pool.h"
#include "ex/specialpool.h"

/* A block in words. */
dq_special_thing dq_pool_thing(const dq_pool_block *block);

/* "byte 16 of a pool block of 100 bytes (tag Test), allocated by f a.c:1", "8 bytes behind the end
 * of ...". False: nothing that drivers were given lies near. */
bool dq_pool_describe(dq_machine *machine, const void *address, char *text, size_t bytes);

/* "pool block of 100 bytes (tag Test), allocated by f a.c:1", if one that is in use begins there.
 */
bool dq_pool_describe_block(dq_machine *machine, const void *address, char *text, size_t bytes);

/* The object, which a service found not to be what it should be, lies in a block that was freed:
 * says so, with both sites, and fails the run. `who` was given it, called at `place`. */
void dq_pool_refuse_freed(dq_processor *cpu, const volatile void *object, const char *who,
                          const void *place);

/* Next to `thing` somebody has written to the byte `damage`: says so, and what lies beyond. */
void dq_pool_tell_damage(dq_machine *machine, const dq_special_thing *thing, const char *damage,
                         char *text, size_t bytes);

/* The same of all blocks in use whose guards are damaged, and of memory that nobody has: a line
 * each, while there is room. Returns how many there are. */
unsigned dq_pool_tell_damages(dq_machine *machine, char *text, size_t bytes);

/* At the end of a run: writes them down. */
void dq_pool_check_guards(dq_processor *cpu);

#endif
