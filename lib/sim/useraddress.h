/*
 * useraddress.h - which addresses are user mode's.
 *
 * There is no user mode here: the test's memory stands for it. So what a process of the host can
 * have is user mode's, and above begins what is the system's.
 */
#ifndef DQ_USERADDRESS_H
#define DQ_USERADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* On x86-64 as on Windows; other processors give a process one bit more. */
#if defined(__x86_64__)
#define DQ_USER_END ((uintptr_t)0x7FFFFFFF0000)
#else
#define DQ_USER_END ((uintptr_t)0xFFFFFFFF0000)
#endif

static inline bool dq_is_user_range(uintptr_t address, uintptr_t bytes)
{
    return address < DQ_USER_END && bytes <= DQ_USER_END - address;
}

#endif
