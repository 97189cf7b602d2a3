# dirql_instrument(target) builds an executable or a library so that its loads and stores are steps of the
# machine: schedule points, and accesses that the race detector and the exploration see. The
# sources stay as they are.
#
#   add_library(my_driver STATIC driver.c)
#   target_link_libraries(my_driver PRIVATE dirql::wdk)
#   dirql_instrument(my_driver)
#
# The compiler's -fsanitize=thread puts a call before each access, and dirql::access, which the target
# (and whoever links it) then links, answers these calls; ThreadSanitizer itself takes no part. Who
# uses an object library by $<TARGET_OBJECTS:...> links dirql::access too. AddressSanitizer is left out
# of such a target, whatever the rest of the program has, and so are -flto and _FORTIFY_SOURCE, which
# would hide accesses.
#
# Where it cannot be had (another compiler, clang for Windows, a build under ThreadSanitizer), the target
# is built without, and a message says so. Used by the build and, installed, by dirql-config.cmake.
include_guard(GLOBAL)
include(CheckCCompilerFlag)
include(CheckCXXCompilerFlag)

# The compiler's options for one language, empty if it has no such thing. Those in the second list are
# taken where the compiler knows them.
function(dirql_instrument_options language result)
    set(options -fno-sanitize=address,leak -fsanitize=thread -fno-lto -U_FORTIFY_SOURCE)
    # Calls stay calls, which are caught by their names; loops are not made into unseen ones. All functions of
    # a file are listed, each in one piece.
    set(wishes
        -fpatchable-function-entry=1
        -fno-builtin-memcpy
        -fno-builtin-memmove
        -fno-builtin-memset
        -fno-builtin-memcmp)
    if(CMAKE_${language}_COMPILER_ID STREQUAL "GNU")
        list(APPEND wishes
            "SHELL:--param tsan-distinguish-volatile=1"
            -fno-reorder-blocks-and-partition
            -fno-tree-loop-distribute-patterns
            -Wno-tsan) # Which says that fences are not supported; here they are.
        if(language STREQUAL "CXX")
            list(APPEND wishes
                "SHELL:-wrapper \"${CMAKE_CURRENT_FUNCTION_LIST_DIR}/dirql-list-functions.sh\"")
        endif()
    else()
        list(APPEND wishes
            "SHELL:-mllvm -tsan-distinguish-volatile=1"
            "SHELL:-mllvm -tsan-instrument-read-before-write=1")
    endif()
    set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # Nothing is linked.
    set(CMAKE_REQUIRED_QUIET ON)
    dirql_instrument_check(${language} "${options}" DIRQL_INSTRUMENTS_${language})
    if(NOT DIRQL_INSTRUMENTS_${language})
        set(${result} "" PARENT_SCOPE)
        return()
    endif()
    foreach(wish ${wishes})
        string(MAKE_C_IDENTIFIER "DIRQL_INSTRUMENTS_${language}_${wish}" variable)
        dirql_instrument_check(${language} "${options};${wish}" ${variable})
        if(${variable})
            list(APPEND options "${wish}")
        endif()
    endforeach()
    set(${result} "${options}" PARENT_SCOPE)
endfunction()

function(dirql_instrument_check language options variable)
    string(REPLACE "SHELL:" "" flags "${options}")
    string(REPLACE ";" " " flags "${flags}")
    if(language STREQUAL "C")
        check_c_compiler_flag("${flags}" ${variable})
    else()
        check_cxx_compiler_flag("${flags}" ${variable})
    endif()
endfunction()

# True if the target is compiled for ThreadSanitizer anyhow.
function(dirql_instrument_is_tsan target result)
    get_target_property(own ${target} COMPILE_OPTIONS)
    get_directory_property(folders COMPILE_OPTIONS)
    if("${own};${folders};${CMAKE_C_FLAGS};${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=[a-z,-]*thread")
        set(${result} ON PARENT_SCOPE)
    else()
        set(${result} OFF PARENT_SCOPE)
    endif()
endfunction()

function(dirql_instrument target)
    set(reason "")
    dirql_instrument_is_tsan(${target} is_tsan)
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    set(found OFF)
    foreach(language C CXX)
        set(options_${language} "")
        if(language IN_LIST languages AND NOT is_tsan)
            dirql_instrument_options(${language} options_${language})
        endif()
        if(options_${language})
            set(found ON)
        endif()
    endforeach()
    if(is_tsan)
        set(reason "it is built for ThreadSanitizer, whose calls they are")
    elseif(NOT found)
        set(reason "the compiler does not take -fsanitize=thread for this system")
    elseif(NOT TARGET dirql::access)
        set(reason "this dirql was built for ThreadSanitizer, and has no dirql::access")
    endif()
    if(reason)
        message(STATUS "dirql: ${target} is not instrumented: ${reason}")
        return()
    endif()

    set(folder "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
    if(EXISTS "${folder}/dirql-instrumented.h")
        set(header "${folder}/dirql-instrumented.h")
    else()
        get_filename_component(header "${folder}/../access/instrumented.h" ABSOLUTE)
    endif()
    foreach(language C CXX)
        foreach(option ${options_${language}}
            "-DDIRQL_INSTRUMENTED=\"${target}\"" "SHELL:-include \"${header}\"")
            if(options_${language})
                set_property(TARGET ${target} APPEND PROPERTY COMPILE_OPTIONS
                    "$<$<COMPILE_LANGUAGE:${language}>:${option}>")
            endif()
        endforeach()
    endforeach()
    # Properties, because target_link_libraries() must be called alike for one target.
    get_target_property(type ${target} TYPE)
    set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES dirql::access)
    if(type MATCHES "STATIC_LIBRARY|OBJECT_LIBRARY")
        set_property(TARGET ${target} APPEND PROPERTY
            INTERFACE_LINK_LIBRARIES "$<LINK_ONLY:dirql::access>")
    endif()
endfunction()
