/*
 * reference.c - more ways to reference an object: with a tag, by type, and unless it goes away.
 *
 * Tags are for traces of references, and have no other effect. Nothing that drivers can reference
 * here takes time to go away, so that deferring it makes no difference.
 */
#include "ke/handle.h"
#include "ke/ki.h"

/* ---- Tags ------------------------------------------------------------------------------------ */

LONG_PTR FASTCALL ObfReferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    DQ_ENTER(ObReferenceObjectWithTag, Object, Object, Tag, 0, 0);
    DQ_CALLED_FROM(DQ_CALL_PLACE);
    return ObfReferenceObject(Object);
}

LONG_PTR FASTCALL ObfDereferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    DQ_ENTER(ObDereferenceObjectWithTag, Object, Object, Tag, 0, 0);
    DQ_CALLED_FROM(DQ_CALL_PLACE);
    return ObfDereferenceObject(Object);
}

VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object)
{
    DQ_ENTER(ObDereferenceObjectDeferDelete, Object, Object, 0, 0, DQ_VOID);
    DQ_CALLED_FROM(DQ_CALL_PLACE);
    (void)ObfDereferenceObject(Object);
}

VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(PVOID Object, ULONG Tag)
{
    DQ_ENTER(ObDereferenceObjectDeferDeleteWithTag, Object, Object, Tag, 0, DQ_VOID);
    DQ_CALLED_FROM(DQ_CALL_PLACE);
    (void)ObfDereferenceObject(Object);
}

NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                                POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                                ULONG Tag, PVOID *Object,
                                                POBJECT_HANDLE_INFORMATION HandleInformation)
{
    DQ_ENTER(ObReferenceObjectByHandleWithTag, NULL, Handle, DesiredAccess, Tag,
             STATUS_UNSUCCESSFUL);
    DQ_CALLED_FROM(DQ_CALL_PLACE);
    return ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object,
                                     HandleInformation);
}

/* All handles are the kernel's: in UserMode none is valid. */
NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode)
{
    DQ_ENTER(ObCloseHandle, NULL, Handle, PreviousMode, 0, STATUS_UNSUCCESSFUL);
    return PreviousMode == KernelMode ? dq_handle_close(cpu, Handle, DQ_CALL_PLACE)
                                      : STATUS_INVALID_HANDLE;
}

/* ---- By pointer ------------------------------------------------------------------------------ */

/* NULL: a type that drivers cannot name here. */
static POBJECT_TYPE type_of(const dq_machine *machine, const void *object)
{
    const dq_kernel *kernel = machine->kernel;

    for (const dq_thread *thread = kernel->threads.all; thread != NULL; thread = thread->next) {
        if (thread == object) {
            return *PsThreadType;
        }
    }
    return object == (const void *)PsInitialSystemProcess ? *PsProcessType : NULL;
}

static NTSTATUS reference_by_pointer(const dq_processor *cpu, void *object, POBJECT_TYPE type,
                                     KPROCESSOR_MODE mode)
{
    if (mode != KernelMode && (type == NULL || type != type_of(cpu->machine, object))) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    (void)ObfReferenceObject(object);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess,
                                          POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode)
{
    DQ_ENTER(ObReferenceObjectByPointer, Object, Object, DesiredAccess, AccessMode,
             STATUS_UNSUCCESSFUL);
    DQ_CALLED_FROM(DQ_CALL_PLACE);
    return reference_by_pointer(cpu, Object, ObjectType, AccessMode);
}

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK DesiredAccess,
                                                 POBJECT_TYPE ObjectType,
                                                 KPROCESSOR_MODE AccessMode, ULONG Tag)
{
    DQ_ENTER(ObReferenceObjectByPointerWithTag, Object, Object, DesiredAccess, Tag,
             STATUS_UNSUCCESSFUL);
    DQ_CALLED_FROM(DQ_CALL_PLACE);
    return reference_by_pointer(cpu, Object, ObjectType, AccessMode);
}

/* True for an object that is still known, though nobody has a reference to it. */
static bool goes_away(const dq_machine *machine, const void *pointer)
{
    const dq_object *object = ((const dq_kernel *)machine->kernel)->objects;

    while (object != NULL && object->pointer != pointer) {
        object = object->next;
    }
    return object != NULL && object->references == 0;
}

BOOLEAN FASTCALL ObReferenceObjectSafe(PVOID Object)
{
    DQ_ENTER(ObReferenceObjectSafe, Object, Object, 0, 0, FALSE);
    DQ_CALLED_FROM(DQ_CALL_PLACE);
    if (goes_away(cpu->machine, Object)) {
        return FALSE;
    }
    (void)ObfReferenceObject(Object);
    return TRUE;
}
