# Runs PROGRAM, whose one test must fail with the report in the file REPORT, word for word, and once more as
# the report's last line says: the same must be found. Addresses differ from run to run, so the file
# has ADDRESS there; without libdw (HAVE_LINES off) places are not compared. With -DUPDATE=ON the
# file is written instead.
cmake_minimum_required(VERSION 3.20)

# What PROGRAM reports when it is run with these variables, from its first line to "replay:".
function(report_of result)
    execute_process(COMMAND ${CMAKE_COMMAND} -E env ${ARGN} ${PROGRAM}
        OUTPUT_VARIABLE out ERROR_VARIABLE err RESULT_VARIABLE status)
    if(NOT status EQUAL 1) # CMocka returns the number of tests that failed.
        message(FATAL_ERROR "the program must fail in one test; it returned ${status}:\n${out}${err}")
    endif()
    if(NOT err MATCHES "^(.*replay: [^\n]*\n)")
        message(FATAL_ERROR "the report has no line that says how to replay it:\n${out}${err}")
    endif()
    string(REGEX REPLACE "0x[1-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]+" "ADDRESS"
        report "${CMAKE_MATCH_1}")
    set(${result} "${report}" PARENT_SCOPE)
    string(REGEX MATCH "ERROR[^\n]*" message "${err}") # What CMocka says of an assertion.
    set(${result}_message "${message}" PARENT_SCOPE)
endfunction()

function(without_places result text)
    string(REGEX REPLACE " [a-z_]+\\.c:[0-9]+" " PLACE" text "${text}")
    string(REGEX REPLACE "\\+0x[0-9a-f]+" " PLACE" text "${text}")
    string(REGEX REPLACE " +" " " text "${text}")
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

report_of(found)
if(UPDATE)
    file(WRITE ${REPORT} "${found}")
endif()
file(READ ${REPORT} wanted)
if(NOT HAVE_LINES)
    without_places(found "${found}")
    without_places(wanted "${wanted}")
endif()
if(NOT found STREQUAL wanted)
    message(FATAL_ERROR "the report is\n${found}\nbut ${REPORT} has\n${wanted}")
endif()

# "schedule 7, 0 preemptions, 1 interrupt.   " belongs to the exploration, the rest is the run's.
string(REGEX REPLACE "\nschedule [^\n]*   replay: " "\nreplay: " wanted "${wanted}")
string(REGEX MATCH "replay: (DIRQL_TEST=[^ \n]+) (DIRQL_REPLAY=[^ \n]+)" line "${wanted}")
if(NOT line)
    message(FATAL_ERROR "the report cannot be replayed:\n${found}")
endif()
set(wanted_message "${found_message}")
report_of(found ${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
if(NOT HAVE_LINES)
    without_places(found "${found}")
endif()
if(NOT found STREQUAL wanted OR NOT found_message STREQUAL wanted_message)
    message(FATAL_ERROR "replayed, the report is\n${found}${found_message}\n"
        "and not\n${wanted}${wanted_message}")
endif()
