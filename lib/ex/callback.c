/*
 * callback.c - callback objects.
 *
 * Routines are called in the order of registration, at the IRQL of ExNotifyCallback's caller. One
 * that is being unregistered gets no new calls; ExUnregisterCallback returns when those that it has
 * are over. The objects that the system makes exist from the moment that somebody opens them, and
 * stay.
 */
#include <string.h>

#include "ex/executive.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/computing.h"

/* ---- Names ----------------------------------------------------------------------------------- */

static WCHAR folded(WCHAR character, bool fold)
{
    return fold && character >= 'a' && character <= 'z' ? (WCHAR)(character - 'a' + 'A')
                                                        : character;
}

static bool is_same_name(const UNICODE_STRING *a, const UNICODE_STRING *b, bool fold)
{
    if (a->Length != b->Length) {
        return false;
    }
    for (unsigned i = 0; i < a->Length / sizeof(WCHAR); i++) {
        if (folded(a->Buffer[i], fold) != folded(b->Buffer[i], fold)) {
            return false;
        }
    }
    return true;
}

static bool is_text(const UNICODE_STRING *name, const char *text)
{
    if (name->Length != strlen(text) * sizeof(WCHAR)) {
        return false;
    }
    for (unsigned i = 0; text[i] != '\0'; i++) {
        if (folded(name->Buffer[i], true) != folded((WCHAR)text[i], true)) {
            return false;
        }
    }
    return true;
}

static bool is_systems(const UNICODE_STRING *name)
{
    return is_text(name, "\\Callback\\SetSystemTime") || is_text(name, "\\Callback\\PowerState") ||
           is_text(name, "\\Callback\\ProcessorAdd");
}

/* ---- Objects --------------------------------------------------------------------------------- */

static PCALLBACK_OBJECT find(const dq_executive *ex, const UNICODE_STRING *name, bool fold)
{
    PCALLBACK_OBJECT object = ex->callbacks.objects;

    while (object != NULL && !is_same_name(&object->name, name, fold)) {
        object = object->next;
    }
    return object;
}

/* The last reference was given back. */
static void retire(dq_machine *machine, dq_object *header)
{
    PCALLBACK_OBJECT object = CONTAINING_RECORD(header, struct _CALLBACK_OBJECT, object);
    PCALLBACK_OBJECT *link = &dq_executive_of(machine)->callbacks.objects;

    if (object->permanent) {
        return;
    }
    while (*link != object) {
        link = &(*link)->next;
    }
    *link = object->next;
    dq_object_remove(machine, header);
    dq_keep_drop(machine, object);
}

static PCALLBACK_OBJECT make(dq_machine *machine, const UNICODE_STRING *name)
{
    dq_executive *ex = dq_executive_of(machine);
    PCALLBACK_OBJECT object = dq_keep(machine, sizeof(*object) + name->Length);

    if (object == NULL) {
        return NULL;
    }
    object->object = (dq_object){ .pointer = object, .references = 0, .retire = retire };
    object->name = *name;
    object->name.Buffer = (PWCH)(void *)(object + 1);
    memcpy(object->name.Buffer, name->Buffer, name->Length);
    object->next = ex->callbacks.objects;
    ex->callbacks.objects = object;
    dq_object_add(machine, &object->object);
    return object;
}

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT *CallbackObject,
                                POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                                BOOLEAN AllowMultipleCallbacks)
{
    const UNICODE_STRING *name = ObjectAttributes != NULL
                                     ? DQ_READ(ExCreateCallback, ObjectAttributes->ObjectName)
                                     : NULL;
    dq_executive *ex;
    PCALLBACK_OBJECT object;
    bool systems;

    DQ_ENTER(ExCreateCallback, NULL, ObjectAttributes, Create, AllowMultipleCallbacks,
             STATUS_UNSUCCESSFUL);
    *CallbackObject = NULL;
    if (name == NULL || name->Length == 0) {
        return STATUS_UNSUCCESSFUL;
    }
    ex = dq_executive_of(cpu->machine);
    if (ex == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    systems = is_systems(name);
    object = find(ex, name, systems || (ObjectAttributes->Attributes & OBJ_CASE_INSENSITIVE) != 0);
    if (object == NULL) {
        if (!Create && !systems) {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        if (dq_fails(cpu, DQ_FAIL_CALLBACK, 0, NULL, DQ_CALL_PLACE)) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        object = make(cpu->machine, name);
        if (object == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        object->multiple = systems || AllowMultipleCallbacks;
        object->place = DQ_CALL_PLACE;
        object->permanent = systems || (ObjectAttributes->Attributes & OBJ_PERMANENT) != 0;
    }
    object->object.references++;
    *CallbackObject = object;
    return STATUS_SUCCESS;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void accuse(dq_processor *cpu, const void *object, const char *what)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "CallbackObject",
                           .page = dq_service_name(cpu->execution->service),
                           .parameters = { (uintptr_t)object } },
            "%s %s", dq_service_name(cpu->execution->service), what);
}

static bool check_object(dq_processor *cpu, const void *pointer)
{
    const dq_executive *ex = dq_executive_of(cpu->machine);
    PCALLBACK_OBJECT object = ex != NULL ? ex->callbacks.objects : NULL;

    while (object != NULL && object != pointer) {
        object = object->next;
    }
    if (object == NULL) {
        accuse(cpu, pointer, "was given a pointer that is no callback object, or no longer one");
    }
    return object != NULL;
}

static bool check_registration(dq_processor *cpu, const void *pointer)
{
    const dq_executive *ex = dq_executive_of(cpu->machine);

    for (PCALLBACK_OBJECT object = ex != NULL ? ex->callbacks.objects : NULL; object != NULL;
         object = object->next) {
        for (const dq_registration *r = object->registrations; r != NULL; r = r->next) {
            if (r == pointer && !r->leaving) {
                return true;
            }
        }
    }
    accuse(cpu, pointer, "was given a pointer that is no registration, or no longer one");
    return false;
}

/* It would wait for its caller. */
static void check_own_call(dq_processor *cpu, const dq_registration *registration)
{
    for (const dq_notification *call = dq_executive_of(cpu->machine)->callbacks.calls; call != NULL;
         call = call->next) {
        if (call->registration == registration && call->thread == dq_thread_current(cpu)) {
            accuse(cpu, registration,
                   "is called by the callback routine that it unregisters: it would wait for it "
                   "for ever");
            dq_go_home(cpu);
        }
    }
}

/* ---- Registrations --------------------------------------------------------------------------- */

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                               PVOID CallbackContext)
{
    dq_registration **link, *made;

    DQ_ENTER(ExRegisterCallback, CallbackObject, CallbackObject, (uintptr_t)CallbackFunction,
             CallbackContext, NULL);
    if (!check_object(cpu, CallbackObject) ||
        (CallbackObject->registrations != NULL && !CallbackObject->multiple)) {
        return NULL;
    }
    if (dq_fails(cpu, DQ_FAIL_CALLBACK, 0, NULL, DQ_CALL_PLACE)) {
        return NULL;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    *made = (dq_registration){ .object = CallbackObject,
                               .function = CallbackFunction,
                               .context = CallbackContext,
                               .place = DQ_CALL_PLACE };
    dq_wait_header_init(&made->quiet.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    link = &CallbackObject->registrations;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = made;
    CallbackObject->object.references++;
    dq_emit(cpu, ORDER_GIVE, made, 0, 0, 0);
    return made;
}

static void drop(dq_machine *machine, dq_registration *registration)
{
    PCALLBACK_OBJECT object = registration->object;
    dq_registration **link = &object->registrations;

    while (*link != registration) {
        link = &(*link)->next;
    }
    *link = registration->next;
    dq_keep_drop(machine, registration);
    (void)dq_object_release(machine, &object->object);
}

VOID NTAPI ExUnregisterCallback(PVOID CallbackRegistration)
{
    dq_registration *registration = CallbackRegistration;

    DQ_ENTER(ExUnregisterCallback, CallbackRegistration, CallbackRegistration, 0, 0, DQ_VOID);
    if (!check_registration(cpu, registration)) {
        return;
    }
    registration->leaving = true;
    if (registration->running > 0) {
        check_own_call(cpu, registration);
        (void)dq_wait_for_matter(cpu, &registration->quiet, DQ_SERVICE_ExUnregisterCallback,
                                 DQ_CALL_PLACE,
                                 &(dq_wait_matter){ .what = "the calls of the callback that run" });
    }
    dq_emit(dq_self, ORDER_TAKE, &registration->quiet, 0, 0, 0);
    drop(dq_self->machine, registration);
}

static void check_return(dq_processor *cpu, const dq_registration *registration, unsigned irql)
{
    if (cpu->irql != irql) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | (uint64_t)irql << 8,
                    (uintptr_t)registration->function, 0, 0,
                    "a callback routine returned at IRQL %u: it was called at IRQL %u", cpu->irql,
                    irql);
    }
}

static void call(dq_processor *cpu, dq_registration *registration, void *argument1, void *argument2)
{
    dq_callbacks *callbacks = &dq_executive_of(cpu->machine)->callbacks;
    dq_notification notification = { .registration = registration,
                                     .thread = dq_thread_current(cpu),
                                     .next = callbacks->calls };
    DQ_CALLS_ROUTINES(DQ_SERVICE_ExRegisterCallback, registration->place);
    const uint8_t irql = cpu->irql;
    dq_notification **link = &callbacks->calls;
    unsigned depth;

    callbacks->calls = &notification;
    registration->running++;
    dq_emit(cpu, ORDER_TAKE, registration, 0, 0, 0);
    depth = dq_guest_call(dq_self, DQ_CODE(registration->function));
    registration->function(registration->context, argument1, argument2);
    dq_guest_end(depth);
    dq_emit(dq_self, ORDER_GIVE, &registration->quiet, 0, 0, 0);
    check_return(dq_self, registration, irql);
    while (*link != &notification) {
        link = &(*link)->next;
    }
    *link = notification.next;
}

VOID NTAPI ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    PCALLBACK_OBJECT object = CallbackObject;
    dq_registration *registration;

    DQ_ENTER(ExNotifyCallback, CallbackObject, CallbackObject, Argument1, Argument2, DQ_VOID);
    if (!check_object(cpu, object)) {
        return;
    }
    registration = object->registrations;
    while (registration != NULL) {
        dq_registration *next;

        if (!registration->leaving) {
            call(dq_self, registration, Argument1, Argument2);
            registration->running--;
        }
        next = registration->next; /* Nothing goes away before the next wait or delivery. */
        if (registration->leaving && registration->running == 0) {
            dq_signal(dq_self, &registration->quiet);
        }
        registration = next;
    }
    cpu = dq_self;
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}
