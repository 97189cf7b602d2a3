# Configures the project in SOURCE, whose driver is a module, for each way to take dirql, against the
# installation in PREFIX: what would have two machines in the program is refused, and the text says what to do.
cmake_minimum_required(VERSION 3.20)
set(wrong "")

# configure(<refused> <type> <how> <shared>)
function(configure refused type how shared)
    file(REMOVE ${FOLDER}/CMakeCache.txt)
    execute_process(
        COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${FOLDER} -G ${GENERATOR}
            -DCMAKE_PREFIX_PATH=${PREFIX} -DCMAKE_C_COMPILER=${COMPILER}
            -DTYPE=${type} -DHOW=${how} -DSHARED=${shared}
        RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
    string(REGEX REPLACE "[ \n]+" " " out "${out}")
    string(FIND "${out}" "my_driver is a ${type}_LIBRARY. Remedy: set_target_properties(my_driver PROPERTIES DIRQL_SHARED ON)" told)
    if(refused AND (status EQUAL 0 OR told EQUAL -1))
        set(wrong "${wrong}\n${type} ${how} '${shared}' is not refused: ${out}" PARENT_SCOPE)
    elseif(NOT refused AND NOT status EQUAL 0)
        set(wrong "${wrong}\n${type} ${how} '${shared}' is refused: ${out}" PARENT_SCOPE)
    endif()
endfunction()

configure(ON MODULE itself "")
configure(ON SHARED itself "")
configure(OFF MODULE itself ON)
configure(OFF SHARED library ON)
configure(OFF SHARED itself OFF) # Nobody else in the program uses dirql.
configure(OFF STATIC itself "")
configure(OFF MODULE headers "")
if(HAS_ACCESS) # Else the library of its own does not link dirql.
    configure(ON SHARED library "")
    configure(ON MODULE instrumented "")
    configure(OFF MODULE instrumented ON)
endif()
if(wrong)
    message(FATAL_ERROR "${wrong}")
endif()
