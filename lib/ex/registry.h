/*
 * registry.h - the registry: a tree of keys in memory that begins anew with each machine.
 *
 * The keys that every Windows has, above what drivers make, are there from the beginning.
 */
#ifndef DQ_REGISTRY_H
#define DQ_REGISTRY_H

#include <wdm.h>

#include "ke/handle.h"
#include "sim/machine.h"

typedef struct dq_value {
    UNICODE_STRING name;
    ULONG type;
    ULONG bytes;
    void *data;
    struct dq_value *next; /* In order of making. */
} dq_value;

typedef struct dq_key {
    UNICODE_STRING name;
    UNICODE_STRING class_name;
    struct dq_key *parent;   /* NULL: the root, or it was deleted. */
    struct dq_key *children; /* In order of making. */
    struct dq_key *next;
    dq_value *values;
    LONGLONG written_100ns;
    bool is_volatile; /* It does not outlive a restart, nor does what is below it. */
    bool deleted;     /* Open handles still name it. */
} dq_key;

/* Finds the key of a name: absolute if `from` is NULL, else relative to it. With `make` the last
 * part is made if it is missing, with `make_all` every part; `made` tells. What is made is volatile
 * and has this class if so wished. */
typedef struct dq_key_search {
    dq_key *from;
    const UNICODE_STRING *name;
    const UNICODE_STRING *class_name; /* NULL: none. */
    bool make, make_all, made;
    bool is_volatile;
} dq_key_search;
NTSTATUS dq_key_find(dq_machine *machine, dq_key_search *search, dq_key **key);

/* Names of keys and values, without regard to case. */
bool dq_key_name_is(const UNICODE_STRING *a, const UNICODE_STRING *b);

NTSTATUS dq_key_delete(dq_machine *machine, dq_key *key);

/* Forgets what a restart of the system would not bring back. */
void dq_registry_restart(dq_machine *machine);

/* The value of that name (NULL or empty: the unnamed one), or NULL. */
dq_value *dq_value_find(const dq_key *key, const UNICODE_STRING *name);
NTSTATUS dq_value_set(dq_machine *machine, dq_key *key, const UNICODE_STRING *name, ULONG type,
                      const void *data, ULONG bytes);
NTSTATUS dq_value_delete(dq_machine *machine, dq_key *key, const UNICODE_STRING *name);

/* ---- regkey.c -------------------------------------------------------------------------------- */

/* Makes a handle that grants `access`, for the service that `cpu` is in, called from `place`. */
NTSTATUS dq_key_open(dq_processor *cpu, dq_key *key, ACCESS_MASK access, const void *place,
                     PHANDLE handle);

/* The key of an open handle, for a service that needs `access` to it: if the handle grants less,
 * that is a warning. STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_KEY_DELETED. */
NTSTATUS dq_key_of_handle(dq_processor *cpu, HANDLE handle, ACCESS_MASK access, dq_key **key);

/* ---- regvalue.c ------------------------------------------------------------------------------ */

/* A text that is set without its null is a warning of the service that `cpu` is in. */
void dq_value_check_text(dq_processor *cpu, ULONG type, const void *data, ULONG bytes);

/* ---- regkeyquery.c --------------------------------------------------------------------------- */

/* What a query answers: a structure whose first `fixed` bytes must fit. */
typedef struct dq_answer {
    const void *information;
    size_t fixed, bytes;
} dq_answer;
NTSTATUS dq_answer_give(const dq_answer *answer, void *buffer, ULONG length, PULONG result_length);

#endif
