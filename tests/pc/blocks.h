/* blocks.h - how many pool blocks the running machine has given out and not got back. */
#ifndef BLOCKS_H
#define BLOCKS_H

#ifdef __cplusplus
extern "C"
#endif
    unsigned
    blocks_in_use(void);

#endif
