/*
 * pnpnotify.c - IoRegisterPlugPlayNotification: routines that are called when interfaces come and
 * go, and when the device of a file is removed.
 *
 * A registration that ends stays in memory until nobody calls its routine any more.
 */
#include "io/pnpnotify.h"

#include <string.h>

#include <wdmguid.h>

#include "ex/executive.h"
#include "ex/workqueue.h"
#include "io/devnode.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"

/* A call of a routine, on the stack of whoever makes it. */
typedef struct activity {
    const dq_thread *thread;
    struct activity *next;
} activity;

struct dq_pnp_notification {
    IO_NOTIFICATION_EVENT_CATEGORY category;
    GUID class_id;
    PFILE_OBJECT file;
    PDRIVER_OBJECT driver;
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE routine;
    PVOID context;
    bool registering; /* IoRegisterPlugPlayNotification has not returned. */
    bool ended;
    unsigned waiters; /* For its end. */
    activity *calls;  /* Of its routine, now. */
    KEVENT quiet;     /* A call has ended. */
    const void *place;
    struct dq_pnp_notification *next; /* In order of registration. */
};

static struct dq_pnp_notification **head(dq_machine *machine)
{
    dq_io *io = dq_io_of(machine);

    return io != NULL ? &io->notifications : NULL;
}

/* ---- Calling --------------------------------------------------------------------------------- */

static void drop_ended(dq_machine *machine)
{
    struct dq_pnp_notification **link = head(machine);

    while (*link != NULL) {
        struct dq_pnp_notification *n = *link;

        if (n->ended && n->calls == NULL && n->waiters == 0) {
            *link = n->next;
            dq_keep_drop(machine, n);
        } else {
            link = &n->next;
        }
    }
}

static void end_call(struct dq_pnp_notification *n, const activity *own)
{
    activity **link = &n->calls;

    while (*link != own) {
        link = &(*link)->next;
    }
    *link = own->next;
    dq_emit(dq_self, ORDER_GIVE, &n->quiet, 0, 0, 0);
    if (n->waiters > 0) {
        dq_signal(dq_self, &n->quiet);
    }
}

static NTSTATUS call(struct dq_pnp_notification *n, void *structure)
{
    activity own = { .thread = dq_thread_current(dq_self), .next = n->calls };
    unsigned depth;
    NTSTATUS status;

    n->calls = &own;
    dq_emit(dq_self, ORDER_TAKE, n, 0, 0, 0);
    depth = dq_guest_begin(dq_self);
    status = n->routine(structure, n->context);
    dq_guest_end(depth);
    end_call(n, &own);
    return status;
}

/* ---- Interfaces ------------------------------------------------------------------------------ */

typedef struct change {
    DEVICE_INTERFACE_CHANGE_NOTIFICATION head;
    UNICODE_STRING link;
    const void *place;
} change;

static bool wants(const struct dq_pnp_notification *n, const change *c)
{
    return !n->ended && n->category == EventCategoryDeviceInterfaceChange &&
           IsEqualGUID(&n->class_id, &c->head.InterfaceClassGuid);
}

/* The list may change while a routine is called; what is called stays in it. */
static void tell_all(dq_machine *machine, change *c)
{
    for (struct dq_pnp_notification *n = *head(machine); n != NULL; n = n->next) {
        if (wants(n, c)) {
            (void)call(n, &c->head);
        }
    }
    drop_ended(machine);
}

static void tell_from_worker(const dq_work *work)
{
    DQ_INSIDE(dq_self->live);
    dq_self->execution->service = DQ_SERVICE_IoSetDeviceInterfaceState;
    tell_all(dq_self->machine, work->parameter);
}

static void forget(dq_machine *machine, const dq_work *work)
{
    dq_keep_drop(machine, work->parameter);
}

static change *make_change(dq_machine *machine, const GUID *class_id, const UNICODE_STRING *link,
                           bool arrived)
{
    change *c = dq_keep(machine, sizeof(*c) + link->Length + sizeof(WCHAR));

    if (c != NULL) {
        c->link = (UNICODE_STRING){ .Buffer = (WCHAR *)(c + 1), .Length = link->Length,
                                    .MaximumLength = (USHORT)(link->Length + sizeof(WCHAR)) };
        memcpy(c->link.Buffer, link->Buffer, link->Length);
        c->head = (DEVICE_INTERFACE_CHANGE_NOTIFICATION){
            .Version = 1,
            .Size = sizeof(c->head),
            .Event = arrived ? GUID_DEVICE_INTERFACE_ARRIVAL : GUID_DEVICE_INTERFACE_REMOVAL,
            .InterfaceClassGuid = *class_id,
            .SymbolicLinkName = &c->link
        };
    }
    return c;
}

void dq_pnp_tell_interface(dq_processor *cpu, const GUID *class_id, const UNICODE_STRING *link,
                           bool arrived, const void *place)
{
    change *c;

    if (head(cpu->machine) == NULL || *head(cpu->machine) == NULL) {
        return;
    }
    c = make_change(cpu->machine, class_id, link, arrived);
    if (c == NULL) {
        return;
    }
    c->place = place;
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = c, .bytes = sizeof(*c),
                                     .routine = DQ_CODE(tell_from_worker), .parameter = c,
                                     .call = tell_from_worker, .done = forget, .place = place,
                                     .system = true },
                         DelayedWorkQueue);
}

/* Those that are there already. */
static void tell_existing(dq_processor *cpu, struct dq_pnp_notification *n)
{
    dq_machine *machine = cpu->machine;

    for (const dq_interface *i = dq_io_of(machine)->interfaces; i != NULL; i = i->next) {
        change *c = i->announced && IsEqualGUID(&i->class_id, &n->class_id)
                        ? make_change(machine, &i->class_id, &i->link, true) : NULL;

        if (c != NULL) {
            (void)call(n, &c->head);
            dq_keep_drop(machine, c);
        }
    }
}

/* ---- Targets --------------------------------------------------------------------------------- */

static const GUID *event_of(UCHAR minor)
{
    switch (minor) {
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return &GUID_TARGET_DEVICE_QUERY_REMOVE;
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return &GUID_TARGET_DEVICE_REMOVE_CANCELLED;
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_REMOVE_DEVICE:
        return &GUID_TARGET_DEVICE_REMOVE_COMPLETE;
    default:
        return NULL;
    }
}

static bool is_target(const struct dq_pnp_notification *n, PDEVICE_OBJECT pdo)
{
    return !n->ended && n->category == EventCategoryTargetDeviceChange &&
           dq_device_top(n->file->DeviceObject) == dq_device_top(pdo);
}

static NTSTATUS tell_one(struct dq_pnp_notification *n, const GUID *event)
{
    TARGET_DEVICE_REMOVAL_NOTIFICATION told = { .Version = 1, .Size = sizeof(told),
                                                .Event = *event, .FileObject = n->file };

    return call(n, &told);
}

/* Those before `end`. */
static void cancel_before(dq_machine *machine, PDEVICE_OBJECT pdo,
                          const struct dq_pnp_notification *end)
{
    for (struct dq_pnp_notification *n = *head(machine); n != end; n = n->next) {
        if (is_target(n, pdo)) {
            (void)tell_one(n, &GUID_TARGET_DEVICE_REMOVE_CANCELLED);
        }
    }
}

NTSTATUS dq_pnp_tell_target(dq_processor *cpu, PDEVICE_OBJECT pdo, UCHAR minor)
{
    dq_machine *machine = cpu->machine;
    const GUID *event = event_of(minor);
    NTSTATUS status = STATUS_SUCCESS;

    if (event == NULL || head(machine) == NULL) {
        return STATUS_SUCCESS;
    }
    for (struct dq_pnp_notification *n = *head(machine); n != NULL; n = n->next) {
        if (is_target(n, pdo)) {
            status = tell_one(n, event);
            if (minor == IRP_MN_QUERY_REMOVE_DEVICE && !NT_SUCCESS(status)) {
                cancel_before(machine, pdo, n);
                break;
            }
            status = STATUS_SUCCESS;
        }
    }
    drop_ended(machine);
    return status;
}

/* ---- Custom events --------------------------------------------------------------------------- */

void dq_pnp_tell_custom(dq_machine *machine, PDEVICE_OBJECT pdo,
                        PTARGET_DEVICE_CUSTOM_NOTIFICATION told)
{
    for (struct dq_pnp_notification *n = head(machine) != NULL ? *head(machine) : NULL; n != NULL;
         n = n->next) {
        if (is_target(n, pdo)) {
            told->FileObject = n->file;
            (void)call(n, told);
        }
    }
    if (head(machine) != NULL) {
        drop_ended(machine);
    }
}

bool dq_pnp_is_system_event(const GUID *event)
{
    return IsEqualGUID(event, &GUID_TARGET_DEVICE_QUERY_REMOVE) ||
           IsEqualGUID(event, &GUID_TARGET_DEVICE_REMOVE_CANCELLED) ||
           IsEqualGUID(event, &GUID_TARGET_DEVICE_REMOVE_COMPLETE) ||
           IsEqualGUID(event, &GUID_DEVICE_INTERFACE_ARRIVAL) ||
           IsEqualGUID(event, &GUID_DEVICE_INTERFACE_REMOVAL) ||
           IsEqualGUID(event, &GUID_HWPROFILE_QUERY_CHANGE) ||
           IsEqualGUID(event, &GUID_HWPROFILE_CHANGE_CANCELLED) ||
           IsEqualGUID(event, &GUID_HWPROFILE_CHANGE_COMPLETE) ||
           IsEqualGUID(event, &GUID_PNP_POWER_NOTIFICATION);
}

/* ---- Services -------------------------------------------------------------------------------- */

static bool check_data(IO_NOTIFICATION_EVENT_CATEGORY category, const void *data)
{
    switch (category) {
    case EventCategoryDeviceInterfaceChange:
    case EventCategoryTargetDeviceChange:
        return data != NULL;
    case EventCategoryHardwareProfileChange: /* There is one profile, which never changes. */
        return data == NULL;
    default:
        return false;
    }
}

static void refuse(dq_processor *cpu, const char *page, const void *place, const char *text)
{
    dq_find(cpu,
            &(dq_finding){
                .severity = DQ_ERROR, .rule = "PnpNotification", .page = page, .place = place },
            "%s %s", dq_service_name(cpu->execution->service), text);
}

/* Its reference keeps the driver loaded whose routine is called. */
static void check_driver(dq_processor *cpu, const struct dq_pnp_notification *wanted,
                         const void *place)
{
    if (wanted->driver == NULL) {
        refuse(cpu, "wdm: IoRegisterPlugPlayNotification", place, "was given no driver object");
    } else if (wanted->category == EventCategoryTargetDeviceChange &&
               wanted->file->DeviceObject->DriverObject == wanted->driver) {
        refuse(cpu, "wdm: IoRegisterPlugPlayNotification", place,
               "was given the driver object of the target device: it wants that of the driver "
               "that listens");
    }
}

static struct dq_pnp_notification *add(dq_processor *cpu,
                                       const struct dq_pnp_notification *wanted,
                                       const void *place)
{
    struct dq_pnp_notification *made = dq_keep(cpu->machine, sizeof(*made));
    struct dq_pnp_notification **link = head(cpu->machine);

    if (made == NULL || link == NULL) {
        return NULL;
    }
    *made = *wanted;
    made->place = place;
    dq_wait_header_init(&made->quiet.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = made;
    dq_emit(cpu, ORDER_GIVE, made, 0, 0, 0);
    return made;
}

NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
                                              ULONG EventCategoryFlags, PVOID EventCategoryData,
                                              PDRIVER_OBJECT DriverObject,
                                              PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine,
                                              PVOID Context, PVOID *NotificationEntry)
{
    struct dq_pnp_notification wanted = { .category = EventCategory,
                                          .driver = DriverObject,
                                          .routine = CallbackRoutine,
                                          .context = Context,
                                          .registering = true };
    struct dq_pnp_notification *made;

    DQ_ENTER(IoRegisterPlugPlayNotification, EventCategoryData, EventCategory, EventCategoryFlags,
             0, STATUS_UNSUCCESSFUL);
    if (!check_data(EventCategory, EventCategoryData)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (EventCategory == EventCategoryDeviceInterfaceChange) {
        wanted.class_id = *(const GUID *)EventCategoryData;
    } else {
        wanted.file = EventCategoryData;
    }
    check_driver(cpu, &wanted, DQ_CALL_PLACE);
    made = add(cpu, &wanted, DQ_CALL_PLACE);
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *NotificationEntry = made;
    if (EventCategory == EventCategoryDeviceInterfaceChange &&
        (EventCategoryFlags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES) != 0) {
        made->waiters++; /* It stays, whatever the routine does. */
        tell_existing(cpu, made);
        made->waiters--;
    }
    made->registering = false;
    drop_ended(dq_self->machine);
    return STATUS_SUCCESS;
}

static struct dq_pnp_notification *check(dq_processor *cpu, const void *entry)
{
    struct dq_pnp_notification *n = head(cpu->machine) != NULL ? *head(cpu->machine) : NULL;

    while (n != NULL && (n != entry || n->ended)) {
        n = n->next;
    }
    if (n == NULL) {
        dq_wrong_object(cpu, entry, NULL,
                        "no entry that IoRegisterPlugPlayNotification returned, or one that is "
                        "unregistered");
    }
    return n;
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID NotificationEntry)
{
    struct dq_pnp_notification *n;

    DQ_ENTER(IoUnregisterPlugPlayNotification, NotificationEntry, 0, 0, 0, STATUS_UNSUCCESSFUL);
    n = check(cpu, NotificationEntry);
    if (n != NULL) {
        n->ended = true;
        drop_ended(cpu->machine);
    }
    return STATUS_SUCCESS;
}

static bool is_called_by_others(const struct dq_pnp_notification *n)
{
    const activity *a = n->calls;

    while (a != NULL && a->thread == dq_thread_current(dq_self)) {
        a = a->next;
    }
    return a != NULL;
}

/* Waits until nobody is in the routine, but the caller itself. */
static void wait_for_calls(struct dq_pnp_notification *n, const void *place)
{
    while (is_called_by_others(n)) {
        n->quiet.Header.SignalState = 0;
        (void)dq_wait_for_matter(
            dq_self, &n->quiet, DQ_SERVICE_IoUnregisterPlugPlayNotificationEx, place,
            &(dq_wait_matter){ .what = "the calls of the notification's routine that run" });
    }
    dq_emit(dq_self, ORDER_TAKE, &n->quiet, 0, 0, 0);
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    const void *place = DQ_CALL_PLACE;
    struct dq_pnp_notification *n;

    DQ_ENTER(IoUnregisterPlugPlayNotificationEx, NotificationEntry, 0, 0, 0, STATUS_UNSUCCESSFUL);
    n = check(cpu, NotificationEntry);
    if (n != NULL) {
        if (n->registering) {
            refuse(cpu, "wdm: IoUnregisterPlugPlayNotificationEx", place,
                   "was called by a routine that IoRegisterPlugPlayNotification calls for an "
                   "interface that exists: that has not returned yet");
        }
        n->ended = true;
        n->waiters++;
        wait_for_calls(n, place);
        n->waiters--;
        drop_ended(dq_self->machine);
    }
    return STATUS_SUCCESS;
}

void dq_pnp_notifications_for_each(dq_machine *machine,
                                   void (*visit)(void *context, const void *place), void *context)
{
    for (const struct dq_pnp_notification *n = head(machine) != NULL ? *head(machine) : NULL;
         n != NULL; n = n->next) {
        if (!n->ended) {
            visit(context, n->place);
        }
    }
}

const void *dq_pnp_holds_driver(dq_machine *machine, const DRIVER_OBJECT *driver)
{
    const struct dq_pnp_notification *n = head(machine) != NULL ? *head(machine) : NULL;

    while (n != NULL && (n->ended || n->driver != driver)) {
        n = n->next;
    }
    return n != NULL ? n->place : NULL;
}
