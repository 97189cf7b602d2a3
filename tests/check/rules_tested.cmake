# Checks that each rule of rules.def and of its parts has a case that fires, and one that stays
# silent. Run with -DLIB=... -DTESTS=...
#
#   fires    assert_broken(), assert_verifier(), assert_warned(), dirql_expect_finding() or a report
#            that is looked at, with the rule's name
#   both     assert_left(): what is left is found, and what is given back is not
#   silent   assert_silent(), or a row KEPT("rule", ...) of test_kept.c
#
# The rules in the two lists are not marked so yet: their folders' tests fire by bug check code, or keep
# the rule without saying so. A new rule belongs in neither.
set(fires_unmarked
    "IrqlKeWait"
    "IrqlIoDispatch"
    "foreign thread"
    "interrupt held up"
    "DeleteWithDpc"
    "device memory"
    "time limit"
    "HandleLeft"
    "MdlLock"
    "abort")
set(silence_unmarked
    "IrqlIoApcLte"
    "IrqlExPassive"
    "IrqlIoDispatch"
    "IrqlMmDispatch"
    "IrqlMmUnmapIoSpace"
    "PcIrqlDDIs"
    "PcIrqlIport"
    "data race"
    "WorkQueueType"
    "LookasideList"
    "RemoveLock"
    "RundownProtection"
    "CallbackObject"
    "ExTimer"
    "IoTimer"
    "device calls kernel"
    "foreign thread"
    "interrupt held up"
    "DeleteConnected"
    "DeleteWithDpc"
    "DevicePointer"
    "RegisterPointer"
    "MmMapIoSpace"
    "MmUnmapIoSpace"
    "no device"
    "device memory"
    "InterruptSyncStatus"
    "InterruptSyncRepeat"
    "RegisterWhileConnected"
    "RegisterTwice"
    "ConnectTwice"
    "ConnectWithoutRoutine"
    "DisconnectUnconnected"
    "ReleaseWhileConnected"
    "ResourceLists"
    "RemoveStranger"
    "DelayedService"
    "time limit"
    "DpcLeft"
    "WorkItemLeft"
    "HandleLeft"
    "DeviceLeft"
    "MdlPages"
    "MdlLock"
    "MdlMap"
    "MdlFree"
    "MdlPart"
    "ContiguousMemory"
    "PhysicalAddress"
    "DmaAdapter"
    "DmaAddress"
    "abort")
cmake_policy(SET CMP0057 NEW)
set(rules "")
foreach(part rules rules_left rules_memory rules_registry)
    file(READ ${LIB}/check/${part}.def one)
    string(APPEND rules "${one}")
endforeach()
string(REGEX MATCHALL "DQ_(RULE|WARNING)_ROW\\([ \n]*\"[^\"]+\"" rows "${rules}")
file(GLOB_RECURSE files ${TESTS}/*.c ${TESTS}/*.cpp)
set(text "")
foreach(file ${files})
    file(READ ${file} one)
    string(APPEND text "${one}")
endforeach()
string(REGEX MATCHALL
    "(assert_broken|assert_verifier|assert_warned|assert_left|dirql_expect_finding|assert_report_has)\\([^;]*;"
    fires "${text}")
string(REGEX MATCHALL "(assert_left\\([^;]*;|assert_silent\\([^;]*\"[^;]*;|KEPT\\([^)]*\\))" silents "${text}")


set(gaps)
foreach(row ${rows})
    string(REGEX REPLACE ".*\"([^\"]+)\"" "\\1" name "${row}")
    string(FIND "${fires}" "\"${name}\"" fired)
    string(FIND "${fires}" "rule:  ${name}:" reported)
    string(FIND "${fires}" "(\"${name}" named)
    string(FIND "${silents}" "\"${name}\"" kept)
    if(NOT name IN_LIST fires_unmarked AND fired EQUAL -1 AND reported EQUAL -1 AND named EQUAL -1)
        list(APPEND gaps "${name} (nothing fires)")
    endif()
    if(NOT name IN_LIST silence_unmarked AND kept EQUAL -1)
        list(APPEND gaps "${name} (nothing stays silent)")
    endif()
endforeach()
list(LENGTH rows count)
if(count LESS 60)
    message(FATAL_ERROR "only ${count} rules were found")
endif()
if(gaps)
    list(JOIN gaps "\n  " gaps)
    message(FATAL_ERROR "rules without both kinds of test:\n  ${gaps}")
endif()
