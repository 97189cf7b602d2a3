/*
 * arity.h - what rows of cmocka_table.h are turned into: lists of fields, parameters and
 * arguments.
 *
 * FIELDS_n(types) declares members a, b, ... of a structure, PARAMETERS_n(types) parameters of
 * these names; ARGUMENTS_n passes the parameters on, MEMBERS_n(call) passes on the members.
 */
#ifndef DQ_CMOCKA_ARITY_H
#define DQ_CMOCKA_ARITY_H

#define FIELDS_0(A) char none;
#define FIELDS_1(A) A a;
#define FIELDS_2(A, B) \
    A a;               \
    B b;
#define FIELDS_3(A, B, C)                    FIELDS_2(A, B) C c;
#define FIELDS_4(A, B, C, D)                 FIELDS_3(A, B, C) D d;
#define FIELDS_5(A, B, C, D, E)              FIELDS_4(A, B, C, D) E e;
#define FIELDS_6(A, B, C, D, E, F)           FIELDS_5(A, B, C, D, E) F f;
#define FIELDS_7(A, B, C, D, E, F, G)        FIELDS_6(A, B, C, D, E, F) G g;
#define FIELDS_8(A, B, C, D, E, F, G, H)     FIELDS_7(A, B, C, D, E, F, G) H h;

#define PARAMETERS_0(A)                      void
#define PARAMETERS_1(A)                      A a
#define PARAMETERS_2(A, B)                   A a, B b
#define PARAMETERS_3(A, B, C)                A a, B b, C c
#define PARAMETERS_4(A, B, C, D)             A a, B b, C c, D d
#define PARAMETERS_5(A, B, C, D, E)          A a, B b, C c, D d, E e
#define PARAMETERS_6(A, B, C, D, E, F)       A a, B b, C c, D d, E e, F f
#define PARAMETERS_7(A, B, C, D, E, F, G)    A a, B b, C c, D d, E e, F f, G g
#define PARAMETERS_8(A, B, C, D, E, F, G, H) A a, B b, C c, D d, E e, F f, G g, H h

#define ARGUMENTS_0
#define ARGUMENTS_1 a
#define ARGUMENTS_2 a, b
#define ARGUMENTS_3 a, b, c
#define ARGUMENTS_4 a, b, c, d
#define ARGUMENTS_5 a, b, c, d, e
#define ARGUMENTS_6 a, b, c, d, e, f
#define ARGUMENTS_7 a, b, c, d, e, f, g
#define ARGUMENTS_8 a, b, c, d, e, f, g, h

/* An empty structure cannot be initialised, so a call without arguments has one member all the
 * same. */
#define INITIAL_0   0
#define INITIAL_1   ARGUMENTS_1
#define INITIAL_2   ARGUMENTS_2
#define INITIAL_3   ARGUMENTS_3
#define INITIAL_4   ARGUMENTS_4
#define INITIAL_5   ARGUMENTS_5
#define INITIAL_6   ARGUMENTS_6
#define INITIAL_7   ARGUMENTS_7
#define INITIAL_8   ARGUMENTS_8

#define MEMBERS_0(call)
#define MEMBERS_1(call) (call)->a
#define MEMBERS_2(call) MEMBERS_1(call), (call)->b
#define MEMBERS_3(call) MEMBERS_2(call), (call)->c
#define MEMBERS_4(call) MEMBERS_3(call), (call)->d
#define MEMBERS_5(call) MEMBERS_4(call), (call)->e
#define MEMBERS_6(call) MEMBERS_5(call), (call)->f
#define MEMBERS_7(call) MEMBERS_6(call), (call)->g
#define MEMBERS_8(call) MEMBERS_7(call), (call)->h

#endif
