/*
 * frame.h - reads and rewrites the state that a signal handler interrupted; one file for each
 * processor.
 */
#ifndef FRAME_H
#define FRAME_H

#include <signal.h>
#include <stdint.h>

#include "host/host.h"

/* False on a processor whose interrupted state cannot be read; all answers below are 0 then. */
bool host_frame_is_known(void);

/* `state` is the third argument of a signal handler. */
uintptr_t host_frame_place(const void *state);
uintptr_t host_frame_stack_pointer(const void *state);

/* What a memory fault wanted to do, as far as the processor says it; HOST_FAULT_READ otherwise.
 * */
host_fault_access host_frame_access(const void *state);

/* True if the processor did not say which address a memory fault touched. */
bool host_frame_address_unknown(const void *state);

/* Of an address that the processor did not tell since it cannot be one: what was probably meant, by
 * the registers. 0: none of them says. */
uintptr_t host_frame_wild_address(const void *state);

/* True if the instruction at the place is one that only a kernel may execute. */
bool host_frame_is_privileged(const void *state);

/* True if the fault came of a return, or is that of one: then to which address. */
bool host_frame_returns(const void *state, uintptr_t *address);

/* Where the instruction begins that called a debugger. */
uintptr_t host_frame_breakpoint(const void *state);

/* True if a call may stand in front of the address: it may be a return address. */
bool host_frame_follows_call(uintptr_t address);

/* An address inside the call instruction that led to a place where no code is; 0 if it cannot be
 * told. */
uintptr_t host_frame_caller(const void *state);

/* When the handler returns, entry(argument) runs on the stack instead of the interrupted code,
 * with the interrupted code's signal mask and a fresh floating-point state. May also go there at
 * once. */
void host_frame_redirect(void *state, void *base, size_t bytes, host_entry *entry, void *argument);

/* Copies what host_frame_put_back() needs to have the interrupted code go on as if nothing had
 * been. Returns how many bytes, or 0 if there is no room or it cannot be had. */
size_t host_frame_keep(const void *state, void *copy, size_t bytes);

/* `state` is that of another signal handler of the same thread, or of the same. */
void host_frame_put_back(void *state, const void *copy);

/* Reads a word that may not be there. Returns 0 then. */
uintptr_t host_frame_peek(uintptr_t address);

#endif
