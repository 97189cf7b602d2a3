/*
 * callback.h - callback objects and who is registered with them.
 */
#ifndef DQ_CALLBACK_H
#define DQ_CALLBACK_H

#include <wdm.h>

#include "ke/handle.h"

typedef struct dq_registration {
    PCALLBACK_OBJECT object;
    PCALLBACK_FUNCTION function;
    void *context;
    unsigned running; /* Calls of the routine that have not returned. */
    bool leaving;     /* No new ones: somebody unregisters it. */
    KEVENT quiet;
    const void *place; /* Who registered it. */
    struct dq_registration *next; /* In order of registration. */
} dq_registration;

/* A call that has not returned, on the stack of who notifies. */
typedef struct dq_notification {
    const dq_registration *registration;
    const dq_thread *thread;
    struct dq_notification *next;
} dq_notification;

struct _CALLBACK_OBJECT {
    dq_object object;
    UNICODE_STRING name;
    bool multiple;
    bool permanent;
    const void *place; /* Who opened it first. */
    dq_registration *registrations;
    struct _CALLBACK_OBJECT *next;
};

typedef struct dq_callbacks {
    PCALLBACK_OBJECT objects;
    dq_notification *calls;
} dq_callbacks;

#endif
