/*
 * wdm_dma.h: DMA adapters: what a driver says of its device, and the operations that it gets.
 *
 * The operations are reached through DMA_ADAPTER.DmaOperations; their pages bear the names of the
 * types ("wdm: ALLOCATE_COMMON_BUFFER" for PALLOCATE_COMMON_BUFFER).
 */
#ifndef WDM_DMA_H
#define WDM_DMA_H

#include <wdm_device.h>
#include <wdm_mdl.h>

EXTERN_C_START

typedef enum _DMA_WIDTH {
    Width8Bits,
    Width16Bits,
    Width32Bits,
    Width64Bits,
    WidthNoWrap,
    MaximumDmaWidth
} DMA_WIDTH, *PDMA_WIDTH;

typedef enum _DMA_SPEED {
    Compatible,
    TypeA,
    TypeB,
    TypeC,
    TypeF,
    MaximumDmaSpeed
} DMA_SPEED, *PDMA_SPEED;

#define DEVICE_DESCRIPTION_VERSION 0x0000
#define DEVICE_DESCRIPTION_VERSION1 0x0001
#define DEVICE_DESCRIPTION_VERSION2 0x0002
#define DEVICE_DESCRIPTION_VERSION3 0x0003

/* Zeroed, then filled in. "wdm: DEVICE_DESCRIPTION". */
typedef struct _DEVICE_DESCRIPTION {
    ULONG Version;
    BOOLEAN Master;
    BOOLEAN ScatterGather;
    BOOLEAN DemandMode;
    BOOLEAN AutoInitialize;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN IgnoreCount;
    BOOLEAN Reserved1;
    BOOLEAN Dma64BitAddresses;
    ULONG BusNumber;
    ULONG DmaChannel;
    INTERFACE_TYPE InterfaceType;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG MaximumLength;
    ULONG DmaPort;
    ULONG DmaAddressWidth;
    ULONG DmaControllerInstance;
    ULONG DmaRequestLine;
    PHYSICAL_ADDRESS DeviceAddress;
} DEVICE_DESCRIPTION, *PDEVICE_DESCRIPTION;

typedef struct _DMA_ADAPTER {
    USHORT Version;
    USHORT Size;
    struct _DMA_OPERATIONS *DmaOperations;
} DMA_ADAPTER, *PDMA_ADAPTER;

typedef struct _SCATTER_GATHER_ELEMENT {
    PHYSICAL_ADDRESS Address;
    ULONG Length;
    ULONG_PTR Reserved;
} SCATTER_GATHER_ELEMENT, *PSCATTER_GATHER_ELEMENT;

/* C++ has no array without a length but as an extension. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
typedef struct _SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    SCATTER_GATHER_ELEMENT Elements[];
} SCATTER_GATHER_LIST, *PSCATTER_GATHER_LIST;
#pragma GCC diagnostic pop

/* -- Routines of the driver, called at DISPATCH_LEVEL ---------------------------------------- */

/* "wdm: DRIVER_LIST_CONTROL". DRIVER_CONTROL is in wdm_device.h. */
typedef VOID DRIVER_LIST_CONTROL(_In_ struct _DEVICE_OBJECT *DeviceObject,
                                 _In_ struct _IRP *Irp,
                                 _In_ PSCATTER_GATHER_LIST ScatterGather, _In_ PVOID Context);
typedef DRIVER_LIST_CONTROL *PDRIVER_LIST_CONTROL;

/* -- Operations ------------------------------------------------------------------------------ */

/* IRQL <= DISPATCH_LEVEL. When everything that it gave out is given back. */
typedef VOID PUT_DMA_ADAPTER(_In_ PDMA_ADAPTER DmaAdapter);
typedef PUT_DMA_ADAPTER *PPUT_DMA_ADAPTER;

/* IRQL = PASSIVE_LEVEL. NULL when there is none. */
typedef PVOID ALLOCATE_COMMON_BUFFER(_In_ PDMA_ADAPTER DmaAdapter, _In_ ULONG Length,
                                     _Out_ PPHYSICAL_ADDRESS LogicalAddress,
                                     _In_ BOOLEAN CacheEnabled);
typedef ALLOCATE_COMMON_BUFFER *PALLOCATE_COMMON_BUFFER;

/* IRQL = PASSIVE_LEVEL. With what the allocation was given and returned. */
typedef VOID FREE_COMMON_BUFFER(_In_ PDMA_ADAPTER DmaAdapter, _In_ ULONG Length,
                                _In_ PHYSICAL_ADDRESS LogicalAddress, _In_ PVOID VirtualAddress,
                                _In_ BOOLEAN CacheEnabled);
typedef FREE_COMMON_BUFFER *PFREE_COMMON_BUFFER;

/* IRQL = DISPATCH_LEVEL. STATUS_INSUFFICIENT_RESOURCES: more map registers than there are. */
typedef NTSTATUS ALLOCATE_ADAPTER_CHANNEL(_In_ PDMA_ADAPTER DmaAdapter,
                                          _In_ PDEVICE_OBJECT DeviceObject,
                                          _In_ ULONG NumberOfMapRegisters,
                                          _In_ PDRIVER_CONTROL ExecutionRoutine,
                                          _In_ PVOID Context);
typedef ALLOCATE_ADAPTER_CHANNEL *PALLOCATE_ADAPTER_CHANNEL;

/* IRQL <= DISPATCH_LEVEL. */
typedef BOOLEAN FLUSH_ADAPTER_BUFFERS(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                      _In_ PVOID MapRegisterBase, _In_ PVOID CurrentVa,
                                      _In_ ULONG Length, _In_ BOOLEAN WriteToDevice);
typedef FLUSH_ADAPTER_BUFFERS *PFLUSH_ADAPTER_BUFFERS;

/* IRQL = DISPATCH_LEVEL. */
typedef VOID FREE_ADAPTER_CHANNEL(_In_ PDMA_ADAPTER DmaAdapter);
typedef FREE_ADAPTER_CHANNEL *PFREE_ADAPTER_CHANNEL;

/* IRQL = DISPATCH_LEVEL. */
typedef VOID FREE_MAP_REGISTERS(_In_ PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                                ULONG NumberOfMapRegisters);
typedef FREE_MAP_REGISTERS *PFREE_MAP_REGISTERS;

/* IRQL <= DISPATCH_LEVEL. The logical address; a scatter/gather master looks at Length again. */
typedef PHYSICAL_ADDRESS MAP_TRANSFER(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                      _In_ PVOID MapRegisterBase, _In_ PVOID CurrentVa,
                                      _Inout_ PULONG Length, _In_ BOOLEAN WriteToDevice);
typedef MAP_TRANSFER *PMAP_TRANSFER;

/* IRQL = PASSIVE_LEVEL. */
typedef ULONG GET_DMA_ALIGNMENT(_In_ PDMA_ADAPTER DmaAdapter);
typedef GET_DMA_ALIGNMENT *PGET_DMA_ALIGNMENT;

/* IRQL <= DISPATCH_LEVEL. For subordinate devices: bytes that are left. */
typedef ULONG READ_DMA_COUNTER(_In_ PDMA_ADAPTER DmaAdapter);
typedef READ_DMA_COUNTER *PREAD_DMA_COUNTER;

/* IRQL = DISPATCH_LEVEL. STATUS_INSUFFICIENT_RESOURCES, STATUS_BUFFER_TOO_SMALL. */
typedef NTSTATUS GET_SCATTER_GATHER_LIST(_In_ PDMA_ADAPTER DmaAdapter,
                                         _In_ PDEVICE_OBJECT DeviceObject, _In_ PMDL Mdl,
                                         _In_ PVOID CurrentVa, _In_ ULONG Length,
                                         _In_ PDRIVER_LIST_CONTROL ExecutionRoutine,
                                         _In_ PVOID Context, _In_ BOOLEAN WriteToDevice);
typedef GET_SCATTER_GATHER_LIST *PGET_SCATTER_GATHER_LIST;

/* IRQL = DISPATCH_LEVEL. */
typedef VOID PUT_SCATTER_GATHER_LIST(_In_ PDMA_ADAPTER DmaAdapter,
                                     _In_ PSCATTER_GATHER_LIST ScatterGather,
                                     _In_ BOOLEAN WriteToDevice);
typedef PUT_SCATTER_GATHER_LIST *PPUT_SCATTER_GATHER_LIST;

/* Any IRQL. The size of the list for that buffer; for the worst one, if Mdl is NULL. */
typedef NTSTATUS CALCULATE_SCATTER_GATHER_LIST_SIZE(_In_ PDMA_ADAPTER DmaAdapter,
                                                    _In_opt_ PMDL Mdl, _In_ PVOID CurrentVa,
                                                    _In_ ULONG Length,
                                                    _Out_ PULONG ScatterGatherListSize,
                                                    _Out_opt_ PULONG pNumberOfMapRegisters);
typedef CALCULATE_SCATTER_GATHER_LIST_SIZE *PCALCULATE_SCATTER_GATHER_LIST_SIZE;

/* IRQL = DISPATCH_LEVEL. As GetScatterGatherList, into memory of the caller's. */
typedef NTSTATUS BUILD_SCATTER_GATHER_LIST(_In_ PDMA_ADAPTER DmaAdapter,
                                           _In_ PDEVICE_OBJECT DeviceObject, _In_ PMDL Mdl,
                                           _In_ PVOID CurrentVa, _In_ ULONG Length,
                                           _In_ PDRIVER_LIST_CONTROL ExecutionRoutine,
                                           _In_ PVOID Context, _In_ BOOLEAN WriteToDevice,
                                           _In_ PVOID ScatterGatherBuffer,
                                           _In_ ULONG ScatterGatherLength);
typedef BUILD_SCATTER_GATHER_LIST *PBUILD_SCATTER_GATHER_LIST;

/* IRQL <= DISPATCH_LEVEL. The list's memory as an MDL: the original one where that is the same. */
typedef NTSTATUS BUILD_MDL_FROM_SCATTER_GATHER_LIST(_In_ PDMA_ADAPTER DmaAdapter,
                                                    _In_ PSCATTER_GATHER_LIST ScatterGather,
                                                    _In_ PMDL OriginalMdl, _Out_ PMDL *TargetMdl);
typedef BUILD_MDL_FROM_SCATTER_GATHER_LIST *PBUILD_MDL_FROM_SCATTER_GATHER_LIST;

/* Version 1 ends with PutScatterGatherList. "wdm: DMA_OPERATIONS". */
typedef struct _DMA_OPERATIONS {
    ULONG Size;
    PPUT_DMA_ADAPTER PutDmaAdapter;
    PALLOCATE_COMMON_BUFFER AllocateCommonBuffer;
    PFREE_COMMON_BUFFER FreeCommonBuffer;
    PALLOCATE_ADAPTER_CHANNEL AllocateAdapterChannel;
    PFLUSH_ADAPTER_BUFFERS FlushAdapterBuffers;
    PFREE_ADAPTER_CHANNEL FreeAdapterChannel;
    PFREE_MAP_REGISTERS FreeMapRegisters;
    PMAP_TRANSFER MapTransfer;
    PGET_DMA_ALIGNMENT GetDmaAlignment;
    PREAD_DMA_COUNTER ReadDmaCounter;
    PGET_SCATTER_GATHER_LIST GetScatterGatherList;
    PPUT_SCATTER_GATHER_LIST PutScatterGatherList;
    PCALCULATE_SCATTER_GATHER_LIST_SIZE CalculateScatterGatherList;
    PBUILD_SCATTER_GATHER_LIST BuildScatterGatherList;
    PBUILD_MDL_FROM_SCATTER_GATHER_LIST BuildMdlFromScatterGatherList;
} DMA_OPERATIONS, *PDMA_OPERATIONS;

/* IRQL = PASSIVE_LEVEL. NULL for a version that there is not (3), or when memory is short. The
 * number: how many map registers one transfer can have. "wdm: IoGetDmaAdapter". */
_Must_inspect_result_ NTKERNELAPI PDMA_ADAPTER NTAPI IoGetDmaAdapter(
    _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject, _In_ PDEVICE_DESCRIPTION DeviceDescription,
    _Out_ PULONG NumberOfMapRegisters);

/* -- Old names of the operations. "ntddk: IoAllocateAdapterChannel" ---------------------------- */

WDK_INLINE PVOID HalAllocateCommonBuffer(_In_ PDMA_ADAPTER DmaAdapter, _In_ ULONG Length,
                                         _Out_ PPHYSICAL_ADDRESS LogicalAddress,
                                         _In_ BOOLEAN CacheEnabled)
{
    return DmaAdapter->DmaOperations->AllocateCommonBuffer(DmaAdapter, Length, LogicalAddress,
                                                           CacheEnabled);
}

WDK_INLINE VOID HalFreeCommonBuffer(_In_ PDMA_ADAPTER DmaAdapter, _In_ ULONG Length,
                                    _In_ PHYSICAL_ADDRESS LogicalAddress, _In_ PVOID VirtualAddress,
                                    _In_ BOOLEAN CacheEnabled)
{
    DmaAdapter->DmaOperations->FreeCommonBuffer(DmaAdapter, Length, LogicalAddress, VirtualAddress,
                                                CacheEnabled);
}

WDK_INLINE NTSTATUS IoAllocateAdapterChannel(_In_ PDMA_ADAPTER DmaAdapter,
                                             _In_ PDEVICE_OBJECT DeviceObject,
                                             _In_ ULONG NumberOfMapRegisters,
                                             _In_ PDRIVER_CONTROL ExecutionRoutine,
                                             _In_ PVOID Context)
{
    return DmaAdapter->DmaOperations->AllocateAdapterChannel(
        DmaAdapter, DeviceObject, NumberOfMapRegisters, ExecutionRoutine, Context);
}

WDK_INLINE BOOLEAN IoFlushAdapterBuffers(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                         _In_ PVOID MapRegisterBase, _In_ PVOID CurrentVa,
                                         _In_ ULONG Length, _In_ BOOLEAN WriteToDevice)
{
    return DmaAdapter->DmaOperations->FlushAdapterBuffers(DmaAdapter, Mdl, MapRegisterBase,
                                                          CurrentVa, Length, WriteToDevice);
}

WDK_INLINE VOID IoFreeAdapterChannel(_In_ PDMA_ADAPTER DmaAdapter)
{
    DmaAdapter->DmaOperations->FreeAdapterChannel(DmaAdapter);
}

WDK_INLINE VOID IoFreeMapRegisters(_In_ PDMA_ADAPTER DmaAdapter, _In_ PVOID MapRegisterBase,
                                   _In_ ULONG NumberOfMapRegisters)
{
    DmaAdapter->DmaOperations->FreeMapRegisters(DmaAdapter, MapRegisterBase, NumberOfMapRegisters);
}

WDK_INLINE PHYSICAL_ADDRESS IoMapTransfer(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                          _In_ PVOID MapRegisterBase, _In_ PVOID CurrentVa,
                                          _Inout_ PULONG Length, _In_ BOOLEAN WriteToDevice)
{
    return DmaAdapter->DmaOperations->MapTransfer(DmaAdapter, Mdl, MapRegisterBase, CurrentVa,
                                                  Length, WriteToDevice);
}

WDK_INLINE ULONG HalGetDmaAlignment(_In_ PDMA_ADAPTER DmaAdapter)
{
    return DmaAdapter->DmaOperations->GetDmaAlignment(DmaAdapter);
}

WDK_INLINE ULONG HalReadDmaCounter(_In_ PDMA_ADAPTER DmaAdapter)
{
    return DmaAdapter->DmaOperations->ReadDmaCounter(DmaAdapter);
}

/* IRQL <= DISPATCH_LEVEL. Caches are coherent here. "wdm: KeFlushIoBuffers". */
NTKERNELAPI VOID NTAPI KeFlushIoBuffers(_In_ PMDL Mdl, _In_ BOOLEAN ReadOperation,
                                        _In_ BOOLEAN DmaOperation);

EXTERN_C_END

#endif
