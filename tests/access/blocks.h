/*
 * blocks.h - instrumented copies of structures and blocks of memory.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <wdm.h>

typedef struct large {
    char text[72];
} large;

void copy_large(large *to, const large *from);
void clear_large(large *to);
void copy_bytes(void *to, const void *from, size_t bytes);
void move_bytes(void *to, const void *from, size_t bytes);
void fill_bytes(void *to, size_t bytes);
int are_equal(const void *one, const void *other, size_t bytes);
void copy_twenty(void *to, const void *from);
void clear_by_loop(char *to, unsigned bytes);

#endif
