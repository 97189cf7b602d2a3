/*
 * suppress.h: for an analyser, whose warnings it turns off. Nothing else.
 */
#ifndef SUPPRESS_H
#define SUPPRESS_H
#endif
