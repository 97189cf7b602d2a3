# An assertion of CMocka's that fails in an ISR of PROGRAM is drawn at the end of the steps that led there, whatever
# the mode, and when what a mode has drawn is repeated.
cmake_minimum_required(VERSION 3.20)
set(ENV{DIRQL_TEST} fails_in_isr)

function(check how)
    set(ENV{${how}} ${ARGV1})
    execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE out ERROR_VARIABLE out)
    unset(ENV{${how}})
    if(NOT out MATCHES "line \"line\" is asserted.*ISR play_isr begins[^\n]*\n[^\n]*<- assertion  fail_in_isr fails.c:")
        message(FATAL_ERROR "${how}=${ARGV1}: no steps lead to the assertion\n${out}")
    endif()
    string(REGEX MATCH "DIRQL_REPLAY=([^ \n]+)" found "${out}")
    set(text "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

check(DIRQL_MODE first)
check(DIRQL_MODE explore)
check(DIRQL_MODE pct)
check(DIRQL_MODE random)
check(DIRQL_REPLAY ${text})
