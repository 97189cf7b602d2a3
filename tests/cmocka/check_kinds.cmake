# DIRQL_TEST picks one of several tests of PROGRAM that are of one function, by its kind; without a kind, all.
cmake_minimum_required(VERSION 3.20)

# check(<wanted> <pattern of what stands between the three tests>)
function(check wanted pattern)
    set(ENV{DIRQL_TEST} ${wanted})
    execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE out ERROR_VARIABLE out)
    string(REGEX MATCHALL "\\[ +(OK|SKIPPED) \\] does_nothing" ends "${out}")
    list(SUBLIST ends 0 3 ends) # Those that are skipped are listed at the end, too.
    string(REGEX REPLACE "[^OS;]*(OK?|SK?)[^;]*" "\\1" ends "${ends}")
    if(NOT ends MATCHES "^${pattern}$")
        message(FATAL_ERROR "DIRQL_TEST=${wanted}: ${ends}, not ${pattern}\n${out}")
    endif()
endfunction()

check(does_nothing "OK;OK;OK")
check(does_nothing:unit "OK;SK;SK")
check(does_nothing:explore "SK;OK;SK")
check(does_nothing:fail-each "SK;SK;OK")
check(does_nothing:live "SK;SK;SK")
