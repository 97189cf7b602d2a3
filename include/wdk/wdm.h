/*
 * wdm.h: the kernel as a driver sees it.
 *
 * The declarations are kept in one header for each noun; a driver includes only this one.
 * Above each group stand the IRQL that the caller may have and the documentation pages.
 */
#ifndef WDM_H
#define WDM_H

#include <ntdef.h>
#include <ntstatus.h>
#include <excpt.h>
#include <bugcodes.h>

#include <wdm_base.h>
#include <wdm_irql.h>
#include <wdm_debug.h>
#include <wdm_rtl.h>
#include <wdm_integer.h>
#include <wdm_string.h>
#include <wdm_convert.h>
#include <wdm_bitmap.h>
#include <wdm_version.h>
#include <wdm_list.h>
#include <wdm_bugcheck.h>
#include <wdm_table.h>
#include <wdm_runonce.h>
#include <wdm_spinlock.h>
#include <wdm_atomic.h>
#include <wdm_interlocked.h>
#include <wdm_slist.h>
#include <wdm_dispatcher.h>
#include <wdm_dpc.h>
#include <wdm_event.h>
#include <wdm_timer.h>
#include <wdm_mutex.h>
#include <wdm_wait.h>
#include <wdm_thread.h>
#include <wdm_object.h>
#include <wdm_registry.h>
#include <wdm_processor.h>
#include <wdm_relationship.h>
#include <wdm_processorstate.h>
#include <wdm_stack.h>
#include <wdm_time.h>
#include <wdm_timefields.h>
#include <wdm_pool.h>
#include <wdm_lookaside.h>
#include <wdm_rundown.h>
#include <wdm_callback.h>
#include <wdm_eresource.h>
#include <wdm_pushlock.h>
#include <wdm_extimer.h>
#include <wdm_mm.h>
#include <wdm_mdl.h>
#include <wdm_pagable.h>
#include <wdm_register.h>
#include <wdm_resource.h>
#include <wdm_irp.h>
#include <wdm_device.h>
#include <wdm_file.h>
#include <wdm_property.h>
#include <wdm_deviceinterface.h>
#include <wdm_request.h>
#include <wdm_devicestack.h>
#include <wdm_power.h>
#include <wdm_errorlog.h>
#include <wdm_pnp.h>
#include <wdm_wmi.h>
#include <wdm_etw.h>
#include <wdm_devicequeue.h>
#include <wdm_dma.h>
#include <wdm_businterface.h>
#include <wdm_workitem.h>
#include <wdm_removelock.h>
#include <wdm_iotimer.h>
#include <wdm_interrupt.h>
#include <wdm_nmi.h>

#endif
