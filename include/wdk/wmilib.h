/*
 * wmilib.h: WMI requests handled by a library: a driver describes its data in a WMILIB_CONTEXT, and
 * is called by block and instance.
 */
#ifndef WMILIB_H
#define WMILIB_H

#include <wdm.h>
#include <wmistr.h>

EXTERN_C_START

typedef enum {
    IrpProcessed,    /* Completed by WmiCompleteRequest, now or later. */
    IrpNotCompleted, /* Its status is set: the driver completes it. */
    IrpNotWmi,
    IrpForward       /* It is for another device of the stack. */
} SYSCTL_IRP_DISPOSITION, *PSYSCTL_IRP_DISPOSITION;

typedef enum { WmiEventControl = 0, WmiDataBlockControl = 1 } WMIENABLEDISABLECONTROL,
    *PWMIENABLEDISABLECONTROL;

/* -- The driver's routines: all at PASSIVE_LEVEL ---------------------------------------------- */

/* "wmilib: WMI_QUERY_REGINFO_CALLBACK" and its neighbours. All but the first end by
 * WmiCompleteRequest and return what it returns, or STATUS_PENDING. */
typedef NTSTATUS WMI_QUERY_REGINFO_CALLBACK(_Inout_ PDEVICE_OBJECT DeviceObject,
                                            _Inout_ PULONG RegFlags,
                                            _Inout_ PUNICODE_STRING InstanceName,
                                            _Outptr_result_maybenull_ PUNICODE_STRING *RegistryPath,
                                            _Inout_ PUNICODE_STRING MofResourceName,
                                            _Outptr_result_maybenull_ PDEVICE_OBJECT *Pdo);
typedef WMI_QUERY_REGINFO_CALLBACK *PWMI_QUERY_REGINFO;

typedef NTSTATUS WMI_QUERY_DATABLOCK_CALLBACK(_Inout_ PDEVICE_OBJECT DeviceObject,
                                              _Inout_ PIRP Irp, _In_ ULONG GuidIndex,
                                              _In_ ULONG InstanceIndex, _In_ ULONG InstanceCount,
                                              _Inout_opt_ PULONG InstanceLengthArray,
                                              _In_ ULONG BufferAvail, _Out_opt_ PUCHAR Buffer);
typedef WMI_QUERY_DATABLOCK_CALLBACK *PWMI_QUERY_DATABLOCK;

typedef NTSTATUS WMI_SET_DATABLOCK_CALLBACK(_Inout_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp,
                                            _In_ ULONG GuidIndex, _In_ ULONG InstanceIndex,
                                            _In_ ULONG BufferSize, _In_ PUCHAR Buffer);
typedef WMI_SET_DATABLOCK_CALLBACK *PWMI_SET_DATABLOCK;

typedef NTSTATUS WMI_SET_DATAITEM_CALLBACK(_Inout_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp,
                                           _In_ ULONG GuidIndex, _In_ ULONG InstanceIndex,
                                           _In_ ULONG DataItemId, _In_ ULONG BufferSize,
                                           _In_ PUCHAR Buffer);
typedef WMI_SET_DATAITEM_CALLBACK *PWMI_SET_DATAITEM;

typedef NTSTATUS WMI_EXECUTE_METHOD_CALLBACK(_Inout_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp,
                                             _In_ ULONG GuidIndex, _In_ ULONG InstanceIndex,
                                             _In_ ULONG MethodId, _In_ ULONG InBufferSize,
                                             _In_ ULONG OutBufferSize, _Inout_ PUCHAR Buffer);
typedef WMI_EXECUTE_METHOD_CALLBACK *PWMI_EXECUTE_METHOD;

typedef NTSTATUS WMI_FUNCTION_CONTROL_CALLBACK(_Inout_ PDEVICE_OBJECT DeviceObject,
                                               _Inout_ PIRP Irp, _In_ ULONG GuidIndex,
                                               _In_ WMIENABLEDISABLECONTROL Function,
                                               _In_ BOOLEAN Enable);
typedef WMI_FUNCTION_CONTROL_CALLBACK *PWMI_FUNCTION_CONTROL;

/* -- What it has ------------------------------------------------------------------------------ */

/* "wmilib: WMIGUIDREGINFO", "wmilib: WMILIB_CONTEXT". */
typedef struct _WMIGUIDREGINFO {
    LPCGUID Guid;
    ULONG InstanceCount;
    ULONG Flags;
} WMIGUIDREGINFO, *PWMIGUIDREGINFO;

typedef struct _WMILIB_CONTEXT {
    ULONG GuidCount;
    PWMIGUIDREGINFO GuidList;
    PWMI_QUERY_REGINFO QueryWmiRegInfo;
    PWMI_QUERY_DATABLOCK QueryWmiDataBlock;
    PWMI_SET_DATABLOCK SetWmiDataBlock;
    PWMI_SET_DATAITEM SetWmiDataItem;
    PWMI_EXECUTE_METHOD ExecuteWmiMethod;
    PWMI_FUNCTION_CONTROL WmiFunctionControl;
} WMILIB_CONTEXT, *PWMILIB_CONTEXT;

/* PASSIVE_LEVEL. "wmilib: WmiSystemControl". */
NTKERNELAPI NTSTATUS NTAPI WmiSystemControl(_In_ PWMILIB_CONTEXT WmiLibInfo,
                                            _In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp,
                                            _Out_ PSYSCTL_IRP_DISPOSITION IrpDisposition);
/* IRQL <= DISPATCH_LEVEL. "wmilib: WmiCompleteRequest". */
NTKERNELAPI NTSTATUS NTAPI WmiCompleteRequest(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp,
                                              _In_ NTSTATUS Status, _In_ ULONG BufferUsed,
                                              _In_ CCHAR PriorityBoost);
/* `EventData`, from nonpaged pool, is freed. IRQL <= DISPATCH_LEVEL. "wmilib: WmiFireEvent". */
NTKERNELAPI NTSTATUS NTAPI WmiFireEvent(_In_ PDEVICE_OBJECT DeviceObject, _In_ LPCGUID Guid,
                                        _In_ ULONG InstanceIndex, _In_ ULONG EventDataSize,
                                        _In_opt_ PVOID EventData);

EXTERN_C_END

#endif
