/*
 * listen.h - a routine that is told of Plug and Play events, and a target that it is told of.
 */
#ifndef TESTS_IO_LISTEN_H
#define TESTS_IO_LISTEN_H

#include "pnp.h"

#include <dirql/driver.h>

#include <wdmguid.h>

#include "../settle.h"

static const GUID wave_class = { 0x33333333, 2, 3, { 4 } };
static const GUID other_class = { 0x44444444, 2, 3, { 4 } };
static UNICODE_STRING link;
static DRIVER_OBJECT listener;

static struct {
    volatile LONG calls;
    GUID event;
    WCHAR name[128];
    KIRQL irql;
    NTSTATUS answer;
    PVOID entry;
    BOOLEAN ends;
    PFILE_OBJECT file;
    UCHAR data[8];
} heard;

static const GUID label_change = { 0x55555555, 2, 3, { 4 } };

static inline NTSTATUS hear(PVOID structure, PVOID context)
{
    const PLUGPLAY_NOTIFICATION_HEADER *head = structure;

    assert_ptr_equal(context, &heard);
    assert_int_equal(head->Version, 1);
    heard.event = head->Event;
    heard.irql = KeGetCurrentIrql();
    if (IsEqualGUID(&head->Event, &GUID_DEVICE_INTERFACE_ARRIVAL)) {
        const DEVICE_INTERFACE_CHANGE_NOTIFICATION *change = structure;

        assert_int_equal(change->Size, sizeof(*change));
        memcpy(heard.name, change->SymbolicLinkName->Buffer, change->SymbolicLinkName->Length);
    }
    if (IsEqualGUID(&head->Event, &label_change)) {
        const TARGET_DEVICE_CUSTOM_NOTIFICATION *event = structure;

        heard.file = event->FileObject;
        memcpy(heard.data, event->CustomDataBuffer, 5);
    }
    if (heard.ends) {
        IoUnregisterPlugPlayNotificationEx(heard.entry);
    }
    InterlockedIncrement(&heard.calls);
    return heard.answer;
}

static inline int start(void **state)
{
    memset(&heard, 0, sizeof(heard));
    (void)pnp_start(state);
    return IoRegisterDeviceInterface(pdo, &wave_class, NULL, &link) != STATUS_SUCCESS;
}

static inline int stop(void **state)
{
    (void)state;
    RtlFreeUnicodeString(&link);
    return 0;
}

static inline void listen_to(const GUID *class_id, ULONG flags)
{
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, flags,
                                                    (PVOID)(ULONG_PTR)class_id, &listener, hear,
                                                    &heard, &heard.entry),
                     STATUS_SUCCESS);
}

static inline void wait_for(LONG calls)
{
    for (unsigned i = 0; i < 100 && ReadAcquire(&heard.calls) < calls; i++) {
        settle();
    }
}

/* ---- A target -------------------------------------------------------------------------------- */

static inline NTSTATUS succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static DRIVER_OBJECT target_driver;
static PDEVICE_OBJECT target;
static PFILE_OBJECT file;

static inline void open_target(void)
{
    NTSTATUS status;

    memset(&target_driver, 0, sizeof(target_driver));
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        target_driver.MajorFunction[i] = succeed;
    }
    assert_int_equal(IoCreateDevice(&target_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &target),
                     STATUS_SUCCESS);
    assert_ptr_equal(IoAttachDeviceToDeviceStack(target, pdo), pdo);
    target->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    file = dirql_file_open(target, &status);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file,
                                                    &listener, hear, &heard, &heard.entry),
                     STATUS_SUCCESS);
}

static inline void close_target(void)
{
    IoUnregisterPlugPlayNotificationEx(heard.entry);
    dirql_file_close(file);
    IoDetachDevice(pdo);
    IoDeleteDevice(target);
}

#endif
