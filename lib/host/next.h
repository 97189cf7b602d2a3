/*
 * next.h - functions that a library stands in for.
 */
#ifndef HOST_NEXT_H
#define HOST_NEXT_H

typedef void host_function(void);

/* The function of this name that would be called if the calling module had none: that of the next
 * module in the order of the search. NULL if there is none. Only hosts that can do this have the
 * file. */
host_function *host_next_function(const char *name);

#endif
