/*
 * dontuse.h: for an analyser, which warns of functions that should not be used. Nothing else.
 */
#ifndef DONTUSE_H
#define DONTUSE_H
#endif
