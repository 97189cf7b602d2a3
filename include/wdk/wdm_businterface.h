/*
 * wdm_businterface.h: what a driver asks the bus of its device: the bus interface, the
 * configuration space of a PCI device, what the bus is.
 *
 * The interface comes by IRP_MN_QUERY_INTERFACE with GUID_BUS_INTERFACE_STANDARD (wdmguid.h), the
 * configuration space also by IRP_MN_READ_CONFIG and IRP_MN_WRITE_CONFIG.
 */
#ifndef WDM_BUSINTERFACE_H
#define WDM_BUSINTERFACE_H

#include <wdm_dma.h>

EXTERN_C_START

/* "wdm: TRANSLATE_BUS_ADDRESS", "wdm: GET_DMA_ADAPTER", "wdm: GET_SET_DEVICE_DATA". */
typedef BOOLEAN (NTAPI *PTRANSLATE_BUS_ADDRESS)(_Inout_opt_ PVOID Context,
                                                _In_ PHYSICAL_ADDRESS BusAddress,
                                                _In_ ULONG Length, _Out_ PULONG AddressSpace,
                                                _Out_ PPHYSICAL_ADDRESS TranslatedAddress);
typedef struct _DMA_ADAPTER *(NTAPI *PGET_DMA_ADAPTER)(
    _Inout_opt_ PVOID Context, _In_ struct _DEVICE_DESCRIPTION *DeviceDescriptor,
    _Out_ PULONG NumberOfMapRegisters);
typedef ULONG (NTAPI *PGET_SET_DEVICE_DATA)(_Inout_opt_ PVOID Context, _In_ ULONG DataType,
                                            PVOID Buffer, _In_ ULONG Offset, _In_ ULONG Length);

/* Version 1. SetBusData and GetBusData: at any IRQL up to DIRQL for PCI_WHICHSPACE_CONFIG; they
 * return the number of bytes, 0 on failure. GetDmaAdapter: IRQL <= DISPATCH_LEVEL.
 * TranslateBusAddress: PASSIVE_LEVEL. The answer holds one reference: who is done calls
 * InterfaceDereference, and nothing else after it. "kernel: irp-mn-query-interface",
 * "wdm: BUS_INTERFACE_STANDARD". */
typedef struct _BUS_INTERFACE_STANDARD {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PTRANSLATE_BUS_ADDRESS TranslateBusAddress;
    PGET_DMA_ADAPTER GetDmaAdapter;
    PGET_SET_DEVICE_DATA SetBusData;
    PGET_SET_DEVICE_DATA GetBusData;
} BUS_INTERFACE_STANDARD, *PBUS_INTERFACE_STANDARD;

#define BUS_INTERFACE_STANDARD_VERSION 1

/* The answer to IRP_MN_QUERY_BUS_INFORMATION; whoever asked frees it.
 * "wdm: PNP_BUS_INFORMATION". */
typedef struct _PNP_BUS_INFORMATION {
    GUID BusTypeGuid;
    INTERFACE_TYPE LegacyBusType;
    ULONG BusNumber;
} PNP_BUS_INFORMATION, *PPNP_BUS_INFORMATION;

/* -- PCI -------------------------------------------------------------------------------------- */

/* IO_STACK_LOCATION.Parameters.ReadWriteConfig.WhichSpace. */
#define PCI_WHICHSPACE_CONFIG 0x0
#define PCI_WHICHSPACE_ROM 0x52696350

#define PCI_TYPE0_ADDRESSES 6
#define PCI_TYPE1_ADDRESSES 2
#define PCI_TYPE2_ADDRESSES 5
#define PCI_MAX_DEVICES 32
#define PCI_MAX_FUNCTION 8
#define PCI_MAX_BRIDGE_NUMBER 0xFF
#define PCI_INVALID_VENDORID 0xFFFF

typedef struct _PCI_SLOT_NUMBER {
    union {
        struct {
            ULONG DeviceNumber : 5;
            ULONG FunctionNumber : 3;
            ULONG Reserved : 24;
        } bits;
        ULONG AsULONG;
    } u;
} PCI_SLOT_NUMBER, *PPCI_SLOT_NUMBER;

/* What differs between the types of header, from byte 16 on. */
struct _PCI_HEADER_TYPE_0 {
    ULONG BaseAddresses[PCI_TYPE0_ADDRESSES];
    ULONG CIS;
    USHORT SubVendorID;
    USHORT SubSystemID;
    ULONG ROMBaseAddress;
    UCHAR CapabilitiesPtr;
    UCHAR Reserved1[3];
    ULONG Reserved2;
    UCHAR InterruptLine;
    UCHAR InterruptPin;
    UCHAR MinimumGrant;
    UCHAR MaximumLatency;
};

struct _PCI_HEADER_TYPE_1 {
    ULONG BaseAddresses[PCI_TYPE1_ADDRESSES];
    UCHAR PrimaryBus;
    UCHAR SecondaryBus;
    UCHAR SubordinateBus;
    UCHAR SecondaryLatency;
    UCHAR IOBase;
    UCHAR IOLimit;
    USHORT SecondaryStatus;
    USHORT MemoryBase;
    USHORT MemoryLimit;
    USHORT PrefetchBase;
    USHORT PrefetchLimit;
    ULONG PrefetchBaseUpper32;
    ULONG PrefetchLimitUpper32;
    USHORT IOBaseUpper16;
    USHORT IOLimitUpper16;
    UCHAR CapabilitiesPtr;
    UCHAR Reserved1[3];
    ULONG ROMBaseAddress;
    UCHAR InterruptLine;
    UCHAR InterruptPin;
    USHORT BridgeControl;
};

/* The first 64 bytes of the configuration space. */
#define WDM_PCI_HEADER_MEMBERS \
    USHORT VendorID; \
    USHORT DeviceID; \
    USHORT Command; \
    USHORT Status; \
    UCHAR RevisionID; \
    UCHAR ProgIf; \
    UCHAR SubClass; \
    UCHAR BaseClass; \
    UCHAR CacheLineSize; \
    UCHAR LatencyTimer; \
    UCHAR HeaderType; \
    UCHAR BIST; \
    union { \
        struct _PCI_HEADER_TYPE_0 type0; \
        struct _PCI_HEADER_TYPE_1 type1; \
    } u

typedef struct _PCI_COMMON_HEADER {
    WDM_PCI_HEADER_MEMBERS;
} PCI_COMMON_HEADER, *PPCI_COMMON_HEADER;

/* All 256 bytes. "wdm: PCI_COMMON_CONFIG". */
typedef struct _PCI_COMMON_CONFIG {
    WDM_PCI_HEADER_MEMBERS;
    UCHAR DeviceSpecific[192];
} PCI_COMMON_CONFIG, *PPCI_COMMON_CONFIG;

#define PCI_COMMON_HDR_LENGTH (FIELD_OFFSET(PCI_COMMON_CONFIG, DeviceSpecific))
#define PCI_EXTENDED_CONFIG_LENGTH 0x1000

/* PCI_COMMON_HEADER.Command. */
#define PCI_ENABLE_IO_SPACE 0x0001
#define PCI_ENABLE_MEMORY_SPACE 0x0002
#define PCI_ENABLE_BUS_MASTER 0x0004
#define PCI_ENABLE_SPECIAL_CYCLES 0x0008
#define PCI_ENABLE_WRITE_AND_INVALIDATE 0x0010
#define PCI_ENABLE_VGA_COMPATIBLE_PALETTE 0x0020
#define PCI_ENABLE_PARITY 0x0040
#define PCI_ENABLE_WAIT_CYCLE 0x0080
#define PCI_ENABLE_SERR 0x0100
#define PCI_ENABLE_FAST_BACK_TO_BACK 0x0200
#define PCI_DISABLE_LEVEL_INTERRUPT 0x0400

/* PCI_COMMON_HEADER.Status. */
#define PCI_STATUS_INTERRUPT_PENDING 0x0008
#define PCI_STATUS_CAPABILITIES_LIST 0x0010
#define PCI_STATUS_66MHZ_CAPABLE 0x0020
#define PCI_STATUS_UDF_SUPPORTED 0x0040
#define PCI_STATUS_FAST_BACK_TO_BACK 0x0080
#define PCI_STATUS_DATA_PARITY_DETECTED 0x0100
#define PCI_STATUS_DEVSEL 0x0600
#define PCI_STATUS_SIGNALED_TARGET_ABORT 0x0800
#define PCI_STATUS_RECEIVED_TARGET_ABORT 0x1000
#define PCI_STATUS_RECEIVED_MASTER_ABORT 0x2000
#define PCI_STATUS_SIGNALED_SYSTEM_ERROR 0x4000
#define PCI_STATUS_DETECTED_PARITY_ERROR 0x8000

/* PCI_COMMON_HEADER.HeaderType. */
#define PCI_MULTIFUNCTION 0x80
#define PCI_DEVICE_TYPE 0x00
#define PCI_BRIDGE_TYPE 0x01
#define PCI_CARDBUS_BRIDGE_TYPE 0x02

#define PCI_CONFIGURATION_TYPE(PciData) \
    (((PPCI_COMMON_CONFIG)(PciData))->HeaderType & ~PCI_MULTIFUNCTION)
#define PCI_MULTIFUNCTION_DEVICE(PciData) \
    ((((PPCI_COMMON_CONFIG)(PciData))->HeaderType & PCI_MULTIFUNCTION) != 0)

/* Base addresses. */
#define PCI_ADDRESS_IO_SPACE 0x00000001
#define PCI_ADDRESS_MEMORY_TYPE_MASK 0x00000006
#define PCI_ADDRESS_MEMORY_PREFETCHABLE 0x00000008
#define PCI_ADDRESS_IO_ADDRESS_MASK 0xfffffffc
#define PCI_ADDRESS_MEMORY_ADDRESS_MASK 0xfffffff0
#define PCI_ADDRESS_ROM_ADDRESS_MASK 0xfffff800
#define PCI_TYPE_32BIT 0
#define PCI_TYPE_20BIT 2
#define PCI_TYPE_64BIT 4
#define PCI_ROMADDRESS_ENABLED 0x00000001

/* Power management, a capability. "wdm: PCI_PM_CAPABILITY" and its parts. */
typedef struct _PCI_PMC {
    UCHAR Version : 3;
    UCHAR PMEClock : 1;
    UCHAR Rsvd1 : 1;
    UCHAR DeviceSpecificInitialization : 1;
    UCHAR Rsvd2 : 2;
    struct _PM_SUPPORT {
        UCHAR Rsvd2 : 1;
        UCHAR D1 : 1;
        UCHAR D2 : 1;
        UCHAR PMED0 : 1;
        UCHAR PMED1 : 1;
        UCHAR PMED2 : 1;
        UCHAR PMED3Hot : 1;
        UCHAR PMED3Cold : 1;
    } Support;
} PCI_PMC, *PPCI_PMC;

typedef struct _PCI_PMCSR {
    USHORT PowerState : 2; /* Dn. */
    USHORT Rsvd1 : 1;
    USHORT NoSoftReset : 1;
    USHORT Rsvd2 : 4;
    USHORT PMEEnable : 1;
    USHORT DataSelect : 4;
    USHORT DataScale : 2;
    USHORT PMEStatus : 1;
} PCI_PMCSR, *PPCI_PMCSR;

typedef struct _PCI_PMCSR_BSE {
    UCHAR Rsvd1 : 6;
    UCHAR D3HotSupportsStopClock : 1;
    UCHAR BusPowerClockControlEnabled : 1;
} PCI_PMCSR_BSE, *PPCI_PMCSR_BSE;

/* Classes. */
#define PCI_CLASS_PRE_20 0x00
#define PCI_CLASS_MASS_STORAGE_CTLR 0x01
#define PCI_CLASS_NETWORK_CTLR 0x02
#define PCI_CLASS_DISPLAY_CTLR 0x03
#define PCI_CLASS_MULTIMEDIA_DEV 0x04
#define PCI_CLASS_MEMORY_CTLR 0x05
#define PCI_CLASS_BRIDGE_DEV 0x06
#define PCI_CLASS_SIMPLE_COMMS_CTLR 0x07
#define PCI_CLASS_BASE_SYSTEM_DEV 0x08
#define PCI_CLASS_INPUT_DEV 0x09
#define PCI_CLASS_DOCKING_STATION 0x0a
#define PCI_CLASS_PROCESSOR 0x0b
#define PCI_CLASS_SERIAL_BUS_CTLR 0x0c
#define PCI_CLASS_NOT_DEFINED 0xff
#define PCI_SUBCLASS_MM_VIDEO_DEV 0x00
#define PCI_SUBCLASS_MM_AUDIO_DEV 0x01
#define PCI_SUBCLASS_MM_TELEPHONY_DEV 0x02
#define PCI_SUBCLASS_MM_OTHER 0x80

/* The list of capabilities that begins at CapabilitiesPtr. */
typedef struct _PCI_CAPABILITIES_HEADER {
    UCHAR CapabilityID;
    UCHAR Next;
} PCI_CAPABILITIES_HEADER, *PPCI_CAPABILITIES_HEADER;

typedef struct _PCI_PM_CAPABILITY {
    PCI_CAPABILITIES_HEADER Header;
    union {
        PCI_PMC Capabilities;
        USHORT AsUSHORT;
    } PMC;
    union {
        PCI_PMCSR ControlStatus;
        USHORT AsUSHORT;
    } PMCSR;
    union {
        PCI_PMCSR_BSE BridgeSupport;
        UCHAR AsUCHAR;
    } PMCSR_BSE;
    UCHAR Data;
} PCI_PM_CAPABILITY, *PPCI_PM_CAPABILITY;

#define PCI_CAPABILITY_ID_POWER_MANAGEMENT 0x01
#define PCI_CAPABILITY_ID_AGP 0x02
#define PCI_CAPABILITY_ID_VPD 0x03
#define PCI_CAPABILITY_ID_SLOT_ID 0x04
#define PCI_CAPABILITY_ID_MSI 0x05
#define PCI_CAPABILITY_ID_CPCI_HOTSWAP 0x06
#define PCI_CAPABILITY_ID_PCIX 0x07
#define PCI_CAPABILITY_ID_HYPERTRANSPORT 0x08
#define PCI_CAPABILITY_ID_VENDOR_SPECIFIC 0x09
#define PCI_CAPABILITY_ID_DEBUG_PORT 0x0A
#define PCI_CAPABILITY_ID_SHPC 0x0C
#define PCI_CAPABILITY_ID_P2P_SSID 0x0D
#define PCI_CAPABILITY_ID_AGP_TARGET 0x0E
#define PCI_CAPABILITY_ID_SECURE 0x0F
#define PCI_CAPABILITY_ID_PCI_EXPRESS 0x10
#define PCI_CAPABILITY_ID_MSIX 0x11
#define PCI_CAPABILITY_ID_SATA_CONFIG 0x12
#define PCI_CAPABILITY_ID_ADVANCED_FEATURES 0x13

/* -- The bus without an interface -------------------------------------------------------------- */

typedef enum _BUS_DATA_TYPE {
    ConfigurationSpaceUndefined = -1,
    Cmos,
    EisaConfiguration,
    Pos,
    CbusConfiguration,
    PCIConfiguration,
    VMEConfiguration,
    NuBusConfiguration,
    PCMCIAConfiguration,
    MPIConfiguration,
    MPSAConfiguration,
    PNPISAConfiguration,
    SgiInternalConfiguration,
    MaximumBusDataType
} BUS_DATA_TYPE,
    *PBUS_DATA_TYPE;

/* For old drivers; PCIConfiguration only, and a slot is a PCI_SLOT_NUMBER. They return the number
 * of bytes: 0 where there is no such bus. Of an empty slot, 2 of PCI_INVALID_VENDORID are read. A
 * bridge is not written. Any IRQL. "ntddk: HalGetBusDataByOffset", "ntddk:
 * HalSetBusDataByOffset". */
NTHALAPI ULONG NTAPI HalGetBusDataByOffset(_In_ BUS_DATA_TYPE BusDataType, _In_ ULONG BusNumber,
                                           _In_ ULONG SlotNumber, _Out_ PVOID Buffer,
                                           _In_ ULONG Offset, _In_ ULONG Length);
NTHALAPI ULONG NTAPI HalSetBusDataByOffset(_In_ BUS_DATA_TYPE BusDataType, _In_ ULONG BusNumber,
                                           _In_ ULONG SlotNumber, _In_ PVOID Buffer,
                                           _In_ ULONG Offset, _In_ ULONG Length);

EXTERN_C_END

#endif
