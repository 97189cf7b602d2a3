/*
 * unindexed.h - code whose compilation unit is in no index of addresses (CMakeLists.txt sees to it).
 */
#ifndef UNINDEXED_H
#define UNINDEXED_H

extern int an_unindexed_function(int value);
extern const int line_of_unindexed_function;

#endif
