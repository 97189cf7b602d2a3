/*
 * relax.h - looking a few times more before sleeping.
 */
#ifndef RELAX_H
#define RELAX_H

/* `looks` where another processor could change what is looked at meanwhile, else 0. */
unsigned host_relax_looks(unsigned looks);

/* Between two looks. */
static inline void host_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

#endif
