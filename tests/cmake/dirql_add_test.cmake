# dirql_add_test(name sources...) builds one test executable and makes it one CTest test.
#
#   dirql_add_test(sim.clock test_clock.c)
#
# The sources are C or C++ and may include internal headers as "sim/clock.h". They may use the operating
# system, but keep to C where they can. A test is given 60 seconds; dirql_tests_may_take() after the
# call changes that. The test's first label is the part of its name before the dot.
#
# Each is also run in live mode, with 1, 2 and 8 processors at least: live.sim.clock_1 and so on, with
# the label "live". A folder whose tests run no machine sets DIRQL_TESTS_HAVE_MACHINES to OFF first.
#
# dirql_add_example(name sources...) is the same with only the public headers in reach, as for a user.
#
# dirql_tests_may_take(seconds tests...) sets how long tests may take where no sanitizer slows them down.

function(dirql_add_test name)
    dirql_add_program(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE dirql_internal)
    set_target_properties(${name} PROPERTIES DIRQL_SHARED OFF) # Internals are not exported.
    target_compile_definitions(${name} PRIVATE "$<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE>")
    dirql_add_program_test(${name})
endfunction()

function(dirql_add_example name)
    dirql_add_program(${name} ${ARGN})
    dirql_add_program_test(${name})
endfunction()

# An executable with everything that a test may use, but no test of it.
function(dirql_add_program name)
    if(DIRQL_COMPILE_ONLY)
        add_library(${name} OBJECT ${ARGN})
    else()
        add_executable(${name} ${ARGN})
    endif()
    # dirql::cmocka stands in for CMocka's own functions, so it comes before it.
    target_link_libraries(${name} PRIVATE
        dirql::portcls
        dirql::mocks
        dirql::cmocka
        cmocka::cmocka
        dirql::dirql)
    # A class made by C has no type information for UBSan's check of virtual calls.
    target_compile_options(${name} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=vptr>")
    dirql_warnings(${name})
endfunction()

function(dirql_add_program_test name)
    if(DIRQL_COMPILE_ONLY)
        return()
    endif()
    add_test(NAME ${name} COMMAND ${name})
    string(REGEX REPLACE "\\..*" "" label ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${label}
        ENVIRONMENT "${DIRQL_TEST_ENVIRONMENT}")
    dirql_tests_may_take(60 ${name})
    dirql_add_live_tests(${name})
endfunction()

# ThreadSanitizer makes code some ten times slower, and switches between contexts even more so.
function(dirql_tests_may_take seconds)
    if("thread" IN_LIST DIRQL_SANITIZE)
        math(EXPR seconds "10 * ${seconds}")
    endif()
    set_tests_properties(${ARGN} PROPERTIES TIMEOUT ${seconds} COST ${seconds}) # The longest begin first.
endfunction()

# Some tests let a forked child come to its end, or ask for more memory than there is: ThreadSanitizer
# forbids both by default.
if("thread" IN_LIST DIRQL_SANITIZE)
    set(DIRQL_TEST_ENVIRONMENT "TSAN_OPTIONS=die_after_fork=0:allocator_may_return_null=1")
endif()

set(DIRQL_TESTS_HAVE_MACHINES ON)

function(dirql_add_live_tests name)
    if(NOT DIRQL_TESTS_HAVE_MACHINES)
        return()
    endif()
    foreach(processors 1 2 8)
        set(test live.${name}_${processors})
        set(environment ${DIRQL_TEST_ENVIRONMENT} DIRQL_MODE=live DIRQL_PROCESSORS=${processors})
        add_test(NAME ${test} COMMAND ${name})
        set_tests_properties(${test} PROPERTIES LABELS live ENVIRONMENT "${environment}")
        dirql_tests_may_take(60 ${test})
    endforeach()
endfunction()
